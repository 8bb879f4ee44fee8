"""Joint laws: recovery, the published points, intervals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spektron.scaling import Band, Estimate, FitStatus, JointLaw, fit_joint_law, joint_loss
from spektron.scaling._joint_projection import EXPONENT_RANGE
from spektron.scaling._log_huber import Terms, huber_sum, minimise_huber
from spektron.scaling.joint_fit import _start_grid
from spektron.scaling.joint_points import JointPoints

PUBLISHED = Path(__file__).parents[2] / "../shared/data/scaling/kyo_takano_chinchilla.csv"
NAMES = ("E", "A", "B", "alpha", "beta")
TRUTHS = [
    {"A": 406.4, "B": 410.7, "E": 1.69, "alpha": 0.34, "beta": 0.28},
    {"A": 400.0, "B": 400.0, "E": 1.69, "alpha": 0.465, "beta": 0.155},
    {"A": 400.0, "B": 400.0, "E": 1.69, "alpha": 0.31, "beta": 0.31},
]
N, D = (grid.ravel() for grid in np.meshgrid(np.geomspace(1e7, 1e10, 5), np.geomspace(1e8, 1e12, 5)))


@pytest.mark.parametrize("truth", TRUTHS)
def test_all_five_are_recovered_from_noise_free_points(truth: dict[str, float]) -> None:
    law = fit_joint_law(N, D, joint_loss(N, D, **truth), num_resamples=40)

    for fit in (law.log_huber, law.projection):
        for name in NAMES:
            assert getattr(fit, name).value == pytest.approx(truth[name], rel=1e-6), name
    assert law.status == (FitStatus.CONVERGED,)
    assert "agree within" in law.agreement
    assert law.holdout is not None
    assert law.holdout.error < 1e-6
    assert law.holdout.beats_baselines


def test_multi_start_alone_finds_the_optimum_without_the_projection() -> None:
    points = JointPoints.of(N, D, joint_loss(N, D, **TRUTHS[0]))
    terms = Terms.of(points.logs, points.loss, EXPONENT_RANGE)

    theta, objective, _ = minimise_huber(terms, np.log(points.loss), _start_grid(points)[::3])

    assert objective < 1e-12
    np.testing.assert_allclose(theta[[2, 4]], [0.34, 0.28], atol=1e-4)


@pytest.fixture(scope="module")
def published() -> np.ndarray:
    if not PUBLISHED.exists():
        pytest.skip(f"published points are not at {PUBLISHED}")
    return np.genfromtxt(PUBLISHED, delimiter=",", names=True)


@pytest.fixture(scope="module")
def published_law(published: np.ndarray) -> JointLaw:
    return fit_joint_law(published["N"], published["D"], published["loss"], num_resamples=200)


def test_published_points_reach_the_published_optimum(published: np.ndarray, published_law: JointLaw) -> None:
    # The published objective is the sum over all 234 rows of N, D, loss.
    there = {"A": 442.164, "B": 1271.81, "E": 1.783894, "alpha": 0.342626, "beta": 0.342002}
    residual = np.log(joint_loss(published["N"], published["D"], **there)) - np.log(published["loss"])
    assert huber_sum(residual) == pytest.approx(0.000840093, abs=1e-9)

    assert published_law.log_huber.objective <= huber_sum(residual)
    assert published_law.log_huber.objective == pytest.approx(0.000840093, abs=1e-9)
    for name in ("E", "alpha", "beta"):
        assert getattr(published_law, name).value == pytest.approx(there[name], rel=1e-4)
    for name in ("A", "B"):
        assert getattr(published_law, name).value == pytest.approx(there[name], rel=2e-3)


def test_published_points_have_narrow_intervals_and_a_holdout(published_law: JointLaw) -> None:
    # Besiroglu et al. 2024 (table 1) report standard errors of 0.02 for both exponents on points of this kind.
    assert 0.02 < published_law.alpha.high - published_law.alpha.low < 0.08
    assert published_law.holdout is not None
    assert published_law.holdout.beats_baselines
    assert published_law.holdout.in_sample_error < published_law.holdout.error < 0.02


@pytest.fixture(scope="module")
def noisy_law() -> JointLaw:
    loss = joint_loss(N, D, **TRUTHS[0]) * np.exp(0.005 * np.random.default_rng(3).standard_normal(len(N)))
    return fit_joint_law(N, D, loss, num_resamples=300)


def test_intervals_hold_the_truth_of_a_noisy_grid(noisy_law: JointLaw) -> None:
    for name in NAMES:
        assert getattr(noisy_law, name).contains(TRUTHS[0][name]), name
        assert getattr(noisy_law.projection, name).contains(TRUTHS[0][name]), name


def test_predictions_and_plain_values(noisy_law: JointLaw) -> None:
    one, band = noisy_law.predict(1e9, 2e10), noisy_law.predict(1e9, [2e10, 4e10])

    assert isinstance(one, Estimate)
    assert isinstance(band, Band)
    assert one.contains(2.5800478722379934)
    assert band.value[0] == one.value > band.value[1]
    assert json.loads(json.dumps(noisy_law.to_dict(), allow_nan=False))["num_points"] == 25


def test_checkpoints_of_one_run_are_resampled_together() -> None:
    rng = np.random.default_rng(0)
    run = np.repeat(np.arange(10), 5)
    params = np.repeat(np.geomspace(1e7, 1e10, 10), 5)
    tokens = np.tile(np.geomspace(1e9, 1e11, 5), 10)
    shared = 0.01 * rng.standard_normal(10)[run]
    loss = joint_loss(params, tokens, **TRUTHS[0]) * np.exp(shared)

    by_run = fit_joint_law(params, tokens, loss, run=list(run), num_resamples=200)
    by_point = fit_joint_law(params, tokens, loss, num_resamples=200)

    # Ten runs hold less than fifty points: the model term, which varies between runs, is known less well.
    assert by_run.alpha.high - by_run.alpha.low > 1.3 * (by_point.alpha.high - by_point.alpha.low)


def test_a_law_without_a_data_term_stands_at_a_bound() -> None:
    law = fit_joint_law(N, D, 1.0 + 400 * N**-0.3, num_resamples=40)

    assert FitStatus.AT_BOUND in law.status
    assert FitStatus.CONVERGED not in law.status
