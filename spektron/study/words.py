"""How points of a space are written: in tables, in figures and as names of runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["axis_text", "leaf", "value_text"]


def leaf(axis: str) -> str:
    """The last word of a dotted path."""
    return axis.rsplit(".", 1)[-1]


def axis_text(axis: str, value: Any) -> str:
    """What an arm has on one axis: ``byol_weight 0.1``; words speak for themselves."""
    words = value_text(value)
    return f"{leaf(axis)} {words}" if isinstance(value, bool | int | float) else words


def value_text(value: Any) -> str:
    """An axis's value in a few characters: ``fine+coarse``, ``random 0.25``, ``0.1``."""
    if isinstance(value, Mapping):
        parts = ((key, value_text(item), isinstance(item, bool | int | float)) for key, item in value.items())
        return " ".join(f"{key} {words}" if number else words for key, words, number in parts)
    if isinstance(value, list | tuple):
        return "+".join(value_text(item) for item in value)
    return str(value)
