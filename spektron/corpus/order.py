"""Which rows come when: an endless order of positions for each worker that any batch can be found in again.

All of it follows from (seed, epoch, rank, world_size), so a stream resumes at any batch without a stored state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import ConfigError
from spektron.corpus.reading import RowSlice

__all__ = ["WINDOW_ROWS", "StreamOrder", "Window", "cut_rows"]

# Rows that are shuffled together when the corpus does not fit in memory: 32 MiB. Ranks are random already, so a window
# only has to change which rows meet in a batch from one epoch to the next.
WINDOW_ROWS = 4096

# Purposes of the generators, so that no two draws share a seed.
_ROWS, _SLICES, _WINDOW = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive rows of a worker's epoch that are shuffled together."""

    epoch: int
    index: int
    num_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOrder:
    """The order of one worker's rows.

    Each epoch, every worker has ``num_rows // world_size`` rows and no row is with two workers; the remainder of the
    division sits out that epoch, and another epoch's permutation leaves out other rows.

    Attributes
    ----------
    num_rows : int
        Rows of the subset, over all workers.
    batch_size : int
        Rows per batch and worker.
    seed, rank, world_size : int
        Of the shuffle; of the worker.
    """

    num_rows: int
    batch_size: int
    seed: int
    rank: int
    world_size: int

    def __post_init__(self) -> None:
        found = (
            f"num_spectra={self.num_rows}, batch_size={self.batch_size}, seed={self.seed}, "
            f"rank={self.rank}, world_size={self.world_size}"
        )
        if self.batch_size < 1 or self.seed < 0 or not 0 <= self.rank < self.world_size:
            raise ConfigError(f"expected batch_size ≥ 1, seed ≥ 0 and 0 ≤ rank < world_size, found {found}")
        if self.rows_per_epoch < 1:
            raise ConfigError(
                f"expected at least one spectrum for each worker, found {found}", "use fewer workers or more spectra"
            )

    @property
    def rows_per_epoch(self) -> int:
        """Rows that this worker, like every other, sees in one epoch."""
        return self.num_rows // self.world_size

    def epoch_rows(self, epoch: int) -> NDArray[np.intp]:
        """Positions of this worker's rows in the order it sees them, exactly shuffled, shape (rows_per_epoch,)."""
        permutation = self._generator(_ROWS, epoch).permutation(self.num_rows)
        return permutation[self.rank :: self.world_size][: self.rows_per_epoch]

    def epoch_slices(self, epoch: int, slices: Sequence[RowSlice]) -> list[RowSlice]:
        """Slices this worker reads in one epoch: its share of all slices laid end to end in a random order."""
        shuffled = [slices[i] for i in self._generator(_SLICES, epoch).permutation(len(slices))]
        first = self.rank * self.rows_per_epoch
        return cut_rows(shuffled, first, first + self.rows_per_epoch)

    def windows(self, position: int) -> Iterator[Window]:
        """Yield endless windows from the one that holds the worker's row `position` on (0 is epoch 0's first)."""
        epoch, offset = divmod(position, self.rows_per_epoch)
        index = offset // WINDOW_ROWS
        while True:
            for first in range(index * WINDOW_ROWS, self.rows_per_epoch, WINDOW_ROWS):
                yield Window(epoch, first // WINDOW_ROWS, min(WINDOW_ROWS, self.rows_per_epoch - first))
            epoch, index = epoch + 1, 0

    def window_rows(self, window: Window) -> NDArray[np.intp]:
        """Shuffled positions within a window, shape (window.num_rows,)."""
        return self._generator(_WINDOW, window.epoch, self.rank, window.index).permutation(window.num_rows)

    def _generator(self, purpose: int, *where: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, purpose, *where])


def cut_rows(slices: Sequence[RowSlice], first: int, last: int) -> list[RowSlice]:
    """Rows `first` to `last` (exclusive) of slices laid end to end."""
    pieces: list[RowSlice] = []
    begin = 0
    for piece in slices:
        low, high = max(first - begin, 0), min(last - begin, len(piece))
        if low < high:
            pieces.append(piece.cut(low, high))
        begin += len(piece)
        if begin >= last:
            break
    return pieces
