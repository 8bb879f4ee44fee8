"""Few-shot calibration transfer: a calibration of one instrument, made to serve another."""

from spektron.transfer.classical import DS, PDS, MeanShift

__all__ = ["DS", "PDS", "MeanShift"]
