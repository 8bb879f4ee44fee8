"""The course of a loss in a few characters."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["History", "sparkline"]

_BARS = "▁▂▃▄▅▆▇█"
_ABSENT = "·"


class History:
    """The whole course of a value in bounded memory: when it is full, every other one is let go.

    Parameters
    ----------
    most : int
        Values kept at most; twice what is drawn keeps the shape.
    """

    def __init__(self, most: int = 64) -> None:
        self._most, self._stride, self._seen = most, 1, 0
        self._kept: list[float] = []
        self.last = math.nan

    def add(self, value: float) -> None:
        """Append a value; NaN and infinities are kept as gaps."""
        self.last = value
        if self._seen % self._stride == 0:
            self._kept.append(value)
            if len(self._kept) >= self._most:
                self._kept = self._kept[::2]
                self._stride *= 2
        self._seen += 1

    def values(self) -> list[float]:
        """The kept values in order, evenly spaced, with the last one at the end."""
        if self._seen and (self._seen - 1) % self._stride:
            return [*self._kept, self.last]
        return list(self._kept)


def sparkline(values: Sequence[float], width: int = 12) -> str:
    """Draw `values` in at most `width` bars between their smallest and largest; what is not finite is a dot.

    The scale is logarithmic where all values are positive, as losses fall by factors.
    """
    shown = (
        values if len(values) <= width else [values[round(i * (len(values) - 1) / (width - 1))] for i in range(width)]
    )
    finite = [value for value in shown if math.isfinite(value)]
    # Halves, because the largest number less the smallest one is no number.
    scale = math.log if finite and min(finite) > 0 else _half
    heights = [scale(value) for value in finite]
    low, span = min(heights, default=0.0), (max(heights, default=0.0) - min(heights, default=0.0)) or 1.0
    return "".join(
        _BARS[round((scale(value) - low) / span * (len(_BARS) - 1))] if math.isfinite(value) else _ABSENT
        for value in shown
    )


def _half(value: float) -> float:
    return value / 2
