"""One corpus of every source at once: the account holds every record that was read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from spektron.corpus import BuildConfig, Corpus, build_corpus, verify_corpus
from spektron.corpus.manifest import CARD_NAME, REPORT_NAME
from spektron.corpus.sources import Source, open_source, read_all
from spektron.corpus.sources.words import SOURCES
from spektron.spectra import Spectrum
from tests.corpus.test_sources_contract import WRITERS

RAW = Path(__file__).parents[3] / "shared" / "data" / "raw"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    """Generated files of every format, some of their records broken, and the real ones where they are."""
    words = ["bundled", "simulated:60"]
    for word, write in WRITERS.items():
        folder = tmp_path_factory.mktemp(word)
        write(folder)
        words.append(f"{word}:{folder}")
    if RAW.is_dir():
        words += [f"{word}:{RAW / word}" for word in ("jcamp", "rruff", "openspecy")]
    return [open_source(word) for word in words]


def test_every_record_is_kept_a_duplicate_or_rejected(sources: list[Source], tmp_path: Path) -> None:
    assert {source.name for source in sources} | {"table"} == set(SOURCES)
    items = [item for source in sources for item in read_all(source)]
    read = Counter(item.source for item in items)

    manifest = build_corpus(sources, tmp_path / "all", BuildConfig(name="all"))
    assert {source: record["read"] for source, record in manifest.records.items()} == dict(read)
    for record in manifest.records.values():
        assert record["read"] == record["kept"] + record["duplicate"] + record["rejected"]

    outcomes = Counter(pq.read_table(tmp_path / "all" / REPORT_NAME)["outcome"].to_pylist())
    for outcome in ("duplicate", "rejected"):
        assert outcomes[outcome] == sum(record[outcome] for record in manifest.records.values())
    assert outcomes["rejected"] >= sum(not isinstance(item, Spectrum) for item in items) > 0
    card = (tmp_path / "all" / CARD_NAME).read_text()
    assert f"| **all** | {len(items):,} |" in card
    assert verify_corpus(tmp_path / "all").ok
    assert Corpus.open(tmp_path / "all").num_spectra() > 1000
