"""The terminal that commands print to."""

from __future__ import annotations

from rich.console import Console

from spektron.report.terminal import console_width

__all__ = ["console"]


def console() -> Console:
    """As wide as the terminal, and no wider than people read."""
    return Console(width=console_width())
