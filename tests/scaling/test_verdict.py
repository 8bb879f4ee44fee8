"""Verdicts: the decision, its boundary, and what blocks it."""

from __future__ import annotations

import numpy as np
import pytest

from spektron.scaling import CorpusLaw, FitStatus, fit_corpus_law
from spektron.scaling.verdict import decide

from .conftest import BETA, SIZES, B, E, simulated, true_loss


def smallest_within(tolerance: float, full: float) -> float:
    target = (1 + tolerance) * (E + B * full**-BETA)
    return float((B / (target - E)) ** (1 / BETA))


@pytest.mark.parametrize("tolerance", [0.01, 0.02, 0.1, 0.3])
def test_smallest_corpus_is_the_solution_for_a_known_law(tolerance: float) -> None:
    law = fit_corpus_law(SIZES, true_loss(SIZES), num_resamples=100)

    verdict = law.verdict(tolerance=tolerance)

    assert verdict.full == pytest.approx(4e5)
    assert verdict.smallest.value == pytest.approx(smallest_within(tolerance, 4e5), rel=1e-6)


def test_the_question_of_the_researcher(law: CorpusLaw) -> None:
    no = law.verdict(full=400_000, candidate=50_000, tolerance=0.02)
    yes = law.verdict(full=400_000, candidate=390_000, tolerance=0.02)
    edge = law.verdict(full=400_000, candidate=smallest_within(0.02, 4e5), tolerance=0.02)

    assert (no.status, yes.status, edge.status) == ("not_enough", "enough", "cannot_tell")
    assert no.sentence.startswith("50,000 spectra are not enough: their predicted loss is +")
    assert yes.sentence.startswith("390,000 spectra are enough")
    assert edge.sentence.startswith("Cannot tell whether")
    assert no.smallest.low <= smallest_within(0.02, 4e5) <= no.smallest.high


def test_status_interval_and_smallest_corpus_tell_one_story(law: CorpusLaw) -> None:
    for candidate in np.geomspace(1e4, 3.99e5, 40):
        verdict = law.verdict(candidate=float(candidate), tolerance=0.05)

        if verdict.status == "enough":
            assert verdict.excess.high <= 0.05
            assert verdict.smallest.high <= candidate * (1 + 1e-3)
        elif verdict.status == "not_enough":
            assert verdict.excess.low > 0.05
            assert verdict.smallest.low >= candidate * (1 - 1e-3)
        else:
            assert verdict.excess.low <= 0.05 < verdict.excess.high


def test_without_a_candidate_the_question_is_half_the_corpus(law: CorpusLaw) -> None:
    assert law.verdict(full=1e6).candidate == 5e5


def test_the_ratio_is_known_better_than_its_parts() -> None:
    sizes, loss = simulated(seeds=2, sd=0.02, rng_seed=4)
    law = fit_corpus_law(sizes, loss)
    half, full = law.predict(2e5), law.predict(4e5)

    excess = law.verdict().excess

    assert excess.high - excess.low < 0.6 * (half.high / full.low - half.low / full.high)


def test_far_extrapolation_carries_a_caveat(law: CorpusLaw) -> None:
    verdict = law.verdict(full=1e8, candidate=1e3)

    assert any("250 times" in caveat for caveat in verdict.caveats)
    assert any("below the smallest" in caveat for caveat in verdict.caveats)


def test_a_flat_loss_needs_no_more_than_was_run() -> None:
    noise = np.exp(0.003 * np.random.default_rng(1).standard_normal(16))
    verdict = fit_corpus_law(np.repeat(SIZES, 2), 0.4 * noise, num_resamples=200).verdict(candidate=5e4)

    assert verdict.status == "enough"
    assert verdict.smallest.value == pytest.approx(4e3)
    assert "does not fall" in verdict.sentence


def test_a_loss_that_rises_again_withholds_a_verdict_that_the_law_alone_would_give() -> None:
    size = np.repeat(np.geomspace(10, 10_000, 8), 2)
    noise = np.exp(0.003 * np.random.default_rng(0).standard_normal(16))
    loss = (0.1 + 2 / size) * (1 + 0.02 * np.maximum(0, np.log(size / 1000))) * noise
    law = fit_corpus_law(size, loss, seed=[0, 1] * 8, num_resamples=200)

    assert FitStatus.RISING in law.status
    assert {decide(fit, law.points.sizes, full=1e4).status for fit in (law.projection, law.log_huber)} == {"enough"}
    assert law.verdict(full=1e4).status == "cannot_tell"


def test_noise_as_large_as_the_fall_cannot_tell() -> None:
    sizes, loss = simulated(seeds=1, sd=0.15, rng_seed=0)

    assert fit_corpus_law(sizes, loss).verdict(candidate=1e5, tolerance=0.2).status == "cannot_tell"
