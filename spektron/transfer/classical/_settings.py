"""Settings that methods share the checks of."""

from __future__ import annotations

from numbers import Integral

import numpy as np

__all__ = ["at_least", "whole_number"]


def whole_number(name: str, value: object, least: int) -> None:
    """Refuse what is not a whole number, or is below what makes sense; None is one that is to be chosen.

    Raises
    ------
    ValueError
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"{name}: expected a whole number, or None to have it chosen, found {value!r}")
    at_least(name, int(value), least)


def at_least(name: str, value: float | None, least: float) -> None:
    """Refuse a setting below what makes sense, or without end; None is one that is to be chosen.

    Raises
    ------
    ValueError
    """
    if value is None:
        return
    if not value >= least:
        raise ValueError(f"{name}: expected at least {least:g}, or None to have it chosen, found {value}")
    if not np.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, or None to have it chosen, found {value}")
