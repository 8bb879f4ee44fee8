"""Public sets of samples that were measured on several instruments, with the splits that work on them shares."""

from spektron.datasets.corn import load_corn
from spektron.datasets.instrument_set import InstrumentSet
from spektron.datasets.tablets import load_tablets

__all__ = ["InstrumentSet", "load_corn", "load_tablets"]
