"""The published file is not at hand: one of its layout and size stands for it, and what differs is refused."""

from __future__ import annotations

import numpy as np
import pytest

from spektron.core.errors import ConfigError
from spektron.datasets import load_raman_api

NAME = "raman_spectra_api_compounds.csv"


def write(folder, rows=3510, compounds=32, last=3425, row=None):
    heading = ",".join([*(f"{position}.0" for position in range(150, last + 1)), "label"])
    line = ",".join(["1"] * (last - 149)) if row is None else row
    text = "\n".join([heading, *(f"{line},compound {number % compounds}" for number in range(rows))])
    (folder / NAME).write_text(text)


def test_a_file_of_the_published_layout_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEKTRON_DATA", str(tmp_path))
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep")
    found = load_raman_api()
    assert found.spectra.shape == (3510, 3276)
    assert found.wavenumber_cm1[[0, -1]].tolist() == [150.0, 3425.0]
    assert found.labels[33] == "compound 1"
    assert found.spectra.dtype == np.float64


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rows": 40}, "found 40 of 32 at 3276 positions"),
        ({"rows": 320, "compounds": 31}, "found 320 of 31"),
        ({"rows": 64, "last": 3424}, "found 64 of 32 at 3275 positions"),
        ({"rows": 3, "row": "1,2"}, "expected a table with a column for each Raman shift"),
        ({"rows": 2, "row": ",".join(["nan"] * 3276)}, "expected finite intensities"),
        ({"rows": 2, "row": ",".join(["x"] * 3276)}, "expected a table with a column for each Raman shift"),
    ],
)
def test_another_file_is_refused(tmp_path, monkeypatch, changed, message):
    monkeypatch.setenv("SPEKTRON_DATA", str(tmp_path))
    write(tmp_path, **changed)
    with pytest.raises(ConfigError, match=message):
        load_raman_api()


@pytest.mark.parametrize("content", [b"", b"\0\1\2", b"150.0,label\n"])
def test_a_damaged_file_is_refused(tmp_path, monkeypatch, content):
    monkeypatch.setenv("SPEKTRON_DATA", str(tmp_path))
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(ConfigError, match=NAME):
        load_raman_api()


def test_where_it_is_not_it_says_where_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEKTRON_DATA", str(tmp_path))
    with pytest.raises(ConfigError, match=r"download it from https://springernature.figshare.com"):
        load_raman_api()
    monkeypatch.delenv("SPEKTRON_DATA")
    with pytest.raises(ConfigError, match="SPEKTRON_DATA not set"):
        load_raman_api()
