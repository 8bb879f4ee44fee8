"""Samples measured on several instruments: public sets with their splits, and files of one's own."""

from spektron.datasets.corn import load_corn
from spektron.datasets.export import PairFiles, sample_ids, write_pairs
from spektron.datasets.instrument_set import InstrumentSet
from spektron.datasets.paired_spectra import Overlap, PairedSpectra, Repair, Samples
from spektron.datasets.pairs import NothingUsable, load_pairs, load_spectra
from spektron.datasets.raman_api import LabelledSpectra, load_raman_api
from spektron.datasets.splits import Split, published_splits, refuse_overlap
from spektron.datasets.tablets import load_tablets

__all__ = [
    "InstrumentSet",
    "LabelledSpectra",
    "NothingUsable",
    "Overlap",
    "PairFiles",
    "PairedSpectra",
    "Repair",
    "Samples",
    "Split",
    "load_corn",
    "load_pairs",
    "load_raman_api",
    "load_spectra",
    "load_tablets",
    "published_splits",
    "refuse_overlap",
    "sample_ids",
    "write_pairs",
]
