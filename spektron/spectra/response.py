"""What an instrument makes of a sample's bands: scale, background, artefacts and noise, for many spectra at once.

Every function takes curves of shape (spectra, points), a coordinate ``t`` from 0 to 1 along the axis, and gives curves
of the same shape in the units of its modality: absorbance, counts, log(1/R).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["Grain", "infrared", "near_infrared", "raman", "raman_factor"]

Curves = NDArray[np.float32]
Array = NDArray[np.float64]

_HC_OVER_KT_CM = 1.4388 / 295.0  # hc/k (cm·K) at room temperature
_READOUT_COUNTS = 6.0  # electrons of readout and dark noise of a cooled CCD per pixel and exposure
_SPIKE_CHANCE = 0.1  # of a cosmic ray left in after the usual averaging


@dataclass(frozen=True, slots=True)
class Grain:
    """Noise of about unit variance with the grain of each spectrum's own pixels, shape (spectra, NUM_POINTS)."""

    unit: Curves

    @classmethod
    def draw(cls, rng: np.random.Generator, pitch: Array) -> Self:
        """Draw white noise on pixels `pitch` output points apart, shape (spectra,), interpolated between them."""
        place = np.arange(NUM_POINTS, dtype=np.float32) / column(np.maximum(pitch, 1.0))
        before = np.floor(place)
        share = place - before
        share *= share * (3.0 - 2.0 * share)  # a cubic without kinks at the pixels, as monotone interpolation has
        white = rng.standard_normal((len(pitch), NUM_POINTS + 1), dtype=np.float32)
        pixel = before.astype(np.intp) + np.arange(len(pitch))[:, None] * (NUM_POINTS + 1)
        here = white.take(pixel)
        # 26/35: the mean variance of such a mix of two pixels, relative to theirs.
        unit = (here + share * (white.take(pixel + 1) - here)) * np.float32((35 / 26) ** 0.5)
        return cls(unit)

    def noise(self, sigma: Array) -> Curves:
        """Scale to a standard deviation of each spectrum's own."""
        return column(sigma) * self.unit


def infrared(rng: np.random.Generator, bands: Curves, t: Curves, noise: Array, grain: Grain) -> Curves:
    """Give absorbance: the strongest band between 0.1 and 1.6, a drifting baseline, detector noise."""
    curves = _to_peak(bands, _log_uniform(rng, 0.1, 1.6, len(bands)))
    slope = _drift(rng, t, (0.02, 0.03, 0.02))
    return curves + slope + grain.noise(noise * _log_uniform(rng, 0.3, 5.0, len(bands)))


def near_infrared(rng: np.random.Generator, bands: Curves, t: Curves, noise: Array, grain: Grain) -> Curves:
    """Give log(1/R): bands that reach 0.05 to 1.2, on a scatter background that rises with ν.

    Bands are scaled to that range because laboratories choose the path length for it: 0.5 mm for combinations,
    20 mm for third overtones.
    """
    curves = _to_peak(bands, _log_uniform(rng, 0.05, 1.2, len(bands)))
    level, scatter, power = (column(rng.uniform(low, high, len(bands))) for low, high in _SCATTER)
    scattered = level + scatter * np.power(0.02 + t, power, dtype=np.float32)
    drift = _drift(rng, t, (0.0, 0.03, 0.03))
    background: Curves = scattered + drift
    return curves + background + grain.noise(noise * _log_uniform(rng, 0.3, 5.0, len(bands)))


_SCATTER = ((0.02, 0.5), (-0.1, 0.3), (0.5, 2.0))


def raman(rng: np.random.Generator, bands: Curves, t: Curves, noise: Array, grain: Grain) -> Curves:
    """Give counts: bands on a fluorescence hump, an uneven detector, shot and readout noise, cosmic rays."""
    num = len(bands)
    peak = _log_uniform(rng, 3e2, 3e4, num)
    signal = _to_peak(bands, peak)
    centre, width = column(rng.uniform(-0.4, 1.2, num)), column(rng.uniform(0.4, 1.5, num))
    hump = np.exp(-np.square((t - centre) / width)) * column(peak * _log_uniform(rng, 0.01, 6.0, num))
    ripple = 1.0 + column(rng.uniform(0, 0.04, num)) * np.sin(
        2 * np.pi * (column(rng.uniform(0.5, 4.0, num)) * t + column(rng.random(num)))
    )
    counts: Curves = (signal + hump) * ripple
    shot = np.maximum(counts, 0.0) + _READOUT_COUNTS**2 + np.square(column(noise * peak))
    counts += np.sqrt(shot) * grain.unit
    _add_spikes(rng, counts, peak)
    return counts


def raman_factor(shift_cm1: Array, laser_cm1: Array) -> Array:
    """Intensity of a Stokes line at `shift_cm1` relative to one at 1000 cm⁻¹ of the same scattering activity.

    (ν₀ − ν)⁴ / ν / (1 − exp(−hcν/kT)); Long, *The Raman Effect* (Wiley 2002), eq. 5.4.13.
    """

    def line(shift: Array) -> Array:
        held = np.maximum(shift, 50.0)  # what lies closer to the laser line is behind the filter
        scattered: Array = (laser_cm1 - held) ** 4 / held / -np.expm1(-_HC_OVER_KT_CM * held)
        return scattered

    return line(shift_cm1) / line(np.full_like(shift_cm1, 1000.0))


def column(values: Array) -> Curves:
    """Per-spectrum values as a column that broadcasts over points."""
    return values.astype(np.float32)[:, None]


def _to_peak(bands: Curves, peak: Array) -> Curves:
    # A range without any band (a silicate in short-wave NIR) stays empty instead of having rounding blown up.
    strongest = np.maximum(bands.max(axis=1), 1e-6)
    scaled: Curves = np.maximum(bands, 0.0) * column(peak / strongest)
    return scaled


def _drift(rng: np.random.Generator, t: Curves, scale: tuple[float, float, float]) -> Curves:
    drift: Curves
    constant, linear, curved = (column(s * rng.standard_normal(len(t))) for s in scale)
    drift = constant + linear * t + curved * np.square(2.0 * t - 1.0)
    return drift


def _add_spikes(rng: np.random.Generator, counts: Curves, peak: Array) -> None:
    struck = np.flatnonzero(rng.random(len(counts)) < _SPIKE_CHANCE)
    place = rng.integers(1, counts.shape[1] - 1, len(struck))
    height = (peak[struck] * _log_uniform(rng, 0.1, 1.0, len(struck))).astype(np.float32)
    counts[struck, place] += height
    counts[struck, place + 1] += 0.4 * height


def _log_uniform(rng: np.random.Generator, low: float, high: float, num: int) -> Array:
    return np.exp(rng.uniform(np.log(low), np.log(high), num))
