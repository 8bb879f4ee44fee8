"""Pairs of rows that share a key, in bounded time and memory, with what was left out counted.

Keys (see `spektron.corpus.neighbours.sketch`) sort by bucket and, within a bucket, by a place that copies nearly share.
So after one sort a row's candidates are its next neighbours: those of its own bucket whose place is no more than
`_PLACE_TOLERANCE` away, and of these at most `reach` (a sorted neighbourhood: Hernández and Stolfo 1995). A bucket of a
thousand look-alikes costs a thousand times `reach` pairs, not half a million, and what lay beyond the reach is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.neighbours.sketch import ORDER_BITS, ORDER_STEP

__all__ = ["REACH", "PairBlock", "candidate_pairs"]

# Places are projections on one direction, so two windows at relative distance d lie about N(0, d²) apart. Four
# deviations at the 0.05 that coarse resampling of narrow lines brings.
_PLACE_TOLERANCE = 0.2
# Nearest copies come first, so a short reach loses little; measured in docs/near_duplicates.md.
REACH = 32
# Keys sorted at a time: with their rows and the sort's own copies about 12 MB, and 40 MB of pairs where a key has four
# (400 MB, at worst, if all of them were of one bucket).
_KEYS_AT_A_TIME = 1 << 18

UInts = NDArray[np.uint64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairBlock:
    """Candidates from one range of keys.

    Attributes
    ----------
    pairs : ndarray, shape (pairs, 2), int64
        Rows i < j, sorted, each pair once in a block; a pair that shares several keys may come again in another block.
    num_left_out : int
        Pairs that share a key and a place but lay beyond the reach, counted once for each key that they share.
    share : float
        Of all keys, those of this block and the ones before it.
    """

    pairs: Ints
    num_left_out: int
    share: float


def candidate_pairs(keys: UInts, *, reach: int = REACH, tolerance: float = _PLACE_TOLERANCE) -> Iterator[PairBlock]:
    """Yield the pairs of rows that meet under a key, in blocks.

    At most ``rows × NUM_KEYS × reach`` pairs in all. Memory beyond `keys` does not grow with the rows, except for the
    pairs of one block.

    Parameters
    ----------
    keys : ndarray, shape (rows, NUM_KEYS), uint64
        As `sketch` gives them; 0 is no key.
    reach : int
        Neighbours that a row is paired with under one key, at most.
    tolerance : float
        Greatest distance of two places, in units of the windows' length.
    """
    num_ranges = -(-keys.size // _KEYS_AT_A_TIME)
    bounds = [(index << 64) // num_ranges for index in range(num_ranges + 1)] if num_ranges else []
    for number, (low, high) in enumerate(pairwise(bounds), start=1):
        pairs, num_left_out = _pairs_between(keys, low, high - 1, reach, round(tolerance / ORDER_STEP))
        yield PairBlock(pairs=pairs, num_left_out=num_left_out, share=number / num_ranges)


def _pairs_between(keys: UInts, low: int, high: int, reach: int, tolerance: int) -> tuple[Ints, int]:
    """Candidates, and how many were left out, among the keys from `low` to `high`, rounded to whole buckets."""
    low, high = (low >> ORDER_BITS) << ORDER_BITS, (((high + 1) >> ORDER_BITS) << ORDER_BITS) - 1
    flat = keys.ravel()
    chosen = np.flatnonzero((flat >= np.uint64(max(low, 1))) & (flat <= np.uint64(high)))
    values = flat[chosen]
    order = np.argsort(values, kind="stable")
    values, row = values[order], (chosen // keys.shape[1])[order]
    last_of_bucket = values | np.uint64((1 << ORDER_BITS) - 1)
    # A key near the top would wrap; the end of its bucket bounds it either way.
    upto = values + np.minimum(last_of_bucket - values, np.uint64(tolerance))
    after = np.searchsorted(values, upto, side="right") - np.arange(len(values)) - 1
    found = [
        np.stack([row[here], row[here + step]], axis=1)
        for step in range(1, min(reach, int(after.max(initial=0))) + 1)
        for here in (np.flatnonzero(after >= step),)
    ]
    return _unique(found), int(np.maximum(after - reach, 0).sum())


def _unique(found: list[Ints]) -> Ints:
    if not found:
        return np.empty((0, 2), dtype=np.int64)
    pairs = np.sort(np.concatenate(found), axis=1)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    packed = np.unique(pairs[:, 0] << 32 | pairs[:, 1])
    return np.stack([packed >> 32, packed & 0xFFFFFFFF], axis=1)
