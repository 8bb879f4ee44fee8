"""Spectra on disk: sources are built into Parquet shards with a manifest, verified, and streamed as batches."""

from spektron.corpus.build import build_corpus
from spektron.corpus.checking.verify import VerifyReport, verify_corpus
from spektron.corpus.corpus import Corpus
from spektron.corpus.describing.info import render_info
from spektron.corpus.manifest import BuildConfig, Manifest

__all__ = ["BuildConfig", "Corpus", "Manifest", "VerifyReport", "build_corpus", "render_info", "verify_corpus"]
