"""Classical methods of calibration transfer, one file each."""

from spektron.transfer.classical._calibration import ChildCalibration
from spektron.transfer.classical.auto import Auto
from spektron.transfer.classical.coral import CORAL
from spektron.transfer.classical.corrected_pls import CorrectedPLS
from spektron.transfer.classical.difference_augmented_pls import DifferenceAugmentedPLS
from spektron.transfer.classical.difference_ridge import DifferenceAugmentedRidge
from spektron.transfer.classical.dipls import DIPLS
from spektron.transfer.classical.ds import DS
from spektron.transfer.classical.epo import EPO
from spektron.transfer.classical.global_pls import GlobalPLS
from spektron.transfer.classical.joint_y_pls import JointYPLS
from spektron.transfer.classical.mdipls import MDIPLS
from spektron.transfer.classical.mean_shift import MeanShift
from spektron.transfer.classical.pds import PDS
from spektron.transfer.classical.preprocessed import Preprocessed
from spektron.transfer.classical.recalibration import Recalibration
from spektron.transfer.classical.residual_ridge import ResidualRidge
from spektron.transfer.classical.sbc import SBC
from spektron.transfer.classical.sst import SST

__all__ = [
    "CORAL",
    "DIPLS",
    "DS",
    "EPO",
    "MDIPLS",
    "PDS",
    "SBC",
    "SST",
    "Auto",
    "ChildCalibration",
    "CorrectedPLS",
    "DifferenceAugmentedPLS",
    "DifferenceAugmentedRidge",
    "GlobalPLS",
    "JointYPLS",
    "MeanShift",
    "Preprocessed",
    "Recalibration",
    "ResidualRidge",
]
