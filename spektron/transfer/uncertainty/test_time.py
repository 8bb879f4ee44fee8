"""Test-time augmentation: a spectrum predicted as it might have been measured, again and again."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from spektron.transfer.classical import ChildCalibration
from spektron.transfer.classical._calibration import Array, Known

__all__ = ["TestTimeAveraged"]


class TestTimeAveraged(ChildCalibration):
    """The mean prediction of copies of a spectrum, each changed as instruments differ from sample to sample.

    Changes are random combinations of the standards' paired differences less their mean, so they have those
    differences' covariance, and half of them are the others' opposites. A linear calibration predicts what it did
    before; it is for those that are not, such as networks and what comes after standard normal variate.

    Parameters
    ----------
    calibration : ChildCalibration
        It is cloned.
    copies : int
        Even.
    strength : float
        Size of the changes, 1 for as large as was seen.
    seed : int

    Attributes
    ----------
    calibration_ : ChildCalibration
    spread_ : ndarray, shape (samples,)
        Deviation of the copies' predictions in the last call of `predict`: what the instruments' differences alone do.
    """

    __test__ = False  # its name says so to pytest

    def __init__(self, calibration: ChildCalibration, copies: int = 16, strength: float = 0.5, seed: int = 0) -> None:
        self.calibration = calibration
        self.copies = copies
        self.strength = strength
        self.seed = seed

    def _fit(self, known: Known) -> None:
        if self.copies < 2 or self.copies % 2:
            raise ValueError(f"copies: expected an even number from 2 on, found {self.copies}")
        self.calibration_ = clone(self.calibration).fit(
            known.child, known.parent, X_calibration=known.x, y_calibration=known.y, y_standards=known.labels
        )
        differences = known.child - known.parent
        self._differences = (differences - differences.mean(axis=0)) / np.sqrt(max(len(differences) - 1, 1))

    def _predict(self, child: Array) -> Array:
        random = np.random.default_rng(self.seed)
        half = random.normal(size=(self.copies // 2, len(self._differences)))
        changes = self.strength * np.vstack([half, -half]) @ self._differences
        found = np.stack([self.calibration_.predict(child + change) for change in changes])
        self.spread_ = found.std(axis=0)
        mean: Array = found.mean(axis=0)
        return mean
