"""What is known of instruments, from the corpus's texts to the arrays of every batch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from spektron.corpus import BuildConfig, Corpus, build_corpus, schema
from spektron.corpus.streaming.reading import collect, read_slices, split_slices
from spektron.spectra import MODALITIES, read_instrument
from spektron.spectra.spectrum import Spectrum, SpectrumBatch
from tests.corpus.conftest import TinySource, make_spectrum

# What row i says of its instrument, and what that is: codes of type, technique and detector, and the resolution.
SAID: list[tuple[str, dict[str, str], str]] = [
    ("", {}, "IR"),
    ("Bruker Tensor 37 FTIR", {"technique": "ATR", "detector": "MCT", "resolution_cm1": "4"}, "IR"),
    ("Horiba_MacroRAM_785", {"laser_nm": "785", "title": "one of many"}, "RAMAN"),
    ("VERTEX 70", {"detector": "RT-DLaTGS", "resolution_cm1": "0.5"}, "NIR"),
    ("a thing of our own", {"accessory": "its holder"}, "NIR"),
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    def spectrum(i: int) -> Spectrum:
        instrument, metadata, modality = SAID[i % len(SAID)]
        kind = "computed" if i % 2 else "experimental"
        return make_spectrum(i, instrument=instrument, metadata=metadata, modality=modality, kind=kind)

    folder: Path = tmp_path_factory.mktemp("told") / "corpus"
    build_corpus([TinySource([spectrum(i) for i in range(200)])], folder, BuildConfig(name="told", rows_per_group=32))
    return Corpus.open(folder)


def agrees(batch: SpectrumBatch) -> None:
    """Each row names itself by its first intensity."""
    for row, number in enumerate(batch.intensity[:, 0].astype(int).tolist()):
        instrument, metadata, modality = SAID[number % len(SAID)]
        codes, resolution_cm1 = read_instrument(instrument, metadata, modality)
        assert batch.modality[row] == MODALITIES.index(modality)
        np.testing.assert_array_equal(batch.instrument[row], codes)
        np.testing.assert_array_equal(batch.resolution_cm1[row], np.float32(resolution_cm1))


def test_known_by_hand() -> None:
    found = [(codes.tolist(), number) for codes, number in (read_instrument(*said) for said in SAID)]
    assert [codes for codes, _ in found] == [[0, 0, 0], [2, 2, 3], [9, 0, 0], [4, 0, 2], [1, 1, 0]]
    assert [number for _, number in found if number == number] == [4.0, 0.5]


def batches(told: Corpus, how: str) -> Iterator[SpectrumBatch]:
    if how == "read":
        return iter([told.read("train", instruments=True), told.read("train", 40, instruments=True)])
    mix = {"computed": 0.5, "experimental": 0.5} if how == "mixed" else None
    return islice(told.stream(num_spectra=None, batch_size=24, seed=1, mix=mix, instruments=True), 12)


@pytest.mark.parametrize("how", ["read", "streamed", "mixed"])
def test_every_row_keeps_its_instrument(told: Corpus, how: str) -> None:
    for batch in batches(told, how):
        agrees(batch)


def test_windows_of_a_stream_keep_them_too(told: Corpus) -> None:
    from spektron.corpus.streaming.order import StreamOrder
    from spektron.corpus.streaming.stream import shuffled_batches, slices_from

    order = StreamOrder(num_rows=told.num_spectra(), batch_size=16, seed=0, rank=0, world_size=1)
    slices = split_slices(told.folder, told.manifest, "train", order.num_rows)
    columns = [*schema.BATCH_COLUMNS, *schema.INSTRUMENT_COLUMNS]
    tables = read_slices(list(islice(slices_from(slices, order, 0), 40)), columns)
    for batch in islice(shuffled_batches(tables, order, 0), 20):
        agrees(batch)


@pytest.mark.parametrize("first", [False, True])
def test_unasked_nothing_is_stated_whoever_asked_before(told: Corpus, first: bool) -> None:
    for instruments in (first, not first, first):
        batch = next(told.stream(num_spectra=None, batch_size=64, seed=0, instruments=instruments))
        assert bool(batch.instrument.any()) == instruments
        assert bool(np.isfinite(batch.resolution_cm1).any()) == instruments


def test_a_text_is_read_once_however_many_rows_have_it(told: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = schema.terms_of_instrument
    monkeypatch.setattr(schema, "terms_of_instrument", lambda text: (asked.append(text), real(text))[1])
    slices = split_slices(told.folder, told.manifest, "train", 64)
    columns = [*schema.BATCH_COLUMNS, *schema.INSTRUMENT_COLUMNS]
    assert len(collect(read_slices(slices, columns), 64)) == 64
    assert len(asked) <= 2 * len(SAID)  # two row groups, each with a dictionary of its own


def test_arrays_alone_state_nothing_and_rows_take_theirs_along() -> None:
    plain = SpectrumBatch(
        intensity=np.zeros((3, 2048), np.float32),
        wavenumber_start_cm1=np.zeros(3, np.float32),
        wavenumber_stop_cm1=np.ones(3, np.float32),
        modality=np.zeros(3, np.int64),
    )
    assert (plain.instrument.shape, plain.instrument.dtype) == ((3, 3), np.int64)
    assert not plain.instrument.any()
    assert np.isnan(plain.resolution_cm1).all()
    assert plain.resolution_cm1.dtype == np.float32
    plain.instrument[2] = 5
    plain.resolution_cm1[2] = 8.0
    taken = plain.take(np.array([2, 0]))
    assert taken.instrument.tolist() == [[5, 5, 5], [0, 0, 0]]
    np.testing.assert_array_equal(taken.resolution_cm1, np.array([8.0, np.nan], np.float32))


def test_no_rows_are_no_problem(told: Corpus) -> None:
    columns = [*schema.BATCH_COLUMNS, *schema.INSTRUMENT_COLUMNS]
    (table,) = read_slices(split_slices(told.folder, told.manifest, "train", 8), columns)
    empty = pa.RecordBatch.from_arrays([table[name].combine_chunks().slice(0, 0) for name in columns], columns)
    assert schema.decode(empty).instrument.shape == (0, 3)
