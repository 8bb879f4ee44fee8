"""Methods over tasks: known ratios, known tests, and an interval that covers."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from spektron.compare import compare_tasks, within_task_bands
from spektron.core.errors import ConfigError


def test_a_constant_ratio_is_found_exactly() -> None:
    others = {task: np.array([1.0, 2.0, 3.0]) * (task + 1) for task in range(6)}
    found = compare_tasks({task: 0.9 * values for task, values in others.items()}, others)
    assert found.ratio == pytest.approx(0.9)
    assert (found.low, found.high) == pytest.approx((0.9, 0.9))
    assert (found.num_better, found.num_tasks) == (6, 6)
    assert found.sign_p == pytest.approx(2 / 2**6)  # six heads of six
    assert found.wilcoxon_p == pytest.approx(2 / 2**6)


def test_every_task_counts_once_however_many_splits_it_has() -> None:
    errors = {"few": np.array([4.0]), "many": np.full(100, 1.0)}
    found = compare_tasks(errors, {"few": np.array([1.0]), "many": np.full(100, 4.0)})
    assert found.ratio == pytest.approx(1.0)
    assert found.num_better == 1


def test_equal_methods_differ_in_nothing() -> None:
    errors = {task: np.array([1.0, 2.0]) for task in "ab"}
    found = compare_tasks(errors, errors)
    assert (found.ratio, found.num_better, found.sign_p, found.wilcoxon_p) == (1.0, 0, 1.0, 1.0)


def test_the_interval_covers_about_as_often_as_it_says() -> None:
    covered, repeats = 0, 200
    for seed in range(repeats):
        logs = np.random.default_rng(seed).normal(-0.1, 0.2, (24, 1)) + np.zeros(3)
        errors = {task: np.exp(values) for task, values in enumerate(logs)}
        found = compare_tasks(errors, {task: np.ones(3) for task in errors})
        covered += found.low <= np.exp(-0.1) <= found.high
    assert 0.88 <= covered / repeats <= 0.99


@pytest.mark.parametrize(
    ("errors", "others", "words"),
    [
        ({}, {}, "expected the same tasks"),
        ({"a": np.ones(1)}, {"b": np.ones(1)}, "one side only: a, b"),
        ({"a": np.ones(2)}, {"a": np.ones(3)}, "a: expected as many splits"),
        ({"a": np.zeros(1)}, {"a": np.ones(1)}, "a: expected finite errors above 0, found 0"),
    ],
)
def test_what_cannot_be_paired_is_refused(errors: dict, others: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        compare_tasks(errors, others)


def test_bands_leave_out_what_all_methods_find_hard_in_a_task() -> None:
    rng = np.random.default_rng(0)
    hard = np.exp(rng.normal(0, 1, 20))
    ones = {f"t{task}": np.ones(3) for task in range(20)}
    errors = {
        name: {f"t{task}": np.exp(np.log(factor * hard[task]) + rng.normal(0, 0.02, 3)) for task in range(20)}
        for name, factor in (("near", 1.0), ("far", 1.1))
    }
    bands = within_task_bands(errors, ones)
    alone = compare_tasks(errors["near"], ones)
    assert bands["near"].ratio == pytest.approx(alone.ratio)
    assert bands["near"].high < bands["far"].low < alone.high
    assert bands["near"].low < bands["near"].ratio < bands["near"].high


def test_two_methods_bands_overlap_as_their_paired_difference_says() -> None:
    """Two bands of half the paired interval's width each, widened by √2: Morey's correction for two methods."""
    rng = np.random.default_rng(1)
    ones = {task: np.ones(1) for task in range(40)}
    first = {task: np.exp(rng.normal(0, 0.1, 1)) for task in ones}
    second = {task: np.exp(rng.normal(0, 0.1, 1)) for task in ones}
    band = within_task_bands({"first": first, "second": second}, ones)["first"]
    paired = compare_tasks(first, second)
    assert np.log(band.high / band.low) == pytest.approx(np.log(paired.high / paired.low) / np.sqrt(2), rel=0.02)


def test_one_method_has_no_band_within_tasks() -> None:
    with pytest.raises(ConfigError, match="at least two methods"):
        within_task_bands({"one": {"a": np.ones(2)}}, {"a": np.ones(2)})
    with pytest.raises(ConfigError, match="two: expected errors in 1 tasks"):
        within_task_bands({"one": {"a": np.ones(2)}, "two": {"b": np.ones(2)}}, {"a": np.ones(2)})


def _parts(task: str) -> tuple[str, ...]:
    return tuple(task.split("/"))


@pytest.mark.parametrize("together", [0, 1, 2])
def test_intervals_of_combinations_cover_where_parts_go_up_and_down_together(together: int) -> None:
    """Half of the variance is of parents, children or properties: resampled as they are, tasks would cover 60 %."""
    rng, covered, plain, repeats = np.random.default_rng(0), 0, 0, 100
    tasks = [f"{a}/{b}/p{place}" for a, b in permutations("ABC", 2) for place in range(4)]
    ones = {task: np.ones(1) for task in tasks}
    for _ in range(repeats):
        level = {name: rng.normal(0, np.sqrt(0.5)) for name in ("A", "B", "C", "p0", "p1", "p2", "p3")}
        errors = {t: np.exp(rng.normal(level[_parts(t)[together]], np.sqrt(0.5), 1)) for t in tasks}
        found = compare_tasks(errors, ones, parts=_parts)
        covered += found.low <= 1 <= found.high
        alone = compare_tasks(errors, ones)
        plain += alone.low <= 1 <= alone.high
    assert covered / repeats >= 0.84
    assert plain / repeats < 0.75


def test_one_task_has_no_interval_and_decides_nothing() -> None:
    found = compare_tasks({"a": np.array([0.5])}, {"a": np.ones(1)})
    assert (found.ratio, found.differs) == (pytest.approx(0.5), False)
    assert np.isnan([found.low, found.high]).all()
    two = compare_tasks({"a": np.array([0.5]), "b": np.array([0.6])}, {"a": np.ones(1), "b": np.ones(1)})
    assert two.differs


def test_combinations_that_are_no_tasks_are_never_drawn() -> None:
    errors = {"a/x": np.full(1, 2.0), "b/y": np.full(1, 2.0)}  # half of all draws have neither
    found = compare_tasks(errors, {task: np.ones(1) for task in errors}, parts=_parts)
    assert (found.low, found.ratio, found.high) == pytest.approx((2.0, 2.0, 2.0))


def test_an_error_that_is_no_number_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected finite errors above 0, found 1 to inf"):
        compare_tasks({"a": np.array([1.0, np.inf])}, {"a": np.ones(2)})
