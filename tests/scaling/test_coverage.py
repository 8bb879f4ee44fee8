"""Simulated designs: estimates and intervals behave as `docs/scaling.md` says (small versions of the benchmark)."""

from __future__ import annotations

import numpy as np
import pytest

from spektron.scaling._projection import project_corpus
from spektron.scaling.corpus_fit import fit_projection
from spektron.scaling.points import CorpusPoints

from .conftest import BETA, E, simulated, true_loss


@pytest.mark.parametrize(
    ("low", "num_sizes", "seeds", "sd", "beta", "floor", "extrapolation"),
    [
        (4e3, 8, 3, 0.01, (0.281, 0.321), (0.173, 0.223), 0.022),
        (4e3, 8, 3, 0.03, (0.233, 0.365), (0.084, 0.268), 0.074),
        (25e3, 5, 3, 0.01, (0.228, 0.378), (0.110, 0.261), 0.041),
        (25e3, 5, 1, 0.03, (0.165, 0.689), (0.000, 0.369), 0.146),
        (1e3, 10, 3, 0.01, (0.289, 0.312), (0.181, 0.216), 0.017),
    ],
)
def test_spread_of_estimates_is_the_one_another_implementation_found(
    low: float,
    num_sizes: int,
    seeds: int,
    sd: float,
    beta: tuple[float, float],
    floor: tuple[float, float],
    extrapolation: float,
) -> None:
    rng = np.random.default_rng(0)
    sizes = np.geomspace(low, 4e5, num_sizes)
    noise = rng.standard_normal((1000, seeds, num_sizes))
    loss = true_loss(sizes) * np.exp(sd * noise.mean(axis=1))
    log_size = np.log(sizes) - np.log(sizes).mean()

    params, _ = project_corpus(log_size, loss, np.full(num_sizes, float(seeds)), rounds=6)

    reference = np.exp(np.log(sizes).mean())
    predicted = params[:, 0] + params[:, 1] * (1.6e6 / reference) ** -params[:, 2]
    error = np.quantile(np.abs(predicted / true_loss(np.array(1.6e6)) - 1), 0.95)
    # The table's ends come of 400 trials and a B that it does not name: a quarter of the width is allowed.
    for column, (bottom, top) in ((2, beta), (0, floor)):
        found = np.quantile(params[:, column], [0.025, 0.975])
        np.testing.assert_allclose(found, [bottom, top], atol=0.25 * (top - bottom))
    assert error == pytest.approx(extrapolation, rel=0.25)


@pytest.mark.parametrize("seeds", [2, 3])
def test_intervals_hold_the_truth_about_as_often_as_they_say(seeds: int) -> None:
    trials, hits = 120, np.zeros(3)
    true_ratio = float(true_loss(np.array(2e5)) / true_loss(np.array(4e5)))
    for trial in range(trials):
        points = CorpusPoints.of(*simulated(seeds, 0.01, rng_seed=1000 + trial))
        rng = np.random.default_rng(trial)
        fit = fit_projection(points, num_resamples=200, confidence=0.95, rng=rng)
        curve = fit.curve_draws(np.array([2e5, 4e5]))
        low, high = np.quantile(curve[:, 0] / curve[:, 1], [0.025, 0.975])
        hits += [fit.E.contains(E), fit.beta.contains(BETA), low <= true_ratio <= high]

    # 95 % of 120 trials has a standard error of 2 %; a within-size bootstrap of two seeds reaches about 70 %.
    assert (hits / trials > 0.89).all()
    assert (hits / trials).min() < 1.0
