"""Two simulated instruments: three bands, a gain, a slope, noise, and a property with an error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Instruments:
    x: Array
    y: Array
    child: Array
    standards: NDArray[np.intp]
    test: Array
    test_y: Array

    def given(self) -> dict[str, Array]:
        return {"X_calibration": self.x, "y_calibration": self.y, "y_standards": self.y[self.standards]}

    @property
    def pairs(self) -> tuple[Array, Array]:
        return self.child[self.standards], self.x[self.standards]


def instruments(
    seed: int,
    num_standards: int = 10,
    samples: int = 60,
    test: int = 200,
    error: float = 0.05,
    odd: float = 0.0,
) -> Instruments:
    """`odd`: share of samples whose property's error is six times as large."""
    random = np.random.default_rng(seed)
    axis = np.linspace(0, 1, 50)
    bands = np.exp(-0.5 * ((axis - np.array([[0.2], [0.5], [0.8]])) / 0.1) ** 2)
    amounts = random.uniform(0, 1, (samples + test, 3))
    clean = amounts @ bands
    errors = error * random.normal(size=samples + test)
    if odd:
        errors *= np.where(random.uniform(size=samples + test) < odd, 6.0, 1.0)
    y = amounts[:, 0] + errors
    noise = lambda: 0.005 * random.normal(size=clean.shape)  # noqa: E731
    parent, child = clean + noise(), 1.05 * clean + 0.1 * axis + noise()
    standards = random.permutation(samples)[:num_standards]
    return Instruments(parent[:samples], y[:samples], child[:samples], standards, child[samples:], y[samples:])
