"""What corrections of spectra share: pairs in, a child's spectra as the parent would have measured them out."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from spektron.transfer._columns import check_columns, columns_of
from spektron.transfer._samples import same_sample
from spektron.transfer.classical._refitting import wholly

__all__ = ["Array", "SpectrumCorrection"]

Array = NDArray[np.float64]
_ROUNDING = 1e-13


class SpectrumCorrection(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A transformer with ``fit(X_child, X_parent)`` on standards and ``transform(X_child)``.

    Give both by position: scikit-learn's transformers call them X and y, and so do these. Row i of both is standard i.
    Subclasses say how in `_fit` and `_transform`, of centred standards: the means over standards are taken away on both
    sides before, and the parent's is added after. Without centring the offset between instruments is taken for signal.

    Settings that are not given are chosen by cross-validation over standards. What should be near is what the parent's
    model makes of a spectrum, so give that model's regression vector where there is one: on corn, spectra that are
    nearest as a whole are up to 1.7 times worse to predict from.
    """

    _least_standards = 2
    _needs_variation = True

    @wholly
    def fit(self, X: Any, y: Any, *, regression: Any = None) -> Self:
        """Learn the correction.

        Parameters
        ----------
        X : array of shape (standards, channels)
            Of the child instrument.
        y : array of shape (standards, parent channels)
            Of the parent instrument: ``X_parent``. Rows that are the same are one sample, measured again on the child,
            and are left out together; repeats that differ by noise are to be averaged before.
        regression : array of shape (parent channels,) or (parent channels, properties), optional
            What the parent's model multiplies spectra by; settings are then chosen by its predictions.

        Raises
        ------
        ValueError
            For spectra that are not finite, other numbers of standards, fewer than the method needs, data frames with
            the same columns in another order, or standards that are all alike on an instrument.
        """
        _same_order(X, y)
        child, parent = validate_data(
            self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, ensure_min_samples=self._least_standards
        )
        parent = np.asarray(parent, dtype=np.float64).reshape(len(child), -1)  # one channel, where it is one number
        self._sample = same_sample(parent)
        self.child_mean_, self.parent_mean_ = child.mean(axis=0), parent.mean(axis=0)
        self._look_at = None if regression is None else _vectors(regression, parent.shape[1])
        centred = [
            about_mean(spectra, mean, name, vary=self._needs_variation)
            for spectra, mean, name in (
                (child, self.child_mean_, "X_child"),
                (parent, self.parent_mean_, "X_parent"),
            )
        ]
        self._fit(*centred)
        return self

    def transform(self, X: Any) -> Array:
        """Correct spectra of the child.

        Parameters
        ----------
        X : array of shape (samples, channels)

        Returns
        -------
        ndarray, shape (samples, parent channels)
            In the parent's unit.
        """
        check_is_fitted(self)
        child = validate_data(self, X, dtype=np.float64, reset=False)
        corrected: Array = self._transform(child - self.child_mean_) + self.parent_mean_
        return corrected

    def _squared(self, difference: Array) -> Array:
        """What a difference of spectra of the parent, shape (…, channels), weighs when settings are chosen."""
        seen = difference if self._look_at is None else difference @ self._look_at
        summed: Array = np.square(seen).sum(axis=-1)
        return summed

    def _fit(self, child: Array, parent: Array) -> None:
        raise NotImplementedError

    def _transform(self, child: Array) -> Array:
        raise NotImplementedError

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        tags.target_tags.two_d_labels = True
        return tags


def _same_order(child: Any, parent: Any) -> None:
    """Instruments may have axes of their own, but none has the other's in another order."""
    of_child, of_parent = columns_of(child), columns_of(parent)
    if of_child is not None and of_parent is not None and set(of_child) == set(of_parent):
        check_columns(X_child=of_child, X_parent=of_parent)


def about_mean(spectra: Array, mean: Array, name: str, vary: bool = True) -> Array:
    """Centre spectra; channels that are constant up to rounding become 0, and take no part in what is learned.

    Raises
    ------
    ValueError
        Where no channel is left and the method needs some.
    """
    centred: Array = spectra - mean
    centred[:, np.ptp(spectra, axis=0) <= _ROUNDING * np.abs(spectra).max(axis=0)] = 0.0
    if vary and not centred.any():
        raise ValueError(f"{name}: expected standards that differ, found {len(spectra)} that are all alike")
    return centred


def _vectors(regression: Any, channels: int) -> Array:
    """One column a property."""
    vectors = np.asarray(regression, dtype=np.float64)
    vectors = vectors[:, None] if vectors.ndim == 1 else vectors
    if vectors.ndim != 2 or len(vectors) != channels or not np.isfinite(vectors).all():
        raise ValueError(f"regression: expected {channels} finite numbers a property, found shape {vectors.shape}")
    return vectors
