"""Difference-augmented calibration: rows that say that a difference between instruments means nothing."""

from __future__ import annotations

import numpy as np

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, at_least, whole_number
from spektron.transfer.classical._expected_error import Predictions, expected_error
from spektron.transfer.pls import MAX_LATENT, centred_pls, for_all_numbers, smallest_good

__all__ = ["DifferenceAugmentedPLS"]

_WEIGHTS = (1.0, 100.0, 10000.0)


class DifferenceAugmentedPLS(ChildCalibration):
    """Partial least squares of the parent's set and of the standards' differences, whose property is 0.

    The repeatability file of Westerhaus (1990), with two instruments for two measurements. The standards need no
    reference values.

    Parameters
    ----------
    weight : float, optional
        Of all differences together, all calibration samples together counting 1. None: that of 1, 100 and 10⁴ with the
        least error to be expected on the child (10 folds): that on the parent's left-out samples and how far left-out
        standards' predictions are apart.
    num_latent : int, optional
        Latent variables. None: for each weight the smallest number within 5 % of the least error on the parent's
        left-out samples.
    shift : bool
        Move the child's spectra by the mean difference first, so that rows are differences less their mean; without it
        the mean is one more difference to be blind to, and is left in the spectra as far as the model still sees it.

    Attributes
    ----------
    weight_ : float
    num_latent_ : int
    """

    def __init__(self, weight: float | None = None, num_latent: int | None = None, shift: bool = False) -> None:
        self.weight = weight
        self.num_latent = num_latent
        self.shift = shift

    def _fit(self, known: Known) -> None:
        whole_number("num_latent", self.num_latent, 1)
        at_least("weight", self.weight, 0)
        self.weight_, wanted = self._chosen(known)
        found = self._coefficients(known, self.weight_, wanted)
        self.num_latent_ = len(found)
        self._keep(found[-1], known.x.mean(axis=0) + self._moved(known), float(known.y.mean()))

    def _moved(self, known: Known) -> Array:
        mean: Array = (known.child - known.parent).mean(axis=0)
        return mean if self.shift else np.zeros_like(mean)

    def _coefficients(self, known: Known, weight: float, most: int) -> Array:
        rows = known.child - known.parent - self._moved(known)
        scale = np.sqrt(weight * len(known.x) / len(rows))
        x = np.concatenate([known.x - known.x.mean(axis=0), scale * rows])
        return centred_pls(x, np.concatenate([known.y - known.y.mean(), np.zeros(len(rows))]), most)

    def _chosen(self, known: Known) -> tuple[float, int]:
        weights = _WEIGHTS if self.weight is None else (self.weight,)
        most = self.num_latent or MAX_LATENT
        if len(weights) == 1 and self.num_latent is not None:
            return weights[0], most

        def fit(part: Known) -> Predictions:
            found = [for_all_numbers(self._coefficients(part, weight, most).T, most) for weight in weights]
            centre, middle, moved = part.x.mean(axis=0), part.y.mean(), self._moved(part)
            every = np.hstack(found)

            def predict(child: Array, parent: Array) -> tuple[Array, Array]:
                return (child - moved - centre) @ every + middle, (parent - centre) @ every + middle

            return predict

        error, parents = (each.reshape(len(weights), most) for each in expected_error(known, fit))
        numbers = [most - 1 if self.num_latent is not None else smallest_good(each) for each in parents]
        best = int(np.argmin([row[number] for row, number in zip(error, numbers)]))
        return weights[best], numbers[best] + 1
