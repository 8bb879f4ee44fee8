from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus.sources.base import Part, Reject
from spektron.corpus.streaming.resident import forget_resident_rows
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS, Spectrum


def make_spectrum(i: int, **changes: Any) -> Spectrum:
    """Row `i`: its first intensity is `i`, so a row names itself wherever it turns up."""
    intensity = np.random.default_rng(i).standard_normal(NUM_POINTS, dtype=np.float32)
    intensity[0] = i
    values: dict[str, Any] = {
        "spectrum_id": f"tiny/{i}",
        "source": "tiny",
        "compound_id": f"compound-{i // 2}",
        "modality": MODALITIES[i % 2],
        "instrument": f"spectrometer {i % 3}",
        "wavenumber_start_cm1": 400.0 + i % 5,
        "wavenumber_stop_cm1": 4000.0,
        "intensity": intensity,
    }
    return Spectrum(**(values | changes))


@dataclass
class TinySource:
    """Yields what it was given."""

    items: list[Spectrum | Reject] = field(default_factory=list)
    name: str = "tiny"
    config: dict[str, Any] = field(default_factory=dict)

    def parts(self) -> list[Part]:
        return [Part("", start, min(start + 100, len(self.items))) for start in range(0, len(self.items), 100)]

    def read(self, part: Part) -> Iterator[Spectrum | Reject]:
        yield from self.items[part.start : part.stop]

    def describe(self) -> dict[str, Any]:
        terms = {"licence": "CC0-1.0", "citation": "nobody"}
        return {"name": self.name, "config": self.config, "licences": {self.name: terms}}


@pytest.fixture(autouse=True)
def _no_resident_rows() -> Iterator[None]:
    yield
    forget_resident_rows()


@pytest.fixture(scope="session")
def spectra() -> list[Spectrum]:
    return [make_spectrum(i) for i in range(600)]


# Small shards and row groups, so that 600 rows cross their borders many times.
SMALL = BuildConfig(name="tiny", rows_per_shard=200, rows_per_group=32, validation_fraction=0.1, test_fraction=0.1)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory, spectra: list[Spectrum]) -> Corpus:
    """600 rows in small shards; not to be written to."""
    out = tmp_path_factory.mktemp("corpora") / "tiny"
    build_corpus([TinySource(list(spectra))], out, SMALL)
    return Corpus.open(out)


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Corpus], Path]:
    """A copy that a test may damage."""
    import shutil

    return lambda corpus: Path(shutil.copytree(corpus.folder.path, tmp_path / "copy"))
