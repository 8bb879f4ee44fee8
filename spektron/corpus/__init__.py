"""Spectra on disk: sources are built into Parquet shards with a manifest, verified, and streamed as batches."""

from spektron.corpus.build import build_corpus
from spektron.corpus.corpus import Corpus
from spektron.corpus.info import render_info
from spektron.corpus.manifest import BuildConfig, Manifest
from spektron.corpus.verify import VerifyReport, verify_corpus

__all__ = ["BuildConfig", "Corpus", "Manifest", "VerifyReport", "build_corpus", "render_info", "verify_corpus"]
