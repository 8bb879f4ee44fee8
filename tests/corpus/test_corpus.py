from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from spektron.core.errors import ConfigError, CorpusError
from spektron.corpus import Corpus, build_corpus, render_info, verify_corpus
from tests.corpus.conftest import SMALL, TinySource, make_spectrum

Copy = Callable[[Corpus], Path]


def test_subsets_are_nested(corpus: Corpus) -> None:
    whole = corpus.read("train")
    assert len(whole) == corpus.num_spectra()
    for limit in (1, 31, 32, 33, 199, 201, len(whole)):
        part = corpus.read("train", limit)
        np.testing.assert_array_equal(part.intensity, whole.intensity[:limit])
        np.testing.assert_array_equal(part.modality, whole.modality[:limit])
        np.testing.assert_array_equal(part.wavenumber_start_cm1, whole.wavenumber_start_cm1[:limit])


def test_a_row_keeps_its_values_together(corpus: Corpus) -> None:
    rows = corpus.read("train")
    number = rows.intensity[:, 0].astype(int)  # a row names itself
    np.testing.assert_array_equal(rows.modality, number % 2)
    np.testing.assert_array_equal(rows.wavenumber_start_cm1, 400 + number % 5)


def test_a_small_subset_reads_only_its_shard(corpus: Corpus, copy_of: Copy) -> None:
    path = copy_of(corpus)
    for shard in corpus.manifest.shards[1:]:
        data = (path / shard.file).read_bytes()
        (path / shard.file).write_bytes(b"\0" * len(data))
    assert len(Corpus.open(path).read("train", 200)) == 200


@pytest.mark.parametrize(("split", "limit"), [("train", 0), ("train", 10_000), ("dev", None)])
def test_what_is_not_there_cannot_be_read(corpus: Corpus, split: str, limit: int | None) -> None:
    with pytest.raises(ConfigError, match="expected"):
        corpus.read(split, limit)


class TestDamage:
    def test_no_corpus(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match="a folder without it"):
            Corpus.open(tmp_path)
        with pytest.raises(CorpusError, match="no such folder"):
            Corpus.open(tmp_path / "absent")

    @pytest.mark.parametrize("text", ["", "[]", "{", '{"schema_version": 2}', "\xff"])
    def test_a_damaged_manifest(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
        with pytest.raises(CorpusError, match="expected the manifest"):
            Corpus.open(tmp_path)

    def test_another_schema_version(self, corpus: Corpus, copy_of: Copy) -> None:
        file = copy_of(corpus) / "manifest.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"schema_version": 3}))
        with pytest.raises(CorpusError, match="version 2, found version 3") as error:
            Corpus.open(file.parent)
        assert "spektron corpus build" in error.value.hint

    def test_a_missing_shard(self, corpus: Corpus, copy_of: Copy) -> None:
        path = copy_of(corpus)
        (path / "train-00001.parquet").unlink()
        with pytest.raises(CorpusError, match=r"train-00001\.parquet is missing"):
            Corpus.open(path)
        assert any("train-00001.parquet: expected sha256" in problem for problem in verify_corpus(path).problems)

    def test_a_truncated_shard(self, corpus: Corpus, copy_of: Copy) -> None:
        path = copy_of(corpus)
        file = path / "train-00000.parquet"
        opened = Corpus.open(path)
        file.write_bytes(file.read_bytes()[:-1000])
        with pytest.raises(CorpusError, match=r"train-00000\.parquet: expected \d+ bytes, found \d+"):
            Corpus.open(path)
        with pytest.raises(CorpusError, match=r"train-00000\.parquet"):  # damaged after it was opened
            opened.read("train")
        assert not verify_corpus(path).ok

    def test_an_altered_shard_of_the_same_size(self, corpus: Corpus, copy_of: Copy) -> None:
        path = copy_of(corpus)
        data = bytearray((path / "train-00000.parquet").read_bytes())
        data[len(data) // 2] ^= 1
        (path / "train-00000.parquet").write_bytes(data)
        Corpus.open(path)
        report = verify_corpus(path)
        shard = corpus.manifest.shards[0]
        assert any(shard.sha256 in problem and shard.file in problem for problem in report.problems)
        assert any("content fingerprint" in problem for problem in report.problems)
        with pytest.raises(CorpusError, match=shard.sha256):
            report.require_ok()

    def test_a_shard_of_another_kind(self, corpus: Corpus, copy_of: Copy) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = copy_of(corpus)
        opened = Corpus.open(path)
        pq.write_table(pa.table({"intensity": [1.0]}), path / "train-00000.parquet")
        with pytest.raises(CorpusError, match="expected schema version 2"):
            opened.read("train", 5)

    def test_rows_in_another_order_or_split(self, corpus: Corpus, copy_of: Copy) -> None:
        path = copy_of(corpus)
        one, two = (path / f"train-0000{i}.parquet" for i in (0, 1))
        first, second = one.read_bytes(), two.read_bytes()
        one.write_bytes(second)
        two.write_bytes(first)
        (path / "test-00000.parquet").write_bytes(first)
        problems = "\n".join(verify_corpus(path).problems)
        assert "does not follow" in problems
        assert "is in train as well" in problems
        assert "occurs twice" in problems


def test_verify_finds_nothing_in_a_whole_corpus(corpus: Corpus) -> None:
    told: list[tuple[str, int, int | None]] = []
    report = verify_corpus(corpus.folder.path, lambda *what: told.append(what))
    assert report.ok
    assert report.problems == ()
    assert report.num_spectra == 600
    assert told[-1] == ("checking", report.num_shards, report.num_shards)


def test_a_stray_shard_is_named(corpus: Corpus, copy_of: Copy) -> None:
    path = copy_of(corpus)
    (path / "train-00099.parquet").write_bytes(b"")
    assert verify_corpus(path).problems == ("train-00099.parquet is no shard of this corpus",)


def test_info_shows_what_a_person_asks_for(corpus: Corpus) -> None:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(render_info(corpus.folder.path))
    text = console.export_text()
    for expected in (corpus.fingerprint, "tiny", "RAMAN", "600", "CC0-1.0", "4,000.0"):
        assert expected in text


LIES = {
    "negative": {"num_spectra": {"train": -3, "validation": 1, "test": 1}},
    "other-number": {"num_spectra": {"train": 3, "validation": 1, "test": 1}},
    "no-number": {"num_spectra": {"validation": 1, "test": 1}},
    "no-counts": {"counts": {}},
    "no-shards": {"shards": []},
    "markup-name": {"name": "[red]x/../..\n"},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_manifest_that_contradicts_itself_is_refused(
    lie: str, corpus: Corpus, copy_of: Callable[[Corpus], Path]
) -> None:
    file = copy_of(corpus) / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | LIES[lie]))
    with pytest.raises(CorpusError, match="expected the manifest of a corpus"):
        Corpus.open(file.parent)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/b.parquet", "a\0b.parquet", "..", "x.txt"])
def test_a_shard_is_in_the_corpus(name: str, corpus: Corpus, copy_of: Callable[[Corpus], Path]) -> None:
    file = copy_of(corpus) / "manifest.json"
    values = json.loads(file.read_text())
    values["shards"][0]["file"] = name
    file.write_text(json.dumps(values))
    with pytest.raises(CorpusError, match=r"shards\.0\.file"):
        verify_corpus(file.parent)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"axis_cm1": {"IR": [4000.0, 1.0], "RAMAN": [400.0, 4000.0]}}, "axis_cm1"),
        ({"num_compounds": {"train": 1, "validation": 1, "test": 1}}, "num_compounds"),
    ],
)
def test_verify_compares_what_the_manifest_says(
    change: dict[str, object], told: str, corpus: Corpus, copy_of: Callable[[Corpus], Path]
) -> None:
    file = copy_of(corpus) / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert any(f"manifest.json: {told}: expected" in problem for problem in verify_corpus(file.parent).problems)


