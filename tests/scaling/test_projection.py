"""The closed-form search against scipy's solvers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from spektron.scaling._joint_projection import _GRID, _design, _grid_objective
from spektron.scaling._projection import BETA_RANGE, _solve, project_corpus

LOG_SIZE = np.linspace(-2.3, 2.3, 8)


@settings(max_examples=60, deadline=None)
@given(loss=st.lists(st.floats(0.05, 20.0), min_size=8, max_size=8), beta=st.floats(0.02, 2.5))
def test_two_variable_closed_form_is_nnls(loss: list[float], beta: float) -> None:
    y = np.array(loss)
    weight = 1.0 / y**2

    floor, scale, rss = (part[0, 0] for part in _solve(LOG_SIZE, y[None], weight[None], np.array([[beta]])))

    design = np.column_stack([np.ones(8), np.exp(-beta * LOG_SIZE)]) / y[:, None]
    solution, norm = nnls(design, np.ones(8))
    assert rss == pytest.approx(norm**2, rel=1e-7, abs=1e-12)
    np.testing.assert_allclose([floor, scale], solution, rtol=1e-5, atol=1e-8)


def test_search_over_beta_finds_the_global_minimum_of_random_sets() -> None:
    rng = np.random.default_rng(0)
    loss = np.exp(rng.normal(0.0, 0.3, (40, 8))) + np.linspace(2.0, 0.5, 8)
    runs = rng.integers(1, 4, 8).astype(float)

    _, objective = project_corpus(LOG_SIZE, loss, runs, rounds=10)

    # 5,000 exponents, 0.1 % apart: the brute-force answer
    dense = np.tile(np.geomspace(*BETA_RANGE, 5000), (len(loss), 1))
    brute = _solve(LOG_SIZE, loss, runs / loss**2, dense)[2].min(axis=1)
    assert (objective <= brute * (1 + 1e-9)).all()
    np.testing.assert_allclose(objective, brute, rtol=1e-4)


def test_three_variable_enumeration_is_nnls() -> None:
    rng = np.random.default_rng(1)
    logs = rng.uniform(-2, 2, (2, 30))
    loss = 1.0 + np.exp(-0.3 * logs[0]) + np.exp(-0.5 * logs[1])
    sets = loss * np.exp(rng.normal(0, 0.5, (5, 30)))  # so noisy that bounds are active

    coefficients, objective = _grid_objective(logs, sets, loss)

    for g in range(0, len(_GRID), 17):
        design = _design(logs, _GRID[g]) / loss[:, None]
        for s, y in enumerate(sets):
            solution, norm = nnls(design, y / loss)
            assert objective[s, g] == pytest.approx(norm**2, rel=1e-8)
            np.testing.assert_allclose(coefficients[s, g], solution, rtol=1e-4, atol=1e-6)
