"""Lists in sentences."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["some_of"]


def some_of(values: Iterable[object], most: int = 5) -> str:
    """The first few of many, and how many more there are: ``a, b and 3 more``."""
    texts = [str(value) for value in values]
    return ", ".join(texts[:most]) + (f" and {len(texts) - most} more" if len(texts) > most else "")
