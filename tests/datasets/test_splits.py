from __future__ import annotations

import json

import numpy as np
import pytest

from spektron.core.errors import ConfigError
from spektron.datasets import Split, published_splits, refuse_overlap


def split(calibration=(0, 1, 2), test=(3, 4), **standards):
    as_rows = {name: np.array(rows) for name, rows in standards.items()}
    return Split(repeat=0, calibration=np.array(calibration), test=np.array(test), standards=as_rows)


def test_published_splits_of_corn_are_what_the_file_holds(shared_data, monkeypatch):
    monkeypatch.setenv("SPEKTRON_DATA", str(shared_data))
    splits = published_splits("corn")
    assert [one.repeat for one in splits] == list(range(10))
    for one in splits:
        assert (len(one.calibration), len(one.test)) == (60, 20)
        assert sorted([*one.calibration, *one.test]) == list(range(80))
        assert set(one.standards) == {"m5", "mp5", "mp6"}
    assert splits[0].standards_of("m5", 5).tolist() == [54, 74, 4, 49, 11]


def test_first_standards_only_as_many_as_there_are():
    one = split(m5=[2, 0])
    assert one.standards_of("m5", 1).tolist() == [2]
    with pytest.raises(ConfigError, match="1 to 2 standards of m5, found 3"):
        one.standards_of("m5", 3)
    with pytest.raises(ConfigError, match="one of m5 as parent, found 'mp5'"):
        one.standards_of("mp5", 1)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"calibration": (0, 1, 3)}, "no calibration sample among the test samples, found 1: 3"),
        ({"calibration": (0, 0)}, "calibration: expected each row once"),
        ({"m5": [1, 1]}, "m5: expected each row once"),
        ({"m5": [1, 4]}, "no standard among the test samples, found 1: 4"),
        ({"m5": [1, 7]}, "standards of m5 among its calibration rows, found 7 elsewhere"),
    ],
)
def test_a_split_that_leaks_is_refused(rows, message):
    with pytest.raises(ConfigError, match=message):
        split(**rows)


def test_overlap_is_refused_by_name():
    refuse_overlap(["a", "b"], ["c"])
    with pytest.raises(ConfigError, match=r"found 7: a0, a1, a2, a3, a4 and 2 more"):
        refuse_overlap([f"a{n}" for n in range(9)], [f"a{n}" for n in range(7)])


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"splits": 3}', '{"splits": [{"repeat": 0}]}', '{"splits": [{"repeat": 0, "calibration": "x"}]}'],
)
def test_a_damaged_file_of_splits_is_named(tmp_path, monkeypatch, text):
    monkeypatch.setenv("SPEKTRON_DATA", str(tmp_path))
    (tmp_path / "corn_splits.json").write_text(text)
    with pytest.raises(ConfigError, match=r"corn_splits.json: expected splits"):
        published_splits("corn")


def test_a_file_whose_standards_are_test_samples_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEKTRON_DATA", str(tmp_path))
    held = {"splits": [{"repeat": 0, "calibration": [0, 1], "test": [2], "standards": {"m5": [2]}}]}
    (tmp_path / "corn_splits.json").write_text(json.dumps(held))
    with pytest.raises(ConfigError, match="no standard among the test samples"):
        published_splits("corn")


def test_where_there_are_none_it_says_how_to_draw_some(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="draw_splits"):
        published_splits("tablets")
    monkeypatch.setenv("SPEKTRON_DATA", str(tmp_path))
    with pytest.raises(ConfigError, match=r"corn_splits\.json below SPEKTRON_DATA, found none"):
        published_splits("corn")
    monkeypatch.delenv("SPEKTRON_DATA")
    with pytest.raises(ConfigError, match="SPEKTRON_DATA not set"):
        published_splits("corn")
