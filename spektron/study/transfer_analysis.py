"""The analysis of a benchmark of transfer: every method against the ceiling and against the strongest classical one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spektron.compare.tasks import TasksCompared, compare_tasks
from spektron.core.errors import StudyError
from spektron.report import Card, Cell, Column, Curve, Figure, Headline, Interval, Marker, Points, Table
from spektron.study.outcome import Findings, TrialResult
from spektron.study.study import StudySettings
from spektron.study.trial import CorpusIdentity
from spektron.transfer.protocol import counts

__all__ = ["transfer_analysis"]

_RMSEP = re.compile(r"rmsep/(?P<task>[^/]+/[^/]+)/n(?P<number>\d+)")
_INTERVALS = (
    "Geometric means over tasks and splits of RMSEP over that of a calibration made on the child with all samples "
    "(raw, partial least squares); to m5 moisture is left out. Intervals: bootstrap of tasks, 95 %; they are of these "
    "samples and splits, not of other ones."
)
Errors = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class _Arm:
    """One method on one set: number of standards → task → RMSEP of every split."""

    method: str
    dataset: str
    errors: Mapping[int, Errors]
    ceiling: Errors
    seeds: tuple[str, ...]

    def against_ceiling(self, number: int) -> TasksCompared:
        counted = {task: values for task, values in self.errors[number].items() if counts(self.dataset, task)}
        return compare_tasks(counted, {task: self.ceiling[task] for task in counted})

    def against(self, other: _Arm, number: int) -> TasksCompared | None:
        """None where the two were not run on the same splits."""
        if self.seeds != other.seeds:
            return None
        counted = {task: values for task, values in self.errors[number].items() if counts(self.dataset, task)}
        return compare_tasks(counted, {task: other.errors[number][task] for task in counted})


def transfer_analysis(
    results: Sequence[TrialResult],
    settings: StudySettings[Any],
    corpus: CorpusIdentity,
    *,
    reference: Mapping[str, Any],
    shown: int = 10,
) -> Findings:
    """Compare methods of transfer over tasks and splits.

    Parameters
    ----------
    results : sequence of TrialResult
        Of `spektron.study.transferring.transfer_trial`; axes are method, dataset and seed (the split).
    settings, corpus
        Of the study; methods that pretrain would learn from the corpus.
    reference : mapping
        ``{"method": name}``: what others are compared with, the strongest classical method.
    shown : int
        Number of standards of the headline and of the forest; the nearest that was run.

    Returns
    -------
    Findings
        "differs" where a method's interval against the reference lies below 1 with `shown` standards.

    Raises
    ------
    StudyError
        When no trial has finished.
    """
    if not results:
        raise StudyError("expected finished trials, found none", "see the log for why they failed")
    arms = _arms(results, settings)
    cards: list[Card] = []
    metrics: dict[str, float] = {}
    sentences: list[str] = []
    headlines: list[Headline] = []
    rows: list[Mapping[str, Cell]] = []
    better = False
    for dataset in dict.fromkeys(arm.dataset for arm in arms):
        here = [arm for arm in arms if arm.dataset == dataset]
        numbers = sorted(here[0].errors)
        at = min(numbers, key=lambda number: abs(number - shown))
        ranked = sorted(here, key=lambda arm: arm.against_ceiling(at).ratio)
        base = next((arm for arm in here if arm.method == reference["method"]), ranked[0])
        cards += [_curves(dataset, ranked, numbers), _paired(dataset, ranked, base, at)]
        best, found = ranked[0], ranked[0].against_ceiling(at)
        headlines.append(
            Headline(
                label=f"{dataset}, {at} standards",
                value=Interval(found.ratio, found.low, found.high),
                format=".3f",
                note=f"{best.method}: times the RMSEP of all samples on the child",
            )
        )
        against = best.against(base, at) if best is not base else None
        better = better or (against is not None and against.high < 1)
        sentences.append(_sentence(dataset, at, best, base, against))
        for arm in ranked:
            rows.append(_row(arm, numbers))
            metrics |= {f"transfer/{dataset}/{_name(arm.method)}/n{n}": arm.against_ceiling(n).ratio for n in numbers}
    return Findings(
        status="differs" if better else "cannot_tell",
        verdict=" ".join(sentences),
        headlines=tuple(headlines),
        cards=tuple(cards),
        results=_results(tuple(rows)),
        metrics=metrics,
    )


def _arms(results: Sequence[TrialResult], settings: StudySettings[Any]) -> list[_Arm]:
    grouped: dict[tuple[str, str], dict[str, TrialResult]] = {}
    for result in results:
        config = settings.config.with_values(result.params)
        grouped.setdefault((config.dataset, config.method), {})[str(config.seed)] = result
    found = []
    for (dataset, method), by_seed in grouped.items():
        seeds = tuple(sorted(by_seed))
        errors: dict[int, dict[str, NDArray[np.float64]]] = {}
        for name in by_seed[seeds[0]].metrics:
            if match := _RMSEP.fullmatch(name):
                values = np.array([by_seed[seed].metrics[name] for seed in seeds])
                errors.setdefault(int(match["number"]), {})[match["task"]] = values
        tasks = next(iter(errors.values()))
        ceiling = {task: np.array([by_seed[seed].metrics[f"ceiling/{task}"] for seed in seeds]) for task in tasks}
        found.append(_Arm(method, dataset, errors, ceiling, seeds))
    return found


def _row(arm: _Arm, numbers: Sequence[int]) -> Mapping[str, Cell]:
    row: dict[str, Cell] = {"dataset": arm.dataset, "method": arm.method, "splits": len(arm.seeds)}
    for number in numbers:
        found = arm.against_ceiling(number)
        row[f"n{number}"] = Interval(found.ratio, found.low, found.high)
    return row


def _results(rows: tuple[Mapping[str, Cell], ...]) -> Table:
    numbers = sorted({int(name[1:]) for row in rows for name in row if re.fullmatch(r"n\d+", name)})
    return Table(
        title="RMSEP against all samples on the child",
        columns=(
            Column("dataset", "Set"),
            Column("method", "Method"),
            Column("splits", "Splits"),
            *(Column(f"n{number}", f"N = {number}", format=".3f") for number in numbers),
        ),
        rows=rows,
        note=_INTERVALS,
    )


def _curves(dataset: str, ranked: Sequence[_Arm], numbers: Sequence[int], most: int = 6) -> Card:
    curves = []
    for arm in ranked[:most]:
        found = [arm.against_ceiling(number) for number in numbers]
        curves.append(
            Curve(
                label=arm.method,
                x=[float(number) for number in numbers],
                y=[one.ratio for one in found],
                low=[one.low for one in found],
                high=[one.high for one in found],
            )
        )
    figure = Figure(
        name=f"sample_efficiency_{dataset}",
        title=f"{dataset}: what more standards are worth",
        x_label="Transfer standards",
        y_label="RMSEP / that of all samples on the child",
        log_x=True,
        curves=tuple(curves),
        note=f"The {min(most, len(ranked))} best methods; 1 is as good as measuring all samples on the child.",
    )
    return Card(title=f"{dataset}: what more standards are worth", figure=figure)


def _paired(dataset: str, ranked: Sequence[_Arm], base: _Arm, number: int) -> Card:
    """Every method against the reference, task by task and split by split."""
    title = f"{dataset}, {number} standards: against {base.method}, paired"
    compared = [(arm, arm.against(base, number)) for arm in ranked if arm is not base]
    known = [(arm, one) for arm, one in compared if one is not None]
    left_out = [arm.method for arm, one in compared if one is None]
    body = f"Not run on the same splits, and so not compared: {', '.join(left_out)}." if left_out else ""
    if not known:
        body = f"Not applicable, because no other method was run on the splits of {base.method}. {body}".strip()
        return Card(title=title, status="not_applicable", body=body)
    rows: tuple[Mapping[str, Cell], ...] = tuple(
        {
            "method": arm.method,
            "ratio": Interval(one.ratio, one.low, one.high),
            "better": f"{one.num_better} of {one.num_tasks}",
            "sign_p": one.sign_p,
            "wilcoxon_p": one.wilcoxon_p,
        }
        for arm, one in known
    )
    columns = (
        Column("method", "Method"),
        Column("ratio", f"RMSEP / that of {base.method}", format=".3f"),
        Column("better", "Better in"),
        Column("sign_p", "p (sign test)", format=".2g"),
        Column("wilcoxon_p", "p (Wilcoxon)", format=".2g"),
    )
    note = "Bootstrap of tasks, 95 %; each p is of one comparison, over tasks."
    table = Table(title=title, columns=columns, rows=rows, note=note)
    return Card(title=title, body=body, table=table, figure=_forest(dataset, base, known, number))


def _forest(dataset: str, base: _Arm, known: Sequence[tuple[_Arm, TasksCompared]], number: int) -> Figure:
    return Figure(
        name=f"against_{_name(base.method)}_{dataset}",
        title=f"{dataset}, {number} standards: against {base.method}",
        x_label=f"RMSEP / that of {base.method}",
        y_label="method",
        log_x=True,
        points=(
            Points(
                label="ratio",
                x=[one.ratio for _, one in known],
                y=[float(place) for place in range(1, len(known) + 1)],
                low=[one.low for _, one in known],
                high=[one.high for _, one in known],
            ),
        ),
        markers=(Marker(label="reference", x=1.0),),
        note="Left of the line is better. Bars: bootstrap of tasks, 95 %.",
        y_names=(base.method, *(arm.method for arm, _ in known)),
    )


def _sentence(dataset: str, number: int, best: _Arm, base: _Arm, against: TasksCompared | None) -> str:
    reached = best.against_ceiling(number).ratio
    head = f"{dataset}, {number} standards: {best.method} is best, {reached:.3f} times the ceiling's RMSEP"
    if against is None:
        return f"{head}." if best is not base else f"{head}; nothing is better than it."
    return (
        f"{head} and {against.ratio:.3f} [{against.low:.3f}, {against.high:.3f}] times that of {base.method}, better "
        f"in {against.num_better} of {against.num_tasks} tasks."
    )


def _name(method: str) -> str:
    """A method's name as part of a metric's or a file's."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", method).strip("_")
