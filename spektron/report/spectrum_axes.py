"""A spectrum as the field draws it: absorption from high to low wavenumbers, a Raman shift upwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from spektron.report.numbers import number

__all__ = ["DRAWN_DOWNWARDS", "DrawnSpectrum", "set_wavenumber_axis", "short"]

DRAWN_DOWNWARDS = ("IR", "NIR")

_MOST_CHARACTERS = 60

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSpectrum:
    """What is drawn of a spectrum.

    Attributes
    ----------
    name, modality, unit : str
        Its id; ``IR``, ``RAMAN`` or ``NIR``; unit of the intensities.
    start_cm1, stop_cm1 : float
        Ends of its uniform axis.
    intensity : ndarray, shape (points,)
    """

    name: str
    modality: str
    unit: str
    start_cm1: float
    stop_cm1: float
    intensity: Floats

    @property
    def axis_cm1(self) -> NDArray[np.float64]:
        """Wavenumber of each point."""
        return np.linspace(self.start_cm1, self.stop_cm1, len(self.intensity))

    @property
    def quantity(self) -> str:
        """What stands beside the axis of intensities."""
        return "intensity, arbitrary unit" if self.unit == "arbitrary" else self.unit

    @property
    def words(self) -> str:
        """For those who cannot see the figure."""
        ends = f"{number(self.start_cm1)} to {number(self.stop_cm1)} cm⁻¹"
        return f"{self.modality} spectrum {self.name}, {ends}, intensity in {self.unit}"


def set_wavenumber_axis(axes: Axes, spectrum: DrawnSpectrum, *, labelled: bool = True) -> None:
    """Let an axis span the spectrum, in the direction of its kind."""
    ends = (spectrum.start_cm1, spectrum.stop_cm1)
    axes.set_xlim(*(reversed(ends) if spectrum.modality in DRAWN_DOWNWARDS else ends))
    if labelled:
        axes.set_xlabel("Raman shift / cm⁻¹" if spectrum.modality == "RAMAN" else "wavenumber / cm⁻¹")


def short(name: str) -> str:
    """The end of a long name, which is what tells it from others."""
    return name if len(name) <= _MOST_CHARACTERS else f"…{name[1 - _MOST_CHARACTERS :]}"
