"""Corpus laws: recovery, both estimators, intervals, predictions, plain values."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.core.errors import FitError
from spektron.scaling import Band, CorpusLaw, Estimate, FitStatus, corpus_loss, fit_corpus_law
from spektron.scaling.corpus_fit import fit_projection
from spektron.scaling.points import CorpusPoints

from .conftest import BETA, SIZES, B, E, simulated, true_loss


@settings(max_examples=25, deadline=None)
@given(
    floor=st.floats(0.05, 2.0),
    share=st.floats(0.2, 5.0),
    beta=st.floats(0.08, 1.0),
    start=st.floats(1.0, 1e6),
    span=st.floats(50.0, 1e6),
)
def test_noise_free_points_give_the_law_back(
    floor: float, share: float, beta: float, start: float, span: float
) -> None:
    sizes = np.geomspace(start, start * span, 8)
    scale = share * floor * start**beta

    points = CorpusPoints.of(sizes, corpus_loss(sizes, E=floor, B=scale, beta=beta))
    fit = fit_projection(points, num_resamples=2, confidence=0.5, rng=np.random.default_rng(0))

    assert fit.beta.value == pytest.approx(beta, rel=1e-6)
    assert fit.E.value == pytest.approx(floor, rel=1e-6)
    assert fit.B.value == pytest.approx(scale, rel=1e-5)


def test_both_estimators_recover_noise_free_points_and_agree() -> None:
    law = fit_corpus_law(SIZES, true_loss(SIZES), num_resamples=100)

    for fit in (law.projection, law.log_huber):
        np.testing.assert_allclose([fit.E.value, fit.B.value, fit.beta.value], [E, B, BETA], rtol=1e-6)
    assert law.status == (FitStatus.CONVERGED,)
    assert "agree within" in law.agreement
    assert law.beta.high - law.beta.low < 1e-6  # what a resample is searched to


def test_a_noisy_design_is_answered_with_intervals_that_hold_the_truth(law: CorpusLaw) -> None:
    assert law.converged
    assert law.num_resamples == 1000
    for estimate, value in ((law.E, E), (law.B, B), (law.beta, BETA)):
        assert estimate.low < value < estimate.high
    # SCALING table: 95 % of β̂ in .281–.321 for this design
    assert 0.025 < law.beta.high - law.beta.low < 0.075


def test_the_same_points_give_the_same_intervals() -> None:
    sizes, loss = simulated(seeds=2, sd=0.01, rng_seed=8)
    first, again = (fit_corpus_law(sizes, loss, num_resamples=100).to_dict() for _ in range(2))
    other = fit_corpus_law(sizes, loss, num_resamples=100, rng_seed=1).to_dict()

    assert first == again
    assert first != other


def test_order_and_units_of_size_do_not_matter() -> None:
    sizes, loss = simulated(seeds=2, sd=0.01, rng_seed=8)
    order = np.random.default_rng(0).permutation(len(sizes))

    plain = fit_corpus_law(sizes, loss, num_resamples=100)
    shuffled = fit_corpus_law(sizes[order], loss[order], num_resamples=100)
    thousands = fit_corpus_law(sizes / 1e3, loss, num_resamples=100)
    loss_units = fit_corpus_law(sizes, loss * 1e-6, num_resamples=100)

    for other in (shuffled, thousands, loss_units):
        assert other.beta.value == pytest.approx(plain.beta.value, rel=1e-6)
    assert thousands.predict(400.0).value == pytest.approx(plain.predict(4e5).value, rel=1e-8)
    assert loss_units.E.value == pytest.approx(1e-6 * plain.E.value, rel=1e-6)


def test_predictions_are_estimates_for_one_size_and_bands_for_many(law: CorpusLaw) -> None:
    one, band = law.predict(4e5), law.predict([4e5, 1.6e6])
    run = law.predict(4e5, new_run=True)

    assert isinstance(one, Estimate)
    assert isinstance(band, Band)
    assert one.contains(float(true_loss(np.array(4e5))))
    assert band.value[0] == one.value
    assert band.value.shape == band.low.shape == band.high.shape == (2,)
    # away from the data the interval is relatively wider, and one run scatters more than the mean of all
    assert band.high[1] / band.low[1] > band.high[0] / band.low[0]
    assert run.high - run.low > 2 * (one.high - one.low)
    with pytest.raises(FitError, match="row 1"):
        law.predict([1.0, -1.0])


def test_two_readings_of_one_run_count_once() -> None:
    sizes, loss = simulated(seeds=2, sd=0.01, rng_seed=8)
    seed = [0, 1] * 8

    once = fit_corpus_law(sizes, loss, seed=seed, num_resamples=100)
    twice = fit_corpus_law(np.tile(sizes, 2), np.tile(loss, 2), seed=seed * 2, num_resamples=100)

    assert twice.points.num_merged == 16
    assert twice.beta == once.beta


def test_an_outlying_run_makes_the_estimators_disagree() -> None:
    sizes, loss = simulated(seeds=3, sd=0.001, rng_seed=2)
    loss[1] *= 1.5  # one diverged run at the smallest size

    law = fit_corpus_law(sizes, loss, num_resamples=300)

    assert abs(law.log_huber.beta.value - BETA) < 0.02
    assert abs(law.projection.beta.value - BETA) > 0.03


def test_plain_values_are_strict_json(law: CorpusLaw) -> None:
    flat = fit_corpus_law(SIZES, np.full(8, 0.4), num_resamples=100)

    for each in (law, flat):
        back = json.loads(json.dumps(each.to_dict(), allow_nan=False))
        assert back["estimators"].keys() == {"variable_projection", "log_huber"}
    assert back["estimators"]["log_huber"]["beta"]["value"] is None


def test_a_thousand_resamples_of_both_estimators_take_seconds_at_most() -> None:
    sizes, loss = simulated(seeds=3, sd=0.01, rng_seed=1)
    begun = time.process_time()
    fit_corpus_law(sizes, loss, num_resamples=1000)

    # About a second of one core; the bound leaves room for a busy machine, and still catches a Python loop over
    # resamples.
    assert time.process_time() - begun < 5.0


def test_the_law_says_itself(law: CorpusLaw) -> None:
    flat = fit_corpus_law(SIZES, np.full(8, 0.4), num_resamples=100)

    assert law.sentence.startswith("L(D) = E + B · D^(−β) with E = 0.")
    assert "β = not identified" in flat.sentence
    assert "does not fall" in flat.sentence


def test_estimates_print_themselves() -> None:
    assert str(Estimate(0.3, 0.28, 0.32)) == "0.3 [0.28, 0.32]"
    assert str(Estimate(float("nan"), float("nan"), float("nan"))) == "not identified"
