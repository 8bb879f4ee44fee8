"""Each selection against published orders, another implementation, or what can be worked out by hand."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.datasets import load_iris

from spektron.datasets import load_corn
from spektron.transfer.selection import DUPLEX, SPXY, DOptimal, KennardStone, Random, WorstCase

LINE = np.array([[0.0], [1.0], [2.0], [4.0], [7.0], [10.0]])


def test_kennard_stone_gives_the_published_order_on_corn(shared_data, monkeypatch):
    monkeypatch.setenv("SPEKTRON_DATA", str(shared_data))
    corn = load_corn()
    published = json.loads((shared_data / "calibration_transfer" / "corn_splits.json").read_text())["splits"]
    orders = 0
    for split in published:
        rows = np.array(split["calibration"])
        for instrument, standards in split["standards"].items():
            chosen = KennardStone(50).fit(corn.spectra[instrument][rows]).indices_
            assert rows[chosen].tolist() == standards, (split["repeat"], instrument)
            orders += 1
    assert orders == 30


def test_kennard_stone_on_a_line():
    # ends first; 4 is 4 from 0; then 7 (3 from 4 and 10) and 2 (2 from 4) and 1
    assert KennardStone(6).fit(LINE).indices_.tolist() == [0, 5, 3, 4, 2, 1]


def test_kennard_stone_by_angle_ignores_size():
    x = np.array([[1.0, 0.0], [0.0, 9.0], [5.0, 5.0], [100.0, 1.0]])
    assert KennardStone(3, metric="cosine").fit(x).indices_.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="cosine distance between all spectra"):
        KennardStone(3, metric="cosine").fit(np.vstack([x, [0.0, 0.0]]))


def test_spxy_chooses_what_astartes_chooses():
    """Reference: astartes 1.3.3, sampler "spxy", on every third iris with the squares of 0, 3, 6, … as property."""
    x, y = load_iris().data[::3], np.arange(150.0)[::3] ** 2
    known = [2, 48, 29, 35, 19, 41, 17, 45, 31, 46, 39, 5, 36, 33, 44, 16, 38, 40, 23, 28]
    assert SPXY(20).fit(x, y).indices_.tolist() == known


def test_spxy_weighs_properties_alike():
    x, y = load_iris().data[::3], np.arange(150.0)[::3] ** 2
    both = SPXY(12).fit(x, np.column_stack([y, 1e6 * y[::-1]])).indices_
    np.testing.assert_array_equal(SPXY(12).fit(x, np.column_stack([y, y[::-1]])).indices_, both)


def test_duplex_deals_out_by_turns():
    # 0 and 10 to the one set, 1 and 7 to the other; 4 to the first, 2 is left
    chosen = DUPLEX(3).fit(LINE)
    assert chosen.indices_.tolist() == [0, 5, 3]
    assert chosen.check_indices_.tolist() == [1, 4, 2]


def test_random_is_what_the_seed_says_and_fair():
    x = np.zeros((20, 3))
    assert Random(5, random_state=1).fit(x).indices_.tolist() == Random(5, random_state=1).fit(x).indices_.tolist()
    counts = np.bincount(np.concatenate([Random(5, random_state=s).fit(x).indices_ for s in range(800)]), minlength=20)
    assert np.abs(counts - 200).max() < 60  # 200 each, standard deviation 12


def test_worst_case_takes_the_cluster():
    assert set(WorstCase(3).fit(LINE).indices_.tolist()) == {0, 1, 2}
    rng = np.random.default_rng(0)
    x = np.vstack([rng.normal(size=(40, 6)), 5.0 + 0.01 * rng.normal(size=(10, 6))])
    assert set(WorstCase(10).fit(x).indices_.tolist()) == set(range(40, 50))


def test_d_optimal_takes_the_ends_of_a_line():
    # det of a straight line is the spread of its points: half of them at each end
    x = np.linspace(0.0, 1.0, 11)[:, None] ** np.array([1.0])
    assert set(DOptimal(4, num_components=1).fit(x).indices_.tolist()) == {0, 1, 9, 10}


@pytest.mark.parametrize("seed", range(6))
def test_d_optimal_reaches_the_best_of_all_choices(seed):
    x = np.random.default_rng(seed).normal(size=(12, 5))
    found = DOptimal(5, num_components=3).fit(x)
    left, singular, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    model = np.column_stack([np.ones(12), (left * singular)[:, :3]])

    def log_det(rows):
        return np.linalg.slogdet(model[list(rows)].T @ model[list(rows)])[1]

    best = max(map(log_det, combinations(range(12), 5)))
    assert log_det(found.indices_) >= best - 4 * np.log(1 / 0.95)  # D-efficiency of 95 %; exchange may stop short


def test_d_optimal_refuses_more_components_than_standards_bear():
    with pytest.raises(ValueError, match="num_components: expected 1 to 4 for 5 standards, found 5"):
        DOptimal(5, num_components=5).fit(np.random.default_rng(0).normal(size=(20, 8)))


def test_worst_case_lies_closer_together_than_any_other_on_corn(shared_data, monkeypatch):
    monkeypatch.setenv("SPEKTRON_DATA", str(shared_data))
    corn = load_corn()
    spread = {
        type(one).__name__: float(np.mean(pdist(corn.spectra["m5"][one.fit(corn.spectra["m5"]).indices_])))
        for one in (KennardStone(), DUPLEX(), DOptimal(), Random(random_state=0), WorstCase())
    }
    assert min(spread, key=lambda name: spread[name]) == "WorstCase"
    assert spread["KennardStone"] > 1.5 * spread["Random"] > 3 * spread["WorstCase"]
