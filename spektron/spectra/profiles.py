"""Band profiles of unit area, and what a grid of cells sees of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import voigt_profile

__all__ = ["Lorentzian", "Profile", "Voigt", "cell_means", "running_area"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lorentzian:
    """What a finite lifetime makes of a line: ``(γ / π) / (x² + γ²)``.

    Parameters
    ----------
    hwhm_cm1 : float
        Half width at half maximum γ, in cm⁻¹.

    Raises
    ------
    ValueError
        For a width that is not a positive, finite number.
    """

    hwhm_cm1: float

    def __post_init__(self) -> None:
        _require_width(self.hwhm_cm1)

    @property
    def narrowest_cm1(self) -> float:
        """Half width at half maximum."""
        return self.hwhm_cm1

    def density(self, distance_cm1: Array) -> Array:
        """Value in (cm⁻¹)⁻¹ at distances from the centre."""
        value: Array = (self.hwhm_cm1 / math.pi) / (distance_cm1 * distance_cm1 + self.hwhm_cm1**2)
        return value


@dataclass(frozen=True, slots=True)
class Voigt:
    """A Lorentzian convolved with a Gaussian (disorder, instrument); the real part of the Faddeeva function.

    Parameters
    ----------
    sigma_cm1 : float
        Standard deviation of the Gaussian, in cm⁻¹.
    hwhm_cm1 : float
        Half width at half maximum γ of the Lorentzian, in cm⁻¹.

    Raises
    ------
    ValueError
        For a width that is not a positive, finite number.
    """

    sigma_cm1: float
    hwhm_cm1: float

    def __post_init__(self) -> None:
        _require_width(self.sigma_cm1)
        _require_width(self.hwhm_cm1)

    @property
    def narrowest_cm1(self) -> float:
        """Half width at half maximum, to 0.02 % (Olivero & Longbothum 1977, JQSRT 17, 233)."""
        gauss = math.sqrt(2.0 * math.log(2.0)) * self.sigma_cm1
        return 0.5346 * self.hwhm_cm1 + math.sqrt(0.2166 * self.hwhm_cm1**2 + gauss**2)

    def density(self, distance_cm1: Array) -> Array:
        """Value in (cm⁻¹)⁻¹ at distances from the centre."""
        value: Array = voigt_profile(distance_cm1, self.sigma_cm1, self.hwhm_cm1)
        return value


# Frozen and hashable, so that what is made of one can be kept.
Profile = Lorentzian | Voigt


def cell_means(profile: Profile, offset: NDArray[np.intp], step_cm1: float) -> Array:
    """Share of a band's area in cells one step wide, `offset` steps from its centre (8-point Gauss-Legendre).

    Right to 1e-12 of the band's peak where the density changes little within a cell: from 8 cells on for any
    profile, everywhere for one that is wider than 4 cells.
    """
    node, weight = np.polynomial.legendre.leggauss(8)
    share: Array = profile.density((offset[:, None] + 0.5 * node) * step_cm1) @ weight * (0.5 * step_cm1)
    return share


def running_area(profile: Profile, stop: float, intervals: int, step_cm1: float) -> Array:
    """Area of a band from its centre to each of `intervals` + 1 places up to `stop` steps away, shape (intervals + 1,).

    4-point Gauss-Legendre in each interval: right to 1e-12 where an interval is below a tenth of the half width.
    """
    node, weight = np.polynomial.legendre.leggauss(4)
    length = stop / intervals
    middle = (np.arange(intervals) + 0.5) * length
    area = profile.density((middle[:, None] + 0.5 * length * node) * step_cm1) @ weight * (0.5 * length * step_cm1)
    return np.concatenate(([0.0], np.cumsum(area)))


def _require_width(width_cm1: float) -> None:
    if not (math.isfinite(width_cm1) and width_cm1 > 0.0):
        raise ValueError(f"expected a width above 0 cm-1, found {width_cm1!r}")
