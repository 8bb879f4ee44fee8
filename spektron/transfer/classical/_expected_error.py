"""What error a calibration may be expected to have on the child, from left-out samples, without labelled standards.

The error on the child is the error on the parent and what the instruments' difference adds to it. The one is measured
on left-out calibration samples, of which there are many; the other on left-out standards, as how far predictions of one
sample on both instruments are apart. Errors of a handful of labelled standards alone say too little to choose by: on 10
standards that lie at the ends of the set they ask for interpolation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spektron.transfer._samples import Rows, folds_of, same_sample
from spektron.transfer.classical._calibration import Known

__all__ = ["Predictions", "expected_error", "samples"]

Array = NDArray[np.float64]
Predictions = Callable[[Array, Array], tuple[Array, Array]]
"""Spectra of the child and of the parent in, predictions of both out, each of shape (samples, settings)."""


def expected_error(known: Known, fit: Callable[[Known], Predictions], folds: int = 10) -> tuple[Array, Array]:
    """Root mean squared errors of left-out samples, for every setting.

    Parameters
    ----------
    known : Known
    fit : callable
        What learns from a part and predicts with every setting.
    folds : int
        At most as many as calibration samples.

    Returns
    -------
    child, parent : ndarray, shape (settings,)
        What is to be expected on the child, and what is found on the parent.

    Notes
    -----
    A standard that is a calibration sample is left out together with it, and so is every repeat of it.
    """
    of_x, of_standard = samples(known)
    fold_of = folds_of(of_x, folds)
    number = int(fold_of.max()) + 1
    own = of_standard < len(of_x)
    left_with = np.full(len(known.child), -1)
    left_with[own] = fold_of[of_standard[own]]
    others = of_standard[~own]
    if len(others):
        left_with[~own] = folds_of(others, number) if np.ptp(others) else 0
    on_parent: list[Array] = []
    between: list[Array] = []
    for fold in range(number):
        rows, left = np.flatnonzero(fold_of == fold), left_with == fold
        # Nothing can be learned of one standard: of two or three, those left out stay.
        kept = ~left if (~left).sum() >= 2 else np.ones(len(left), dtype=np.bool_)
        predict = fit(_part(known, np.setdiff1d(np.arange(len(known.x)), rows), kept))
        child, parent = predict(known.child[left], np.concatenate([known.parent[left], known.x[rows]]))
        between.append(np.square(child - parent[: left.sum()]))
        on_parent.append(np.square(parent[left.sum() :] - known.y[rows, None]))
    parents = np.concatenate(on_parent).mean(axis=0)
    return np.sqrt(parents + np.concatenate(between).mean(axis=0)), np.sqrt(parents)


def samples(known: Known) -> tuple[Rows, Rows]:
    """Sample of each calibration row and of each standard.

    Its number is that of the first row of the calibration set that is this sample; of a standard that is none of
    them, the number of calibration rows and that of the first such standard.
    """
    first = same_sample(np.concatenate([known.x, known.parent]))
    return first[: len(known.x)], first[len(known.x) :]


def _part(known: Known, rows: NDArray[np.intp], standards: NDArray[np.bool_]) -> Known:
    return replace(
        known,
        child=known.child[standards],
        parent=known.parent[standards],
        labels=None if known.labels is None else known.labels[standards],
        x=known.x[rows],
        y=known.y[rows],
    )
