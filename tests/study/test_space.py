from __future__ import annotations

import itertools

import optuna
import pytest
from pydantic import ValidationError

from spektron.core.errors import ConfigError
from spektron.study.space import Choice, Float, Int, Sizes, grid_points, grid_values, suggest


def test_a_grid_has_every_combination_once():
    points = list(grid_points({"a": Choice(values=(1, 2)), "b": Choice(values=("x", "y", "z"))}))
    assert len(points) == 6
    assert points[0] == {"a": 1, "b": "x"}
    assert {(p["a"], p["b"]) for p in points} == {(a, b) for a in (1, 2) for b in "xyz"}


def test_values_optuna_cannot_store_travel_as_json():
    space = {"scales": Choice(values=(("fine",), ("fine", "coarse"))), "flag": Choice(values=(True, None))}
    study = optuna.create_study(sampler=optuna.samplers.GridSampler(grid_values(space)))
    seen = [suggest(study.ask(), space) for _ in range(4)]
    assert sorted(str(point["scales"]) for point in seen) == sorted(["['fine']", "['fine', 'coarse']"] * 2)
    assert {point["flag"] for point in seen} == {True, None}


def test_ranges_are_drawn_within_their_bounds():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    space = {"lr": Float(low=1e-5, high=1e-2, log=True), "dim": Int(low=3, high=5)}
    for _ in range(20):
        point = suggest(study.ask(), space)
        assert 1e-5 <= point["lr"] <= 1e-2
        assert point["dim"] in (3, 4, 5)


def test_a_grid_of_a_range_is_refused():
    with pytest.raises(ConfigError, match="grid needs a list"):
        list(grid_points({"lr": Float(low=0.1, high=1.0)}))


def test_doubled_values_are_refused():
    with pytest.raises(ValidationError, match="more than once"):
        Choice(values=(1, 2, 1.0))


@pytest.mark.parametrize(("num_train", "count"), [(1400, 8), (4700, 8), (400_000, 10), (60, 3)])
def test_sizes_span_from_the_smallest_to_the_whole(num_train, count):
    sizes = Sizes(smallest=24, count=count).resolved(num_train).values
    assert len(sizes) == count
    assert (sizes[0], sizes[-1]) == (24, num_train)
    ratios = [b / a for a, b in itertools.pairwise(sizes)]
    assert max(ratios) / min(ratios) < 1.12


@pytest.mark.parametrize("num_train", [10, 24, 26])
def test_too_small_a_corpus_is_refused(num_train):
    with pytest.raises(ConfigError, match=f"training split of {num_train}"):
        Sizes(smallest=24, count=8).resolved(num_train)
