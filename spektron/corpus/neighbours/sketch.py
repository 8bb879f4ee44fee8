"""Keys under which spectra that may be copies of each other meet: locality-sensitive hashing of wavenumber windows.

Datar, Immorlica, Indyk and Mirrokni (2004), "Locality-sensitive hashing scheme based on p-stable distributions", §3.2:
a vector's projections on Gaussian directions, shifted and cut into steps of one width, name its bucket. Here a vector
is a window of a spectrum at absolute wavenumbers, on coarse cells, its straight line removed, of unit length: neither
scale nor offset nor sampling nor a cut elsewhere changes it. The windows of most energy give keys; smooth tails have
little, and give none as long as there are bands.

Everything after the cells' means is integers, sums of integers that float64 holds exactly in any order, and single
element-wise operations, which IEEE 754 fixes to the bit: no BLAS, no library's random numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.neighbours.cells import Cells, cell_means, full_cells
from spektron.spectra.spectrum import MODALITIES

__all__ = ["NUM_KEYS", "ORDER_BITS", "ORDER_STEP", "sketch_block"]

WINDOW_CELLS = 32
# Windows begin at every 8th cell, in two runs (even and odd ones) that overlap by half. Taking the richest of each run,
# not of all, keeps the chosen ones apart: a cut that loses one strong band does not lose every key.
STRIDE_CELLS = 8
# Width of a cell: 16 cm⁻¹ average the noise of an unsmoothed scan and still see single bands; the overtones of NIR are
# ten times as broad. Windows are 512 and 1024 cm⁻¹ wide: a short-wave instrument (850-1050 nm) has 2,240 cm⁻¹ in all.
CELL_CM1 = {"IR": 16.0, "RAMAN": 16.0, "NIR": 32.0}

NUM_RUNS = 2
WINDOWS_PER_RUN = 3
NUM_KEYS = NUM_RUNS * WINDOWS_PER_RUN
NUM_PROJECTIONS = 12
BUCKET_WIDTH = 0.5

# A key is a bucket's name (high bits) and a place within the bucket (low bits): one more projection, in steps of
# 16 / 2^20. Copies lie close together there, whatever else the bucket holds.
ORDER_BITS = 20
ORDER_STEP = 16.0 / (1 << ORDER_BITS)

_LEVELS = float(1 << 20)  # of a spectrum's own range; 32 cells' squares and cross terms stay below 2^53
_RESIDUAL_FLOOR = 1e-5  # of a spectrum's squared range: windows with less hold rounding, not a shape

UInts = NDArray[np.uint64]


def _mixed(values: UInts) -> UInts:
    """Scramble each integer: the finaliser of splitmix64 (Steele, Lea and Flood 2014)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _directions() -> Cells:
    """Nearly Gaussian integers (sums of the eight bytes of a hash), shape (cells, projections + 1)."""
    columns = NUM_PROJECTIONS + 1
    words = _mixed(np.arange(WINDOW_CELLS * columns, dtype=np.uint64))
    sums: Cells = words.view(np.uint8).reshape(WINDOW_CELLS, columns, 8).sum(axis=2, dtype=np.int64) - 1020.0
    return sums


_DIRECTIONS = _directions()
_SIGMA = np.sqrt(8 * (256.0**2 - 1) / 12)  # of a sum of eight bytes
_SHIFTS = (_mixed(np.arange(5000, 5000 + _DIRECTIONS.shape[1], dtype=np.uint64)) >> np.uint64(32)) / 2.0**32
_TIME = 2.0 * np.arange(WINDOW_CELLS) - (WINDOW_CELLS - 1)  # odd integers, antisymmetric