def test_verify_waits_for_no_pipe_and_misses_no_report(corpus: Corpus, copy_of: Callable[[Corpus], Path]) -> None:
    folder = copy_of(corpus)
    (folder / "train-00000.parquet").unlink()
    os.mkfifo(folder / "train-00000.parquet")
    (folder / "report.parquet").write_text("nothing")
    problems = "\n".join(verify_corpus(folder).problems)
    assert "train-00000.parquet: expected sha256" in problems
    assert "report.parquet: expected the names" in problems


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("records", {"tiny": {"read": 999, "kept": 600, "duplicate": 0, "rejected": 0}}, "records: tiny: expected"),
        ("repairs", {"invented": 3}, "repairs: invented: expected 3, found nothing"),
        ("rejects", {"other": {"constant": 2}}, "rejects: other: expected {'constant': 2}, found nothing"),
        ("duplicates", {"tiny": {"near-duplicate": 1}}, "duplicates: tiny: expected"),
    ],
)
def test_verify_counts_what_became_of_records_again(
    name: str, change: dict[str, object], told: str, corpus: Corpus, copy_of: Copy
) -> None:
    file = copy_of(corpus) / "manifest.json"
    values = json.loads(file.read_text())
    file.write_text(json.dumps(values | {name: change}))
    assert any(f"manifest.json: {told}" in problem for problem in verify_corpus(file.parent).problems)


def test_a_report_that_lost_rows_is_found_out(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    bad = [make_spectrum(i, compound_id="") for i in range(5)]
    mended = [make_spectrum(i, repairs=("nan-at-ends",)) for i in range(10, 30)]
    build_corpus([TinySource([*bad, *mended, mended[0]])], tmp_path / "out", SMALL)
    assert verify_corpus(tmp_path / "out").ok
    report = tmp_path / "out/report.parquet"
    pq.write_table(pq.read_table(report).slice(0, 2), report)
    problems = "\n".join(verify_corpus(tmp_path / "out").problems)
    assert "rejects: tiny: expected {'bad-id': 5}, found {'bad-id': 2} in report.parquet" in problems
    assert "repairs: nan-at-ends: expected 20, found nothing" in problems
    assert "records: tiny: expected" in problems
    pq.write_table(pq.read_table(report).drop_columns("reason"), report)
    assert "no column reason" in "\n".join(verify_corpus(tmp_path / "out").problems)
