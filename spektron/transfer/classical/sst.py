"""Spectral-space transformation: both instruments seen through components of their joined spectra."""

from __future__ import annotations

import numpy as np

from spektron.transfer._samples import sample_folds
from spektron.transfer.classical._correction import Array, SpectrumCorrection
from spektron.transfer.classical._settings import whole_number

__all__ = ["SST"]

_FOLDS = 10


class SST(SpectrumCorrection):
    """Spectral-space transformation (Du, Chen, Zhang, Yu, Zhang and Wu 2011).

    The standards' spectra of both instruments stand side by side, and their principal components have a part for each.
    What the child's parts say of a spectrum is written again with the parent's; the rest of it stays as it is.

    Parameters
    ----------
    rank : int, optional
        Components. Without it the number is that whose left-out standards are nearest to the parent's (10 folds).

    Attributes
    ----------
    rank_ : int
        Components kept; fewer than asked for where the standards have fewer.

    Notes
    -----
    It is our own because chemotools', which is correct, chooses no rank: it keeps 2 where none is given.
    """

    def __init__(self, rank: int | None = None) -> None:
        self.rank = rank

    def _fit(self, child: Array, parent: Array) -> None:
        whole_number("rank", self.rank, 1)
        if child.shape[1] != parent.shape[1]:
            raise ValueError(
                f"expected the child's {child.shape[1]} channels of the parent too, found {parent.shape[1]}"
            )
        wanted = self._chosen(child, parent) if self.rank is None else self.rank
        components = _joined(child, parent)
        self.rank_ = min(wanted, len(components))
        self._reader, self._change = _part(components[: self.rank_], child.shape[1])

    def _transform(self, child: Array) -> Array:
        corrected: Array = child + (child @ self._reader) @ self._change
        return corrected

    def _chosen(self, child: Array, parent: Array) -> int:
        folds = sample_folds(self._sample, _FOLDS)
        most = max(1, min(len(train) for train, _ in folds) - 1)
        error = np.zeros(most)
        for train, test in folds:
            child_mean, parent_mean = child[train].mean(axis=0), parent[train].mean(axis=0)
            components = _joined(child[train] - child_mean, parent[train] - parent_mean)
            left_out, wanted = child[test] - child_mean, parent[test] - parent_mean
            for number in range(1, most + 1):
                reader, change = _part(components[:number], child.shape[1])
                error[number - 1] += self._squared(left_out + (left_out @ reader) @ change - wanted).sum()
        return int(error.argmin()) + 1


def _joined(child: Array, parent: Array) -> Array:
    """Principal components of the spectra side by side, child first, strongest first."""
    _, strengths, components = np.linalg.svd(np.hstack([child, parent]), full_matrices=False)
    kept = strengths > np.finfo(np.float64).eps * max(child.shape) * strengths[:1].sum()
    found: Array = components[kept]
    return found


def _part(components: Array, channels: int) -> tuple[Array, Array]:
    """What reads scores off the child, shape (channels, rank), and what a unit of each changes, (rank, channels)."""
    child, parent = components[:, :channels], components[:, channels:]
    reader = np.asarray(np.linalg.pinv(child), dtype=np.float64)
    return reader, parent - child
