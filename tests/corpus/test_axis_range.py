"""Which axes a model is said to know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus import axis_range as module
from spektron.corpus.axis_range import shared_range, training_axis_cm1
from spektron.corpus.sources.simulated import Simulated


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    out = tmp_path_factory.mktemp("corpora") / "simulated"
    build_corpus([Simulated(num_spectra=120)], out, BuildConfig(name="simulated", rows_per_group=32))
    return Corpus.open(out)


@pytest.mark.parametrize("num", [4, 50, 399, 1000])
def test_one_odd_spectrum_opens_nothing(num: int) -> None:
    starts, stops = np.full(num, 400.0), np.full(num, 4000.0)
    starts[0], stops[-1] = 1.0, 99_999.0
    assert shared_range(starts, stops) == (400.0, 4000.0)


def test_what_half_a_per_cent_reach_is_known() -> None:
    starts, stops = np.full(1000, 400.0), np.full(1000, 4000.0)
    starts[:4], stops[:5] = 50.0, 7800.0
    assert shared_range(starts, stops) == (400.0, 7800.0)


def test_of_one_to_three_spectra_none_is_odd() -> None:
    assert shared_range(np.array([400.0]), np.array([4000.0])) == (400.0, 4000.0)
    assert shared_range(np.array([400.0, 1000.0, 600.0]), np.array([900.0, 4000.0, 3000.0])) == (400.0, 4000.0)


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(1, 1e4)), min_size=1, max_size=30))
def test_a_range_ascends_and_lies_within_all_of_them(axes: list[tuple[float, float]]) -> None:
    starts = np.array([start for start, _ in axes])
    stops = starts + np.array([width for _, width in axes])
    low, high = shared_range(starts, stops)
    assert starts.min() <= low < high <= stops.max()


def test_ranges_of_a_corpus_are_those_of_the_spectra_read(corpus: Corpus) -> None:
    batch = corpus.read("train")
    found = training_axis_cm1(corpus)
    assert set(found) == {"IR", "RAMAN", "NIR"}
    for number, name in enumerate(("IR", "RAMAN", "NIR")):
        rows = batch.modality == number
        expected = shared_range(batch.wavenumber_start_cm1[rows], batch.wavenumber_stop_cm1[rows])
        assert found[name] == pytest.approx(expected, rel=1e-6)


def test_only_the_spectra_of_the_run_count_and_no_intensity_is_read(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    read = module.read_slices

    def watched(slices: list[module.RowSlice], columns: list[str]) -> object:
        asked.append((str(module_rows(slices)), *columns))
        return read(slices, columns)

    def module_rows(slices: list[module.RowSlice]) -> int:
        return sum(map(len, slices))

    monkeypatch.setattr(module, "read_slices", watched)
    training_axis_cm1(corpus, num_spectra=40)
    training_axis_cm1(corpus, num_spectra=40, mix={"simulated": 1.0})
    assert asked == [("40", "modality", "wavenumber_start_cm1", "wavenumber_stop_cm1")] * 2


def test_a_modality_that_the_run_never_saw_has_no_range(corpus: Corpus) -> None:
    first = corpus.read("train", 1)
    assert list(training_axis_cm1(corpus, num_spectra=1)) == [("IR", "RAMAN", "NIR")[int(first.modality[0])]]


def test_a_shard_that_is_gone_is_named(corpus: Corpus, tmp_path: Path) -> None:
    from spektron.core.errors import CorpusError

    moved = Corpus(folder=type(corpus.folder).at(tmp_path), manifest=corpus.manifest)
    with pytest.raises(CorpusError, match=r"train-00000\.parquet"):
        training_axis_cm1(moved)
