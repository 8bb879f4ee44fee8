"""Direct standardization: every channel of the parent from all channels of the child."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import KFold

from spektron.transfer.classical._correction import Array, SpectrumCorrection

__all__ = ["DS"]

_FOLDS = 10


class DS(SpectrumCorrection):
    """Direct standardization (Wang, Veltkamp and Kowalski 1991), by principal component regression.

    Parameters
    ----------
    rank : int, optional
        Principal components of the child's standards that are kept. Without it the number is that whose left-out
        standards are nearest to the parent's (10 folds).

    Attributes
    ----------
    rank_ : int
        Components kept; fewer than asked for where the standards have fewer.
    """

    def __init__(self, rank: int | None = None) -> None:
        self.rank = rank

    def _fit(self, child: Array, parent: Array) -> None:
        if self.rank is not None and self.rank < 1:
            raise ValueError(f"rank: expected at least 1, found {self.rank}")
        rank = self._chosen(child, parent) if self.rank is None else self.rank
        self._directions, self._answers = _components(child, parent)
        self.rank_ = min(rank, len(self._directions))
        self._directions, self._answers = self._directions[: self.rank_], self._answers[: self.rank_]

    def _transform(self, child: Array) -> Array:
        corrected: Array = (child @ self._directions.T) @ self._answers
        return corrected

    def _chosen(self, child: Array, parent: Array) -> int:
        folds = list(KFold(min(_FOLDS, len(child)), shuffle=True, random_state=0).split(child))
        most = max(1, min(len(train) for train, _ in folds) - 1)
        error = np.zeros(most)
        for train, test in folds:
            child_mean, parent_mean = child[train].mean(axis=0), parent[train].mean(axis=0)
            directions, answers = _components(child[train] - child_mean, parent[train] - parent_mean)
            left = parent[test] - parent_mean
            for rank in range(most):
                if rank < len(directions):
                    left = left - np.outer((child[test] - child_mean) @ directions[rank], answers[rank])
                error[rank] += self._squared(left).sum()
        return int(error.argmin()) + 1


def _components(child: Array, parent: Array) -> tuple[Array, Array]:
    """Directions in the child's channels, and what one unit along each is in the parent's, strongest first."""
    left, strengths, directions = np.linalg.svd(child, full_matrices=False)
    kept = strengths > np.finfo(np.float64).eps * max(child.shape) * strengths[:1].sum()
    return directions[kept], (left[:, kept].T @ parent) / strengths[kept, None]
