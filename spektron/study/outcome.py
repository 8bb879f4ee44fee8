"""What a run of a plan leaves behind, and what an analysis makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spektron.report import Card, Headline, StudyReport, Table, VerdictStatus

__all__ = ["Findings", "Outcome", "TrialResult"]


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """A finished trial as an analysis sees it."""

    fingerprint: str
    params: Mapping[str, Any]
    """The point: axis → value."""
    metrics: Mapping[str, float]
    """The last metrics the trial returned."""
    wall_s: float
    """Wall-clock seconds of all its tries together."""
    cpu_s: float
    """Reserved CPUs × wall seconds."""
    gpu_s: float
    """Reserved GPUs × wall seconds."""
    reused: bool
    """Taken from the ledger by this run, not run again."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """An analysis of finished trials: the verdict, and what it rests on.

    Attributes
    ----------
    metrics : mapping
        Numbers for the parent run in MLflow, so that studies can be compared there; finite only.
    """

    status: VerdictStatus
    verdict: str
    headlines: tuple[Headline, ...] = ()
    cards: tuple[Card, ...] = ()
    results: Table | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(kw_only=True)
class Outcome:
    """What a run of a plan left behind.

    Attributes
    ----------
    failed : dict
        Label → reason, of trials that failed for good.
    undelivered : int
        Events the tracking server has not got yet.
    """

    results: list[TrialResult]
    failed: dict[str, str]
    report_dir: Path
    undelivered: int = 0
    report: StudyReport | None = None
    warnings: list[str] = field(default_factory=list)
