"""Several calibrations under several preprocessings, averaged: what to take when one does not want to choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, LeftOut
from spektron.transfer.classical._expected_error import samples
from spektron.transfer.classical._left_out import left_out, squared_error
from spektron.transfer.classical.corrected_pls import CorrectedPLS
from spektron.transfer.classical.difference_augmented_pls import DifferenceAugmentedPLS
from spektron.transfer.classical.difference_ridge import DifferenceAugmentedRidge
from spektron.transfer.classical.mean_shift import MeanShift
from spektron.transfer.classical.preprocessed import Preprocessed
from spektron.transfer.classical.recalibration import Recalibration
from spektron.transfer.classical.residual_ridge import ResidualRidge
from spektron.transfer.preprocessing import PREPROCESSING, PreprocessingName, check_preprocessing, least_channels

__all__ = ["Auto"]

_JUDGE = "difference_ridge"
# From what asks least of the standards to what takes them alone.
_METHODS: Mapping[str, Callable[[], ChildCalibration]] = MappingProxyType(
    {
        "mean": lambda: CorrectedPLS(MeanShift()),
        "difference_pls": DifferenceAugmentedPLS,
        _JUDGE: DifferenceAugmentedRidge,
        "residual_ridge": ResidualRidge,
        "recalibration": Recalibration,
    }
)
_LEAST_PREPROCESSING = 0.1
_LEAST_WEIGHT = 0.01
# Each fold makes eight calibrations again; the left-out errors of 5 and of 10 folds rank them alike.
_FOLDS = 5
_DRAWS = 1000
# Of three samples, one left out, two would stay, and it needs three.
_LEAST_RECALIBRATED = 4
_TINY = np.finfo(np.float64).tiny


class Auto(ChildCalibration):
    """The mean of five methods under the preprocessings that suit the spectra, each counting by its left-out errors.

    The methods: mean correction with partial least squares, difference-augmented PLS and ridge, residual ridge, and
    recalibration on the standards alone. Nothing has to be chosen for a kind of sample or a number of standards: where
    light scatters, preprocessings with SNV count; with five standards what leans on the parent, with fifty what learns
    from the child.

    Parameters
    ----------
    preprocessings : sequence of str
        Names of `spektron.transfer.preprocessing`; all by default. Those that need more channels than there are do not
        take part.

    Attributes
    ----------
    names_ : list of str
        What was averaged, as `spektron.transfer.methods` names it: ``sg1+residual_ridge``.
    weights_ : ndarray, shape (names,)
        How much each counts, adding up to 1; none below 0.01.
    expected_rmsep_ : ndarray, shape (names,)
        What each is expected to err on the child, of left-out samples.
    chosen_ : str
        The one that counts most.
    confidence_ : float
        How sure it is that this is the best: the share of draws of the standards, with replacement, in which it has the
        least expected error.

    Notes
    -----
    Preprocessings count by the evidence of `DifferenceAugmentedRidge` under them, for it is measured on many samples;
    those with less than a tenth are dropped. A method counts in proportion to its expected squared error to the power
    −N/4 for N standards, like the ridge's penalties. That error is the ratio estimate of `PredictionIntervals`: by how
    much left-out standards' errors are greater on the child than on the parent, times the parent's squared error.
    Averages beat the best single one, for errors of different methods on so few standards are much alike in size and
    less alike in sign (Bates and Granger 1969).

    It takes three different standards: of two, one left out, one would stay, and what was not left out says nothing of
    how methods err.
    """

    _least_standards = 3
    _least_calibration = 3
    _where_few = (
        "it weighs methods by errors of standards that are left out; measure more samples on both instruments, or take "
        "DifferenceAugmentedRidge, which does without such errors"
    )

    def __init__(self, preprocessings: Sequence[PreprocessingName] = PREPROCESSING) -> None:
        self.preprocessings = preprocessings

    def _fit(self, known: Known) -> None:
        if not self.preprocessings:
            raise ValueError("preprocessings: expected at least one, found none")
        self._require_standards(len(np.unique(samples(known)[1])), "different standards")
        judges = {name: _fitted(_made(name, _JUDGE), known) for name in _possible(self.preprocessings, known)}
        evidence = softmax([judge.calibration_.log_evidence_ for judge in judges.values()])
        kept = evidence >= min(_LEAST_PREPROCESSING, evidence.max())
        members: list[_Member] = []
        for preprocessing, share in zip(np.array(list(judges))[kept], evidence[kept], strict=True):
            for method in _methods(known):
                fitted = judges[preprocessing] if method == _JUDGE else _fitted(_made(preprocessing, method), known)
                left = fitted.left_out_ or left_out(partial(_made, preprocessing, method), known, _FOLDS)
                name = method if preprocessing == "raw" else f"{preprocessing}+{method}"
                members.append(_Member(name=name, calibration=fitted, left_out=left, prior=float(share)))
        log_weights = _log_weights(members, np.arange(len(known.child))[None])[0]
        weights = softmax(log_weights)
        counting = np.flatnonzero(weights >= min(_LEAST_WEIGHT, weights.max()))
        self._members = [members[one] for one in counting]
        self.weights_ = weights[counting] / weights[counting].sum()
        self.names_ = [member.name for member in self._members]
        self.expected_rmsep_ = np.sqrt([squared_error(member.left_out) for member in self._members])
        best = int(self.weights_.argmax())
        self.chosen_ = self.names_[best]
        draws = np.random.default_rng(0).integers(len(known.child), size=(_DRAWS, len(known.child)))
        self.confidence_ = float((_log_weights(self._members, draws).argmax(axis=1) == best).mean())
        self.left_out_ = _left_out(members, weights)

    def _predict(self, child: Array) -> Array:
        predicted: Array = self.weights_ @ np.stack([member.calibration.predict(child) for member in self._members])
        return predicted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    name: str
    calibration: ChildCalibration
    left_out: LeftOut
    prior: float


def _possible(names: Sequence[PreprocessingName], known: Known) -> list[PreprocessingName]:
    enough = [name for name in names if known.x.shape[1] >= least_channels(name)]
    if not enough:
        check_preprocessing(names[0], known.x.shape[1])
    return enough


def _methods(known: Known) -> list[str]:
    """Those that can be judged: samples have to be left out, and enough to stay."""
    distinct = len(np.unique(samples(known)[1]))
    return [
        name
        for name, make in _METHODS.items()
        if (known.labels is not None or not make()._needs_labels)
        and (name != "recalibration" or distinct >= _LEAST_RECALIBRATED)
    ]


def _made(preprocessing: PreprocessingName, method: str) -> ChildCalibration:
    return Preprocessed(preprocessing, _METHODS[method]())


def _fitted(calibration: ChildCalibration, known: Known) -> ChildCalibration:
    return calibration.fit(
        known.child, known.parent, X_calibration=known.x, y_calibration=known.y, y_standards=known.labels
    )


def _left_out(members: Sequence[_Member], weights: Array) -> LeftOut:
    """Errors of the average, each standard's with weights of which it has no part.

    With the same weights for all, each standard would count those methods most that err least on it, and the average
    would look better than it is.
    """
    number = len(members[0].left_out.between)
    others = np.array([np.delete(np.arange(number), one) for one in range(number)])
    of_standard = softmax(_log_weights(members, others), axis=1)
    child = [member.left_out.child for member in members if member.left_out.child is not None]
    return LeftOut(
        child=np.einsum("nm,mn->n", of_standard, np.stack(child)) if child else None,
        between=np.einsum("nm,mn->n", of_standard, np.stack([member.left_out.between for member in members])),
        parent=weights @ np.stack([member.left_out.parent for member in members]),
    )


def _log_weights(members: Sequence[_Member], draws: NDArray[np.intp]) -> Array:
    """With the standards of every draw, shape (draws, members)."""
    found = np.empty((len(draws), len(members)))
    for number, member in enumerate(members):
        risk = squared_error(member.left_out, standards=draws)
        found[:, number] = np.log(member.prior) - draws.shape[1] / 4 * np.log(np.maximum(risk, _TINY))
    return found
