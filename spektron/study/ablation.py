"""The analysis of an ablation: which arm is better than the reference, by how much, and how sure that is."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from spektron.report import Headline, Interval
from spektron.report.numbers import percent
from spektron.study.ablation_cards import (
    OTHERS,
    arm_table,
    arms_card,
    axes_card,
    change_text,
    interval_of,
    other_measures_card,
)
from spektron.study.arms import Arms, Comparison, Measure, arms_of
from spektron.study.corpus_law_cards import learnt_card
from spektron.study.outcome import Findings, TrialResult
from spektron.study.study import StudySettings
from spektron.study.trial import CorpusIdentity
from spektron.study.words import axis_text

__all__ = ["ERROR", "LEVEL", "ablation_analysis"]

ERROR = Measure(metric="val_mse", label="Held-out error", relative=True)
# Chance of calling any of a table's arms different where none is.
LEVEL = 0.05


def ablation_analysis(
    results: Sequence[TrialResult],
    settings: StudySettings[Any],
    corpus: CorpusIdentity,
    *,
    reference: Mapping[str, Any],
    measure: Measure = ERROR,
    others: Sequence[Measure] = OTHERS,
) -> Findings:
    """Compare the arms of an ablation on one held-out metric, seed by seed.

    Parameters
    ----------
    results : sequence of TrialResult
        Trials that differ in some axes and, if the comparison is to have an interval, in ``seed``.
    settings, corpus
        Of the study.
    reference : mapping
        Axis → value of the arm that the others are compared with.
    measure : Measure
        What decides: an error, so that less is better.
    others : sequence of Measure
        What stands beside it, where all trials report it.

    Returns
    -------
    Findings
        "differs" where at least one arm differs from the reference with p < 0.05 after Holm's correction for all arms;
        "cannot_tell" where none does, or where nothing was learnt.

    Raises
    ------
    StudyError
        For trials that differ in nothing but their seed.
    """
    arms = arms_of(results, reference, axis_text)
    compared = arms.compare(measure)
    learnt = learnt_card(results, measure.metric)
    differs = [one for one in compared if one.p_holm is not None and one.p_holm < LEVEL]
    withheld = learnt.status == "warning"
    sentence = learnt.body if withheld else _verdict(arms, compared, differs, measure)
    cards = [arms_card(arms, compared, measure, sentence), *axes_card(arms, measure)]
    cards += [*other_measures_card(arms, others), learnt]
    return Findings(
        status="differs" if differs and not withheld else "cannot_tell",
        verdict=sentence,
        headlines=_headlines(arms, compared, measure),
        cards=tuple(cards),
        results=arm_table(arms, compared, measure),
        metrics=_metrics(arms, compared, measure),
    )


def _verdict(arms: Arms, compared: Sequence[Comparison], differs: Sequence[Comparison], measure: Measure) -> str:
    reference, repeats = arms.reference.label, f"{max(len(arm.by_seed) for arm in arms.all)} seeds"
    better = sorted((one for one in differs if one.paired.value < 0), key=lambda one: one.paired.value)
    worse = sorted((one for one in differs if one.paired.value > 0), key=lambda one: -one.paired.value)
    if better:
        more = len(better) - 1
        others = f" {f'{more} other arms are' if more > 1 else 'One other arm is'} better too." if more else ""
        return f"{_told(better[0], measure)} than {reference}, over {repeats}.{others}{_worse(worse, measure)}"
    if worse:
        return f"No arm is better than {reference}, over {repeats}.{_worse(worse, measure)}"
    known = [one for one in compared if one.paired.low is not None and one.paired.high is not None]
    if not known:
        return f"Cannot tell: with one seed nothing says how far arms differ by chance. Run {reference} on 3 seeds."
    halves = sorted((one.paired.high or 0.0) - (one.paired.low or 0.0) for one in known)
    most = max(known, key=lambda one: abs(one.paired.value))
    return (
        f"No arm differs from {reference} by more than seeds do, over {repeats}: the largest difference is that of "
        f"{most.arm.label}, {change_text(most.paired)}. With so many seeds an interval is typically "
        f"±{percent(halves[len(halves) // 2] / 2)}, and smaller effects cannot be seen."
    )


def _told(one: Comparison, measure: Measure) -> str:
    word = "lower" if one.paired.value < 0 else "higher"
    low, high = sorted(abs(end) for end in (one.paired.low or 0.0, one.paired.high or 0.0))
    size = f"{percent(abs(one.paired.value))} {word} {measure.label.lower()} [{percent(low)}, {percent(high)}]"
    return f"{one.arm.label}: {size}"


def _worse(worse: Sequence[Comparison], measure: Measure) -> str:
    if not worse:
        return ""
    number = f"{len(worse)} arms are worse, most of all" if len(worse) > 1 else "One arm is worse:"
    return f" {number} {_told(worse[0], measure)}."


def _headlines(arms: Arms, compared: Sequence[Comparison], measure: Measure) -> tuple[Headline, ...]:
    best = min(arms.all, key=lambda arm: arm.mean(measure.metric))
    headlines = [
        Headline(
            label=f"Lowest {measure.label.lower()}",
            value=Interval(best.mean(measure.metric)),
            format=".4g",
            note=f"{best.label}, mean over {len(best.by_seed)} seeds",
        )
    ]
    if found := next((one for one in compared if one.arm is best), None):
        note = f"{best.label} against {arms.reference.label}"
        headlines.append(Headline(label="Its change", value=interval_of(found.paired), format="percent", note=note))
    return tuple(headlines)


def _metrics(arms: Arms, compared: Sequence[Comparison], measure: Measure) -> dict[str, float]:
    values: dict[str, float] = {
        f"ablation/{_name(arm.label)}/{measure.metric}": arm.mean(measure.metric) for arm in arms.all
    }
    for one in compared:
        ends = {"change": one.paired.value, "change_low": one.paired.low, "change_high": one.paired.high}
        ends["p_holm"] = one.p_holm
        values |= {f"ablation/{_name(one.arm.label)}/{key}": end for key, end in ends.items() if end is not None}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _name(label: str) -> str:
    """A label as part of a metric's name in MLflow."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", label).strip("_")
