"""Whether a spectrum of the child is of the kind that the calibration knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq
from sklearn.base import BaseEstimator
from sklearn.covariance import LedoitWolf
from sklearn.utils.validation import check_array, check_is_fitted

from spektron.transfer._columns import check_columns
from spektron.transfer._samples import same_sample
from spektron.transfer.classical._settings import whole_number
from spektron.transfer.preprocessing import PreprocessingName, check_preprocessing, preprocessing

__all__ = ["OutlierFlags", "SpectrumOutliers"]

Array = NDArray[np.float64]
_FOLDS = 10
_MOST_COMPONENTS = 10
_KEPT_VARIANCE = 0.999
_ROUNDING = 1e-12
_EXTREME, _FAR = 0.01, 3.0
"""What is extreme lies three times as far, squared, as the farthest of one usual set in a hundred. Tails are heavier
than χ²'s: on corn and tablets the farthest usual sample is at 0.3 to 2.3 times, one tablet at 5, and of spectra of
zeros, of 1.5 times the absorbance or with five saturated channels, none below 5."""
_FREEDOM = (1.0, 250.0)
"""Degrees of freedom of a χ²: below 1 its quartiles say nothing of its tail, above 250 it is a normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlierFlags:
    """How unlike the calibration set each spectrum is.

    Attributes
    ----------
    distance : ndarray, shape (samples,)
        Squared Mahalanobis distance inside the model's components (Hotelling's T²).
    residual : ndarray, shape (samples,)
        Root mean square of what the components do not reconstruct, in the unit of the preprocessed spectra.
    distance_p, residual_p : ndarray, shape (samples,)
        Conformal p-values: share of left-out samples, itself counted, that are as far or farther.
    distance_limit, residual_limit : float
        What χ² distributions with the left-out samples' medians and quartiles say at the same level.
    outside : ndarray of bool, shape (samples,)
        Beyond a limit, and with a p-value at or below the level or the least there can be.
    reason : tuple of str
        In words; empty where a spectrum is like the others.
    """

    distance: Array
    residual: Array
    distance_p: Array
    residual_p: Array
    distance_limit: float
    residual_limit: float
    outside: NDArray[np.bool_]
    reason: tuple[str, ...]


