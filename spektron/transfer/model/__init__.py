"""A transfer that is kept: made from two instruments' files, written to a folder, applied to new spectra."""

from spektron.transfer.model.applied import Applied, apply_transfer
from spektron.transfer.model.child_files import ChildFiles
from spektron.transfer.model.comparison import Expected, compare_methods, expected_rmsep
from spektron.transfer.model.folder import load_transfer, save_transfer
from spektron.transfer.model.parts import CORRECTIONS, TransferParts
from spektron.transfer.model.report import transfer_figures, transfer_report
from spektron.transfer.model.standards import chosen_standards
from spektron.transfer.model.transfer_model import PropertyModel, TransferModel

__all__ = [
    "CORRECTIONS",
    "Applied",
    "ChildFiles",
    "Expected",
    "PropertyModel",
    "TransferModel",
    "TransferParts",
    "apply_transfer",
    "chosen_standards",
    "compare_methods",
    "expected_rmsep",
    "load_transfer",
    "save_transfer",
    "transfer_figures",
    "transfer_report",
]
