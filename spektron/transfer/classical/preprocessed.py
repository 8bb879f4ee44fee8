"""A calibration for the child with something done to all spectra first."""

from __future__ import annotations

from sklearn.base import clone

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known
from spektron.transfer.preprocessing import PreprocessingName, preprocessing

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

    def _fit(self, known: Known) -> None:
        self._steps = preprocessing(self.name).fit(known.x)
        self.calibration_ = clone(self.calibration).fit(
            self._steps.transform(known.child),
            self._steps.transform(known.parent),
            X_calibration=self._steps.transform(known.x),
            y_calibration=known.y,
            y_standards=known.labels,
        )

    def _predict(self, child: Array) -> Array:
        predicted: Array = self.calibration_.predict(self._steps.transform(child))
        return predicted