def sketch_block(
    modality_index: NDArray[np.int64],
    start_cm1: NDArray[np.floating],
    stop_cm1: NDArray[np.floating],
    intensity: NDArray[np.floating],
) -> UInts:
    """Keys of some spectra, shape (rows, NUM_KEYS); 0 is "no key"."""
    rows = len(intensity)
    width = np.array([CELL_CM1[name] for name in MODALITIES])[modality_index]
    first, end = full_cells(start_cm1, stop_cm1, width)
    first = -(-first // STRIDE_CELLS) * STRIDE_CELLS
    num_windows = np.maximum((end - first - WINDOW_CELLS) // STRIDE_CELLS + 1, 0)
    most = int(num_windows.max(initial=0))
    keys = np.zeros((rows, NUM_KEYS), dtype=np.uint64)
    if most == 0:
        return keys
    num_cells = WINDOW_CELLS + STRIDE_CELLS * (most - 1)
    step = (stop_cm1.astype(np.float64) - start_cm1.astype(np.float64)) / (intensity.shape[1] - 1)
    cells = cell_means(intensity, start_cm1, step, first, num_cells, width)
    levels = _levels(cells, WINDOW_CELLS + STRIDE_CELLS * (num_windows - 1))
    windows = np.lib.stride_tricks.sliding_window_view(levels, WINDOW_CELLS, axis=1)[:, ::STRIDE_CELLS]
    energy = _energy(windows)
    energy[np.arange(most) >= num_windows[:, None]] = -1.0
    number = (first // STRIDE_CELLS)[:, None] + np.arange(most)
    each = np.arange(rows)
    for place in range(NUM_KEYS):
        run, rank = divmod(place, WINDOWS_PER_RUN)
        if rank == 0:
            best = np.argsort(np.where(number % NUM_RUNS == run, -energy, 1.0), axis=1, kind="stable")
        if rank < most:
            chosen = best[:, rank]
            own = np.where(number[each, chosen] % NUM_RUNS == run, energy[each, chosen], -1.0)
            where = modality_index.astype(np.uint64) << np.uint64(32) | number[each, chosen].astype(np.uint64)
            found = _keys(windows[each, chosen], own, where)
            keys[:, place] = np.where(own < _RESIDUAL_FLOOR * _LEVELS**2, 0, found)
    return keys


def _levels(cells: Cells, num_valid: NDArray[np.int64]) -> Cells:
    """Cells in whole steps of 2^-20 of each spectrum's range over its valid cells; 0 where a spectrum has none."""
    valid = np.arange(cells.shape[1]) < num_valid[:, None]
    low = np.where(valid, cells, np.inf).min(axis=1, keepdims=True)
    high = np.where(valid, cells, -np.inf).max(axis=1, keepdims=True)
    span = np.where(high > low, high - low, np.inf)
    return np.where(valid, np.rint((cells - np.where(np.isfinite(low), low, 0.0)) / span * _LEVELS), 0.0)


def _energy(windows: Cells) -> Cells:
    """Sum of squares about each window's straight line, shape (rows, windows)."""
    total, slope = windows.sum(axis=2), windows @ _TIME
    squares = np.einsum("rwc,rwc->rw", windows, windows)
    about_line: Cells = squares - total * total / WINDOW_CELLS - slope * slope / float(_TIME @ _TIME)
    return about_line


def _keys(window: Cells, energy: Cells, where: UInts) -> UInts:
    """Key of one window of each row."""
    total, slope = window.sum(axis=1)[:, None], (window @ _TIME)[:, None]
    raw = window @ _DIRECTIONS
    line = total * (_DIRECTIONS.sum(axis=0) / WINDOW_CELLS) + slope * (_TIME @ _DIRECTIONS / float(_TIME @ _TIME))
    projected = (raw - line) / (_SIGMA * np.sqrt(np.maximum(energy, 1.0)))[:, None]
    steps = np.floor(projected[:, :-1] / BUCKET_WIDTH + _SHIFTS[:-1]).astype(np.int64).astype(np.uint64)
    name = _mixed(where)
    for projection in range(NUM_PROJECTIONS):
        name = _mixed(name ^ steps[:, projection])
    order = np.clip(np.floor((projected[:, -1] + 8.0) / ORDER_STEP), 0, (1 << ORDER_BITS) - 1).astype(np.uint64)
    high = np.uint64(ORDER_BITS)
    keys: UInts = np.maximum(name >> high, np.uint64(1)) << high | order
    return keys
