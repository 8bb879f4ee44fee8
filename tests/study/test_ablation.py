"""What an ablation says of arms whose differences are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spektron.core.errors import StudyError
from spektron.report import Interval
from spektron.study.ablation import ablation_analysis
from spektron.study.ablation_cards import OTHERS
from spektron.study.arms import Measure, arms_of
from spektron.study.outcome import Findings, TrialResult
from spektron.study.trial import CorpusIdentity
from spektron.study.words import axis_text, value_text

CORPUS = CorpusIdentity(name="c", fingerprint="f", num_train=100, summary={})
LEARNT = {"val_mse_interpolation": 10.0, "val_mse_mean": 20.0}
SEEDS = range(5)


def trial(
    loss: float, *, seed: int | None = None, metrics: dict[str, float] | None = None, **params: Any
) -> TrialResult:
    return TrialResult(
        fingerprint=f"{params}{seed}",
        params={**params, **({} if seed is None else {"seed": seed})},
        metrics={"val_mse": loss, **LEARNT, **(metrics or {})},
        wall_s=2.0,
        cpu_s=2.0,
        gpu_s=0.0,
        reused=False,
    )


def noisy(factor: float, seed: int, arm: int, spread: float = 0.01) -> float:
    """Seeds differ by a factor of up to e; within a seed arms differ by `factor` and a little noise."""
    noise = np.random.default_rng([seed, arm]).standard_normal()
    return float(factor * np.exp(np.random.default_rng(seed).standard_normal() + spread * noise))


def analysed(results: list[TrialResult], **reference: Any) -> Findings:
    return ablation_analysis(results, None, CORPUS, reference=reference)  # type: ignore[arg-type]


def row(findings: Findings, arm: str) -> Any:
    assert findings.results is not None
    return next(row for row in findings.results.rows if row["arm"] == arm)


def test_a_better_arm_is_named_with_its_size_although_seeds_differ_far_more() -> None:
    factors = {"a": 1.0, "b": 0.8, "c": 1.0}
    results = [trial(noisy(f, s, i), kind=k, seed=s) for i, (k, f) in enumerate(factors.items()) for s in SEEDS]
    findings = analysed(results, kind="a")
    assert findings.status == "differs"
    assert findings.verdict.startswith("b: ")
    assert "lower held-out error" in findings.verdict
    change = row(findings, "b")["change"]
    assert isinstance(change, Interval)
    assert change.value == pytest.approx(-0.2, abs=0.02)
    assert change.low is not None
    assert change.high is not None
    assert change.low < -0.2 < change.high < -0.1
    assert row(findings, "b")["p"] < 0.001
    assert row(findings, "c")["p"] > 0.01
    assert row(findings, "a")["change"] == "reference"
    assert findings.metrics["ablation/b/change"] == change.value


def test_worse_arms_are_counted_and_the_worst_is_named() -> None:
    factors = {"a": 1.0, "b": 1.3, "c": 1.6}
    results = [trial(noisy(f, s, i), kind=k, seed=s) for i, (k, f) in enumerate(factors.items()) for s in SEEDS]
    findings = analysed(results, kind="a")
    assert findings.status == "differs"
    assert findings.verdict.startswith("No arm is better than a, over 5 seeds. 2 arms are worse, most of all c: ")


def test_one_arm_is_told_as_one() -> None:
    factors = {"a": 1.0, "b": 0.6, "c": 0.8, "d": 1.6}
    results = [trial(noisy(f, s, i), kind=k, seed=s) for i, (k, f) in enumerate(factors.items()) for s in SEEDS]
    verdict = analysed(results, kind="a").verdict
    assert verdict.startswith("b: 40 % lower")
    assert " One other arm is better too. One arm is worse: d: " in verdict


def test_equal_arms_cannot_be_told_apart_and_it_says_what_could_be_seen() -> None:
    results = [trial(noisy(1.0, s, i, 0.1), kind=k, seed=s) for i, k in enumerate("abcd") for s in SEEDS]
    findings = analysed(results, kind="a")
    assert findings.status == "cannot_tell"
    assert "No arm differs from a by more than seeds do" in findings.verdict
    assert "smaller effects cannot be seen" in findings.verdict


def test_one_seed_has_no_interval_and_no_verdict() -> None:
    findings = analysed([trial(1.0, kind="a"), trial(0.1, kind="b")], kind="a")
    assert findings.status == "cannot_tell"
    assert findings.verdict.startswith("Cannot tell: with one seed")
    assert row(findings, "b")["change"] == Interval(pytest.approx(-0.9), None, None)


def test_models_that_learnt_nothing_get_no_verdict() -> None:
    losses = {"a": 40.0, "b": 25.0}  # both above what a straight line scores
    results = [trial(loss, kind=k, seed=s) for k, loss in losses.items() for s in SEEDS]
    findings = analysed(results, kind="a")
    assert findings.status == "cannot_tell"
    assert findings.verdict.startswith("No verdict: no model beats both")


def test_only_seeds_that_both_arms_have_are_compared() -> None:
    results = [trial(noisy(1.0, s, 0), kind="a", seed=s) for s in SEEDS]
    results += [trial(noisy(0.5, s, 1), kind="b", seed=s) for s in (1, 3)]
    findings = analysed(results, kind="a")
    assert row(findings, "b")["seeds"] == 2
    assert findings.results is not None
    assert "Seeds are missing of b." in findings.results.note
    assert row(findings, "b")["change"].value == pytest.approx(-0.5, abs=0.03)


def test_an_unknown_reference_falls_back_to_the_first_arm() -> None:
    results = [trial(1.0 + i, kind=k, seed=s) for i, k in enumerate("ab") for s in range(2)]
    assert row(analysed(results, kind="z"), "a")["change"] == "reference"


def test_trials_that_differ_in_nothing_are_refused() -> None:
    with pytest.raises(StudyError, match="differ in something besides the seed"):
        analysed([trial(1.0, kind="a", seed=s) for s in SEEDS], kind="a")


def test_each_axis_by_itself_averages_over_partners_and_not_over_strangers() -> None:
    # Merge "y" is 10 % better with two scales; one scale knows no "y", so its arm has no partner and must not count.
    base = {("one", "x"): 5.0, ("two", "x"): 2.0, ("two", "y"): 1.8, ("three", "x"): 1.0, ("three", "y"): 0.9}
    results = [trial(loss * (1 + s), scales=a, merge=b, seed=s) for (a, b), loss in base.items() for s in range(3)]
    arms = arms_of(results, {"scales": "three", "merge": "x"}, axis_text)
    ((value, paired),) = arms.compare_values("merge", Measure(metric="val_mse", label="", relative=True))
    assert (value, paired.num_pairs) == ("y", 3)
    assert paired.value == pytest.approx(-0.1)
    found = dict(arms.compare_values("scales", Measure(metric="val_mse", label="", relative=True)))
    assert found["one"].value == pytest.approx(4.0)
    assert found["two"].value == pytest.approx(1.0)
    titles = [card.title for card in analysed(results, scales="three", merge="x").cards]
    assert "Each axis by itself" in titles


def test_other_metrics_stand_beside_the_error_where_all_trials_have_them() -> None:
    recall = {"a": 0.5, "b": 0.6}
    results = [
        trial(noisy(1.0, s, i), kind=k, seed=s, metrics={"val_peak_recall": recall[k] + 0.01 * s})
        for i, k in enumerate("ab")
        for s in range(3)
    ]
    card = next(card for card in analysed(results, kind="a").cards if card.title == "Other held-out metrics")
    assert card.table is not None
    assert [column.name for column in card.table.columns] == ["arm", "val_peak_recall"]
    cell = card.table.rows[0]["val_peak_recall"]
    assert isinstance(cell, Interval)
    assert cell.value == pytest.approx(0.1)  # points, not per cent of a half
    assert {measure.metric for measure in OTHERS} >= {"val_spectral_angle", "val_mse_random", "val_mse_peak"}


def test_a_trial_without_any_error_in_another_metric_costs_no_verdict() -> None:
    found = {"a": 0.04, "b": 0.0}
    results = [
        trial(noisy(1.0 + i, s, i), kind=k, seed=s, metrics={"val_mse_random": found[k] and found[k] + 0.001 * s})
        for i, k in enumerate("ab")
        for s in range(3)
    ]
    findings = analysed(results, kind="a")
    assert findings.status == "differs"
    card = next(card for card in findings.cards if card.title == "Other held-out metrics")
    assert card.table is not None
    assert "of error under random masks, where a trial makes no error at all, differences too" in card.table.note
    assert [column.format for column in card.table.columns[1:]] == ["percentage_points"]
    cell = card.table.rows[0]["val_mse_random"]
    assert isinstance(cell, Interval)
    assert cell.value == pytest.approx(-0.041)


def test_the_figure_has_a_row_for_every_arm_and_the_reference_at_none_of_them() -> None:
    results = [trial(noisy(1.0, s, i), kind=k, seed=s) for i, k in enumerate("abc") for s in range(3)]
    figure = analysed(results, kind="b").cards[0].figure
    assert figure is not None
    assert figure.y_names == ("a", "b", "c")
    assert tuple(figure.points[0].y) == (0.0, 2.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["fine", "coarse"], "fine+coarse"),
        ({"kind": "random", "ratio": 0.25}, "random ratio 0.25"),
        ({"kind": {"random": 1, "peak": 2}}, "random 1 peak 2"),
        (0.01, "0.01"),
        ("paper", "paper"),
        (False, "no"),
        ((1, 2), "1+2"),
        ([], "none"),
    ],
)
def test_values_are_written_in_few_characters(value: Any, text: str) -> None:
    assert value_text(value) == text
    assert axis_text("a.byol_weight", 0.1) == "byol_weight 0.1"
    assert axis_text("a.derivatives", [1, 2]) == "derivatives 1+2"
    assert axis_text("encoder.scales", ["fine", "coarse"]) == "fine+coarse"
