"""How far apart two spectra are as measurements: sampling, range, scale and offset set aside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.neighbours.cells import Cells, cell_means, full_cells
from spektron.corpus.neighbours.sketch import CELL_CM1
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS, SpectrumBatch

__all__ = ["MAX_DISTANCE", "MAX_DISTANCE_ACROSS", "WORTH_A_SECOND_LOOK", "outline_distance", "relative_distance"]

# Copies through rounding to three decimals, float16, scaling, cropping and fine resampling lie below it, different
# samples above, but for the closest of one kind (bottles of one sort of oil): docs/near_duplicates.md has the table.
MAX_DISTANCE = 0.0015

# For two spectra of different sources. Look-alikes come in sets, from one laboratory and instrument; across the sets of
# 5,700 real spectra none lie closer than 0.19. A library's copy of another's spectrum, in turn, is often resampled
# without averaging: of noisy scans, or ones published every 4 cm⁻¹, up to 0.009 apart.
MAX_DISTANCE_ACROSS = 0.01

# A crop keeps the larger part of a spectrum; less in common is too little to call two spectra one measurement. The
# second bound keeps a narrow scan from joining two wide ones that differ elsewhere: duplicates are joined in chains.
_OVERLAP_OF_SHORTER = 0.8
_OVERLAP_OF_LONGER = 0.5
_MIN_CELLS = 16

# Grids on which published libraries resample by linear interpolation, without averaging: narrow lines and noise come
# out otherwise than on a finer grid, by up to 0.15 on unsmoothed Raman scans at 8 cm⁻¹.
_COMMON_STEPS_CM1 = (8.0, 5.0, 4.0, 2.0, 1.0)
WORTH_A_SECOND_LOOK = 0.2

# 512 × 256 cells are 1 MiB.
_PAIRS_AT_A_TIME = 512

# Raman scans are noisy from point to point, and two scans never share their noise. What resampling changes in a scan
# says how much of that there is: copies resampled alike differ by at most 0.25 of it (25 RRUFF scans, from their files,
# at 2 to 8 cm⁻¹; 0.34 with simulated white noise), other scans of four sets by 0.74 or more, but for one pair (0.21).
# Elsewhere it says nothing: an interferometer's noise is as wide as its resolution, and oils of different bottles
# differ by as little as 0.06. 0.016 is the most that copies were seen to differ by.
_NOISE_SHARE = 0.4
_MAX_NOISY_DISTANCE = 0.03

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def relative_distance(first: SpectrumBatch, second: SpectrumBatch) -> Floats:
    """Distance of the spectra of each pair, shape (pairs,); infinite where they cannot be compared.

    Over the range that both share, each is brought to cells at absolute wavenumbers (16 cm⁻¹; NIR 32), centred and
    scaled to unit length; the distance is that of the two vectors, √(2 − 2r) with their correlation r. Where the two
    are close but not the same, it is also taken after both were resampled linearly to each of the common grids, and the
    least counts: so a library's coarse copy of a scan with narrow lines is known again. There, a Raman pair's distance
    is divided by the scan's noise where that is the larger (`_NOISE_SHARE`).
    """
    pairs = _Pairs(first, second)
    distance = np.full(len(first), np.inf)
    comparable = np.flatnonzero(pairs.comparable)
    if len(comparable) == 0:
        return distance
    pairs = _Pairs(first.take(comparable), second.take(comparable))
    found = pairs.distance(pairs.cells(pairs.first), pairs.cells(pairs.second))
    again = np.flatnonzero((found > MAX_DISTANCE) & (found < WORTH_A_SECOND_LOOK))
    if len(again):
        found[again] = np.minimum(found[again], _resampled_distance(pairs.take(again), found[again]))
    distance[comparable] = found
    return distance


def outline_distance(spectra: SpectrumBatch, pairs: NDArray[np.intp]) -> Floats:
    """Distance of pairs of rows over the cells that both cover, nothing resampled, shape (pairs,).

    What `relative_distance` begins with, for pairs that share rows: each row's cells are computed once. Infinite where
    two cannot be compared.
    """
    start, step, intensity = _axis(spectra)
    width = np.array([CELL_CM1[name] for name in MODALITIES])[spectra.modality]
    first, end = full_cells(start, spectra.wavenumber_stop_cm1.astype(np.float64), width)
    cells = cell_means(intensity, start, step, first, int(np.maximum(end - first, 1).max(initial=1)), width)
    distance = np.full(len(pairs), np.inf)
    for low in range(0, len(pairs), _PAIRS_AT_A_TIME):
        some = pairs[low : low + _PAIRS_AT_A_TIME]
        common = _Pairs(spectra.take(some[:, 0]), spectra.take(some[:, 1]))
        columns = common.first_cell[:, None] + np.arange(max(int(common.num_cells.max()), 1))
        one, other = (
            cells[side[:, None], np.clip(columns - first[side][:, None], 0, cells.shape[1] - 1)] for side in some.T
        )
        found = common.distance(one, other)
        distance[low : low + len(some)] = np.where(common.comparable, found, np.inf)
    return distance


class _Pairs:
    """Pairs of spectra and the cells that both cover."""

    def __init__(self, first: SpectrumBatch, second: SpectrumBatch) -> None:
        self.first, self.second = first, second
        ends = [
            (s.wavenumber_start_cm1.astype(np.float64), s.wavenumber_stop_cm1.astype(np.float64))
            for s in (first, second)
        ]
        low, high = np.maximum(ends[0][0], ends[1][0]), np.minimum(ends[0][1], ends[1][1])
        spans = np.stack([stop - start for start, stop in ends])
        self.width = np.array([CELL_CM1[name] for name in MODALITIES])[first.modality]
        self.first_cell, end = full_cells(low, high, self.width)
        self.num_cells = end - self.first_cell
        self.comparable: Bools = (
            (first.modality == second.modality)
            & (high - low >= _OVERLAP_OF_SHORTER * spans.min(axis=0))
            & (high - low >= _OVERLAP_OF_LONGER * spans.max(axis=0))
            & (self.num_cells >= _MIN_CELLS)
        )

    def take(self, rows: NDArray[np.intp]) -> _Pairs:
        return _Pairs(self.first.take(rows), self.second.take(rows))

    def cells(self, spectra: SpectrumBatch, grid_cm1: float | None = None) -> Cells:
        """Means over the common cells, of the spectra as they are or resampled linearly to multiples of `grid_cm1`."""
        start, step, intensity = _axis(spectra)
        if grid_cm1 is not None:
            start, intensity = _linear(start, step, intensity, grid_cm1)
            step = np.full(len(start), grid_cm1)
        return cell_means(intensity, start, step, self.first_cell, int(self.num_cells.max()), self.width)

    def distance(self, one: Cells, other: Cells) -> Floats:
        """Distance of two sets of cells, centred and of unit length over each pair's own cells."""
        valid = np.arange(one.shape[1]) < np.maximum(self.num_cells, 1)[:, None]
        difference = _unit(one, valid) - _unit(other, valid)
        squared: Floats = np.einsum("pc,pc->p", difference, difference)
        return np.sqrt(squared)


