"""Which rows come when: an endless order of positions for each worker that any batch can be found in again.

There are two. Rows in memory come in one sequence for all workers, dealt out row by row: batch k of all workers is
batch k of one worker. Rows that are read in every epoch come in a sequence of each worker's own, so that no row is read
by two: the number of workers then decides which rows meet in a batch, though hardly which rows an epoch holds.

Both follow from (seed, epoch, rank, world_size), so a stream resumes at any batch without a stored state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import ConfigError
from spektron.corpus.streaming.reading import RowSlice

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
        if self.num_rows < 1:
            raise ConfigError(f"expected at least one spectrum, found {found}")

    def batches(self, start_batch: int) -> Iterator[NDArray[np.intp]]:
        """Yield the positions of this worker's batches of rows in memory, shape (batch_size,), from `start_batch` on.

        Worker r has rows r, r + world_size, … of the batch of all workers together, which is cut from exact
        permutations of the rows laid end to end: the same batch however many workers share it.
        """
        of_all = self.batch_size * self.world_size
        epoch, offset = divmod(start_batch * of_all, self.num_rows)
        waiting = self._permutation(epoch)[offset:]
        while True:
            while len(waiting) < of_all:
                epoch += 1
                waiting = np.concatenate([waiting, self._permutation(epoch)])
            yield waiting[self.rank : of_all : self.world_size]
            waiting = waiting[of_all:]

    @property
    def rows_per_epoch(self) -> int:
        """Rows that this worker, like every other, reads in one epoch of a stream.

        The remainder of the division, fewer rows than workers, sits out an epoch; another epoch leaves out others.
        """
        return self.num_rows // self.world_size

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

    def _permutation(self, epoch: int) -> NDArray[np.intp]:
        return self._generator(_ROWS, epoch).permutation(self.num_rows)

    def _generator(self, purpose: int, *where: int) -> np.random.Generator:
        # Purpose and place as a spawn key: appended to the seed, [seed, 2] and [seed, 2, 0, 0] would be one generator.
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(purpose, *where)))


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
