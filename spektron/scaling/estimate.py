"""A number with its interval, and a curve with its band."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Band", "Estimate", "estimate_of", "interval_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its interval; NaN where the data say nothing about it."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "not identified"
        return f"{_short(self.value)} [{_short(self.low)}, {_short(self.high)}]"

    def contains(self, value: float) -> bool:
        """Whether `value` lies in the interval, ends included."""
        return self.low <= value <= self.high

    def to_dict(self) -> dict[str, float | None]:
        """Plain values for JSON; NaN becomes None."""
        parts = {"value": self.value, "low": self.low, "high": self.high}
        return {name: part if math.isfinite(part) else None for name, part in parts.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Predicted loss along an axis: `value`, `low` and `high`, each of the shape of the sizes asked for."""

    value: Floats
    low: Floats
    high: Floats


def interval_of(draws: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Equal-tailed percentile interval over axis 0."""
    tail = 0.5 * (1.0 - confidence)
    low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
    return np.asarray(low), np.asarray(high)


def estimate_of(value: float, draws: Floats, confidence: float) -> Estimate:
    """Percentile interval of one parameter, widened to hold its own estimate where that lies outside."""
    low, high = interval_of(draws, confidence)
    return Estimate(float(value), min(float(low), float(value)), max(float(high), float(value)))


def _short(value: float) -> str:
    return f"{value:.4g}"
