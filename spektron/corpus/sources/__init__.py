"""Readers of public and generated spectra; each yields `Spectrum | Reject`."""

from spektron.corpus.sources.base import REJECT_REASONS, Reject, Source
from spektron.corpus.sources.bundled import Bundled
from spektron.corpus.sources.simulated import Simulated
from spektron.corpus.sources.table import Table
from spektron.corpus.sources.words import open_source

__all__ = ["REJECT_REASONS", "Bundled", "Reject", "Simulated", "Source", "Table", "open_source"]
