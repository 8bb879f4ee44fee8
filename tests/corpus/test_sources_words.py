from __future__ import annotations

from pathlib import Path

import pytest

from spektron.core.errors import ConfigError
from spektron.corpus import sources
from spektron.corpus.sources import Bundled, Simulated, Table, open_source
from spektron.corpus.sources.chembl import Chembl
from spektron.corpus.sources.words import SOURCES, as_word
from tests.corpus.files_computed import write_chembl


def test_words_name_sources(tmp_path: Path) -> None:
    folder = tmp_path / "with, comma=and:colon"
    folder.mkdir()
    (folder / "a.parquet").write_bytes(b"")
    assert open_source("bundled") == Bundled()
    assert open_source("simulated:20000") == Simulated(num_spectra=20000)
    assert open_source("simulated:20_000, seed=1") == Simulated(num_spectra=20000, seed=1)
    assert open_source("simulated:9,modalities=ir+raman,seed=2") == Simulated(
        num_spectra=9, seed=2, modalities=("IR", "RAMAN")
    )
    assert open_source(f"table:{folder}") == Table(folder=folder)
    write_chembl(folder)
    assert open_source(f"chembl:{folder},hwhm_cm1=4,stop_cm1=3500") == Chembl(
        folder=folder, hwhm_cm1=4.0, stop_cm1=3500.0
    )


def test_every_source_has_a_word() -> None:
    package = Path(sources.__file__).parent
    modules = {path.stem for path in package.glob("*.py") if not path.stem.startswith("_")} - {"base", "words"}
    assert {module for module, _, _ in SOURCES.values()} == modules


@pytest.mark.parametrize(
    "word",
    [
        "",
        "bundle",
        "bundled:3",
        "simulated",
        "simulated:",
        "simulated:many",
        "simulated:0",
        "simulated:1.5",
        "simulated:5,seed",
        "simulated:5,seed=-1",
        "simulated:5,seed=1,seed=2",
        "simulated:5,sed=1",
        "simulated:5,modalities=UV",
        "table",
        "table:",
        "table:/no/such/folder",
        "chembl:/no/such/folder",
        "chembl:/tmp,hwhm=4",
        "chembl:/tmp,folder=/usr",
    ],
)
def test_other_words_are_an_error_that_names_the_remedy(word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_source(word)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("word", "told", "hint"),
    [
        ("simulated:5,sed=1", "expected a setting that there is, found sed=1", "did you mean seed?"),
        ("simulated:5,seed=1,seed=2", "expected each setting once", "join several"),
    ],
)
def test_an_unknown_setting_is_told_from_a_repeated_one(word: str, told: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_source(word)
    assert told in caught.value.message
    assert hint in caught.value.hint


def test_a_description_gives_the_word_back(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    for word in ("bundled", "simulated:9,seed=2,modalities=IR+RAMAN", f"csv:{tmp_path},modality=NIR"):
        assert as_word(open_source(word).describe()).replace("FOLDER", str(tmp_path)) == word
    assert as_word({"name": "one of a library's user", "config": {}}) == ""
