"""Computed modes to curves: sticks of any number of molecules, broadened by one profile, on a grid of 2048 points.

Each point of a curve is the mean over its own cell, one step wide, of the sum of bands: area is conserved however
narrow a band is, where sampling would lose or overstate bands narrower than a step. A stick's place within a cell
counts, to the last digit.

How: a stick is shared between its 8 nearest points with the weights of Lagrange interpolation, which keep its first
seven moments; all sticks of a molecule are then convolved with the profile at once by FFT. Far from a stick that is as
good as exact, because there the profile is a polynomial of degree 7 over the 8 points. Within 8 points of it what is
missing is added: the difference between the band itself and what the convolution makes of it, which depends on the
place within a cell alone and is read from a table. So a molecule costs two transforms and 24 numbers a mode, not
modes × points, and no array has both.

Against the sum of integrals, one mode after the other, the largest error is below 1e-5 of the band's highest point for
half widths from 1/256 of a step to 300 steps (tests/spectra/test_sticks.py), wings included: the transform is
long enough that nothing wraps round, and sticks too far outside for it are summed one by one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from spektron.spectra.profiles import Lorentzian, Profile, Voigt, cell_means, running_area
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["Curves", "Lorentzian", "Voigt", "broaden"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

# Points that share a stick, and points about it that get what the sharing misses. With 8 and 16 the error outside is
# 388 g² / 8¹⁰ of the peak for a narrow band of half width g (steps), and 4e-7 for the worst width (g = 5).
_SHARES = np.arange(-3, 5)
_NEAR = np.arange(-7, 9)
# Sticks up to 256 points outside the range go through the transform: with the usual 100 to 4000 cm⁻¹ that is 488 cm⁻¹
# and holds every fundamental there is. Those farther out are summed one by one.
_MARGIN = 256
# Places within a cell for which shares are tabulated, per half width: read linearly, the error is 1e-6 of the peak.
_PLACES_PER_HWHM = 512
_MIN_PLACES, _MAX_PLACES = 64, 2**17
# 16 molecules × 4900 float64 are 0.6 MB and stay in a core's cache.
_ROWS_AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Broadened molecules.

    Attributes
    ----------
    intensity : ndarray, shape (molecules, NUM_POINTS), float64
        In the unit of the strengths per cm⁻¹: its sum times the step is the strength within half a step of the range.
    num_imaginary : ndarray, shape (molecules,), intp
        Modes that were left out because their frequency is negative (that is how programs print imaginary ones).
    """

    intensity: Array
    num_imaginary: Ints


def broaden(
    frequency_cm1: ArrayLike,
    strength: ArrayLike,
    offsets: ArrayLike,
    *,
    start_cm1: float,
    stop_cm1: float,
    profile: Profile,
) -> Curves:
    """Draw the modes of many molecules as bands of one shape.

    Parameters
    ----------
    frequency_cm1, strength : array_like, shape (modes,)
        Places and areas of the bands of all molecules, one molecule after the other. Negative frequencies are
        imaginary ones: left out and counted. A strength of zero, of whatever frequency, draws nothing.
    offsets : array_like, shape (molecules + 1,)
        Molecule m has the modes ``offsets[m]:offsets[m + 1]``.
    start_cm1, stop_cm1 : float
        First and last of the NUM_POINTS points, in cm⁻¹.
    profile : Profile
        `Lorentzian` or `Voigt`; its half width is at least 1/256 of a step.

    Raises
    ------
    ValueError
        Where a number is not finite, offsets do not fit the modes, the range is empty, or the profile too narrow.
    """
    frequency, area = np.asarray(frequency_cm1, dtype=np.float64), np.asarray(strength, dtype=np.float64)
    bounds = np.asarray(offsets, dtype=np.intp)
    _check(frequency, area, bounds, start_cm1, stop_cm1)
    step_cm1 = (stop_cm1 - start_cm1) / (NUM_POINTS - 1)
    table = _table(profile, step_cm1)
    molecule = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    imaginary = frequency < 0.0
    kept = ~imaginary & (area != 0.0)
    place, area, of_kept = (frequency[kept] - start_cm1) / step_cm1, area[kept] / step_cm1, molecule[kept]
    intensity = np.empty((len(bounds) - 1, NUM_POINTS))
    for first in range(0, len(intensity), _ROWS_AT_ONCE):
        rows = intensity[first : first + _ROWS_AT_ONCE]
        modes = slice(*np.searchsorted(of_kept, (first, first + len(rows))))
        table.draw(rows, place[modes], area[modes], of_kept[modes] - first)
    return Curves(
        intensity=intensity, num_imaginary=np.bincount(molecule[imaginary], minlength=len(intensity)).astype(np.intp)
    )


