"""The analysis of a study of prediction intervals: whether they cover what they say, and how wide they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spektron.core.errors import StudyError
from spektron.report import Card, Cell, Column, Headline, Interval, Table, VerdictStatus
from spektron.study.coverage_cards import directions_card, reliability_card, widths_card
from spektron.study.measured_coverage import (
    MeasuredCoverage,
    by_direction,
    calibration_error,
    mean_of,
    measured_coverage,
    numbers_of,
    unique,
    values_of,
)
from spektron.study.outcome import Findings, TrialResult
from spektron.study.study import StudySettings
from spektron.study.transfer_arms import file_name
from spektron.study.trial import CorpusIdentity

__all__ = ["coverage_analysis"]

_LOW, _HIGH = 0.85, 0.95
_ROUNDING = 1e-9  # means of shares: 340 of 400 may come out a bit below 0.85


def coverage_analysis(
    results: Sequence[TrialResult],
    settings: StudySettings[Any],
    corpus: CorpusIdentity,
    *,
    baseline: str,
    judged: str,
) -> Findings:
    """Compare ways to make intervals over directions, splits and properties.

    Parameters
    ----------
    results : sequence of TrialResult
        Of `spektron.study.covering.coverage_trial`; axes are intervals, dataset and seed (the split).
    settings, corpus
        Of the study; nothing is learned from the corpus.
    baseline : str
        What widths are compared with, where it has finite ones.
    judged : str
        What the verdict is about.

    Returns
    -------
    Findings
        "enough" where the judged intervals of 90 % cover 85 to 95 % in every direction of every set with every number
        of standards, "not_enough" otherwise.

    Raises
    ------
    StudyError
        When no trial has finished.
    """
    if not results:
        raise StudyError("expected finished trials, found none", "see the log for why they failed")
    measured = [one for result in results for one in measured_coverage(result, settings)]
    cards: list[Card] = []
    rows: list[Mapping[str, Cell]] = []
    metrics: dict[str, float] = {}
    for dataset in unique(one.dataset for one in measured):
        here = [one for one in measured if one.dataset == dataset]
        cards += [reliability_card(dataset, here), directions_card(dataset, here), widths_card(dataset, here)]
        for intervals in unique(one.intervals for one in here):
            own = [one for one in here if one.intervals == intervals]
            rows += [_row(own, here, number, baseline) for number in numbers_of(own)]
            for number in numbers_of(own):
                name = f"coverage/{dataset}/{file_name(intervals)}/n{number}"
                metrics[name] = mean_of(own, "coverage", number, 90)
    status, verdict, headline = _verdict([one for one in measured if one.intervals == judged], judged)
    return Findings(
        status=status,
        verdict=verdict,
        headlines=headline,
        cards=tuple(cards),
        results=_results(tuple(rows), baseline),
        metrics=metrics,
    )


def _row(
    own: Sequence[MeasuredCoverage], here: Sequence[MeasuredCoverage], number: int, baseline: str
) -> Mapping[str, Cell]:
    coverage = mean_of(own, "coverage", number, 90)
    of_direction = by_direction(own, number).values()
    row: dict[str, Cell] = {
        "dataset": own[0].dataset,
        "intervals": own[0].intervals,
        "number": number,
        "coverage": Interval(coverage, min(of_direction), max(of_direction)),
        "calibration": calibration_error(own, number),
    }
    widths = values_of(own, "width", number, 90)
    if widths:
        row["width"] = float(np.exp(np.mean([np.log(one.value) for one in widths])))
        row["score"] = float(np.exp(np.mean([np.log(one.value) for one in values_of(own, "score", number, 90)])))
    others = {
        (one.split, one.direction, one.task): one.value
        for one in values_of([each for each in here if each.intervals == baseline], "width", number, 90)
    }
    paired = [
        np.log(one.value / others[one.split, one.direction, one.task])
        for one in widths
        if (one.split, one.direction, one.task) in others
    ]
    if paired and own[0].intervals != baseline:
        row["against"] = float(np.exp(np.mean(paired)))
    return row


def _results(rows: tuple[Mapping[str, Cell], ...], baseline: str) -> Table:
    return Table(
        title="Intervals of 90 %",
        columns=(
            Column("dataset", "Set"),
            Column("intervals", "Intervals"),
            Column("number", "Standards"),
            Column("coverage", "Coverage", format="percent"),
            Column("calibration", "Calibration error", format=".3f"),
            Column("width", "Width", format=".2f"),
            Column("score", "Interval score", format=".2f"),
            Column("against", f"Width / {baseline}", format=".2f"),
        ),
        rows=rows,
        note=(
            "Coverage: share of test samples on the child inside; in brackets the directions with the least and the "
            "most. Calibration error: mean distance of coverage from what was asked for, over directions and 50, 80, "
            "90 and 95 %. Width and interval score (the width, and what lies outside times 20) are over the deviation "
            "of the property, geometric means over tasks. —: infinite, because there are too few standards, or the "
            "baseline."
        ),
    )


def _verdict(judged: Sequence[MeasuredCoverage], name: str) -> tuple[VerdictStatus, str, tuple[Headline, ...]]:
    if not judged:
        return "not_applicable", f"{name} was not run.", ()
    found = {
        (one.dataset, number, direction): share
        for one in judged
        for number in numbers_of([each for each in judged if each.dataset == one.dataset])
        for direction, share in by_direction([each for each in judged if each.dataset == one.dataset], number).items()
    }
    outside = {at: share for at, share in found.items() if not _LOW - _ROUNDING <= share <= _HIGH + _ROUNDING}
    low, high = min(found.values()), max(found.values())
    headline = Headline(
        label="Coverage of 90 %",
        value=Interval(float(np.mean(list(found.values()))), low, high),
        format="percent",
        note=name,
    )
    head = f"{name}: intervals of 90 % cover {low:.1%} to {high:.1%} of test samples"
    if not outside:
        return "enough", f"{head} in all {len(found)} directions and numbers of standards.", (headline,)
    named = ", ".join(f"{a} {c} with {b}: {share:.1%}" for (a, b, c), share in list(outside.items())[:6])
    more = f" and {len(outside) - 6} more" if len(outside) > 6 else ""
    return (
        "not_enough",
        f"{head}; outside of {_LOW:.0%} to {_HIGH:.0%} in {len(outside)} of {len(found)} directions and numbers of "
        f"standards ({named}{more}).",
        (headline,),
    )
