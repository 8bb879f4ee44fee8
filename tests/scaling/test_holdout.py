"""The hold-out against its own definition, and against the baselines where they must win or lose."""

from __future__ import annotations

import numpy as np
import pytest

from spektron.scaling import CorpusLaw, fit_corpus_law

from .conftest import SIZES, true_loss


def test_the_law_beats_both_baselines_on_its_own_data(law: CorpusLaw) -> None:
    held = law.holdout

    assert held is not None
    assert held.sizes == (400_000.0,)
    assert held.beats_baselines
    assert held.covered
    assert "400,000" in held.sentence


def test_the_largest_size_does_not_touch_its_own_prediction() -> None:
    loss = true_loss(SIZES)
    loss[-1] *= 2.0

    held = fit_corpus_law(SIZES, loss, num_resamples=100).holdout

    assert held is not None
    assert held.predicted[0].value == pytest.approx(loss[-1] / 2, rel=1e-6)
    assert held.error == pytest.approx(0.5, rel=1e-6)
    assert held.in_sample_error < 1e-8
    assert not held.covered


def test_baselines_are_what_they_say() -> None:
    power = fit_corpus_law(SIZES, 5 * SIZES**-0.25, num_resamples=100).holdout

    assert power is not None
    assert power.power_law_error < 1e-9
    assert power.last_point_error == pytest.approx((SIZES[-2] / SIZES[-1]) ** -0.25 - 1.0)


def test_the_power_law_counts_every_run_once_however_they_lie() -> None:
    seeds = np.array([1, 9, 1, 1, 4, 1, 2, 1])
    size = np.repeat(SIZES, seeds)
    loss = 5 * size**-0.25 * np.exp(np.repeat(0.05 * np.random.default_rng(2).standard_normal(8), seeds))

    held = fit_corpus_law(size, loss, num_resamples=100).holdout

    kept = size < SIZES[-1]
    slope, level = np.polyfit(np.log(size[kept]), np.log(loss[kept]), 1)  # a row a run, without weights
    predicted = np.exp(level + slope * np.log(SIZES[-1]))
    assert held is not None
    assert held.power_law_error == pytest.approx(abs(predicted / loss[-1] - 1), rel=1e-6)


def test_several_sizes_may_be_left_out() -> None:
    held = fit_corpus_law(SIZES, true_loss(SIZES), num_heldout=3, num_resamples=100).holdout

    assert held is not None
    np.testing.assert_allclose(held.sizes, SIZES[-3:])
    assert held.error < 1e-6
    assert fit_corpus_law(SIZES, true_loss(SIZES), num_heldout=5, num_resamples=100).holdout is None
