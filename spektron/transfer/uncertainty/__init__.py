"""How sure a transferred prediction is, and whether a spectrum is of the kind that the calibration knows."""

from spektron.transfer.uncertainty.bands import correction_band
from spektron.transfer.uncertainty.intervals import Interval, PredictionIntervals
from spektron.transfer.uncertainty.outliers import OutlierFlags, SpectrumOutliers
from spektron.transfer.uncertainty.split_conformal import SplitConformal
from spektron.transfer.uncertainty.test_time import TestTimeAveraged

__all__ = [
    "Interval",
    "OutlierFlags",
    "PredictionIntervals",
    "SpectrumOutliers",
    "SplitConformal",
    "TestTimeAveraged",
    "correction_band",
]
