"""Few-shot calibration transfer: a calibration of one instrument, made to serve another."""

from spektron.transfer.classical import (
    DIPLS,
    DS,
    MDIPLS,
    PDS,
    DifferenceAugmentedPLS,
    GlobalPLS,
    JointYPLS,
    MeanShift,
    Recalibration,
    ResidualRidge,
)

__all__ = [
    "DIPLS",
    "DS",
    "MDIPLS",
    "PDS",
    "DifferenceAugmentedPLS",
    "GlobalPLS",
    "JointYPLS",
    "MeanShift",
    "Recalibration",
    "ResidualRidge",
]
