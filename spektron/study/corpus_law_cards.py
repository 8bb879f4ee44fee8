"""The cards, the figure and the table that show a corpus law."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from spektron.report import Card, Cell, Column, Curve, Figure, Interval, Marker, Points, Table
from spektron.scaling import CorpusLaw, Estimate, FitStatus, Verdict
from spektron.study.outcome import TrialResult

__all__ = [
    "SEED_AXIS",
    "SIZE_AXIS",
    "holdout_card",
    "interval_of",
    "law_card",
    "learnt_card",
    "parameter_card",
    "seeds_of",
    "size_table",
    "sizes_of",
]

SIZE_AXIS, SEED_AXIS = "num_spectra", "seed"
_CURVE_POINTS = 120


def law_card(law: CorpusLaw, verdict: Verdict | None, results: Sequence[TrialResult], metric: str) -> Card:
    """The law, its verdict if there is one, and the curve through the runs."""
    return Card(
        title="Scaling law",
        status="ok" if law.converged else "warning",
        body=" ".join([*([verdict.sentence] if verdict else []), *_findings(law)]),
        figure=_law_figure(law, verdict, results, metric),
    )


def _law_figure(law: CorpusLaw, verdict: Verdict | None, results: Sequence[TrialResult], metric: str) -> Figure:
    size, loss = sizes_of(results), [result.metrics[metric] for result in results]
    axis = np.geomspace(min(size), max(size), _CURVE_POINTS)
    band = law.projection.band(axis)
    return Figure(
        name="corpus_law",
        title="Held-out error against corpus size",
        x_label="Training spectra",
        y_label=f"{metric} (validation)",
        log_x=True,
        log_y=True,
        points=(Points(label="runs", x=size, y=loss, group=seeds_of(results), arm="law"),),
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
        markers=(_marker(verdict.smallest),) if verdict else (),
        note="Fixed steps: a small corpus is seen many times. The band is that of the law, not of one further run.",
    )


def _marker(smallest: Estimate) -> Marker:
    return Marker(label="smallest that suffices", x=smallest.value, low=smallest.low, high=smallest.high)


def _findings(law: CorpusLaw) -> list[str]:
    findings = [f"{s.meaning[0].upper()}{s.meaning[1:]}." for s in law.status if s is not FitStatus.CONVERGED]
    if merged := law.points.num_merged:
        findings.append(f"{merged} runs of the same size and seed as another were averaged with it.")
    return findings


def parameter_card(law: CorpusLaw) -> Card:
    """E, B and β by both estimators."""
    rows: list[Mapping[str, Cell]] = [
        {
            "estimator": label,
            "E": interval_of(fit.E, law),
            "B": interval_of(fit.B, law),
            "beta": interval_of(fit.beta, law),
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


def holdout_card(law: CorpusLaw) -> Card:
    """How well the law predicts the largest size from the others."""
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


def learnt_card(results: Sequence[TrialResult], metric: str) -> Card:
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


def size_table(law: CorpusLaw, results: Sequence[TrialResult], metric: str) -> Table:
    """One row a size: every seed's loss, their mean, what the law says, and how often each spectrum was seen."""
    seeds = sorted(set(seeds_of(results)))
    rows = []
    for size in sorted({int(result.params[SIZE_AXIS]) for result in results}):
        here = {seed: r for seed, r in zip(seeds_of(results), results) if int(r.params[SIZE_AXIS]) == size}
        any_of = next(iter(here.values()))
        rows.append(
            {
                "num_spectra": size,
                **{f"seed_{seed}": here[seed].metrics[metric] for seed in here},
                "mean": sum(r.metrics[metric] for r in here.values()) / len(here),
                "law": interval_of(law.predict(size), law),
                "epochs": any_of.metrics.get("epochs"),
                "wall_s": sum(r.wall_s for r in here.values()) / len(here),
            }
        )
    return Table(
        title="Sizes",
        columns=(
            Column("num_spectra", "Spectra", format="count"),
            *(Column(f"seed_{seed}", f"{metric}, seed {seed}" if seed else metric, format=".4g") for seed in seeds),
            Column("mean", "Mean", format=".4g"),
            Column("law", f"Law, {law.confidence:.0%} interval"),
            Column("epochs", "Epochs", format=".3g"),
            Column("wall_s", "Time", format="duration"),
        ),
        rows=tuple(rows),
    )


def sizes_of(results: Sequence[TrialResult]) -> list[float]:
    """The corpus size of each run."""
    return [float(result.params[SIZE_AXIS]) for result in results]


def seeds_of(results: Sequence[TrialResult]) -> list[str]:
    """The seed of each run; empty where seeds do not vary."""
    return [str(result.params.get(SEED_AXIS, "")) for result in results]


def interval_of(estimate: Estimate, law: CorpusLaw) -> Interval:
    """An estimate as reports show it."""
    if math.isnan(estimate.value):
        return Interval(math.nan)
    return Interval(estimate.value, estimate.low, estimate.high, law.confidence)
