"""What a corpus-scaling study says, and when it holds its tongue."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spektron.study.corpus_law import corpus_law_analysis
from spektron.study.outcome import Findings, TrialResult
from spektron.study.trial import CorpusIdentity

CORPUS = CorpusIdentity(name="c", fingerprint="f", num_train=12_800, summary={})
SIZES = (100, 200, 400, 800, 1600, 3200, 6400, 12_800)


def result(metrics: dict[str, float] | None = None, **params: Any) -> TrialResult:
    noise = 0.002 * np.random.default_rng([params["num_spectra"], params.get("seed", 0)]).standard_normal()
    loss = (1 + 50 / params["num_spectra"]) * float(np.exp(noise))
    return TrialResult(
        fingerprint=str(params),
        params=params,
        metrics={"val_mse": loss, **(metrics or {})},
        wall_s=1,
        cpu_s=1,
        gpu_s=0,
        reused=False,
    )


def analysed(results: list[TrialResult]) -> Findings:
    return corpus_law_analysis(results, None, CORPUS)  # type: ignore[arg-type]


def told(findings: Findings) -> str:
    """Every word of an answer outside its tables."""
    bodies = [card.body for card in findings.cards]
    return " ".join([findings.verdict, *(headline.label for headline in findings.headlines), *bodies])


def runs(interpolation: float, mean: float) -> list[TrialResult]:
    metrics = {"val_mse_interpolation": interpolation, "val_mse_mean": mean}
    return [result(metrics, num_spectra=size, seed=seed) for size in SIZES for seed in (0, 1)]


def test_models_that_learnt_get_a_verdict_everywhere() -> None:
    findings = analysed(runs(interpolation=3.0, mean=4.0))
    assert findings.status == "enough"
    assert findings.verdict.startswith("6,400 spectra are enough")
    assert findings.headlines[0].label == "Smallest corpus that suffices"
    assert findings.cards[0].body.startswith(findings.verdict)
    assert findings.cards[0].figure is not None
    assert len(findings.cards[0].figure.markers) == 1
    assert "law/smallest" in findings.metrics


@pytest.mark.parametrize(("interpolation", "mean"), [(0.5, 1.1), (3.0, 0.9)])
def test_models_that_learnt_nothing_get_none_anywhere(interpolation: float, mean: float) -> None:
    findings = analysed(runs(interpolation, mean))
    assert findings.status == "cannot_tell"
    assert findings.verdict.startswith("No verdict: no model beats both")
    assert "enough" not in told(findings)
    assert "suffices" not in told(findings)
    assert findings.cards[0].figure is not None
    assert findings.cards[0].figure.markers == ()
    assert "law/smallest" not in findings.metrics
    assert "law/beta" in findings.metrics


def test_a_loss_that_does_not_fall_gets_no_verdict() -> None:
    noise = np.random.default_rng(3)
    flat = {(size, seed): 1 + 0.01 * noise.standard_normal() for size in SIZES for seed in (0, 1)}
    findings = analysed([result({"val_mse": v}, num_spectra=size, seed=seed) for (size, seed), v in flat.items()])
    assert findings.status == "cannot_tell"
    assert findings.verdict.startswith("No verdict: the loss does not fall with size")
    assert "enough" not in told(findings)
    assert "suffices" not in told(findings)
    assert "law/smallest" not in findings.metrics


def test_runs_that_differ_in_more_than_size_and_seed_are_refused_by_name() -> None:
    results = [
        result(num_spectra=size, seed=seed, learning_rate=rate)
        for size in SIZES
        for seed in (0, 1)
        for rate in (1e-4, 1e-2)
    ]
    findings = analysed(results)
    assert findings.status == "not_applicable"
    assert "Not applicable, because runs differ in learning_rate too" in findings.verdict
    assert [card.status for card in findings.cards] == ["not_applicable"]
    assert (findings.headlines, findings.metrics) == ((), {})
    # An axis of one value sets nothing apart.
    assert analysed([r for r in results if r.params["learning_rate"] == 1e-2]).status == "enough"


def test_without_an_axis_of_sizes_there_is_no_law() -> None:
    results = [TrialResult(**{**vars(result(num_spectra=size)), "params": {"seed": size}}) for size in SIZES]
    assert "no axis num_spectra" in analysed(results).verdict


def test_one_run_a_size_needs_no_axis_of_seeds() -> None:
    findings = analysed([result(num_spectra=size) for size in SIZES])
    assert findings.status == "enough"
    assert findings.results is not None
    assert [column.label for column in findings.results.columns][:2] == ["Spectra", "val_mse"]


def test_runs_that_were_averaged_are_counted() -> None:
    once = [result(num_spectra=size, seed=seed) for size in SIZES for seed in (0, 1)]
    assert "averaged" not in told(analysed(once))
    findings = analysed(once + once[:3])
    assert "3 runs of the same size and seed as another were averaged" in told(findings)
    assert findings.metrics["law/num_merged"] == 3
