"""Difference-augmented ridge under several preprocessings, averaged: what to take when one does not want to choose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, weighted
from spektron.transfer.classical.difference_ridge import DifferenceAugmentedRidge
from spektron.transfer.classical.preprocessed import Preprocessed
from spektron.transfer.preprocessing import PREPROCESSING, PreprocessingName

__all__ = ["Averaged"]


class Averaged(ChildCalibration):
    """The mean of difference-augmented ridge calibrations, each under its own preprocessing.

    Each counts by the errors of its left-out samples: those of the parent, what differences between instruments do to
    predictions, and those of labelled standards (`DifferenceAugmentedRidge.log_evidence_`). Nothing has to be chosen
    for a kind of sample: where light scatters, those with SNV count; where it does not, those without.

    Parameters
    ----------
    preprocessings : sequence of str
        Names of `spektron.transfer.preprocessing`; all by default.

    Attributes
    ----------
    members_ : list of Preprocessed
    weights_ : ndarray, shape (members,)
        How much each counts, adding up to 1.
    """

    def __init__(self, preprocessings: Sequence[PreprocessingName] = PREPROCESSING) -> None:
        self.preprocessings = preprocessings

    def _fit(self, known: Known) -> None:
        if not self.preprocessings:
            raise ValueError("preprocessings: expected at least one, found none")
        self.members_ = [
            Preprocessed(name, DifferenceAugmentedRidge()).fit(
                known.child,
                known.parent,
                X_calibration=known.x,
                y_calibration=known.y,
                y_standards=known.labels,
            )
            for name in self.preprocessings
        ]
        self.weights_ = softmax([member.calibration_.log_evidence_ for member in self.members_])
        self.left_out_ = weighted([member.left_out_ for member in self.members_], self.weights_)

    def _predict(self, child: Array) -> Array:
        predicted: Array = self.weights_ @ np.stack([member.predict(child) for member in self.members_])
        return predicted