def _resampled_distance(pairs: _Pairs, as_is: Floats) -> Floats:
    """Least distance after both spectra of each pair were resampled to one of the common grids."""
    least = np.full(len(as_is), np.inf)
    kept = np.arange(len(as_is))
    for grid in _COMMON_STEPS_CM1:
        distance, change = _on_grid(pairs, grid)
        least[kept] = np.minimum(least[kept], _by_noise(distance, change.max(axis=0), pairs.first.modality))
        # Resampling cannot bring two spectra together that lie farther apart than it moves both of them (the triangle
        # inequality), and a finer grid moves them less: half as much again is allowed for grids out of step.
        worth = as_is[kept] <= 1.5 * change.sum(axis=0) + MAX_DISTANCE
        kept, pairs = kept[worth], pairs.take(np.flatnonzero(worth))
        if len(kept) == 0:
            break
    return least


def _on_grid(pairs: _Pairs, grid_cm1: float) -> tuple[Floats, Floats]:
    """Distances on a grid, shape (pairs,), and how far it moved either spectrum, shape (2, pairs)."""
    spectra = pairs.first, pairs.second
    resampled = [pairs.cells(each, grid_cm1) for each in spectra]
    change = [pairs.distance(pairs.cells(each), on_grid) for each, on_grid in zip(spectra, resampled)]
    return pairs.distance(*resampled), np.stack(change)


def _by_noise(distance: Floats, changed: Floats, modality_index: NDArray[np.int64]) -> Floats:
    """Distances; of Raman scans that differ by less than `_NOISE_SHARE` of their noise, brought below the limit."""
    noise = _NOISE_SHARE * changed
    raman = modality_index == MODALITIES.index("RAMAN")
    explained = raman & (distance < np.minimum(noise, _MAX_NOISY_DISTANCE))
    return np.where(explained, np.minimum(distance, MAX_DISTANCE * distance / np.maximum(noise, 1e-12)), distance)


def _axis(spectra: SpectrumBatch) -> tuple[Floats, Floats, NDArray[np.floating]]:
    start = spectra.wavenumber_start_cm1.astype(np.float64)
    return start, (spectra.wavenumber_stop_cm1.astype(np.float64) - start) / (NUM_POINTS - 1), spectra.intensity


def _linear(start: Floats, step: Floats, intensity: NDArray[np.floating], grid_cm1: float) -> tuple[Floats, Floats]:
    """First multiple of the grid within each axis, and the values at it and all that follow."""
    begin = np.ceil(start / grid_cm1) * grid_cm1
    points = intensity.shape[1]
    most = int(((points - 1) * step / grid_cm1).max()) + 2
    at = np.clip((begin[:, None] + grid_cm1 * np.arange(most) - start[:, None]) / step[:, None], 0.0, points - 1)
    left = np.minimum(at.astype(np.int64), points - 2)
    flat = left + np.arange(len(start))[:, None] * points
    values = intensity.astype(np.float64).ravel()
    return begin, values[flat] + (at - left) * (values[flat + 1] - values[flat])


def _unit(cells: Cells, valid: Bools) -> Cells:
    """Centred and of unit length over the valid cells, 0 elsewhere; a constant row stays 0."""
    kept = np.where(valid, cells, 0.0)
    centred = np.where(valid, kept - (kept.sum(axis=1) / valid.sum(axis=1))[:, None], 0.0)
    length = np.sqrt(np.einsum("pc,pc->p", centred, centred))[:, None]
    unit: Cells = centred / np.where(length > 0, length, 1.0)
    return unit
