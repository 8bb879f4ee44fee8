"""Duplicates and splits, judged over whole builds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from spektron.corpus import BuildConfig, Corpus, build_corpus, verify_corpus
from spektron.corpus.manifest import REPORT_NAME
from spektron.corpus.neighbours.near import near_duplicates
from spektron.corpus.schema import SPLITS, intensity_matrix
from spektron.corpus.sources.base import Reject
from spektron.spectra import NUM_POINTS, AxisUnit, Spectrum, spectrum_from_xy
from spektron.spectra.spectrum import SpectrumBatch
from tests.corpus.conftest import TinySource

AXIS = np.linspace(500.0, 4000.0, NUM_POINTS)
# Half of everything is held out, so that twins that could be parted would be.
HALVES = BuildConfig(name="halves", validation_fraction=0.25, test_fraction=0.25)


def spectrum(number: int, source: str, compound: str | None = None, **changes: Any) -> Spectrum:
    """Bands of spectrum `number`: the same for every source, name and scale."""
    rng = np.random.default_rng(number)
    centres, heights = rng.uniform(600.0, 3900.0, (2, 25))
    curve = (heights[:, None] / (1.0 + ((AXIS - centres[:, None]) / 25.0) ** 2)).sum(axis=0)
    values: dict[str, Any] = {
        "spectrum_id": f"{source}/{number}",
        "source": source,
        "compound_id": compound or f"{source}/{number}",
        "modality": "IR",
        "instrument": "",
        "wavenumber_start_cm1": 500.0,
        "wavenumber_stop_cm1": 4000.0,
        "intensity": curve.astype(np.float32),
    }
    return Spectrum(**(values | changes))


def copy_of(number: int, source: str, compound: str | None = None) -> Spectrum:
    """The same spectrum on a coarser, shorter axis, in percent, rounded: what another library publishes of it."""
    original = spectrum(number, source)
    coarse = np.arange(652.0, 3900.0, 4.0)
    rounded = np.round(100.0 * np.interp(coarse, AXIS, original.intensity), 2)
    return spectrum_from_xy(
        coarse,
        rounded,
        unit=AxisUnit.CM1,
        modality="IR",
        spectrum_id=original.spectrum_id,
        source=source,
        compound_id=compound or original.compound_id,
    )


def build(tmp_path: Path, *sources: list[Spectrum | Reject], config: BuildConfig = HALVES) -> Corpus:
    named = [TinySource(items, name=f"source-{place}") for place, items in enumerate(sources)]
    build_corpus(named, tmp_path / "corpus", config)
    return Corpus.open(tmp_path / "corpus")


def rows(corpus: Corpus) -> dict[str, list[dict[str, Any]]]:
    columns = ["spectrum_id", "compound_id", "split_group", "source"]
    return {
        split: [
            row
            for shard in corpus.manifest.shards
            if shard.split == split
            for row in pq.read_table(corpus.folder.path / shard.file, columns=columns).to_pylist()
        ]
        for split in SPLITS
    }


def test_a_spectrum_of_two_sources_is_kept_once_from_the_earlier(tmp_path: Path) -> None:
    mine: list[Spectrum | Reject] = [spectrum(i, "mine") for i in range(40)]
    theirs: list[Spectrum | Reject] = [copy_of(i, "theirs") for i in range(30, 50)]
    corpus = build(tmp_path, mine, theirs)

    assert corpus.manifest.duplicates == {"theirs": {"near-duplicate": 10}}
    assert corpus.manifest.records["theirs"] == {"read": 20, "kept": 10, "duplicate": 10, "rejected": 0}
    named = {row["spectrum_id"]: row["detail"] for row in pq.read_table(corpus.folder.path / REPORT_NAME).to_pylist()}
    assert named == {f"theirs/{i}": f"the same as mine/{i}" for i in range(30, 40)}


def test_no_compound_and_no_near_duplicate_spans_two_splits(tmp_path: Path) -> None:
    # Within one source all are kept: measurements repeated under other compounds' names, and pairs of one compound.
    items: list[Spectrum | Reject] = [spectrum(i, "one") for i in range(120)]
    items += [copy_of(i, "one", compound=f"one/other-{i}") for i in range(0, 120, 2)]
    items += [spectrum(1000 + i, "one", compound=f"one/{i}") for i in range(0, 120, 3)]
    corpus = build(tmp_path, items)
    assert sum(corpus.manifest.num_spectra.values()) == len(items)
    assert min(corpus.manifest.num_spectra.values()) > 20, "every split holds a good part"

    found = rows(corpus)
    for name in ("compound_id", "split_group"):
        of_split = [{row[name] for row in found[split]} for split in SPLITS]
        assert sum(map(len, of_split)) == len(set.union(*of_split)), name
    batches = {split: corpus.read(split) for split in SPLITS}
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        assert not _any_twins(batches[one], batches[other])
    twins = sum(_num_twins(batch) for batch in batches.values())
    assert twins >= 60, "the twins are there, on one side each"
    assert verify_corpus(corpus.folder).ok


def _num_twins(batch: SpectrumBatch) -> int:
    first, second = np.triu_indices(len(batch), k=1)
    return int(near_duplicates(batch.take(first), batch.take(second)).sum())


def _any_twins(one: SpectrumBatch, other: SpectrumBatch) -> bool:
    first, second = (grid.ravel() for grid in np.meshgrid(np.arange(len(one)), np.arange(len(other))))
    return bool(near_duplicates(one.take(first), other.take(second)).any())


def test_what_a_duplicate_was_called_stays_on_its_side(tmp_path: Path) -> None:
    # The copy is dropped, but the other spectra of its compound are of the original's compound too.
    mine: list[Spectrum | Reject] = [spectrum(i, "mine") for i in range(60)]
    theirs: list[Spectrum | Reject] = [copy_of(i, "theirs", compound=f"theirs/c{i}") for i in range(60)]
    theirs += [spectrum(500 + i, "theirs", compound=f"theirs/c{i}") for i in range(60)]
    corpus = build(tmp_path, mine, theirs)

    assert corpus.manifest.duplicates == {"theirs": {"near-duplicate": 60}}
    split_of = {row["spectrum_id"]: split for split, found in rows(corpus).items() for row in found}
    assert all(split_of[f"mine/{i}"] == split_of[f"theirs/{500 + i}"] for i in range(60))
    assert len(set(split_of.values())) == 3


@pytest.mark.parametrize("method", ["dynamics", ""])
def test_one_calculation_in_two_sources_is_kept_once(tmp_path: Path, method: str) -> None:
    # Other numbers for the same compound and method: the same authors' earlier run.
    metadata = {"method": method} if method else {}
    changes: dict[str, Any] = {"kind": "computed", "metadata": metadata}
    mine: list[Spectrum | Reject] = [spectrum(i, "mine", f"inchikey/{i}", **changes) for i in range(10)]
    theirs: list[Spectrum | Reject] = [spectrum(100 + i, "theirs", f"inchikey/{i}", **changes) for i in range(5, 15)]
    corpus = build(tmp_path, mine, theirs)
    assert corpus.manifest.duplicates == ({"theirs": {"same-calculation": 5}} if method else {})


def test_the_account_is_complete(tmp_path: Path) -> None:
    reject = Reject(source="mine", sample_id="file", reason="no-axis", detail="expected an axis, found none")
    items: list[Spectrum | Reject] = [spectrum(i, "mine") for i in range(10)]
    items += [reject, spectrum(0, "mine", spectrum_id="mine/again"), spectrum(50, "mine", modality="UV")]
    corpus = build(tmp_path, items)
    assert corpus.manifest.records == {"mine": {"read": 13, "kept": 10, "duplicate": 1, "rejected": 2}}
    card = (corpus.folder.path / "card.md").read_text()
    assert "| **all** | 13 | 10 | 1 | 2 |" in card
    assert "duplicate-content" in card
    assert "no-axis" in card
    assert (corpus.folder.path / "card.png").read_bytes().startswith(b"\x89PNG")


def test_what_was_mended_is_told_of_what_is_kept(tmp_path: Path) -> None:
    mended = {"repairs": ("id-from-row",)}
    items: list[Spectrum | Reject] = [spectrum(0, "mine", **mended), spectrum(1, "mine", **mended)]
    items += [spectrum(0, "mine", spectrum_id="mine/again", **mended)]
    corpus = build(tmp_path, items)
    assert corpus.manifest.repairs == {"id-from-row": 2}
    told = [(row["spectrum_id"], row["outcome"]) for row in pq.read_table(corpus.folder.path / REPORT_NAME).to_pylist()]
    assert sorted(told) == [("mine/0", "mended"), ("mine/1", "mended"), ("mine/again", "duplicate")]


def test_rows_are_decoded_from_the_shards_themselves(tmp_path: Path) -> None:
    corpus = build(tmp_path, [spectrum(i, "mine") for i in range(30)])
    for shard in corpus.manifest.shards:
        table = pq.read_table(corpus.folder.path / shard.file)
        for name, row in zip(table["spectrum_id"].to_pylist(), intensity_matrix(table["intensity"].chunk(0))):
            assert np.array_equal(row, spectrum(int(name.rpartition("/")[2]), "mine").intensity)


def groups(corpus: Corpus) -> dict[str, tuple[str, str]]:
    """Spectrum → its split group and split."""
    return {row["spectrum_id"]: (row["split_group"], split) for split, held in rows(corpus).items() for row in held}


def test_records_that_know_different_names_of_a_compound_are_on_one_side(tmp_path: Path) -> None:
    mine: list[Spectrum | Reject] = [spectrum(i, "mine", f"cas/{i}") for i in range(30)]
    other: list[Spectrum | Reject] = [
        spectrum(100 + i, "other", f"inchikey/{i}", aliases=(f"cas/{i}", f"rruffid/{i}")) for i in range(30)
    ]
    third: list[Spectrum | Reject] = [
        spectrum(200 + i, "third", f"own/{i}", aliases=(f"rruffid/{i}",)) for i in range(30)
    ]
    found = groups(build(tmp_path, mine, other, third))
    assert len(found) == 90
    for i in range(30):
        assert found[f"mine/{i}"] == found[f"other/{100 + i}"] == found[f"third/{200 + i}"]
        assert found[f"mine/{i}"][0] == f"cas/{i}"
    assert len({split for _, split in found.values()}) == 3


def test_a_source_added_at_the_end_moves_nothing(tmp_path: Path) -> None:
    mine: list[Spectrum | Reject] = [spectrum(i, "mine") for i in range(40)]
    # Compounds that come before the others in the alphabet: the copies are dropped, two scans of each are new.
    other: list[Spectrum | Reject] = [copy_of(i, "a-copy") for i in range(40)]
    other += [spectrum(100 + i, "a-copy", f"a-copy/{i}") for i in range(40)]
    before, after = build(tmp_path / "alone", mine), build(tmp_path / "both", mine, other)
    assert after.manifest.duplicates
    alone, both = groups(before), groups(after)
    assert {name: both[name] for name in alone} == alone
    assert all(both[f"a-copy/{100 + i}"] == both[f"mine/{i}"] for i in range(40))


def test_equal_spectra_under_two_compounds_join_all_that_is_known_of_both(tmp_path: Path) -> None:
    """The copy itself is dropped, but what else is called as it was may not be held out against the original."""
    mine: list[Spectrum | Reject] = [spectrum(i, "mine") for i in range(30)]
    other: list[Spectrum | Reject] = []
    for i in range(30):
        other += [spectrum(i, "other"), spectrum(100 + i, "other", f"other/{i}")]
    found = groups(build(tmp_path, mine, other))
    assert len(found) == 60
    assert all(found[f"mine/{i}"] == found[f"other/{100 + i}"] for i in range(30))


CALCULATED: dict[str, Any] = {"kind": "computed", "metadata": {"method": "dynamics"}}


@pytest.mark.parametrize(
    ("changes", "num_dropped"),
    [({}, 1), ({"modality": "RAMAN"}, 0), ({"kind": "experimental"}, 0), ({"metadata": {"method": "static"}}, 0)],
)
def test_what_makes_a_calculation_the_same(tmp_path: Path, changes: dict[str, Any], num_dropped: int) -> None:
    mine: list[Spectrum | Reject] = [spectrum(1, "mine", "inchikey/1", **(CALCULATED | changes))]
    theirs: list[Spectrum | Reject] = [spectrum(i, "theirs", f"inchikey/{i}", **CALCULATED) for i in (1, 2, 3)]
    theirs[0] = spectrum(11, "theirs", "inchikey/1", **CALCULATED)
    corpus = build(tmp_path, mine, theirs)
    assert corpus.manifest.records["theirs"]["kept"] == 3 - num_dropped
    assert corpus.manifest.records["theirs"]["duplicate"] == num_dropped


def test_of_several_calculations_as_many_are_dropped_as_the_earlier_source_holds(tmp_path: Path) -> None:
    """Conformers: what one source holds several times is several calculations."""
    mine: list[Spectrum | Reject] = [spectrum(i, "mine", "inchikey/1", **CALCULATED) for i in range(2)]
    theirs: list[Spectrum | Reject] = [spectrum(10 + i, "theirs", "inchikey/1", **CALCULATED) for i in range(5)]
    corpus = build(tmp_path, mine, theirs)
    assert corpus.manifest.records["mine"]["kept"] == 2
    assert corpus.manifest.duplicates == {"theirs": {"same-calculation": 2}}
    named = {row["spectrum_id"]: row["detail"] for row in pq.read_table(corpus.folder.path / REPORT_NAME).to_pylist()}
    assert named == {f"theirs/{10 + i}": f"the same as mine/{i}" for i in range(2)}


def test_two_sets_of_one_source_are_not_judged_against_each_other(tmp_path: Path) -> None:
    """A publisher who lists a measurement in two sets means both: they stay, on one side of the split."""
    items: list[Spectrum | Reject] = [replace(spectrum(i, "mine"), source="mine/one") for i in range(10)]
    items += [replace(copy_of(i, "mine", compound=f"mine/again-{i}"), source="mine/two") for i in range(10)]
    corpus = build(tmp_path, items)
    assert not corpus.manifest.duplicates
    assert sum(corpus.manifest.num_spectra.values()) == 20


def test_nothing_is_dropped_for_its_likeness_to_what_is_not_there(tmp_path: Path) -> None:
    """The second is a copy of the first and the third of the second only: with the second gone, the third is kept."""
    first = spectrum(1, "first")
    direction = spectrum(2, "first").intensity - spectrum(2, "first").intensity.mean()
    centred = first.intensity - first.intensity.mean()
    direction -= centred * (direction @ centred) / (centred @ centred)
    step = 0.008 * direction * np.linalg.norm(centred) / np.linalg.norm(direction)
    chain = [
        spectrum(1, name, intensity=(first.intensity + place * step).astype(np.float32))
        for place, name in enumerate(("first", "second", "third"))
    ]
    corpus = build(tmp_path, *([item] for item in chain))
    assert corpus.manifest.duplicates == {"second": {"near-duplicate": 1}}
    assert corpus.manifest.records["third"]["kept"] == 1
