"""A correction of spectra, and what an encoder's features say that it misses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from spektron.transfer._samples import Rows, repeats_of, sample_means
from spektron.transfer.classical._correction import Array, SpectrumCorrection
from spektron.transfer.hybrid._share import believed_share
from spektron.transfer.neural.frozen import frozen_encoder

__all__ = ["EmbeddedCorrection"]

Chosen = NDArray[np.bool_]
_PENALTIES = 10.0 ** np.arange(-3.0, 3.1, 0.5)
_PARTS = 10
"""Into which standards are parted for the share: with up to 10 each is left out alone."""


class EmbeddedCorrection(SpectrumCorrection):
    """``x → base(x) + share · f(x)``, for a model of the parent's that stays as it is.

    A ridge regression of the encoder's features learns, channel by channel, what the base misses on standards that it
    was not fitted on, by what the parent's model makes of the difference. Its share is chosen by standards that took no
    part in any of it: neither in what the base misses nor in the penalty. Where nothing is borne out the share is 0 and
    the answer is the base's.

    Parameters
    ----------
    base : SpectrumCorrection
        It is cloned, once for each pair of standards left out: N (N − 1) times for N of up to 10, 10 N beyond.
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
        features = self._encoder(measured)
        self._middle = features.mean(axis=0)
        spread = features.std(axis=0)
        self._spread = np.maximum(spread, max(1e-2 * float(spread.max()), np.finfo(np.float64).tiny))
        z = (features - self._middle) / self._spread
        look_at = np.linalg.svd(parent, full_matrices=False)[2][:1].T if self._look_at is None else self._look_at
        missed, proposed = np.empty_like(parent), np.empty_like(parent)
        sample = self._samples()
        part = sample % _PARTS
        for left in (part == number for number in range(part.max() + 1)):
            missed[left] = self._missed(measured, parent, ~left, left)
            rest = self._learned(measured[~left], parent[~left], z[~left], look_at, sample[~left])
            proposed[left] = rest.predict(z[left])
        self.share_ = believed_share(*(sample_means(one @ look_at, sample).ravel() for one in (missed, proposed)))
        self._addition = self._learned(measured, parent, z, look_at, sample)
        self.penalty_ = self._addition.penalty
        self.base_ = clone(self.base).fit(measured, parent + self.parent_mean_, regression=self._look_at)

    def _samples(self) -> Rows:
        """Which standard each row is, from 0 on."""
        different, sample = np.unique(self._sample, return_inverse=True)
        if len(different) < self._least_standards:
            raise ValueError(
                f"expected at least {self._least_standards} different standards, for two are left out at once and two "
                f"have to stay, found {len(different)} measured {len(sample)} times"
            )
        return sample

    def _missed(self, child: Array, parent: Array, kept: Chosen, left: Chosen) -> Array:
        base = clone(self.base).fit(child[kept], parent[kept], regression=self._look_at)
        missed: Array = parent[left] - base.transform(child[left])
        return missed

    def _learned(self, child: Array, parent: Array, z: Array, look_at: Array, sample: Rows) -> _Ridge:
        """What these standards say, each of a base without it."""
        missed = np.empty_like(parent)
        for left in (sample == one for one in np.unique(sample)):
            missed[left] = self._missed(child, parent, ~left, left)
        return _Ridge.of(z, missed, look_at, sample)

    def _transform(self, child: Array) -> Array:
        measured = child + self.child_mean_
        corrected: Array = self.base_.transform(measured) - self.parent_mean_
        if self.share_ == 0:
            return corrected
        z = (self._encoder(measured) - self._middle) / self._spread
        return corrected + self.share_ * self._addition.predict(z)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ridge:
    """Ridge regression whose penalty leaves samples out in closed form, all rows of each together."""

    middle: Array
    mean: Array
    weights: Array
    penalty: float

    @classmethod
    def of(cls, z: Array, targets: Array, look_at: Array, sample: Rows) -> _Ridge:
        middle, mean = z.mean(axis=0), targets.mean(axis=0)
        # Rows are few and features many: all is solved through the Gram matrix.
        strengths, directions = np.linalg.eigh((z - middle) @ (z - middle).T)
        strengths = np.maximum(strengths, 0.0)
        usual = max(float(strengths.mean()), np.finfo(np.float64).tiny)
        seen = (targets - mean) @ look_at
        repeats = repeats_of(sample)
        errors = []
        for penalty in _PENALTIES:
            kept = (directions * (strengths / (strengths + penalty * usual))) @ directions.T + 1 / len(z)
            left = seen - kept @ seen
            missed = left / (1 - np.diag(kept))[:, None]
            for rows in repeats:
                missed[rows] = np.linalg.solve(np.eye(len(rows)) - kept[np.ix_(rows, rows)], left[rows])
            errors.append(np.square(missed).sum())
        best = float(_PENALTIES[int(np.argmin(errors))])
        dual = directions @ ((directions.T @ (targets - mean)) / (strengths + best * usual)[:, None])
        return cls(middle=middle, mean=mean, weights=(z - middle).T @ dual, penalty=best)

    def predict(self, z: Array) -> Array:
        predicted: Array = (z - self.middle) @ self.weights + self.mean
        return predicted
