"""The analysis of a corpus-scaling study: law, hold-out and verdict, as cards, a figure and headlines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from spektron.report import Card, Headline, Interval
from spektron.scaling import CorpusLaw, FitStatus, Verdict, fit_corpus_law
from spektron.study.corpus_law_cards import (
    SEED_AXIS,
    SIZE_AXIS,
    holdout_card,
    interval_of,
    law_card,
    learnt_card,
    parameter_card,
    seeds_of,
    size_table,
    sizes_of,
)
from spektron.study.outcome import Findings, TrialResult
from spektron.study.study import StudySettings
from spektron.study.trial import CorpusIdentity

__all__ = ["corpus_law_analysis"]


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

    Returns
    -------
    Findings
        "not_applicable" where the runs do not differ in size, or differ in more than size and seed. Where no model
        beats the predictors that learn nothing, or the loss does not fall with size, the law without a verdict.

    Raises
    ------
    FitError
        For fewer than 4 distinct sizes, naming those found.
    """
    if reason := _why_not(results):
        return Findings(
            status="not_applicable",
            verdict=reason,
            cards=(Card(title="Scaling law", status="not_applicable", body=reason),),
        )
    loss = [result.metrics[metric] for result in results]
    law = fit_corpus_law(sizes_of(results), loss, seed=seeds_of(results))
    learnt = learnt_card(results, metric)
    withheld = learnt.body if learnt.status == "warning" else _why_withheld(law)
    verdict = None
    if not withheld:
        verdict = law.verdict(full=corpus.num_train, tolerance=tolerance, candidate=candidate)
    return Findings(
        status=verdict.status if verdict else "cannot_tell",
        verdict=verdict.sentence if verdict else withheld,
        headlines=_headlines(law, verdict),
        cards=(law_card(law, verdict, results, metric), parameter_card(law), holdout_card(law), learnt),
        results=size_table(law, results, metric),
        metrics=_metrics(law, verdict),
    )


def _why_not(results: Sequence[TrialResult]) -> str:
    """Why no law of corpus size can be fitted to these runs; empty where one can."""
    if any(SIZE_AXIS not in result.params for result in results):
        return f"Not applicable, because the space has no axis {SIZE_AXIS}: a corpus law needs runs on several sizes."
    values: dict[str, set[str]] = {}
    for result in results:
        for axis, value in result.params.items():
            values.setdefault(axis, set()).add(repr(value))
    others = [axis for axis, seen in sorted(values.items()) if len(seen) > 1 and axis not in (SIZE_AXIS, SEED_AXIS)]
    if not others:
        return ""
    return (
        f"Not applicable, because runs differ in {' and '.join(others)} too: a corpus law is of one configuration, and "
        "runs of several would pass for readings of the same one. Fix all but num_spectra and seed with --set, one "
        "value a study."
    )


def _why_withheld(law: CorpusLaw) -> str:
    """Why the law bears no verdict: models that no corpus size sets apart say nothing about how much is enough."""
    if FitStatus.NOT_FALLING not in law.status:
        return ""
    return f"No verdict: {FitStatus.NOT_FALLING.meaning}. Train longer, or use a larger model."


def _headlines(law: CorpusLaw, verdict: Verdict | None) -> tuple[Headline, ...]:
    headlines = [
        Headline(
            label="Exponent β",
            value=interval_of(law.beta, law),
            note="how fast the loss falls with the number of spectra",
        ),
        Headline(
            label="Floor E", value=interval_of(law.E, law), note="loss no corpus gets below, at this model and steps"
        ),
    ]
    if law.holdout is not None:
        note = f"law fitted without the largest size; in-sample {law.holdout.in_sample_error:.2%}"
        held_out = Headline(label="Hold-out error", value=Interval(law.holdout.error), format="percent", note=note)
        headlines.insert(0, held_out)
    if verdict is not None:
        smallest = Headline(
            label="Smallest corpus that suffices",
            value=interval_of(verdict.smallest, law),
            unit="spectra",
            format="count",
            note=f"within {verdict.tolerance:.0%} of the loss on all {verdict.full:,.0f}",
        )
        headlines.insert(0, smallest)
    return tuple(headlines)


def _metrics(law: CorpusLaw, verdict: Verdict | None) -> dict[str, float]:
    values = {"law/converged": float(law.converged), "law/num_merged": float(law.points.num_merged)}
    estimates = {"E": law.E, "B": law.B, "beta": law.beta} | ({"smallest": verdict.smallest} if verdict else {})
    for name, estimate in estimates.items():
        values |= {f"law/{name}": estimate.value, f"law/{name}_low": estimate.low, f"law/{name}_high": estimate.high}
    if law.holdout is not None:
        values |= {"holdout/error": law.holdout.error, "holdout/in_sample_error": law.holdout.in_sample_error}
    return {name: value for name, value in values.items() if math.isfinite(value)}
