"""The plan: all trials of a study under one set of settings on one corpus, and what the ledger knows of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spektron.core.errors import ConfigError
from spektron.core.identity import fingerprint
from spektron.report import Column, Table
from spektron.study.ledger import Ledger
from spektron.study.space import Sizes, grid_points
from spektron.study.study import Study, StudySettings
from spektron.study.trial import CorpusIdentity, Trial, trial_at

__all__ = ["Plan", "make_plan", "plan_table"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run of a study is about to do; making one runs nothing.

    Attributes
    ----------
    fingerprint : str
        Of study address, base configuration, space, search, corpus content and split: one plan is one parent run.
    trials : tuple of Trial
        All points of a grid; empty for a search, whose points are drawn as it goes.
    num_trials : int
        How many trials there will be.
    """

    study: Study[Any]
    settings: StudySettings[Any]
    corpus: CorpusIdentity
    fingerprint: str
    trials: tuple[Trial, ...]
    num_trials: int

    def trial_at(self, params: Mapping[str, Any]) -> Trial:
        """The trial at one point."""
        return trial_at(self.study, self.settings, self.corpus, params)

    @property
    def name(self) -> str:
        """How people call it: the study's address, the corpus, and a few digits of the fingerprint."""
        return f"{self.study.address} on {self.corpus.name} ({self.fingerprint[:6]})"


def make_plan(study: Study[Any], settings: StudySettings[Any], corpus: CorpusIdentity) -> Plan:
    """Lay out a study's trials.

    Raises
    ------
    ConfigError
        For a search without a number of trials, or a grid with an axis that is a range.
    """
    settings = _resolve_sizes(settings, corpus)
    identity = {
        "study": study.address,
        "config": settings.config.identity(),
        "space": {path: axis.model_dump(mode="json") for path, axis in settings.space.items()},
        "search": [settings.search, settings.num_trials, settings.search_seed],
        "corpus": corpus.fingerprint,
        "split": study.split,
    }
    trials: tuple[Trial, ...] = ()
    if settings.search == "grid":
        points = (trial_at(study, settings, corpus, point) for point in grid_points(settings.space))
        # Points that lead to one configuration are one trial: with one scale, for example, there is nothing to merge.
        unique: dict[str, Trial] = {}
        for trial in points:
            unique.setdefault(trial.fingerprint, trial)
        trials = tuple(unique.values())
    elif settings.num_trials is None:
        raise ConfigError(
            f"a {settings.search} search needs a number of trials, found none", "for example --set num_trials=50"
        )
    for trial in trials:
        study.check(settings.config.with_values(trial.params), corpus)
    return Plan(
        study=study,
        settings=settings,
        corpus=corpus,
        fingerprint=fingerprint(identity),
        trials=trials,
        num_trials=len(trials) or settings.num_trials or 0,
    )


def _resolve_sizes(settings: StudySettings[Any], corpus: CorpusIdentity) -> StudySettings[Any]:
    space = {
        path: axis.resolved(corpus.num_train) if isinstance(axis, Sizes) else axis
        for path, axis in settings.space.items()
    }
    return settings.model_copy(update={"space": space})


def plan_table(plan: Plan, ledger: Ledger, slots: int | None) -> Table:
    """Trials, identities, what is already done, and what the rest is expected to cost.

    `slots` is how many run at a time; None where the cluster is not known yet.
    """
    rows = []
    seconds = []
    for trial in plan.trials:
        record = ledger.records.get(trial.fingerprint)
        done = record is not None and record.status == "finished"
        if record is not None and done:
            seconds.append(record.wall_s)
        rows.append(
            {
                "trial": trial.label,
                "fingerprint": trial.fingerprint,
                "state": record.status if record else "to run",
                plan.study.metric: record.metrics.get(plan.study.metric) if record and done else None,
                "wall_s": record.wall_s if record else None,
            }
        )
    left = plan.num_trials - len(seconds)
    at_a_time = f"{slots} at a time" if slots else "as many at a time as the cluster holds"
    note = f"{plan.num_trials} trials, {len(seconds)} in the ledger, {left} to run, {at_a_time}."
    if left and seconds:
        expected = left * sum(seconds) / len(seconds)
        wall = f"{expected / slots:.0f} s of wall time, " if slots else ""
        note += f" Expected: {wall}{expected:.0f} s of trial time (mean of those done)."
    elif left:
        note += " No trial of this plan is finished yet, so its cost cannot be told from the ledger."
    return Table(
        title=f"Plan of {plan.name}",
        columns=(
            Column("trial", "Trial"),
            Column("fingerprint", "Fingerprint"),
            Column("state", "State"),
            Column(plan.study.metric, plan.study.metric),
            Column("wall_s", "Time", format="duration"),
        ),
        rows=tuple(rows),
        note=note,
    )
