"""Which samples to measure on both instruments: transfer standards, chosen from spectra of the parent."""

from spektron.transfer.selection._selection import StandardSelection
from spektron.transfer.selection.d_optimal import DOptimal
from spektron.transfer.selection.duplex import DUPLEX
from spektron.transfer.selection.kennard_stone import KennardStone
from spektron.transfer.selection.random import Random
from spektron.transfer.selection.spxy import SPXY
from spektron.transfer.selection.worst_case import WorstCase

__all__ = ["DUPLEX", "SPXY", "DOptimal", "KennardStone", "Random", "StandardSelection", "WorstCase"]
