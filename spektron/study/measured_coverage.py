"""What a study of intervals measured, number by number, and means over some of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spektron.study.outcome import TrialResult
from spektron.study.study import StudySettings

__all__ = [
    "MeasuredCoverage",
    "by_direction",
    "calibration_error",
    "mean_of",
    "measured_coverage",
    "numbers_of",
    "unique",
    "values_of",
]

_KEY = re.compile(
    r"(?P<what>coverage|width|score)/(?P<direction>[^/]+)/(?P<task>[^/]+)/n(?P<number>\d+)(/c(?P<at>\d+))?"
)


@dataclass(frozen=True, slots=True)
class MeasuredCoverage:
    """One number of one trial."""

    dataset: str
    intervals: str
    split: int
    what: str
    direction: str
    task: str
    number: int
    percent: int
    value: float


def measured_coverage(result: TrialResult, settings: StudySettings[Any]) -> Iterable[MeasuredCoverage]:
    """All numbers of a trial."""
    config = settings.config.with_values(result.params)
    for name, value in result.metrics.items():
        if found := _KEY.fullmatch(name):
            yield MeasuredCoverage(
                dataset=config.dataset,
                intervals=config.intervals,
                split=config.seed,
                what=found["what"],
                direction=found["direction"],
                task=found["task"],
                number=int(found["number"]),
                percent=int(found["at"] or 90),
                value=value,
            )


def unique(values: Iterable[Any]) -> list[Any]:
    """Each once, in order."""
    return list(dict.fromkeys(values))


def numbers_of(measured: Sequence[MeasuredCoverage]) -> list[int]:
    """Numbers of standards."""
    return sorted({one.number for one in measured})


def values_of(measured: Sequence[MeasuredCoverage], what: str, number: int, percent: int) -> list[MeasuredCoverage]:
    """Those of one kind, number of standards and confidence."""
    return [one for one in measured if (one.what, one.number, one.percent) == (what, number, percent)]


def mean_of(measured: Sequence[MeasuredCoverage], what: str, number: int, percent: int) -> float:
    """Over tasks and splits."""
    return float(np.mean([one.value for one in values_of(measured, what, number, percent)]))


def calibration_error(measured: Sequence[MeasuredCoverage], number: int) -> float:
    """Mean distance of coverage from what was asked for, over directions and confidences."""
    percents = unique(one.percent for one in measured if one.what == "coverage")
    return float(
        np.mean(
            [
                abs(share - percent / 100)
                for percent in percents
                for share in by_direction(measured, number, percent).values()
            ]
        )
    )


def by_direction(measured: Sequence[MeasuredCoverage], number: int, percent: int = 90) -> dict[str, float]:
    """Coverage, over properties and splits."""
    found: dict[str, list[float]] = {}
    for one in values_of(measured, "coverage", number, percent):
        found.setdefault(one.direction, []).append(one.value)
    return {direction: float(np.mean(values)) for direction, values in found.items()}