class SpectrumOutliers(BaseEstimator):  # type: ignore[misc]
    """Mahalanobis distance in principal components with a shrunken covariance, and reconstruction error.

    The model is of the parent's calibration set, moved by the standards' mean difference, and of the standards as the
    child measured them, so that what the instruments always differ by is no outlier. Calibration samples that are
    extreme themselves, such as a dark spectrum, take no part in it: one of them would hide all others like it.

    Parameters
    ----------
    level : float
        Share of usual samples that may be flagged by each of the two limits.
    num_components : int, optional
        Principal components; without it the fewest that hold 99.9 % of the variance, at most 10.
    preprocessing : {"raw", "snv", "sg1", "sg1snv"}
        Of all spectra, before anything else. Few components hold nearly all of what raw spectra differ by, so that
        noise, a shifted axis or one bad channel is small beside what they leave; in the first derivative it is not.

    Attributes
    ----------
    num_components_ : int
    extreme_rows_ : ndarray of int
        Calibration samples that took no part: look at them.

    Notes
    -----
    Extreme samples are those three times beyond a limit that one usual set in a hundred passes, by squared distance or
    residual in spherical principal components (of deviations from the median spectrum, each made of length 1, so
    that none counts more than another however far it lies; Locantore et al. 1999), with scales from medians of absolute
    deviations. They are looked for once.

    The covariance of the components' scores is drawn towards a multiple of the identity by what Ledoit and Wolf (2004)
    find for it.

    Limits come from samples that were left out (10 folds), because those a model was made of lie too near to it: the
    median and the quartiles of T² and of the squared residual give g and h of a g·χ²(h) (Box 1954; Nomikos and
    MacGregor 1995; of robust moments Pomerantsev 2008). The conformal p-value needs no distribution (Laxhammar and
    Falkman 2010), but cannot be below 1 / (left-out samples + 1), so a flag needs both. Of the samples that took part,
    it is a little too small where extreme ones were left out.
    """

    def __init__(
        self, level: float = 0.01, num_components: int | None = None, preprocessing: PreprocessingName = "raw"
    ) -> None:
        self.level = level
        self.num_components = num_components
        self.preprocessing = preprocessing

    def fit(self, X_child: Any, X_parent: Any, *, X_calibration: Any) -> Self:
        """Learn what usual spectra are like.

        Parameters
        ----------
        X_child : array of shape (standards, channels)
            Of the child instrument.
        X_parent : array of shape (standards, channels)
            Of the parent instrument.
        X_calibration : array of shape (samples, channels)
            The parent's calibration set.

        Raises
        ------
        ValueError
            For values that are not finite, other numbers of standards or channels, other names of columns, fewer than
            2 standards or 3 calibration samples, spectra that are all alike, or a level that is not between 0 and 0.5.
        """
        if not 0 < self.level < 0.5:
            raise ValueError(f"level: expected between 0 and 0.5, found {self.level}")
        self._columns = check_columns(X_child=X_child, X_parent=X_parent, X_calibration=X_calibration)
        child = check_array(X_child, dtype=np.float64, ensure_min_samples=2, input_name="X_child")
        parent = check_array(X_parent, dtype=np.float64, ensure_min_samples=2, input_name="X_parent")
        x = check_array(X_calibration, dtype=np.float64, ensure_min_samples=3, input_name="X_calibration")
        if child.shape != parent.shape or child.shape[1] != x.shape[1]:
            raise ValueError(
                f"expected one axis and one row a standard, found {child.shape}, {parent.shape}, {x.shape}"
            )
        check_preprocessing(self.preprocessing, x.shape[1])
        self._num_channels = x.shape[1]
        child, parent, x = (preprocessing(self.preprocessing).fit_transform(each) for each in (child, parent, x))
        if not (np.ptp(x, axis=0) > _ROUNDING * np.abs(x).max()).any():
            raise ValueError(f"X_calibration: expected spectra that differ, found {len(x)} that are all alike")
        self.extreme_rows_ = self._extreme(x)
        of_sample = same_sample(np.concatenate([x, parent]))
        of_usual = ~np.isin(of_sample[len(x) :], of_sample[self.extreme_rows_])
        if of_usual.sum() >= 2:
            child, parent = child[of_usual], parent[of_usual]
        x = np.delete(x, self.extreme_rows_, axis=0)
        self.num_components_ = self._number(x)
        distance, residual = self._left_out(child, parent, x)
        self._seen = (np.sort(distance), np.sort(residual))
        self._limits = (_chi2_limit(distance, self.level), _chi2_limit(np.square(residual), self.level) ** 0.5)
        self._model = _Model.of(np.vstack([x + (child - parent).mean(axis=0), child]), self.num_components_)
        return self

    def flag(self, X: Any) -> OutlierFlags:
        """Compare spectra of the child with what was learned.

        Parameters
        ----------
        X : array of shape (samples, channels)
        """
        check_is_fitted(self, "num_components_")
        check_columns(X_child=self._columns, X=X)
        spectra = check_array(X, dtype=np.float64, input_name="X")
        if spectra.shape[1] != self._num_channels:
            raise ValueError(f"expected {self._num_channels} channels, found {spectra.shape[1]}")
        distance, residual = self._model.measure(preprocessing(self.preprocessing).fit_transform(spectra))
        p = [_p_value(found, seen) for found, seen in zip((distance, residual), self._seen, strict=True)]
        floor = max(self.level, 1 / (len(self._seen[0]) + 1))
        far = (distance > self._limits[0]) & (p[0] <= floor)
        strange = (residual > self._limits[1]) & (p[1] <= floor)
        return OutlierFlags(
            distance=distance,
            residual=residual,
            distance_p=p[0],
            residual_p=p[1],
            distance_limit=self._limits[0],
            residual_limit=self._limits[1],
            outside=far | strange,
            reason=tuple(
                _words(bool(a), bool(b), self.preprocessing != "raw") for a, b in zip(far, strange, strict=True)
            ),
        )

    def _number(self, x: Array) -> int:
        if self.num_components is not None:
            whole_number("num_components", self.num_components, 1)
            return min(self.num_components, len(x) - 1)
        return _enough(np.square(np.linalg.svd(x - x.mean(axis=0), compute_uv=False)), len(x))

    def _extreme(self, x: Array) -> NDArray[np.intp]:
        """Rows that lie so far from the others that it is no chance."""
        centred = x - np.median(x, axis=0)
        length = np.linalg.norm(centred, axis=1, keepdims=True)
        unit = np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)
        scores = centred @ np.linalg.svd(unit, full_matrices=False)[2][: len(x) - 1].T
        deviations = stats.median_abs_deviation(scores, axis=0, scale="normal")
        order = np.argsort(-deviations, kind="stable")
        number = _enough(np.square(deviations[order]), len(x)) if self.num_components is None else self.num_components
        kept = [one for one in order[:number] if deviations[one] > _ROUNDING * np.abs(x).max()]
        distance = np.square((scores[:, kept] - np.median(scores[:, kept], axis=0)) / deviations[kept]).sum(axis=1)
        residual = np.maximum(np.square(centred).sum(axis=1) - np.square(scores[:, kept]).sum(axis=1), 0.0)
        level = _EXTREME / len(x)
        beyond = [values > _FAR * _chi2_limit(values, level) for values in (distance, residual)]
        found = np.flatnonzero(beyond[0] | beyond[1])
        # Of a set that has no middle, nothing is extreme.
        return found if len(x) - len(found) > len(x) / 2 else np.zeros(0, dtype=np.intp)

    def _left_out(self, child: Array, parent: Array, x: Array) -> tuple[Array, Array]:
        """Distances and residuals of samples that the model was not made of, on either instrument."""
        folds = min(_FOLDS, len(x))
        first = same_sample(np.concatenate([x, parent]))
        of_x, of_child = first[: len(x)], first[len(x) :]
        of_sample = (np.random.default_rng(0).permutation(len(x)) % folds)[of_x]
        own = of_child < len(x)
        of_standard = np.where(own, of_sample[np.where(own, of_child, 0)], (of_child - len(x)) % folds)
        distances, residuals = [], []
        for fold in range(folds):
            kept = of_standard != fold
            if not kept.any():
                kept[:] = True
            differences = child[kept] - parent[kept]
            moved = differences.mean(axis=0)
            model = _Model.of(np.vstack([x[of_sample != fold] + moved, child[kept]]), self.num_components_)
            # Each sample differs between instruments in its own way: by a standard's difference, not by their mean.
            left = x[of_sample == fold]
            left = left + differences[np.arange(len(left)) % len(differences)]
            distance, residual = model.measure(np.vstack([left, child[of_standard == fold]]))
            distances.append(distance)
            residuals.append(residual)
        return np.concatenate(distances), np.concatenate(residuals)


