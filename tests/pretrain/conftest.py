from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus.sources.simulated import Simulated
from spektron.corpus.streaming.resident import forget_resident_rows
from spektron.pretrain import PretrainConfig
from tests.model.spectra import tiny
from tests.pretrain.two_workers import run_jobs


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """A real corpus of 360 simulated spectra; not to be written to."""
    out = tmp_path_factory.mktemp("corpora") / "simulated"
    config = BuildConfig(name="simulated", validation_fraction=0.2, test_fraction=0.05)
    build_corpus([Simulated(num_spectra=360)], out, config)
    yield Corpus.open(out)
    forget_resident_rows()


@pytest.fixture(scope="session")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes that train together wrote, job by job."""
    folder = tmp_path_factory.mktemp("two-workers")
    run_jobs(folder)
    return folder


def small(**changes: Any) -> PretrainConfig:
    """Forty steps of a tiny encoder on its two coarser scales."""
    values: dict[str, Any] = {
        "steps": 40,
        "batch_size": 8,
        "learning_rate": 3e-3,
        "eval_every": 10,
        "encoder": tiny(scales=("medium", "coarse"), dropout=0.1),
    }
    return PretrainConfig(**{**values, **changes})
