"""Simulated spectra, in independent blocks: spectrum i is a function of (seed, i) alone.

A block of `BLOCK_SPECTRA` has a random stream of its own, so any part of a simulated corpus can be made again, alone
and in any order. Within a block each sample is measured once in every modality, each time on another instrument.

The numbers are reproducible bit by bit with one version of NumPy and SciPy on one kind of processor; across processors
they agree to float32 rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from spektron.spectra.instruments import INSTRUMENTS
from spektron.spectra.lineshape import draw_bands
from spektron.spectra.molecules import Molecules, draw_molecules
from spektron.spectra.overtones import overtone_sticks
from spektron.spectra.response import Grain, infrared, near_infrared, raman, raman_factor
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["BLOCK_SPECTRA", "SIMULATOR_VERSION", "SimulatedBlock", "simulate_block"]

# Raised whenever the same seed gives other spectra; it bears identity in a corpus's build configuration.
SIMULATOR_VERSION = 1

# Divisible by one, two and three modalities; 240 spectra are 2 MB.
BLOCK_SPECTRA = 240

Array = NDArray[np.float64]
Curves = NDArray[np.float32]
Scalar = TypeVar("Scalar", np.float32, np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedBlock:
    """`BLOCK_SPECTRA` spectra; row r is sample ``r // len(modalities)`` in modality ``r % len(modalities)``.

    Attributes
    ----------
    intensity : ndarray, shape (spectra, NUM_POINTS), float32
        Absorbance (IR), counts (RAMAN) or log(1/R) (NIR).
    wavenumber_start_cm1, wavenumber_stop_cm1 : ndarray, shape (spectra,)
        Ends of each axis.
    molecule : ndarray, shape (spectra,)
        Number of the sample within the block.
    modality, instrument : list of str
        One each.
    """

    intensity: Curves
    wavenumber_start_cm1: Array
    wavenumber_stop_cm1: Array
    molecule: NDArray[np.intp]
    modality: list[str]
    instrument: list[str]


def simulate_block(seed: int, block: int, modalities: tuple[str, ...]) -> SimulatedBlock:
    """Simulate one block.

    Parameters
    ----------
    seed, block : int
        Not negative; together they name the random stream.
    modalities : tuple of str
        One to three different ones of `MODALITIES`, in the order in which each sample is measured.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block,)))
    num = BLOCK_SPECTRA // len(modalities)
    molecules = draw_molecules(rng, num)
    measured = [_measure(rng, molecules, modality) for modality in modalities]
    return SimulatedBlock(
        intensity=_interleave([m.intensity for m in measured]),
        wavenumber_start_cm1=_interleave([m.start_cm1 for m in measured]),
        wavenumber_stop_cm1=_interleave([m.stop_cm1 for m in measured]),
        molecule=np.repeat(np.arange(num), len(modalities)),
        modality=list(modalities) * num,
        instrument=[name for names in zip(*(m.instrument for m in measured), strict=True) for name in names],
    )


@dataclass(frozen=True, slots=True)
class _Measured:
    intensity: Curves
    start_cm1: Array
    stop_cm1: Array
    instrument: list[str]


@dataclass(frozen=True, slots=True)
class _Bench:
    """One jittered instrument per spectrum, as columns."""

    start_cm1: Array
    stop_cm1: Array
    resolution_cm1: Array
    pitch_cm1: Array
    noise: Array
    laser_cm1: Array
    attenuated: NDArray[np.bool_]
    names: list[str]

    @property
    def step_cm1(self) -> Array:
        """Distance of two points, shape (spectra,)."""
        return (self.stop_cm1 - self.start_cm1) / (NUM_POINTS - 1)


def _measure(rng: np.random.Generator, molecules: Molecules, modality: str) -> _Measured:
    bench = _draw_bench(rng, modality, len(molecules.centre_cm1))
    centre, fwhm, height = _bands(molecules, modality, bench)
    # Calibration: a shift, and a stretch about the origin, of the sizes found between well-kept instruments.
    shift = 0.2 * bench.resolution_cm1 * rng.standard_normal(len(centre))
    stretch = 1.0 + 1e-4 * rng.standard_normal(len(centre))
    centre = centre * stretch[:, None] + shift[:, None]
    step = bench.step_cm1[:, None]
    disorder = rng.uniform(0.0, 6.0, len(centre))
    broadening = np.hypot(bench.resolution_cm1, disorder) / bench.step_cm1
    curves = draw_bands((centre - bench.start_cm1[:, None]) / step, fwhm / step, height, broadening)
    t = np.broadcast_to(np.linspace(0.0, 1.0, NUM_POINTS, dtype=np.float32), curves.shape)
    respond = {"IR": infrared, "RAMAN": raman, "NIR": near_infrared}[modality]
    grain = Grain.draw(rng, bench.pitch_cm1 / bench.step_cm1)
    return _Measured(respond(rng, curves, t, bench.noise, grain), bench.start_cm1, bench.stop_cm1, bench.names)


def _bands(molecules: Molecules, modality: str, bench: _Bench) -> tuple[Array, Array, Array]:
    if modality == "NIR":
        return overtone_sticks(molecules)
    centre, fwhm = molecules.centre_cm1, molecules.fwhm_cm1
    if modality == "RAMAN":
        return centre, fwhm, molecules.raman * raman_factor(centre, bench.laser_cm1[:, None])
    # ATR: depth goes as 1/ν; relative to 1000 cm⁻¹.
    return centre, fwhm, molecules.ir * np.where(bench.attenuated[:, None], 1000.0 / centre, 1.0)


def _draw_bench(rng: np.random.Generator, modality: str, num: int) -> _Bench:
    presets = INSTRUMENTS[modality]
    chosen = rng.integers(0, len(presets), num)

    def column(name: str) -> Array:
        return np.array([getattr(preset, name) for preset in presets], dtype=np.float64)[chosen]

    start, stop = column("start_cm1"), column("stop_cm1")
    room = 0.01 * (stop - start)  # two instruments of one model begin and end within a hundredth of the range
    return _Bench(
        start_cm1=start + room * rng.random(num),
        stop_cm1=stop - room * rng.random(num),
        resolution_cm1=column("resolution_cm1") * np.exp(0.15 * rng.standard_normal(num)),
        pitch_cm1=column("pitch_cm1"),
        noise=column("noise"),
        laser_cm1=column("laser_cm1"),
        attenuated=column("attenuated") > 0.0,
        names=[presets[i].name for i in chosen],
    )


def _interleave(parts: list[NDArray[Scalar]]) -> NDArray[Scalar]:
    return np.stack(parts, axis=1).reshape(-1, *parts[0].shape[1:])
