"""Piecewise direct standardization: every channel of the parent from a few neighbouring channels of the child."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spektron.transfer._samples import sample_folds
from spektron.transfer.classical._correction import Array, SpectrumCorrection
from spektron.transfer.classical._settings import whole_number

__all__ = ["PDS"]

_WINDOWS = (1, 3, 5, 7, 9, 11, 15)
_MOST_RANK = 3
# Half of what others take: a fold costs an eigendecomposition of every channel's every window.
_FOLDS = 5


class PDS(SpectrumCorrection):
    """Piecewise direct standardization (Wang, Veltkamp and Kowalski 1991), local principal component regression.

    One local component is enough on most instruments; two or more fit the noise of a few standards, and plain least
    squares is useless. So the local rank is what is chosen with care, and all windows are solved at once.

    Parameters
    ----------
    window : int or None
        Channels of the child for one of the parent, odd. None: chosen among 1, 3, 5, 7, 9, 11 and 15.
    rank : int or None
        Local components. None: chosen among 1, 2 and 3. What is chosen is the pair whose left-out standards are nearest
        to the parent's (5 folds), ties to the smaller.

    Attributes
    ----------
    window_ : int
    rank_ : int
        Local components in use: fewer than asked for where no window has as many, as of three centred standards, which
        have two.
    coef_ : ndarray, shape (parent channels, window)
        Weights of the child's channels around each of the parent's.

    Notes
    -----
    Where the instruments have other numbers of channels, a parent's channel lies at the same share of the axis.

    It is our own because chemotools', which is correct, chooses neither window nor rank, and solves channel by channel:
    it takes 97 to 167 times as long with 5 points and 1 component (`benchmarks/pds.py`).
    """

    def __init__(self, window: int | None = None, rank: int | None = None) -> None:
        self.window = window
        self.rank = rank

    def _fit(self, child: Array, parent: Array) -> None:
        for name, value in (("window", self.window), ("rank", self.rank)):
            whole_number(name, value, 1)
        if self.window is not None and self.window % 2 == 0:
            raise ValueError(f"window: expected an odd number, found {self.window}")
        self._centres = np.rint(np.linspace(0, child.shape[1] - 1, parent.shape[1])).astype(np.intp)
        windows = _WINDOWS if self.window is None else (self.window,)
        ranks = range(1, _MOST_RANK + 1) if self.rank is None else (self.rank,)
        self.window_, rank = self._chosen(child, parent, windows, list(ranks))
        coefs, self.rank_ = _local(_windows(child, self.window_, self._centres), parent, [rank])
        self.coef_ = coefs[0]

    def _transform(self, child: Array) -> Array:
        corrected: Array = np.einsum("npw,pw->np", _windows(child, self.window_, self._centres), self.coef_)
        return corrected

    def _chosen(self, child: Array, parent: Array, windows: Sequence[int], ranks: Sequence[int]) -> tuple[int, int]:
        settings = [(window, rank) for window in windows for rank in ranks]
        if len(settings) == 1:
            return settings[0]
        error = np.zeros((len(windows), len(ranks)))
        for train, test in sample_folds(self._sample, _FOLDS):
            child_mean, parent_mean = child[train].mean(axis=0), parent[train].mean(axis=0)
            for row, window in enumerate(windows):
                pieces = _windows(child - child_mean, window, self._centres)
                coefs, _ = _local(pieces[train], parent[train] - parent_mean, ranks)
                found = np.einsum("npw,rpw->rnp", pieces[test], coefs)
                error[row] += self._squared(found - (parent[test] - parent_mean)).sum(axis=1)
        return settings[int(error.argmin())]


def _windows(child: Array, window: int, centres: NDArray[np.intp]) -> Array:
    """The child's channels around each centre, shape (samples, centres, window); 0, the mean, beyond the ends."""
    half = window // 2
    padded = np.pad(child, ((0, 0), (half, half)))
    return np.lib.stride_tricks.sliding_window_view(padded, window, axis=1)[:, centres]


def _local(pieces: Array, parent: Array, ranks: Sequence[int]) -> tuple[Array, int]:
    """Principal component regression within every window, shape (ranks, channels, window); and the rank in use.

    Of the windows' Gram matrices, of channels or of samples, whichever are fewer: one batched eigendecomposition serves
    all channels and ranks.
    """
    local = np.ascontiguousarray(pieces.transpose(1, 0, 2))
    across = local.transpose(0, 2, 1)
    fewer_samples = local.shape[1] < local.shape[2]
    strengths, directions = np.linalg.eigh(local @ across if fewer_samples else across @ local)
    strengths, directions = strengths[:, : -max(ranks) - 1 : -1], directions[:, :, : -max(ranks) - 1 : -1]
    # A component that is rounding alone answers nothing.
    floor = np.finfo(np.float64).eps * local.shape[1] * strengths[:, :1]
    used = strengths > floor
    inverse = 1 / np.where(used, strengths, np.inf)
    if fewer_samples:
        answers = np.einsum("pnr,np->pr", directions, parent) * inverse
        parts = (across @ directions) * answers[:, None, :]
    else:
        together = np.einsum("pnw,np->pw", local, parent)
        answers = np.einsum("pwr,pw->pr", directions, together) * inverse
        parts = directions * answers[:, None, :]
    sums = parts.cumsum(axis=2)
    coefs = np.stack([sums[:, :, min(rank, sums.shape[2]) - 1] for rank in ranks])
    return coefs, int(used.sum(axis=1).max())
