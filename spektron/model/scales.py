"""How the axis is cut into windows: a size and a stride in points, which must cover every point."""

from __future__ import annotations

import re
from typing import NamedTuple

from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["SCALES", "Scale", "canonical_name", "scale_of"]

MIN_PATCH = 4


class Scale(NamedTuple):
    """Windows of `patch` points, each `stride` points after the last; the last one ends with the axis."""

    patch: int
    stride: int

    @property
    def num_tokens(self) -> int:
        """Windows on the axis."""
        return (NUM_POINTS - self.patch) // self.stride + 1


# 255, 63 and 31 tokens.
SCALES: dict[str, Scale] = {"fine": Scale(16, 8), "medium": Scale(64, 32), "coarse": Scale(128, 64)}


def scale_of(name: str) -> Scale:
    """Windows by name: ``fine``, ``medium``, ``coarse``, or patch and stride in points, ``32/16``.

    Raises
    ------
    ValueError
        For other words, and for windows that leave points uncovered.
    """
    if name in SCALES:
        return SCALES[name]
    if not (found := re.fullmatch(r"(\d{1,4})/(\d{1,4})", name.strip())):
        raise ValueError(f"expected {', '.join(SCALES)} or PATCH/STRIDE in points, found {name!r}")
    patch, stride = int(found[1]), int(found[2])
    if not MIN_PATCH <= patch <= NUM_POINTS:
        raise ValueError(f"{name}: expected windows of {MIN_PATCH} to {NUM_POINTS} points, found {patch}")
    if not 1 <= stride <= patch:
        raise ValueError(f"{name}: expected a stride of 1 to {patch}, or points between windows are in none")
    if rest := (NUM_POINTS - patch) % stride:
        raise ValueError(
            f"{name}: the last {rest} of {NUM_POINTS} points would be in no window; "
            f"choose a stride that divides {NUM_POINTS - patch}"
        )
    return Scale(patch, stride)


def canonical_name(name: str) -> str:
    """The one name of these windows: a word where there is one."""
    scale = scale_of(name)
    return next((word for word, known in SCALES.items() if known == scale), f"{scale.patch}/{scale.stride}")
