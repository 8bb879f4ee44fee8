from __future__ import annotations

import contextlib
import os
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow.parquet as pq
import pytest

from spektron.core.errors import CorpusError, ResourceError
from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus.building.gate import DUPLICATE_REASONS
from spektron.corpus.manifest import REPORT_NAME
from spektron.corpus.schema import SPLITS
from spektron.corpus.sources.base import Part, Reject
from spektron.spectra.spectrum import NUM_POINTS, Spectrum
from tests.corpus.conftest import SMALL, TinySource, make_spectrum


def _rows(corpus: Corpus, split: str) -> list[dict[str, object]]:
    shards = [shard for shard in corpus.manifest.shards if shard.split == split]
    return [row for shard in shards for row in pq.read_table(corpus.folder.path / shard.file).to_pylist()]


def _report(corpus: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = pq.read_table(corpus / REPORT_NAME).to_pylist()
    return rows


def test_every_row_is_kept_in_rank_order_with_its_values(corpus: Corpus, spectra: list[Spectrum]) -> None:
    by_id = {spectrum.spectrum_id: spectrum for spectrum in spectra}
    seen = set()
    for split in ("train", "validation", "test"):
        rows = _rows(corpus, split)
        assert [row["rank"] for row in rows] == sorted(row["rank"] for row in rows)
        for row in rows:
            original = by_id[row["spectrum_id"]]
            assert row["intensity"] == original.intensity.tobytes()
            for name in ("compound_id", "source", "instrument", "modality", "wavenumber_start_cm1"):
                assert row[name] == getattr(original, name)
            seen.add(row["spectrum_id"])
    assert seen == by_id.keys()


def test_compounds_are_never_in_two_splits(corpus: Corpus) -> None:
    splits = defaultdict(set)
    for split in ("train", "validation", "test"):
        for row in _rows(corpus, split):
            splits[row["compound_id"]].add(split)
    assert {len(found) for found in splits.values()} == {1}
    assert {split for found in splits.values() for split in found} == {"train", "validation", "test"}


def test_the_schema_tells_how_to_decode(corpus: Corpus) -> None:
    schema = pq.read_schema(corpus.folder.path / corpus.manifest.shards[0].file)
    assert schema.metadata[b"intensity.dtype"] == b"float32"
    assert schema.metadata[b"intensity.length"] == b"2048"
    assert schema.metadata[b"spektron.schema_version"] == b"2"


def test_the_same_inputs_give_the_same_bytes(corpus: Corpus, spectra: list[Spectrum], tmp_path: Path) -> None:
    again = build_corpus([TinySource(spectra[::-1])], tmp_path / "again", SMALL)  # order of reading does not matter
    assert again.fingerprint == corpus.fingerprint
    assert again.shards == corpus.manifest.shards


def test_the_fingerprint_follows_content_and_not_encoding(
    corpus: Corpus, spectra: list[Spectrum], tmp_path: Path
) -> None:
    coarse = SMALL.model_copy(update={"rows_per_group": 100, "rows_per_shard": 10_000})
    other_encoding = build_corpus([TinySource(list(spectra))], tmp_path / "coarse", coarse)
    changed = [make_spectrum(0, wavenumber_stop_cm1=4000.5), *spectra[1:]]
    other_content = build_corpus([TinySource(changed)], tmp_path / "changed", SMALL)
    other_seed = build_corpus([TinySource(list(spectra))], tmp_path / "seed", SMALL.model_copy(update={"seed": 1}))
    assert other_encoding.fingerprint == corpus.fingerprint
    assert len({corpus.fingerprint, other_content.fingerprint, other_seed.fingerprint}) == 3


@pytest.mark.parametrize(
    ("changes", "is_content"),
    [
        ({"spectrum_id": "tiny/x"}, True),
        ({"compound_id": "x"}, True),
        ({"kind": "computed"}, True),
        ({"intensity_unit": "absorbance"}, True),
        ({"metadata": {"method": "x"}}, True),
        ({"modality": "NIR"}, True),
        ({"wavenumber_start_cm1": 405.5}, True),
        ({"source": "tiny/x"}, False),
        ({"instrument": "x"}, False),
    ],
)
def test_what_bears_the_fingerprint(tmp_path: Path, changes: dict[str, Any], is_content: bool) -> None:
    spectra = [make_spectrum(i) for i in range(4)]
    before = build_corpus([TinySource(list(spectra))], tmp_path / "before", SMALL)
    after = build_corpus([TinySource([replace(spectra[0], **changes), *spectra[1:]])], tmp_path / "after", SMALL)
    assert (after.fingerprint != before.fingerprint) == is_content


def _with(i: int, place: int, value: float) -> Spectrum:
    spectrum = make_spectrum(i)
    spectrum.intensity[place] = value
    return spectrum


BAD = {
    "not-finite": _with(1000, 5, np.nan),
    "wrong-length": make_spectrum(1002, intensity=np.ones(7, dtype=np.float32)),
    "axis-not-ascending": make_spectrum(1003, wavenumber_start_cm1=4000.0, wavenumber_stop_cm1=400.0),
    "axis-not-finite": make_spectrum(1004, wavenumber_stop_cm1=float("inf")),
    "unknown-modality": make_spectrum(1005, modality="UV"),
    "constant": make_spectrum(1006, intensity=np.ones(NUM_POINTS, dtype=np.float32)),
    "duplicate-content": make_spectrum(4, spectrum_id="tiny/copy"),
    "bad-id": make_spectrum(1008, compound_id="\ud800"),
    "no-axis": Reject(source="tiny", sample_id="file.csv", reason="no-axis", detail="expected cm⁻¹, found nothing"),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_row_is_counted_and_named(reason: str, spectra: list[Spectrum], tmp_path: Path) -> None:
    manifest = build_corpus([TinySource([*spectra[:20], BAD[reason]])], tmp_path / "out", SMALL)
    report = _report(tmp_path / "out")

    told = manifest.duplicates if reason in DUPLICATE_REASONS else manifest.rejects
    assert told == {"tiny": {reason: 1}}
    assert [row["reason"] for row in report] == [reason]
    assert report[0]["spectrum_id"]
    assert report[0]["detail"]
    assert sum(manifest.num_spectra.values()) == 20
    assert manifest.records["tiny"]["read"] == 21


def test_a_name_used_twice_gets_a_suffix(spectra: list[Spectrum], tmp_path: Path) -> None:
    named_alike = [make_spectrum(1007, spectrum_id="tiny/3"), make_spectrum(1008, spectrum_id="tiny/3")]
    manifest = build_corpus([TinySource([*spectra[:20], *named_alike])], tmp_path / "out", SMALL)

    names = {row["spectrum_id"] for split in SPLITS for row in _rows(Corpus.open(tmp_path / "out"), split)}
    assert {"tiny/3", "tiny/3~2", "tiny/3~3"} <= names
    assert manifest.repairs == {"duplicate-id": 2}


def test_repairs_are_counted_and_named(spectra: list[Spectrum], tmp_path: Path) -> None:
    mended = make_spectrum(2000, repairs=("axis-descending", "nan-at-ends"))
    manifest = build_corpus([TinySource([*spectra[:5], mended])], tmp_path / "out", SMALL)
    assert manifest.repairs == {"axis-descending": 1, "nan-at-ends": 1}
    assert [(row["outcome"], row["spectrum_id"], row["reason"]) for row in _report(tmp_path / "out")] == [
        ("mended", "tiny/2000", "axis-descending"),
        ("mended", "tiny/2000", "nan-at-ends"),
    ]


def test_nothing_kept_is_an_error_that_tells_the_reasons(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"wrong-length: 1\n    tiny/\d+: expected 2048 points, found shape"):
        build_corpus([TinySource([BAD["wrong-length"]])], tmp_path / "out", SMALL)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_held_out_split_is_noted(spectra: list[Spectrum], tmp_path: Path) -> None:
    manifest = build_corpus([TinySource(spectra[:2])], tmp_path / "out", BuildConfig(test_fraction=0.0))
    assert any("validation split is empty" in note for note in manifest.notes)
    with pytest.raises(CorpusError, match="validation"):
        Corpus.open(tmp_path / "out").read("validation")


def test_an_interrupted_build_goes_on_where_it_was(corpus: Corpus, spectra: list[Spectrum], tmp_path: Path) -> None:
    class Failing(TinySource):
        read_parts: ClassVar[list[Part]] = []

        def read(self, part: Part) -> Iterator[Spectrum | Reject]:
            self.read_parts.append(part)
            yield from super().read(part)
            if len(self.read_parts) == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_corpus([Failing(list(spectra))], tmp_path / "out", SMALL)
    assert not (tmp_path / "out").exists()

    manifest = build_corpus([Failing(list(spectra))], tmp_path / "out", SMALL)
    assert [part.start for part in Failing.read_parts] == [0, 100, 200, 200, 300, 400, 500]
    assert manifest.shards == corpus.manifest.shards
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_interrupted_build_writes_no_shard_twice(corpus: Corpus, spectra: list[Spectrum], tmp_path: Path) -> None:
    def stop(phase: str, done: int, total: int | None) -> None:
        if (phase, done) == ("writing", 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_corpus([TinySource(list(spectra))], tmp_path / "out", SMALL, progress=stop)
    first = tmp_path / ".out.building/train-00000.parquet"
    stamp = first.stat().st_mtime_ns
    told: list[tuple[str, int]] = []
    manifest = build_corpus(
        [TinySource(list(spectra))], tmp_path / "out", SMALL, progress=lambda *what: told.append(what[:2])
    )
    assert next(done for phase, done in told if phase == "writing") == 2, "what was done before is told first"
    assert (tmp_path / "out" / first.name).stat().st_mtime_ns == stamp
    assert manifest.shards == corpus.manifest.shards


def test_what_another_build_left_is_not_used(
    spectra: list[Spectrum], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(TinySource):
        def read(self, part: Part) -> Iterator[Spectrum | Reject]:
            yield from super().read(part)
            if part.start:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_corpus([Failing(spectra[300:])], tmp_path / "out", SMALL)
    assert not caplog.messages
    manifest = build_corpus([TinySource(spectra[:10], config={"other": True})], tmp_path / "out", SMALL)
    assert ["begun anew" in message for message in caplog.messages] == [True]
    assert sum(manifest.num_spectra.values()) == 10
    assert {row["spectrum_id"] for row in _rows(Corpus.open(tmp_path / "out"), "train")} <= {
        spectrum.spectrum_id for spectrum in spectra[:10]
    }
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


class TestExisting:
    def test_the_same_build_is_kept(self, spectra: list[Spectrum], tmp_path: Path) -> None:
        first = build_corpus([TinySource(spectra[:50])], tmp_path / "out", SMALL)
        stamp = (tmp_path / "out/manifest.json").stat().st_mtime_ns
        assert build_corpus([TinySource(spectra[:50])], tmp_path / "out", SMALL) == first
        assert (tmp_path / "out/manifest.json").stat().st_mtime_ns == stamp

    def test_the_same_build_replaces_a_lost_shard(self, spectra: list[Spectrum], tmp_path: Path) -> None:
        first = build_corpus([TinySource(spectra[:50])], tmp_path / "out", SMALL)
        (tmp_path / "out/train-00000.parquet").unlink()
        assert build_corpus([TinySource(spectra[:50])], tmp_path / "out", SMALL) == first
        assert Corpus.open(tmp_path / "out").manifest == first

    def test_another_config_is_refused_by_field(self, spectra: list[Spectrum], tmp_path: Path) -> None:
        build_corpus([TinySource(spectra[:50])], tmp_path / "out", SMALL)
        with pytest.raises(CorpusError, match=r"config\.seed: 0 → 7"):
            build_corpus([TinySource(spectra[:50])], tmp_path / "out", SMALL.model_copy(update={"seed": 7}))

    def test_other_sources_are_refused_by_name_and_files_by_number(
        self, spectra: list[Spectrum], tmp_path: Path
    ) -> None:
        def of(name: str, num: int, **others: str) -> TinySource:
            files = {f"{name}{i:02}.jdx": "a" * 64 for i in range(num)}
            return TinySource(spectra[:50], name=name, config={"unit": "nm", "files": files | others})

        build_corpus([of("rruff", 1), of("jcamp", 16)], tmp_path / "out", SMALL)
        with pytest.raises(CorpusError) as caught:
            build_corpus([of("jcamp", 30, **{"jcamp03.jdx": "b" * 64})], tmp_path / "out", SMALL)
        told = caught.value.message.partition("another build: ")[2]
        assert told == (
            "sources: rruff no longer given; jcamp: 14 files added (jcamp16.jdx, jcamp17.jdx, …), "
            "1 file changed (jcamp03.jdx)"
        )

    def test_changed_content_is_refused_by_fingerprint(self, spectra: list[Spectrum], tmp_path: Path) -> None:
        first = build_corpus([TinySource(spectra[:50])], tmp_path / "out", SMALL)
        with pytest.raises(CorpusError, match=first.fingerprint):
            build_corpus([TinySource(spectra[:51])], tmp_path / "out", SMALL)

    def test_overwrite_replaces_a_corpus(self, spectra: list[Spectrum], tmp_path: Path) -> None:
        build_corpus([TinySource(spectra[:50])], tmp_path / "out", SMALL)
        second = build_corpus([TinySource(spectra[:60])], tmp_path / "out", SMALL, overwrite=True)
        assert Corpus.open(tmp_path / "out").manifest == second
        assert [path.name for path in tmp_path.iterdir()] == ["out"]

    def test_a_corpus_that_lost_its_name_to_a_killed_build_gets_it_back(
        self, spectra: list[Spectrum], tmp_path: Path
    ) -> None:
        first = build_corpus([TinySource(spectra[:50])], tmp_path / "out", SMALL)
        (tmp_path / "out").rename(tmp_path / ".out.replaced")  # where a kill between the two renames leaves it

        with pytest.raises(CorpusError, match="found none"):
            build_corpus([TinySource([BAD["constant"]])], tmp_path / "out", SMALL)
        assert Corpus.open(tmp_path / "out").manifest == first
        assert [path.name for path in tmp_path.iterdir()] == ["out"]

    def test_overwrite_never_replaces_something_else(self, spectra: list[Spectrum], tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out/thesis.docx").write_text("years of work")
        with pytest.raises(CorpusError, match="something else"):
            build_corpus([TinySource(spectra[:50])], tmp_path / "out", SMALL, overwrite=True)
        assert (tmp_path / "out/thesis.docx").exists()


@pytest.fixture
def tiny_disk(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A real file system of 2 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def _fill(disk: Path) -> None:
    with (disk / "filler").open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"0" * 4096)


def test_a_disk_that_fills_while_reading_is_an_error_of_ours(tiny_disk: Path, spectra: list[Spectrum]) -> None:
    with pytest.raises(ResourceError, match="disk is full"):
        build_corpus([TinySource(spectra)], tiny_disk / "out", SMALL)
    assert not (tiny_disk / "out").exists()


def test_a_disk_that_fills_while_writing_shards_is_an_error_of_ours(tiny_disk: Path, spectra: list[Spectrum]) -> None:
    small = SMALL.model_copy(update={"rows_per_shard": 16})

    def progress(phase: str, done: int, total: int | None) -> None:
        if phase == "writing":
            _fill(tiny_disk)

    with pytest.raises(ResourceError, match="disk is full"):
        build_corpus([TinySource(spectra[:80])], tiny_disk / "out", small, progress=progress)
    assert not (tiny_disk / "out").exists()

    (tiny_disk / "filler").unlink()
    assert sum(build_corpus([TinySource(spectra[:80])], tiny_disk / "out", small).num_spectra.values()) == 80


def test_a_disk_too_small_is_refused_before_reading(tiny_disk: Path) -> None:
    class Unread(TinySource):
        def read(self, part: Part) -> Iterator[Spectrum | Reject]:
            raise AssertionError("read")

    with pytest.raises(ResourceError, match="needs about"):
        build_corpus([Unread(config={"num_spectra": 10_000})], tiny_disk / "out", SMALL)
