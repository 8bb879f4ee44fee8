"""Errors of prediction, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from spektron.core.errors import ConfigError
from spektron.transfer.metrics import error_intervals, interval_quality, prediction_errors, transfer_efficiency


def test_errors_by_hand() -> None:
    found = prediction_errors(np.array([1.0, 3.0, 5.0, 3.0]), np.array([0.0, 2.0, 2.0, 4.0]))
    # errors 1, 1, 3, −1; measured mean 2, squared deviations 4 + 0 + 0 + 4
    assert found.rmsep == pytest.approx(math.sqrt(12 / 4))
    assert found.bias == 1.0
    assert found.sep == pytest.approx(math.sqrt(8 / 3))
    assert found.r2 == pytest.approx(1 - 12 / 8)
    assert found.rpd == pytest.approx(1.0)
    assert found.num_samples == 4


def test_a_constant_error_is_all_bias() -> None:
    measured = np.array([1.0, 2.0, 4.0])
    found = prediction_errors(measured + 0.5, measured)
    assert (found.bias, found.rmsep, found.sep, found.rpd) == (0.5, 0.5, 0.0, math.inf)


def test_one_sample_has_no_spread() -> None:
    found = prediction_errors(np.array([1.0]), np.array([3.0]))
    assert found.rmsep == 2.0
    assert math.isnan(found.sep)
    assert math.isnan(found.r2)


@pytest.mark.parametrize(
    ("predicted", "measured", "words"),
    [
        (np.zeros(3), np.zeros(2), "found \\(3,\\) and \\(2,\\)"),
        (np.zeros(0), np.zeros(0), "at least one"),
        (np.array([1.0, np.nan]), np.zeros(2), "finite predictions, found 1 of 2"),
        (np.zeros(2), np.array([1.0, np.inf]), "finite measured values, found 1 of 2"),
    ],
)
def test_what_cannot_be_compared_is_refused(predicted: np.ndarray, measured: np.ndarray, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        prediction_errors(predicted, measured)


def test_a_constant_reference_has_neither_r2_nor_rpd() -> None:
    found = prediction_errors(np.array([0.1, 0.2, 0.1]), np.full(3, 0.1))  # whose mean is not 0.1 to the last bit
    assert math.isnan(found.r2)
    assert math.isnan(found.rpd)


def test_bootstrap_intervals_cover_about_as_often_as_they_say() -> None:
    rng, covered, repeats = np.random.default_rng(0), 0, 200
    for _ in range(repeats):
        measured = rng.normal(size=40)
        low, high = error_intervals(measured + rng.normal(0.1, 0.5, 40), measured, 0.9, resamples=400)["rmsep"]
        covered += low <= math.sqrt(0.5**2 + 0.1**2) <= high
    assert 0.82 <= covered / repeats <= 0.95


def test_bootstrap_intervals_hold_what_they_are_of() -> None:
    rng = np.random.default_rng(1)
    measured = rng.normal(size=30)
    predicted = measured + rng.normal(0, 0.3, 30)
    found, ends = prediction_errors(predicted, measured), error_intervals(predicted, measured)
    for name, (low, high) in ends.items():
        assert low < getattr(found, name) < high


def test_two_samples_are_not_resampled() -> None:
    with pytest.raises(ConfigError, match="at least 3 samples"):
        error_intervals(np.zeros(2), np.ones(2))


def test_resamples_of_one_value_are_drawn_again() -> None:
    """They have no R², and an RPD of 0: of three samples one in nine is such a one."""
    measured = np.array([1.1, 2.0, 3.0])
    ends = error_intervals(np.array([1.0, 2.0, 3.2]), measured)
    assert np.isfinite(list(ends.values())).all()
    assert ends["rpd"][0] > 1
    assert ends["sep"][0] > 0


@pytest.mark.parametrize("measured", [[0.0] * 9 + [1.0], [1.0] * 5, [0.0, 0.0, 2.0]])
def test_values_that_do_not_vary_without_one_sample_have_no_intervals(measured: list[float]) -> None:
    predicted = np.array(measured) + 0.1 * np.random.default_rng(0).normal(size=len(measured))
    with pytest.raises(ConfigError, match=r"vary whichever sample is left out, found \d of \d+ that are equal"):
        error_intervals(predicted, np.array(measured))


def test_intervals_are_those_of_scipy() -> None:
    rng = np.random.default_rng(2)
    measured = rng.normal(size=15)
    predicted = measured + rng.normal(0.1, 0.3, 15)
    theirs = stats.bootstrap(
        (predicted - measured,),
        lambda error, axis: np.sqrt(np.square(error).mean(axis=axis)),
        n_resamples=2000,
        rng=np.random.default_rng(0),
    ).confidence_interval
    np.testing.assert_allclose(error_intervals(predicted, measured)["rmsep"], theirs, rtol=1e-9)


def test_errors_that_are_all_bias_have_an_infinite_rpd() -> None:
    ends = error_intervals(np.arange(5.0) + 0.5, np.arange(5.0))
    assert ends["rpd"] == (math.inf, math.inf)
    assert ends["bias"] == ends["rmsep"] == (0.5, 0.5)


def test_efficiency_is_the_share_of_the_gap_that_is_closed() -> None:
    assert transfer_efficiency(1.5, untransferred=3.0, ceiling=1.0) == pytest.approx(0.75)
    assert transfer_efficiency(4.0, untransferred=3.0, ceiling=1.0) == pytest.approx(-0.5)
    assert math.isnan(transfer_efficiency(1.0, untransferred=1.0, ceiling=1.0))


@pytest.mark.parametrize(
    ("measured", "confidence", "words"),
    [(np.array([np.nan]), 0.9, "finite measured values, found 1 of 1"), (np.zeros(1), 1.0, "between 0 and 1")],
)
def test_intervals_that_cannot_be_judged_are_refused(measured: np.ndarray, confidence: float, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        interval_quality(np.full(1, -1.0), np.ones(1), measured, confidence)