@dataclass(frozen=True, slots=True)
class _Model:
    mean: Array
    directions: Array
    precision: Array

    @classmethod
    def of(cls, spectra: Array, num_components: int) -> _Model:
        mean = spectra.mean(axis=0)
        directions = np.linalg.svd(spectra - mean, full_matrices=False)[2][:num_components]
        scores = (spectra - mean) @ directions.T
        deviations = scores.std(axis=0)
        kept = deviations > np.finfo(np.float64).eps * len(spectra) * max(deviations[0], np.finfo(np.float64).tiny)
        precision = LedoitWolf(assume_centered=True).fit(scores[:, kept]).precision_
        return cls(mean, directions[kept], precision)

    def measure(self, spectra: Array) -> tuple[Array, Array]:
        """Squared distances and root mean square residuals."""
        centred = spectra - self.mean
        scores = centred @ self.directions.T
        left = centred - scores @ self.directions
        distance: Array = np.einsum("ij,jk,ik->i", scores, self.precision, scores)
        residual: Array = np.sqrt(np.square(left).mean(axis=1))
        return distance, residual


def _enough(power: Array, samples: int) -> int:
    """The fewest components that hold what is kept of the variance, at most ten and one for five samples."""
    most = max(1, min(_MOST_COMPONENTS, samples // 5))
    return min(most, int(np.searchsorted(power.cumsum() / power.sum(), _KEPT_VARIANCE)) + 1)


def _chi2_limit(values: Array, level: float) -> float:
    """Upper limit of g·χ²(h) with the values' median and quartiles: a few that lie far away do not move it."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    if not high > low or not middle > 0:
        return float(high)
    wide = (high - low) / middle

    def wider(freedom: float) -> float:
        quartiles = stats.chi2.ppf([0.25, 0.5, 0.75], freedom)
        return float((quartiles[2] - quartiles[0]) / quartiles[1] - wide)

    least, most = _FREEDOM
    if wider(least) <= 0:
        freedom = least
    elif wider(most) >= 0:
        freedom = most
    else:
        freedom = float(brentq(wider, least, most))
    return float(middle * stats.chi2.ppf(1 - level, freedom) / stats.chi2.ppf(0.5, freedom))


def _p_value(found: Array, seen: Array) -> Array:
    at_least: Array = (1 + len(seen) - np.searchsorted(seen, found, side="left")) / (1 + len(seen))
    return at_least


def _words(far: bool, strange: bool, of_slopes: bool) -> str:
    if not far and not strange:
        return ""
    if of_slopes and strange:
        causes = "noise, a shifted axis, a bad channel, another instrument"
        return f"outside the calibration's range: its shape has parts that no calibration sample has ({causes})"
    if of_slopes:
        return "outside the calibration's range: its shape lies beyond those of the calibration samples"
    if far and strange:
        return "outside the calibration's range: far from its samples, and with parts that none of them has"
    if far:
        return "outside the calibration's range: its amounts lie beyond those of the calibration samples"
    return "outside the calibration's range: its spectrum has parts that no calibration sample has"
