"""Readers of public and generated spectra; each yields `Spectrum | Reject`."""

from spektron.corpus.sources.base import REJECT_REASONS, Reject, Source

__all__ = ["REJECT_REASONS", "Reject", "Source"]
