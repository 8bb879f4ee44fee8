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
from sklearn.model_selection import KFold

from spektron.transfer.classical._calibration import Known

__all__ = ["Predictions", "expected_error", "own_rows", "own_rows_of"]

Array = NDArray[np.float64]
Predictions = Callable[[Array, Array], tuple[Array, Array]]
"""Spectra of the child and of the parent in, predictions of both out, each of shape (samples, settings)."""

_SAME = 1e-9
"""Share of a spectrum's greatest value: rounding of a preprocessing, far below any instrument's noise."""


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
    A standard that is a calibration sample is left out together with it.
    """
    calibration = _parts(len(known.x), folds)
    own = own_rows(known)
    fold_of = np.empty(len(known.x), dtype=np.intp)
    for fold, rows in enumerate(calibration):
        fold_of[rows] = fold
    of_standard = np.full(len(known.child), -1)
    of_standard[own >= 0] = fold_of[own[own >= 0]]
    others = np.flatnonzero(own < 0)
    for fold, rows in enumerate(_parts(len(others), folds)):
        of_standard[others[rows]] = fold
    on_parent: list[Array] = []
    between: list[Array] = []
    for fold, rows in enumerate(calibration):
        left = of_standard == fold
        # Nothing can be learned of one standard: of two or three, those left out stay.
        kept = ~left if (~left).sum() >= 2 else np.ones(len(left), dtype=np.bool_)
        predict = fit(_part(known, np.setdiff1d(np.arange(len(known.x)), rows), kept))
        child, parent = predict(known.child[left], np.concatenate([known.parent[left], known.x[rows]]))
        between.append(np.square(child - parent[: left.sum()]))
        on_parent.append(np.square(parent[left.sum() :] - known.y[rows, None]))
    parents = np.concatenate(on_parent).mean(axis=0)
    return np.sqrt(parents + np.concatenate(between).mean(axis=0)), np.sqrt(parents)


def _parts(number: int, folds: int) -> list[NDArray[np.intp]]:
    if number < 2:
        return [np.arange(number)]
    split = KFold(min(folds, number), shuffle=True, random_state=0).split(np.arange(number))
    return [left for _, left in split]


def own_rows(known: Known) -> NDArray[np.intp]:
    """Row of the calibration set that is the standard itself, or −1."""
    return own_rows_of(known.parent, known.x)


def own_rows_of(parent: Array, x: Array) -> NDArray[np.intp]:
    """Row of `x` that a standard's spectrum on the parent is, or −1."""
    found = np.full(len(parent), -1, dtype=np.intp)
    for standard, spectrum in enumerate(parent):
        apart = np.abs(x - spectrum).max(axis=1)
        nearest = int(apart.argmin())
        if apart[nearest] <= _SAME * np.abs(spectrum).max():
            found[standard] = nearest
    return found


def _part(known: Known, rows: NDArray[np.intp], standards: NDArray[np.bool_]) -> Known:
    return replace(
        known,
        child=known.child[standards],
        parent=known.parent[standards],
        labels=None if known.labels is None else known.labels[standards],
        x=known.x[rows],
        y=known.y[rows],
    )
