"""The analysis of a corpus-scaling study: law, hold-out and verdict, as cards, a figure and headlines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spektron.report import Card, Cell, Column, Curve, Figure, Headline, Interval, Marker, Points, Table
from spektron.scaling import CorpusLaw, Estimate, FitStatus, Verdict, fit_corpus_law
from spektron.study.outcome import Findings, TrialResult
from spektron.study.study import StudySettings
from spektron.study.trial import CorpusIdentity

__all__ = ["corpus_law_analysis"]

_SIZE, _SEED = "num_spectra", "seed"
_CURVE_POINTS = 120


def corpus_law_analysis(
    results: Sequence[TrialResult],
    settings: StudySettings[Any],
    corpus: CorpusIdentity,
    *,
    metric: str = "val_mse",
    tolerance: float = 0.02,
    candidate: float | None = None,
) -> Findings:
    """Fit ``L(D) = E + B·D^(−β)`` to the trials and decide whether less than the whole corpus suffices.

    Parameters
    ----------
    results : sequence of TrialResult
        With ``num_spectra`` and ``seed`` among their parameters.
    metric : str
        Held-out metric that means the same in every trial.
    tolerance : float
        Excess loss that counts as none, as a fraction.
    candidate : float, optional
        The smaller corpus asked about; half the whole one unless given.

    Raises
    ------
    FitError
        For fewer than 4 distinct sizes, naming those found.
    """
    size = [float(result.params[_SIZE]) for result in results]
    seed = [str(result.params[_SEED]) for result in results]
    loss = [result.metrics[metric] for result in results]
    law = fit_corpus_law(size, loss, seed=seed)
    verdict = law.verdict(full=corpus.num_train, tolerance=tolerance, candidate=candidate)
    learnt = _learnt_card(results, metric)
    return Findings(
        status=verdict.status if learnt.status != "warning" else "cannot_tell",
        verdict=verdict.sentence if learnt.status != "warning" else f"{learnt.body} {verdict.sentence}",
        headlines=_headlines(law, verdict),
        cards=(_law_card(law, verdict, size, seed, loss, metric), _parameter_card(law), _holdout_card(law), learnt),
        results=_size_table(law, results, metric),
        metrics=_metrics(law, verdict),
    )


def _headlines(law: CorpusLaw, verdict: Verdict) -> tuple[Headline, ...]:
    headlines = [
        Headline(
            label="Smallest corpus that suffices",
            value=_interval(verdict.smallest, law),
            unit="spectra",
            format="count",
            note=f"within {verdict.tolerance:.0%} of the loss on all {verdict.full:,.0f}",
        ),
        Headline(
            label="Exponent β",
            value=_interval(law.beta, law),
            note="how fast the loss falls with the number of spectra",
        ),
        Headline(
            label="Floor E", value=_interval(law.E, law), note="loss no corpus gets below, at this model and steps"
        ),
    ]
    if law.holdout is not None:
        note = f"law fitted without the largest size; in-sample {law.holdout.in_sample_error:.2%}"
        headlines.insert(
            1, Headline(label="Hold-out error", value=Interval(law.holdout.error), format="percent", note=note)
        )
    return tuple(headlines)


def _law_card(
    law: CorpusLaw, verdict: Verdict, size: Sequence[float], seed: Sequence[str], loss: Sequence[float], metric: str
) -> Card:
    axis = np.geomspace(min(size), max(size), _CURVE_POINTS)
    band = law.projection.band(axis)
    figure = Figure(
        name="corpus_law",
        title="Held-out error against corpus size",
        x_label="Training spectra",
        y_label=f"{metric} (validation)",
        log_x=True,
        log_y=True,
        points=(Points(label="runs", x=size, y=loss, group=seed, arm="law"),),
        curves=(
            Curve(
                label="E + B·D^(−β)",
                x=axis.tolist(),
                y=band.value.tolist(),
                low=band.low.tolist(),
                high=band.high.tolist(),
                arm="law",
                confidence=law.confidence,
            ),
        ),
        markers=(
            Marker(
                label="smallest that suffices",
                x=verdict.smallest.value,
                low=verdict.smallest.low,
                high=verdict.smallest.high,
            ),
        ),
        note="Fixed steps: a small corpus is seen many times. The band is that of the law, not of one further run.",
    )
    return Card(
        title="Scaling law",
        status="ok" if law.converged else "warning",
        body=" ".join([verdict.sentence, *_findings(law)]),
        figure=figure,
    )


def _findings(law: CorpusLaw) -> list[str]:
    return [f"{s.meaning[0].upper()}{s.meaning[1:]}." for s in law.status if s is not FitStatus.CONVERGED]


def _parameter_card(law: CorpusLaw) -> Card:
    rows: list[Mapping[str, Cell]] = [
        {
            "estimator": label,
            "E": _interval(fit.E, law),
            "B": _interval(fit.B, law),
            "beta": _interval(fit.beta, law),
        }
        for label, fit in (
            ("least squares (variable projection)", law.projection),
            ("log-Huber (Hoffmann et al. 2022)", law.log_huber),
        )
    ]
    return Card(
        title="Parameters by both estimators",
        status="warning" if FitStatus.ESTIMATORS_DISAGREE in law.status else "ok",
        body=law.agreement,
        table=Table(
            title="Parameters",
            columns=(Column("estimator", "Estimator"), Column("E", "E"), Column("B", "B"), Column("beta", "β")),
            rows=tuple(rows),
            note=f"{law.confidence:.0%} intervals, {law.num_resamples:,} resamples of runs.",
        ),
    )


def _holdout_card(law: CorpusLaw) -> Card:
    title = "Hold-out: predicting the largest size from the others"
    if law.holdout is None:
        body = "Not applicable, because fewer than 4 sizes would be left to fit. Run at least 5 sizes."
        return Card(title=title, status="not_applicable", body=body)
    holdout = law.holdout
    rows: tuple[Mapping[str, Cell], ...] = (
        {"predictor": "the law", "error": holdout.error},
        {"predictor": "power law without floor", "error": holdout.power_law_error},
        {"predictor": "last point carried forward", "error": holdout.last_point_error},
        {"predictor": "the law, in-sample", "error": holdout.in_sample_error},
    )
    return Card(
        title=title,
        status="ok" if holdout.covered and holdout.beats_baselines else "warning",
        body=holdout.sentence,
        table=Table(
            title="Relative error",
            columns=(Column("predictor", "Predictor"), Column("error", "Error", format="percent")),
            rows=rows,
            note="A low in-sample error is no evidence of extrapolation.",
        ),
    )


def _learnt_card(results: Sequence[TrialResult], metric: str) -> Card:
    """Whether the models beat two predictors that learn nothing; where not, size has had no chance to matter."""
    title = "Against predictors that learn nothing"
    names = {f"{metric}_interpolation": "linear interpolation across the mask", f"{metric}_mean": "the visible mean"}
    known = {name: results[0].metrics[name] for name in names if name in results[0].metrics}
    if not known:
        return Card(title=title, status="not_applicable", body="Not applicable, because the trials report neither.")
    best = min(result.metrics[metric] for result in results)
    rows: list[Mapping[str, Cell]] = [{"predictor": "best model", "error": best}]
    rows += [{"predictor": names[name], "error": value} for name, value in known.items()]
    table = Table(
        title="Held-out error",
        columns=(Column("predictor", "Predictor"), Column("error", metric, format=".4g")),
        rows=tuple(rows),
    )
    if best < min(known.values()):
        body = f"The best model's error is {best / min(known.values()):.0%} of the better one's."
        return Card(title=title, body=body, table=table)
    body = "No verdict: no model beats both predictors that learn nothing, so they were trained too briefly to tell."
    return Card(title=title, status="warning", body=body, table=table)


def _size_table(law: CorpusLaw, results: Sequence[TrialResult], metric: str) -> Table:
    """One row a size: every seed's loss, their mean, what the law says, and how often each spectrum was seen."""
    seeds = sorted({str(result.params[_SEED]) for result in results})
    rows = []
    for size in sorted({int(result.params[_SIZE]) for result in results}):
        here = {str(r.params[_SEED]): r for r in results if int(r.params[_SIZE]) == size}
        any_of = next(iter(here.values()))
        rows.append(
            {
                "num_spectra": size,
                **{f"seed_{seed}": here[seed].metrics[metric] for seed in here},
                "mean": sum(r.metrics[metric] for r in here.values()) / len(here),
                "law": _interval(law.predict(size), law),
                "epochs": any_of.metrics.get("epochs"),
                "wall_s": sum(r.wall_s for r in here.values()) / len(here),
            }
        )
    return Table(
        title="Sizes",
        columns=(
            Column("num_spectra", "Spectra", format="count"),
            *(Column(f"seed_{seed}", f"{metric}, seed {seed}", format=".4g") for seed in seeds),
            Column("mean", "Mean", format=".4g"),
            Column("law", f"Law, {law.confidence:.0%} interval"),
            Column("epochs", "Epochs", format=".3g"),
            Column("wall_s", "Time", format="duration"),
        ),
        rows=tuple(rows),
    )


def _metrics(law: CorpusLaw, verdict: Verdict) -> dict[str, float]:
    values = {"law/converged": float(law.converged)}
    for name, estimate in (("E", law.E), ("B", law.B), ("beta", law.beta), ("smallest", verdict.smallest)):
        values |= {f"law/{name}": estimate.value, f"law/{name}_low": estimate.low, f"law/{name}_high": estimate.high}
    if law.holdout is not None:
        values |= {"holdout/error": law.holdout.error, "holdout/in_sample_error": law.holdout.in_sample_error}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _interval(estimate: Estimate, law: CorpusLaw) -> Interval:
    if math.isnan(estimate.value):
        return Interval(math.nan)
    return Interval(estimate.value, estimate.low, estimate.high, law.confidence)
