"""A correction of spectra, and what an encoder's features say that it misses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from spektron.transfer.classical._correction import Array, SpectrumCorrection
from spektron.transfer.hybrid import believed_share
from spektron.transfer.neural.frozen import frozen_encoder

__all__ = ["EmbeddedCorrection"]

_PENALTIES = 10.0 ** np.arange(-3.0, 3.1, 0.5)


class EmbeddedCorrection(SpectrumCorrection):
    """``x → base(x) + share · f(x)``, for a model of the parent's that stays as it is.

    A ridge regression of the encoder's features learns, channel by channel, what the base misses on standards that it
    was not fitted on. Its penalty and its share are chosen by left-out standards, and by what the parent's model makes
    of the difference; where nothing is borne out the share is 0 and the answer is the base's.

    Parameters
    ----------
    base : SpectrumCorrection
        It is cloned, once for each standard left out.
    wavenumber_cm1 : array, shape (channels,)
        Axis of all spectra.
    model : Path, optional
        Folder of a pretrained model; without it an encoder is drawn at random.
    random : bool
        Take the untrained twin of the model instead.
    modality : {"IR", "RAMAN", "NIR"}

    Attributes
    ----------
    base_ : SpectrumCorrection
    penalty_ : float
        As a share of the features' mean sum of squares.
    share_ : float
        0: the base alone answers. 1: the change is taken whole.

    Notes
    -----
    Without a regression vector the share is judged along the direction in which the standards vary most on the parent.
    Errors of channels are not independent, and would make any change look certain.
    """

    _least_standards = 4

    def __init__(
        self,
        base: SpectrumCorrection,
        wavenumber_cm1: Any,
        model: Path | None = None,
        random: bool = False,
        modality: str = "NIR",
    ) -> None:
        self.base = base
        self.wavenumber_cm1 = wavenumber_cm1
        self.model = model
        self.random = random
        self.modality = modality

    def _fit(self, child: Array, parent: Array) -> None:
        axis = np.asarray(self.wavenumber_cm1, dtype=np.float64)
        self._encoder = frozen_encoder(axis, self.model, random=self.random, modality=self.modality)
        measured = child + self.child_mean_
        missed = np.stack([self._missed(measured, parent, left) for left in range(len(child))])
        self._missed_mean = missed.mean(axis=0)
        features = self._encoder(measured)
        self._middle = features.mean(axis=0)
        spread = features.std(axis=0)
        self._spread = np.maximum(spread, max(1e-2 * float(spread.max()), np.finfo(np.float64).tiny))
        z = (features - self._middle) / self._spread
        gram = z @ z.T
        look_at = np.linalg.svd(parent, full_matrices=False)[2][:1].T if self._look_at is None else self._look_at
        seen = missed @ look_at
        proposals = [_left_out(gram, seen, penalty) for penalty in _PENALTIES]
        best = int(np.argmin([np.square(seen - each).sum() for each in proposals]))
        self.penalty_ = float(_PENALTIES[best])
        self.share_ = believed_share(seen.ravel(), proposals[best].ravel())
        self.base_ = clone(self.base).fit(measured, parent + self.parent_mean_, regression=self._look_at)
        self._weights = z.T @ _solved(gram, missed - self._missed_mean, self.penalty_)

    def _missed(self, child: Array, parent: Array, left: int) -> Array:
        others = np.arange(len(child)) != left
        base = clone(self.base).fit(child[others], parent[others], regression=self._look_at)
        missed: Array = parent[left] - base.transform(child[left : left + 1])[0]
        return missed

    def _transform(self, child: Array) -> Array:
        measured = child + self.child_mean_
        corrected: Array = self.base_.transform(measured) - self.parent_mean_
        if self.share_ == 0:
            return corrected
        z = (self._encoder(measured) - self._middle) / self._spread
        added: Array = z @ self._weights + self._missed_mean
        return corrected + self.share_ * added


def _solved(gram: Array, targets: Array, penalty: float) -> Array:
    ridge = penalty * max(float(np.trace(gram)) / len(gram), np.finfo(np.float64).tiny)
    return np.asarray(np.linalg.solve(gram + ridge * np.eye(len(gram)), targets), dtype=np.float64)


def _left_out(gram: Array, targets: Array, penalty: float) -> Array:
    """What ridge regression on the other rows predicts, rows and their mean left out in turn."""
    found = np.empty_like(targets)
    for left in range(len(gram)):
        others = np.flatnonzero(np.arange(len(gram)) != left)
        mean = targets[others].mean(axis=0)
        within = gram[np.ix_(others, others)]
        found[left] = mean + gram[left, others] @ _solved(within, targets[others] - mean, penalty)
    return found
