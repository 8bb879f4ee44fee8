"""What commands print: a line of what there is now, then where to look next."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from spektron.report.terminal import console_width

__all__ = ["plain", "printed_console", "told", "told_outside"]


def printed_console() -> Console:
    """As wide as the terminal, or as a job's log."""
    return Console(width=console_width())


def plain(text: str) -> str:
    """Text of files that may be anybody's, without characters that a terminal would obey."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def told(done: str, look_next: str) -> None:
    """Say what there is now, and what to type next: as it is, to be copied."""
    for line in (done, f"look next: {look_next}"):
        printed_console().print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def told_outside(console: Console) -> Iterator[None]:
    """Print warnings of axes beyond the trained range as a line, not as Python does."""
    from spektron.model import OutsideRangeWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OutsideRangeWarning)
        yield
    for warning in caught:
        if issubclass(warning.category, OutsideRangeWarning):
            console.print(f"warning: {warning.message}", style="yellow", markup=False, highlight=False, soft_wrap=True)
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
