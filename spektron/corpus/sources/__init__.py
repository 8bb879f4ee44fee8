"""Readers of public and generated spectra; each yields `Spectrum | Reject`."""

from spektron.corpus.sources.base import PART_RECORDS, REJECT_REASONS, Part, Reject, Source, read_all
from spektron.corpus.sources.bundled import Bundled
from spektron.corpus.sources.simulated import Simulated
from spektron.corpus.sources.table import Table
from spektron.corpus.sources.words import open_source

__all__ = [
    "PART_RECORDS",
    "REJECT_REASONS",
    "Bundled",
    "Part",
    "Reject",
    "Simulated",
    "Source",
    "Table",
    "open_source",
    "read_all",
]
