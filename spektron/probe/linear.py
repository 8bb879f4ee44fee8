"""One linear map from features to a label, chosen and judged by cross-validation.

Ridge regression for properties, logistic regression for classes, the strength of the penalty chosen inside the training
part of each fold. Features are centred and brought to one common scale, not each to its own deviation: that would make
the noise in the last principal component as large as the signal in the first, to the disadvantage of components.

Folds are drawn from a seed, so that every representation under that seed is judged on the same ones. Scores are errors
relative to knowing nothing: 1 for the mean as a guess (or for balanced guessing of classes), 0 for no error, above 1
for worse than nothing.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

__all__ = ["probe_error"]

NUM_FOLDS = 5
# Wide enough that the best is inside: from hardly any penalty to one that leaves the mean.
RIDGE_ALPHAS = np.logspace(-6, 4, 31)
LOGISTIC_CS = np.logspace(-2, 5, 8)


def probe_error(features: NDArray[Any], labels: NDArray[Any], groups: NDArray[np.int64], seed: int) -> float:
    """Cross-validated error of a linear probe, relative to knowing nothing.

    Parameters
    ----------
    features : ndarray, shape (spectra, dim)
    labels : ndarray, shape (spectra,)
        Class numbers (integers) or property values (floats).
    groups : ndarray, shape (spectra,)
        Spectra of one group are never on both sides of a fold.
    seed : int
        Of the folds.

    Returns
    -------
    float
        For a property the root of the residuals' mean square over that of the deviations from the training mean; for
        classes 1 − balanced accuracy over what guessing has.
    """
    found: NDArray[Any] = np.empty(len(labels), dtype=labels.dtype)
    guess = np.empty(len(labels))
    is_class = np.issubdtype(labels.dtype, np.integer)
    for train, test in list(_folds(labels, groups, seed)):
        model = _logistic(labels[train], groups[train], seed) if is_class else RidgeCV(RIDGE_ALPHAS)
        center = features[train].mean(axis=0)
        scale = features[train].std(axis=0).max() or 1.0
        with warnings.catch_warnings():
            # The weakest penalties do not converge, and are not chosen; scikit-learn 1.9 announces other defaults.
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", UserWarning)  # a class with fewer samples than folds
            model.fit((features[train] - center) / scale, labels[train])
        found[test] = model.predict((features[test] - center) / scale)
        guess[test] = labels[train].mean()
    if not is_class:
        return float(np.sqrt(np.square(found - labels).sum() / np.square(guess - labels).sum()))
    classes = len(np.unique(labels))
    return float((1.0 - balanced_accuracy_score(labels, found)) / (1.0 - 1.0 / classes))


def _folds(labels: NDArray[Any], groups: NDArray[np.int64], seed: int) -> Any:
    count = min(NUM_FOLDS, len(np.unique(groups)))
    if np.issubdtype(labels.dtype, np.integer):
        return StratifiedGroupKFold(count, shuffle=True, random_state=seed).split(labels, labels, groups)
    return GroupKFold(count, shuffle=True, random_state=seed).split(labels, labels, groups)


def _logistic(labels: NDArray[Any], groups: NDArray[np.int64], seed: int) -> Any:
    inner = list(StratifiedGroupKFold(3, shuffle=True, random_state=seed).split(labels, labels, groups))
    return LogisticRegressionCV(
        Cs=LOGISTIC_CS, cv=inner, scoring="neg_log_loss", class_weight="balanced", max_iter=300, random_state=seed
    )
