"""The vectorised descent against L-BFGS-B, and both against the definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import huber

from spektron.scaling._log_huber import DELTA, Terms, huber_sum, minimise_huber, refine_batch
from spektron.scaling._projection import BETA_RANGE

LOG_SIZE = np.repeat(np.linspace(-2.3, 2.3, 8), 2)
TRUTH = np.array([np.log(0.2), np.log(0.35), 0.3])


@pytest.fixture(scope="module")
def terms() -> Terms:
    return Terms.of(LOG_SIZE[None], np.array([0.3, 1.0]), BETA_RANGE)


def test_huber_sum_is_scipys() -> None:
    residual = np.random.default_rng(0).normal(0, 2e-3, (4, 9))

    np.testing.assert_allclose(huber_sum(residual), huber(DELTA, residual).sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(huber_sum(residual, np.inf), 0.5 * (residual**2).sum(axis=1), rtol=1e-12)


def test_jacobian_is_the_derivative() -> None:
    logs = np.random.default_rng(0).normal(size=(2, 5))
    terms = Terms.of(logs, np.array([1.0]), BETA_RANGE)
    theta = np.array([-0.5, 0.1, 0.4, -0.3, 0.7])

    _, jacobian = terms.log_law(theta[None])

    for point in range(5):
        numeric = approx_fprime(theta, lambda t, p=point: float(terms.log_law(t[None])[0][0, p]), 1e-7)
        np.testing.assert_allclose(jacobian[0, point], numeric, atol=1e-6)


def test_noise_free_truth_is_recovered_from_far_starts(terms: Terms) -> None:
    log_loss = terms.log_law(TRUTH[None])[0][0]
    starts = np.array([[np.log(0.05), np.log(0.9), 1.0], [np.log(0.29), np.log(0.1), 0.08]])

    theta, objective, converged = minimise_huber(terms, log_loss, starts)

    assert converged
    assert objective < 1e-16
    np.testing.assert_allclose(theta, TRUTH, atol=1e-6)


def test_batched_descent_reaches_what_lbfgs_reaches(terms: Terms) -> None:
    rng = np.random.default_rng(4)
    log_loss = terms.log_law(TRUTH[None])[0] + rng.normal(0, 0.01, (12, 16))
    starts = np.array([TRUTH, [np.log(0.05), np.log(0.6), 0.15], [np.log(0.27), np.log(0.2), 0.6]])

    _, batched = refine_batch(terms, log_loss, np.tile(TRUTH, (12, 1)), delta=DELTA)

    for row, found in zip(log_loss, batched):
        # An almost absolute loss has a kinked, flat valley: 0.5 % of its height is far less than the interval of β.
        assert found <= minimise_huber(terms, row, starts)[1] * 1.005


def test_descent_never_ends_above_its_start(terms: Terms) -> None:
    rng = np.random.default_rng(5)
    log_loss = rng.normal(0, 1.0, (20, 16))
    start = terms.clip(rng.normal(0, 2.0, (20, 3)))
    before = huber_sum(terms.log_law(start)[0] - log_loss)

    _, after = refine_batch(terms, log_loss, start, delta=DELTA)

    assert (after <= before).all()
