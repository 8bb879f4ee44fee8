"""What selections of transfer standards share: spectra of the parent in, rows in the order of their choice out."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from spektron.transfer.preprocessing import PreprocessingName, check_preprocessing, check_varying, preprocessing

__all__ = ["Array", "DistanceSelection", "Rows", "StandardSelection", "distances"]

Array = NDArray[np.float64]
Rows = NDArray[np.intp]


class StandardSelection(BaseEstimator):  # type: ignore[misc]
    """An estimator with ``fit(X, y=None)`` and, after it, `indices_`.

    `X` are spectra of the samples that may become standards, as the parent measured them: the child has not measured
    anything yet. Subclasses say in `_select` which are chosen.

    Parameters
    ----------
    num_standards : int
        How many to choose.
    preprocessing : {"raw", "snv", "sg1", "sg1snv"}
        What is done to spectra before they are compared.

    Attributes
    ----------
    indices_ : ndarray, shape (num_standards,)
        Rows of `X`, each once, in the order in which they were chosen.
    """

    nested: ClassVar[bool] = True
    """Whether the first n of a larger choice are the choice of n, so that standards can be added one by one."""
    _least_standards: ClassVar[int] = 1

    def __init__(self, num_standards: int = 10, *, preprocessing: PreprocessingName = "raw") -> None:
        self.num_standards = num_standards
        self.preprocessing = preprocessing

    def fit(self, X: Any, y: Any = None) -> Self:
        """Choose.

        Parameters
        ----------
        X : array of shape (samples, channels)
        y : array of shape (samples,) or (samples, properties), optional
            What the laboratory found; only SPXY looks at it.

        Raises
        ------
        ValueError
            For fewer samples than standards, values that are not finite, or flat spectra under a preprocessing with
            standard normal variate, which would make them the most extreme of all.
        """
        x = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        if not isinstance(self.num_standards, int | np.integer) or self.num_standards < self._least_standards:
            raise ValueError(
                f"num_standards: expected a whole number from {self._least_standards}, found {self.num_standards!r}"
            )
        if (needed := self._samples_needed()) > len(x):
            raise ValueError(
                f"{self.num_standards} standards by {type(self).__name__} take at least {needed} samples, "
                f"found n_samples = {len(x)}"
            )
        check_preprocessing(self.preprocessing, x.shape[1])
        check_varying(self.preprocessing, x, "X")
        self.indices_: Rows = self._select(preprocessing(self.preprocessing).fit_transform(x), y)
        return self

    def _samples_needed(self) -> int:
        return self.num_standards

    def _select(self, x: Array, y: Any) -> Rows:
        raise NotImplementedError


class DistanceSelection(StandardSelection):
    """A selection by distances between spectra, from two standards on.

    Parameters
    ----------
    num_standards : int
        From 2.
    metric : str
        One of `scipy.spatial.distance.pdist`.
    preprocessing : {"raw", "snv", "sg1", "sg1snv"}
    """

    _least_standards: ClassVar[int] = 2

    def __init__(
        self, num_standards: int = 10, *, metric: str = "euclidean", preprocessing: PreprocessingName = "raw"
    ) -> None:
        super().__init__(num_standards, preprocessing=preprocessing)
        self.metric = metric

    def _distances(self, x: Array) -> Array:
        return distances(x, self.metric)


def distances(x: Array, metric: str) -> Array:
    """Distances between all rows, shape (samples, samples).

    Pair by pair and not through inner products, whose rounding decides between samples that lie nearly as far apart:
    the same standards are to be chosen on every machine.
    """
    between: Array = squareform(pdist(x, metric))
    if bad := int(np.count_nonzero(~np.isfinite(between))):
        raise ValueError(f"expected a {metric} distance between all spectra, found {bad} of {between.size} without one")
    return between
