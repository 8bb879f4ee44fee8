"""Spectra on their way through an instrument: signals in units of their own range, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor

from spektron.spectra.spectrum import MODALITIES

__all__ = ["Rows"]

# As in model.normalise: below this share of its size a spectrum's variation is rounding, and would be blown up.
RELATIVE_FLOOR, ABSOLUTE_FLOOR = 1e-6, 1e-30
# Keeps displacements finite on an axis without length, which no corpus holds.
LEAST_RANGE_CM1 = 1e-3
# Displacements and line widths stay below this share of the axis: 16 cm⁻¹ on a window of 20 would leave nothing.
MOST_OF_RANGE = 1 / 16


@dataclass(frozen=True, slots=True)
class Rows:
    """A batch, or some rows of it.

    Intensities of a corpus are of 1e-20 to 1e6, absorbances, counts or nothing named. So every effect works on
    ``signal``, which is 0 at the lowest and 1 at the highest point of the spectrum before any effect.

    Attributes
    ----------
    signal : Tensor, shape (rows, points), float32
        ``(intensity − low) / span``.
    low, span : Tensor, shape (rows, 1)
        In the intensity's unit; span > 0.
    start_cm1, stop_cm1 : Tensor, shape (rows, 1)
        Ends of the axis.
    is_light : Tensor, shape (rows, 1), bool
        True for Raman, whose signal is light; IR and NIR are taken as absorbance, whose signal is the lack of it.
    peak_absorbance : Tensor, shape (rows, 1)
        Absorbance that a signal of 1 stands for, where light does not: units differ and path lengths are chosen, so
        that it is drawn, not read.
    seed : Tensor, shape (rows, 2), int32
        Of the noise.
    """

    signal: Tensor
    low: Tensor
    span: Tensor
    start_cm1: Tensor
    stop_cm1: Tensor
    is_light: Tensor
    peak_absorbance: Tensor
    seed: Tensor

    @classmethod
    def of(
        cls,
        intensity: Tensor,
        start_cm1: Tensor,
        stop_cm1: Tensor,
        modality: Tensor,
        *,
        peak_absorbance: Tensor,
        seed: Tensor,
    ) -> Self:
        """Take each spectrum in units of its own range."""
        low, high = intensity.aminmax(dim=1, keepdim=True)
        size = torch.maximum(low.abs(), high.abs())
        span = torch.maximum(high - low, RELATIVE_FLOOR * size).clamp_min(ABSOLUTE_FLOOR)
        return cls(
            signal=(intensity - low) / span,
            low=low,
            span=span,
            start_cm1=start_cm1[:, None],
            stop_cm1=stop_cm1[:, None],
            is_light=(modality == MODALITIES.index("RAMAN"))[:, None],
            peak_absorbance=peak_absorbance[:, None],
            seed=seed,
        )

    @property
    def intensity(self) -> Tensor:
        """Back in the corpus' unit, shape (rows, points)."""
        return self.low + self.span * self.signal

    @property
    def range_cm1(self) -> Tensor:
        """Length of the axis, shape (rows, 1)."""
        return (self.stop_cm1 - self.start_cm1).clamp_min(LEAST_RANGE_CM1)

    @property
    def step_cm1(self) -> Tensor:
        """Distance of two points, shape (rows, 1)."""
        return self.range_cm1 / (self.signal.shape[1] - 1)

    @property
    def place(self) -> Tensor:
        """Place along the axis, 0 to 1, shape (points,)."""
        return torch.linspace(0.0, 1.0, self.signal.shape[1], device=self.signal.device)

    def held(self, length_cm1: Tensor) -> Tensor:
        """Lengths in cm⁻¹, shape (rows, 1), held within what the axis has room for."""
        most = MOST_OF_RANGE * self.range_cm1
        return torch.minimum(torch.maximum(length_cm1, -most), most)

    def with_signal(self, signal: Tensor) -> Self:
        """The same spectra with another signal."""
        return replace(self, signal=signal)

    def take(self, index: Tensor) -> Self:
        """The rows named, in that order."""
        return type(self)(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def put(self, index: Tensor, rows: Self) -> Self:
        """A copy with the rows named replaced in what an effect may change."""
        changed = {name: getattr(self, name).index_copy(0, index, getattr(rows, name)) for name in _CHANGING}
        return replace(self, **changed)


# What instruments do to a spectrum; its axis and kind stay.
_CHANGING = ("signal", "low", "span")
