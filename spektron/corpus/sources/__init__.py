"""Readers of public and generated spectra; each yields `Spectrum | Reject`."""

from spektron.corpus.sources.base import REJECT_REASONS, Reject, Source
from spektron.corpus.sources.bundled import Bundled
from spektron.corpus.sources.table import Table

__all__ = ["REJECT_REASONS", "Bundled", "Reject", "Source", "Table"]
