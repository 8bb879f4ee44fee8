"""The measured points of a corpus-scaling study, checked once and grouped by size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spektron.core.errors import FitError

__all__ = ["MIN_SIZES", "CorpusPoints", "positive_column", "require_same_length"]

Floats = NDArray[np.float64]

# Three parameters pass through three sizes exactly and say nothing about whether the law holds.
MIN_SIZES = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorpusPoints:
    """Runs of a corpus-scaling study.

    Attributes
    ----------
    sizes : ndarray, shape (sizes,)
        Distinct corpus sizes, ascending.
    size_of_run : ndarray of int, shape (runs,)
        Index into `sizes`.
    log_loss : ndarray, shape (runs,)
        Natural logarithm of each run's loss.
    seed_of_run : ndarray of int, shape (runs,), or None
        Index of each run's seed.
    num_merged : int
        Points beyond the first with the same size and seed: repeated readings of one run, averaged into it.
    """

    sizes: Floats
    size_of_run: NDArray[np.intp]
    log_loss: Floats
    seed_of_run: NDArray[np.intp] | None = None
    num_merged: int = 0

    @classmethod
    def of(cls, num_spectra: ArrayLike, loss: ArrayLike, seed: Sequence[object] | None = None) -> CorpusPoints:
        """Check and group; see `spektron.scaling.fit_corpus_law` for what is raised."""
        size_n, loss_n = positive_column(num_spectra, "num_spectra"), positive_column(loss, "loss")
        require_same_length(num_spectra=len(size_n), loss=len(loss_n), **({} if seed is None else {"seed": len(seed)}))
        sizes, size_of_run = np.unique(size_n, return_inverse=True)
        _enough_sizes(sizes)
        if seed is None:
            return cls(sizes=sizes, size_of_run=size_of_run, log_loss=np.log(loss_n))
        names = {name: i for i, name in enumerate(dict.fromkeys(map(str, seed)))}
        seed_n = np.array([names[str(name)] for name in seed])
        key, run_of_point = np.unique(size_of_run * len(names) + seed_n, return_inverse=True)
        mean_log = np.bincount(run_of_point, np.log(loss_n)) / np.bincount(run_of_point)
        size_of_run, seed_of_run = np.divmod(key, len(names))
        return cls(
            sizes=sizes,
            size_of_run=size_of_run,
            log_loss=mean_log,
            seed_of_run=seed_of_run,
            num_merged=len(size_n) - len(key),
        )

    @property
    def num_runs(self) -> Floats:
        """Runs of each size, shape (sizes,)."""
        return np.bincount(self.size_of_run).astype(np.float64)

    @property
    def mean_log_loss(self) -> Floats:
        """Mean log loss of each size, shape (sizes,)."""
        return self.mean_of_runs(self.log_loss)

    @property
    def loss(self) -> Floats:
        """Geometric mean of the loss of each size, shape (sizes,)."""
        return np.asarray(np.exp(self.mean_log_loss))

    @property
    def reference_size(self) -> float:
        """Geometric mean of the sizes: sizes are divided by it before fitting, so that E and B are well scaled."""
        return float(np.exp(np.log(self.sizes).mean()))

    @property
    def log_relative_size(self) -> Floats:
        """``ln(D / reference)`` of each size, shape (sizes,)."""
        return np.asarray(np.log(self.sizes) - np.log(self.sizes).mean())

    def mean_of_runs(self, per_run: Floats) -> Floats:
        """Average the last axis (runs) within each size: (..., runs) → (..., sizes)."""
        member = self.size_of_run[:, None] == np.arange(len(self.sizes))
        return np.asarray(per_run @ (member / self.num_runs))

    def smallest(self, num_sizes: int) -> CorpusPoints:
        """Keep the runs of the smallest `num_sizes` sizes."""
        keep = self.size_of_run < num_sizes
        return CorpusPoints(
            sizes=self.sizes[:num_sizes],
            size_of_run=self.size_of_run[keep],
            log_loss=self.log_loss[keep],
            seed_of_run=None if self.seed_of_run is None else self.seed_of_run[keep],
        )


def positive_column(values: ArrayLike, name: str) -> Floats:
    """Check for one dimension of positive finite numbers; the `FitError` names the first bad row."""
    try:
        column = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise FitError(f"{name}: expected numbers, found {values!r}", "give one number a row") from error
    if column.ndim != 1:
        raise FitError(f"{name}: expected one dimension, found shape {column.shape}", "give one number a row")
    bad = np.flatnonzero(~(np.isfinite(column) & (column > 0)))
    if len(bad):
        more = f" (and {len(bad) - 1} more rows)" if len(bad) > 1 else ""
        raise FitError(
            f"{name}: expected a positive finite number, found {column[bad[0]]} in row {bad[0]}{more}",
            "leave failed runs out, and report how many; a loss that can be zero or negative has no power law",
        )
    return column


def require_same_length(**lengths: int) -> None:
    """Refuse columns of unequal length, naming each."""
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise FitError(f"expected columns of one length, found: {found}", "give one row for each run in every column")


def _enough_sizes(sizes: Floats) -> None:
    if len(sizes) >= MIN_SIZES:
        return
    found = ", ".join(f"{size:,.0f}" for size in sizes) or "none"
    missing = MIN_SIZES - len(sizes)
    raise FitError(
        f"expected at least {MIN_SIZES} distinct sizes, found {len(sizes)}: {found}",
        f"add {missing} or more sizes (8 are better than {MIN_SIZES}), each about twice the one before, "
        "starting at 1,000–4,000: a wide range of sizes tells more than further seeds of the same ones",
    )