def _check(frequency: Array, strength: Array, offsets: Ints, start_cm1: float, stop_cm1: float) -> None:
    if frequency.ndim != 1 or frequency.shape != strength.shape:
        raise ValueError(f"expected as many strengths as frequencies, found {strength.shape} and {frequency.shape}")
    if not (np.isfinite(frequency).all() and np.isfinite(strength).all()):
        raise ValueError("expected finite frequencies and strengths, found NaN or infinities")
    if offsets.ndim != 1 or not len(offsets) or offsets[0] != 0 or offsets[-1] != len(frequency):
        raise ValueError(f"expected offsets from 0 to the number of modes ({len(frequency)}), found {offsets!r}")
    if (np.diff(offsets) < 0).any():
        raise ValueError("expected offsets that do not descend")
    if not (math.isfinite(start_cm1) and math.isfinite(stop_cm1) and start_cm1 < stop_cm1):
        raise ValueError(f"expected a range, found {start_cm1!r} to {stop_cm1!r} cm-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """All that one profile on one grid needs, made once.

    Attributes
    ----------
    shares : ndarray, shape (places + 1, 8 + 16)
        For a stick that far past a point: what each of `_SHARES` takes, and what is missing at each of `_NEAR`.
    kernel : ndarray, shape (length // 2 + 1,)
        Transform of the profile's cell means.
    length : int
        Of the transforms.
    """

    profile: Profile
    step_cm1: float
    shares: Array
    kernel: NDArray[np.complex128]
    length: int

    def draw(self, curves: Array, place: Array, area: Array, row: Ints) -> None:
        """Fill `curves`, shape (rows, NUM_POINTS), with sticks at `place` (steps from the first point)."""
        inside = (place >= -_MARGIN) & (place < NUM_POINTS - 1 + _MARGIN)
        sticks, missing = self._shared(len(curves), place[inside], area[inside], row[inside])
        transform = scipy.fft.rfft(sticks, axis=-1)
        transform *= self.kernel
        grid = slice(_PAD, _PAD + NUM_POINTS)
        smooth = scipy.fft.irfft(transform, n=self.length, axis=-1, overwrite_x=True)
        np.add(smooth[:, grid], missing[:, grid], out=curves)
        for i in np.flatnonzero(~inside):
            with np.errstate(over="ignore"):  # the square of 1e300 is infinite, and the wing rightly zero
                density = self.profile.density((np.arange(NUM_POINTS) - place[i]) * self.step_cm1)
            curves[row[i]] += area[i] * self.step_cm1 * density

    def _shared(self, rows: int, place: Array, area: Array, row: Ints) -> tuple[Array, Array]:
        point = np.floor(place)
        at = (place - point) * (len(self.shares) - 1)
        entry = at.astype(np.intp)
        part = (at - entry)[:, None]
        lower = self.shares[entry]
        share = (lower + part * (self.shares[entry + 1] - lower)) * area[:, None]
        first = row * self.length + point.astype(np.intp) + _PAD
        size, num = rows * self.length, len(_SHARES)
        sticks = _scattered(first[:, None] + _SHARES, share[:, :num], size).reshape(rows, -1)
        missing = _scattered(first[:, None] + _NEAR, share[:, num:], size).reshape(rows, -1)
        return sticks, missing


def _scattered(place: Ints, value: Array, size: int) -> Array:
    """Sum values by their places; twice as fast as `numpy.add.at`."""
    return np.asarray(np.bincount(place.ravel(), weights=value.ravel(), minlength=size), dtype=np.float64)


# Points before the first and after the last of the range that a stick or its surroundings can lie on.
_PAD = _MARGIN - int(_NEAR[0])


@lru_cache(maxsize=8)
def _table(profile: Profile, step_cm1: float) -> _Table:
    """Make the table of a profile; 8 of the largest are 200 MB, of the usual widths 1 MB."""
    hwhm = profile.narrowest_cm1 / step_cm1
    num_places = max(_MIN_PLACES, 2 ** math.ceil(math.log2(_PLACES_PER_HWHM / hwhm)))
    if num_places > _MAX_PLACES:
        raise ValueError(
            f"expected a half width of at least 1/{_MAX_PLACES // _PLACES_PER_HWHM} of a step ({step_cm1:.4g} cm-1), "
            f"found {profile.narrowest_cm1:.4g} cm-1"
        )
    # Distances between a point of the range and a point that holds a share, and no two of them the same modulo length.
    reach = NUM_POINTS + _PAD + int(_NEAR[-1])
    length = scipy.fft.next_fast_len(2 * reach, real=True)
    past = np.arange(num_places + 1) / num_places
    band = _near_band(profile, num_places, step_cm1)
    share = _lagrange(past)
    means = _means(profile, band, reach, step_cm1)
    made = share @ means[np.abs(_NEAR[None, :] - _SHARES[:, None])]
    circular = np.zeros(length)
    circular[:reach], circular[-reach + 1 :] = means, means[:0:-1]
    return _Table(
        profile=profile,
        step_cm1=step_cm1,
        shares=np.hstack((share, band - made)),
        kernel=scipy.fft.rfft(circular),
        length=length,
    )


def _near_band(profile: Profile, num_places: int, step_cm1: float) -> Array:
    """What the cells about a stick truly hold, by the stick's place past a point, shape (places + 1, 16)."""
    # Edges of cells lie at half steps: two intervals of the running area make one place.
    edge = np.concatenate((_NEAR - 0.5, [_NEAR[-1] + 0.5]))
    stop = float(edge[-1])
    area = running_area(profile, stop, round(stop * 2) * num_places, step_cm1)
    past = np.arange(num_places + 1)
    tick = np.rint(edge * 2 * num_places).astype(np.intp)[None, :] - 2 * past[:, None]
    cumulative = np.sign(tick) * area[np.abs(tick)]
    return np.diff(cumulative, axis=1)


def _means(profile: Profile, band: Array, reach: int, step_cm1: float) -> Array:
    """Cell means at 0 … `reach` − 1 steps from a band's centre."""
    means = cell_means(profile, np.arange(reach), step_cm1)
    near = int(_NEAR[-1])
    means[: near + 1] = band[0, -1 - near :]
    return means


def _lagrange(past: Array) -> Array:
    """Weights with which points `_SHARES` stand for one in between, shape (places, 8)."""
    weights = np.ones((len(past), len(_SHARES)))
    for i, node in enumerate(_SHARES):
        for other in _SHARES:
            if other != node:
                weights[:, i] *= (past - other) / (node - other)
    return weights
