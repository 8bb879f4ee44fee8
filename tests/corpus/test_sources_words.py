from __future__ import annotations

from pathlib import Path

import pytest

from spektron.core.errors import ConfigError
from spektron.corpus.sources import Bundled, Simulated, Table, open_source


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
    ],
)
def test_other_words_are_an_error_that_names_the_remedy(word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_source(word)
    assert caught.value.hint
