"""What any calibration for the child makes of samples that it was not made of."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import numpy as np
from numpy.typing import NDArray

from spektron.transfer.classical._calibration import ChildCalibration, Known, LeftOut
from spektron.transfer.classical._expected_error import samples

__all__ = ["left_out", "squared_error"]

Array = NDArray[np.float64]

PRIOR = 2.0
"""How many standards the errors that need no label count as."""
_LEAST_KEPT = 2
"""Samples that have to stay: of one, nobody can say what is the instruments' difference and what is its own."""


def left_out(make: Callable[[], ChildCalibration], known: Known, folds: int = 10, seed: int = 0) -> LeftOut:
    """Leave out samples in turn, each with its standard.

    Parameters
    ----------
    make : callable
        An unfitted calibration.
    known : Known
    folds : int
        At most as many as standards, so that each leaves some out.
    seed : int
        Of who falls into which fold.

    Raises
    ------
    ValueError
        Where fewer standards stay than the calibration needs, or of fewer than two samples: says how many there have to
        be. Where too few calibration samples stay.

    Notes
    -----
    A parent's spectrum is moved by the mean difference of the standards that were kept, so that the child's calibration
    can be asked about it. A standard that is a calibration sample is left out together with it.
    """
    num_samples, num_standards = len(known.x), len(known.child)
    number = max(2, min(folds, num_standards, num_samples))
    of_sample, of_standard = _folds(known, number, seed)
    _require_enough(make(), samples(known)[1], of_standard, folds)
    _require_calibration(make(), of_sample)
    child, between, parent = np.empty(num_standards), np.empty(num_standards), np.empty(num_samples)
    for fold in range(number):
        left, left_samples = of_standard == fold, of_sample == fold
        kept = ~left
        labels = None if known.labels is None else known.labels[kept]
        model = make().fit(
            known.child[kept],
            known.parent[kept],
            X_calibration=known.x[~left_samples],
            y_calibration=known.y[~left_samples],
            y_standards=labels,
        )
        moved = (known.child[kept] - known.parent[kept]).mean(axis=0)
        if left_samples.any():
            parent[left_samples] = model.predict(known.x[left_samples] + moved) - known.y[left_samples]
        if left.any():
            of_child = model.predict(known.child[left])
            between[left] = of_child - model.predict(known.parent[left] + moved)
            if known.labels is not None:
                child[left] = of_child - known.labels[left]
    return LeftOut(child=None if known.labels is None else child, between=between, parent=parent)


def _require_enough(
    calibration: ChildCalibration, sample: NDArray[np.intp], of_standard: NDArray[np.intp], folds: int
) -> None:
    learner, least = calibration._learner(), calibration._needed()
    kept = [sample[of_standard != fold] for fold in np.unique(of_standard)]
    if all(len(rows) >= least and len(np.unique(rows)) >= _LEAST_KEPT for rows in kept):
        return
    least, different = max(least, _LEAST_KEPT), len(np.unique(sample))
    found = f"{len(sample)}" + (f" of {different} samples" if different < len(sample) else "")
    # The largest fold is what is not there when the calibration is made; never fewer than two folds, as above.
    largest = {number: ceil(number / min(max(2, folds), number)) for number in range(least, 3 * least + 1)}
    needed = min(number for number, left in largest.items() if number - left >= least)
    raise ValueError(
        f"{type(learner).__name__} needs at least {needed} standards to say what it errs, found {found}: "
        f"each is left out once, with others of the same sample, and {least} have to stay"
    )


def _require_calibration(calibration: ChildCalibration, of_sample: NDArray[np.intp]) -> None:
    learner = calibration._learner()
    least = learner._least_calibration
    if (staying := len(of_sample) - int(np.bincount(of_sample).max())) < least:
        raise ValueError(
            f"{type(learner).__name__} needs at least {least} calibration samples that stay where others are left out "
            f"to say what it errs, found {staying} of {len(of_sample)}: give the parent's whole calibration set"
        )


def squared_error(errors: LeftOut, variance: Array | None = None, standards: NDArray[np.intp] | None = None) -> Array:
    """What a calibration's squared error on the child is to be expected at.

    Parameters
    ----------
    errors : LeftOut
    variance : ndarray, shape (standards,), optional
        What each standard's squared error is above a usual sample's. None: 1.
    standards : ndarray of int, shape (..., standards), optional
        Draws of the standards; all of them without.

    Returns
    -------
    ndarray, shape (...)

    Notes
    -----
    What calibration samples err on the parent is known well. What the way to the child adds is known from few
    standards, which were chosen to be extreme and are hard to predict on either instrument. So it is a ratio: by how
    much left-out standards' squared errors are greater on the child than on the parent. With five standards that alone
    is too noisy; it is drawn towards what needs no label, how far the instruments' predictions of one sample are apart,
    which counts as two standards.
    """
    drawn = np.arange(len(errors.between)) if standards is None else standards
    between = errors.between[drawn]
    on_parent = float(np.square(errors.parent).mean())
    unlabelled = on_parent + (np.square(between) / (1.0 if variance is None else variance[drawn])).mean(axis=-1)
    if errors.child is None or not on_parent > 0:
        return np.asarray(unlabelled)
    child = errors.child[drawn]
    grown = (np.square(child).sum(axis=-1) + PRIOR * unlabelled) / (
        np.square(child - between).sum(axis=-1) + PRIOR * on_parent
    )
    return np.asarray(on_parent * grown)


def _folds(known: Known, number: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Fold of each calibration sample and of each standard: one and the same where a standard is such a sample."""
    random = np.random.default_rng(seed)
    of_x, of_child = samples(known)
    # Measurements of one sample stay together.
    _, sample = np.unique(of_child, return_inverse=True)
    of_standard = random.permutation(sample.max() + 1)[sample] % number
    of_sample = random.permutation(len(known.x)) % number
    own = of_child < len(known.x)
    of_sample[of_child[own]] = of_standard[own]
    of_sample = of_sample[of_x]
    return of_sample, of_standard
