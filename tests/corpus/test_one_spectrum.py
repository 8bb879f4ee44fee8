"""Single spectra: a row of a corpus, a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spektron.core.errors import ConfigError
from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus.one_file import read_file
from spektron.corpus.one_spectrum import read_spectrum
from spektron.corpus.sources import open_source, read_all
from spektron.corpus.sources.base import Reject
from spektron.corpus.sources.simulated import Simulated
from spektron.spectra import Spectrum
from spektron.spectra.spectrum import SpectrumBatch


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    out = tmp_path_factory.mktemp("corpora") / "simulated"
    build_corpus([Simulated(num_spectra=60)], out, BuildConfig(name="simulated", rows_per_group=16, rows_per_shard=32))
    return Corpus.open(out)


@pytest.mark.parametrize("row", [0, 15, 16, 33])
def test_a_row_is_that_of_the_whole_split(corpus: Corpus, row: int) -> None:
    found = read_spectrum(corpus, "train", row)
    expected, one = corpus.read("train").take(slice(row, row + 1)), SpectrumBatch.of([found])
    for name in ("intensity", "wavenumber_start_cm1", "wavenumber_stop_cm1", "modality"):
        np.testing.assert_array_equal(getattr(one, name), getattr(expected, name))
    published = {item.spectrum_id: item for item in read_all(Simulated(num_spectra=60)) if isinstance(item, Spectrum)}
    assert found.metadata == dict(published[found.spectrum_id].metadata)
    assert found.intensity_unit == published[found.spectrum_id].intensity_unit


def test_a_row_that_is_not_there_is_told(corpus: Corpus) -> None:
    num = corpus.num_spectra("validation")
    for row in (-1, num):
        with pytest.raises(
            ConfigError, match=f"of the validation split of 'simulated', from 0 to {num - 1}, found {row}"
        ):
            read_spectrum(corpus, "validation", row)


def text_table(path: Path) -> Path:
    path.write_text("\n".join(f"{400 + 2 * k},{k * 7 % 11}" for k in range(200)))
    return path


def test_a_file_is_read_as_its_source_reads_it(tmp_path: Path) -> None:
    text_table(tmp_path / "a.csv")
    text_table(tmp_path / "b.csv").write_text("not a table")
    (found,) = read_file(tmp_path / "a.csv", {"modality": "IR", "x_unit": "cm-1"})
    expected = next(read_all(open_source(f"csv:{tmp_path},modality=IR,x_unit=cm-1")))
    assert isinstance(found, Spectrum)
    assert isinstance(expected, Spectrum)
    np.testing.assert_array_equal(found.intensity, expected.intensity)
    assert found.spectrum_id == expected.spectrum_id == "csv/a"
    (refused,) = read_file(tmp_path / "b.csv", {"modality": "IR"})
    assert isinstance(refused, Reject)


def test_what_is_stated_for_other_files_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.jdx").write_text("##TITLE=none\n##END=\n")
    (refused,) = read_file(tmp_path / "a.jdx", {"modality": "IR", "x_unit": "cm-1"})
    assert isinstance(refused, Reject)
    assert refused.reason == "no-spectrum"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = text_table(tmp_path / "a.csv")
    for words, told in (
        ((tmp_path / "none.csv",), "found nothing"),
        ((tmp_path,), "found a folder"),
        ((Path(__file__),), "expected a file of a known ending"),
        ((path, {"modality": "UV"}), "modality: Input should be"),
        ((path, {"x_unit": "furlong"}), "x_unit"),
    ):
        with pytest.raises(ConfigError, match=told):
            list(read_file(*words))


def test_real_files_give_what_their_folder_gives(shared_data: Path) -> None:
    folder = shared_data / "raw" / "jcamp"
    paths = sorted(folder.glob("*.jdx"))[:4]
    found = [item for path in paths for item in read_file(path)]
    expected = {
        item.spectrum_id: item for item in read_all(open_source(f"jcamp:{folder}")) if isinstance(item, Spectrum)
    }
    assert len(found) >= 4
    for item in found:
        assert isinstance(item, Spectrum)
        np.testing.assert_array_equal(item.intensity, expected[item.spectrum_id].intensity)
