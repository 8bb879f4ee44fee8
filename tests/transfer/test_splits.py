from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spektron.core.errors import ConfigError
from spektron.datasets import InstrumentSet, load_corn, load_tablets, published_splits
from spektron.datasets.tablets import SPARED
from spektron.transfer import CorrectedPLS, MeanShift
from spektron.transfer.protocol import transfer_tasks
from spektron.transfer.selection import SPXY, DOptimal, KennardStone, Random
from spektron.transfer.splits import draw_splits


@pytest.fixture
def data(shared_data, monkeypatch):
    monkeypatch.setenv("SPEKTRON_DATA", str(shared_data))


def small(num=12):
    rng = np.random.default_rng(0)
    return InstrumentSet(
        name="small",
        wavelength_nm=np.arange(5.0) + 1000,
        spectra={"a": rng.normal(size=(num, 5)), "b": rng.normal(size=(num, 5))},
        reference={"y": rng.normal(size=num)},
        units={"y": ""},
        citation="",
        licence="",
        source_url="",
    )


def test_drawn_splits_of_corn_are_of_the_published_shape(data):
    corn = load_corn()
    drawn, published = draw_splits(corn), published_splits("corn")
    assert len(drawn) == len(published)
    for ours, theirs in zip(drawn, published, strict=True):
        assert (len(ours.calibration), len(ours.test)) == (len(theirs.calibration), len(theirs.test))
        assert sorted([*ours.calibration, *ours.test]) == list(range(80))
        for name in corn.instruments:
            rows = ours.calibration
            assert (
                ours.standards[name].tolist() == rows[KennardStone(50).fit(corn.spectra[name][rows]).indices_].tolist()
            )
    assert len({tuple(one.test.tolist()) for one in drawn}) == 10


def test_a_split_is_the_same_however_many_are_drawn():
    few, many = draw_splits(small(), repeats=2, seed=5), draw_splits(small(), repeats=6, seed=5)
    for one, other in zip(few, many, strict=False):
        np.testing.assert_array_equal(one.test, other.test)
        np.testing.assert_array_equal(one.standards["a"], other.standards["a"])
    assert any(
        one.test.tolist() != other.test.tolist() for one, other in zip(few, draw_splits(small(), repeats=2, seed=6))
    )


def test_tablets_keep_their_publishers_parts_and_draw_standards(data):
    tablets = load_tablets()
    drawn = draw_splits(tablets, repeats=3)
    for one in drawn:
        assert (len(one.calibration), len(one.test)) == (155, 460)
        assert set(tablets.split[one.calibration]) == {"Train"}
        assert set(tablets.split[one.test]) == {"Test"}
    assert len({tuple(one.standards["spec1"].tolist()) for one in drawn}) == 3


def test_tablets_without_outliers(data):
    tablets = load_tablets()
    rows = {part: np.flatnonzero(tablets.split == part) for part in SPARED}
    outliers = np.concatenate([rows[part][list(places)] for part, places in SPARED.items()])
    (one,) = draw_splits(tablets, repeats=1, leave_out=outliers)
    assert (len(one.calibration), len(one.test)) == (151, 451)
    assert not set(outliers.tolist()) & {*one.calibration.tolist(), *one.test.tolist()}


def test_a_selection_is_followed_and_left_as_it_was():
    spxy, drawn = SPXY(2), Random(3, random_state=9)
    (by_both,) = draw_splits(small(), repeats=1, num_standards=6, selection=spxy)
    rows = by_both.calibration
    expected = rows[SPXY(6).fit(small().spectra["b"][rows], small().reference["y"][rows]).indices_]
    assert by_both.standards["b"].tolist() == expected.tolist()
    draw_splits(small(), repeats=1, selection=drawn)
    assert (spxy.num_standards, drawn.num_standards, drawn.random_state) == (2, 3, 9)
    assert not hasattr(spxy, "indices_")


def test_standards_that_are_not_nested_serve_one_number(data):
    """The first four of six are not what would be chosen for four."""
    (split,) = draw_splits(small(), repeats=1, num_standards=6, selection=DOptimal())
    assert split.standards_of("a", 6).tolist() == split.standards["a"].tolist()
    with pytest.raises(ConfigError, match=r"expected all 6 standards, .* found 4 asked for") as refused:
        split.standards_of("a", 4)
    assert "draw_splits(instruments, num_standards=4" in str(refused.value)
    (nested,) = draw_splits(small(), repeats=1, num_standards=6)
    assert nested.standards_of("a", 4).tolist() == nested.standards["a"][:4].tolist()
    task = replace(next(transfer_tasks("corn", 0)), nested=False)
    with pytest.raises(ConfigError, match="expected all 50 standards"):
        task.fitted(CorrectedPLS(MeanShift()), 5)
    task.fitted(CorrectedPLS(MeanShift()), 50)


def test_no_more_standards_than_calibration_samples():
    (one,) = draw_splits(small(), repeats=1)
    assert sorted(one.standards["a"]) == sorted(one.calibration)


@pytest.mark.parametrize("share", [0.0, 1.0, 0.95, -0.2])
def test_a_share_that_leaves_one_side_empty_is_refused(share):
    with pytest.raises(ConfigError, match="test_share: expected at least one test sample"):
        draw_splits(small(), test_share=share)
