"""Names of samples that may be one: people write them now so, now so."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["near_misses"]


def near_misses(ours: Iterable[str], theirs: Iterable[str]) -> list[str]:
    """Pairs of names that differ in writing alone: case, blanks and signs, leading zeros, a decimal of none.

    Parameters
    ----------
    ours, theirs : iterable of str
        Names without a partner.

    Returns
    -------
    list of str
        ``corn-77 and CORN-77``, in the order of `theirs`.
    """
    folded = {_folded(name): name for name in ours}
    return [f"{folded[_folded(name)]} and {name}" for name in theirs if _folded(name) in folded]


def _folded(name: str) -> str:
    text = "".join(char if char.isalnum() or char == "." else " " for char in name.casefold())
    return re.sub(r"(?<![\d.])0+(?=\d)", "", text).replace(" ", "").removesuffix(".0")
