"""A calibration for the child with something done to all spectra first."""

from __future__ import annotations

from sklearn.base import clone

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known
from spektron.transfer.preprocessing import PreprocessingName, check_preprocessing, check_varying, preprocessing

__all__ = ["Preprocessed"]


class Preprocessed(ChildCalibration):
    """Preprocess both instruments' spectra row by row, then calibrate.

    Parameters
    ----------
    name : {"raw", "snv", "sg1", "sg1snv"}
    calibration : ChildCalibration
        It is cloned and fitted on what comes out.

    Attributes
    ----------
    calibration_ : ChildCalibration
    """

    def __init__(self, name: PreprocessingName, calibration: ChildCalibration) -> None:
        self.name = name
        self.calibration = calibration

    def _needed(self) -> int:
        return self.calibration._needed()

    def _fit(self, known: Known) -> None:
        check_preprocessing(self.name, known.x.shape[1])
        self._steps = preprocessing(self.name).fit(known.x)
        self.calibration_ = clone(self.calibration).fit(
            self._preprocessed(known.child, "X_child"),
            self._preprocessed(known.parent, "X_parent"),
            X_calibration=self._preprocessed(known.x, "X_calibration"),
            y_calibration=known.y,
            y_standards=known.labels,
        )
        self.left_out_ = self.calibration_.left_out_

    def _learner(self) -> ChildCalibration:
        return self.calibration._learner()

    def _predict(self, child: Array) -> Array:
        predicted: Array = self.calibration_.predict(self._preprocessed(child, "X"))
        return predicted

    def _preprocessed(self, spectra: Array, name: str) -> Array:
        check_varying(self.name, spectra, name)
        found: Array = self._steps.transform(spectra)
        return found
