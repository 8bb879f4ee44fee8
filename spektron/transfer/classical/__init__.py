"""Classical methods of calibration transfer, one file each."""

from spektron.transfer.classical.ds import DS
from spektron.transfer.classical.mean_shift import MeanShift
from spektron.transfer.classical.pds import PDS

__all__ = ["DS", "PDS", "MeanShift"]
