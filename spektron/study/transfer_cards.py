"""What a report on a benchmark of transfer shows: curves over the number of standards, pairs, and single tasks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from spektron.compare import holm
from spektron.compare.tasks import Band, TasksCompared, within_task_bands
from spektron.report import Card, Cell, Column, Curve, Figure, Interval, Marker, Points, Table
from spektron.study.transfer_arms import TransferArm
from spektron.transfer.metrics import transfer_efficiency
from spektron.transfer.protocol import parts_of_task

__all__ = ["curves_card", "file_name", "paired_card", "tasks_card"]


def curves_card(dataset: str, ranked: Sequence[TransferArm], numbers: Sequence[int], most: int = 6) -> Card:
    """The best methods over numbers of standards."""
    shown = ranked[:most]
    comparable = len(shown) > 1 and len({arm.seeds for arm in shown}) == 1
    found = [_bands(shown, number) if comparable else _alone(shown, number) for number in numbers]
    curves = tuple(
        Curve(
            label=arm.method,
            x=[float(number) for number in numbers],
            y=[each[arm.method].ratio for each in found],
            low=[each[arm.method].low for each in found],
            high=[each[arm.method].high for each in found],
        )
        for arm in shown
    )
    bands = (
        "within tasks (what all methods find hard in a task is taken away), so that they may be compared by eye"
        if comparable
        else "of tasks, which are harder for all methods or easier"
    )
    figure = Figure(
        name=f"sample_efficiency_{dataset}",
        title=f"{dataset}: what more standards are worth",
        x_label="Transfer standards",
        y_label="RMSEP / RMSEP of all samples",
        log_x=True,
        curves=curves,
        note=f"The {len(shown)} best methods; 1 is as good as measuring all samples on the child. Bands: 95 % {bands}.",
    )
    return Card(title=f"{dataset}: what more standards are worth", figure=figure)


def _bands(arms: Sequence[TransferArm], number: int) -> Mapping[str, Band]:
    counted = {arm.method: arm.counted(number) for arm in arms}
    ceiling = {task: arms[0].ceiling[task] for task in counted[arms[0].method]}
    return within_task_bands(counted, ceiling, parts=parts_of_task)


def _alone(arms: Sequence[TransferArm], number: int) -> Mapping[str, Band]:
    found = {arm.method: arm.against_ceiling(number) for arm in arms}
    return {method: Band(ratio=one.ratio, low=one.low, high=one.high) for method, one in found.items()}


def paired_card(dataset: str, ranked: Sequence[TransferArm], base: TransferArm, number: int) -> Card:
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
            "worst": arm.worst_against(base, number),
            "sign_p": one.sign_p,
            "wilcoxon_p": one.wilcoxon_p,
            "holm_p": adjusted,
        }
        for (arm, one), adjusted in zip(known, holm([one.wilcoxon_p for _, one in known]), strict=True)
    )
    columns = (
        Column("method", "Method"),
        Column("ratio", f"RMSEP / that of {base.method}", format=".3f"),
        Column("better", "Better in"),
        Column("worst", "Worst task", format=".3f"),
        Column("sign_p", "p (sign test)", format=".2g"),
        Column("wilcoxon_p", "p (Wilcoxon)", format=".2g"),
        Column("holm_p", "p (Holm)", format=".2g"),
    )
    note = (
        "Bootstrap of directions and properties, 95 %. Each p is of one comparison, as if tasks were independent, "
        f"which they are not: the interval counts. Holm: Wilcoxon's, for {len(known)} comparisons at once."
    )
    table = Table(title=title, columns=columns, rows=rows, note=note)
    return Card(title=title, body=body, table=table, figure=_forest(dataset, base, known, number))


def _forest(dataset: str, base: TransferArm, known: Sequence[tuple[TransferArm, TasksCompared]], number: int) -> Figure:
    return Figure(
        name=f"against_{file_name(base.method)}_{dataset}",
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
        note="Left of the line is better. Bars: bootstrap of directions and properties, 95 %.",
        y_names=(base.method, *(arm.method for arm, _ in known)),
    )


def tasks_card(dataset: str, arm: TransferArm, number: int) -> Card:
    """One method task by task, in the words of chemometrics."""
    title = f"{dataset}, {number} standards: {arm.method} task by task"
    rows: list[Mapping[str, Cell]] = []
    for task, rmsep in sorted(arm.errors[number].items()):
        bias, samples, spread = arm.bias[number][task], arm.samples[task], arm.spread[task]
        sep = np.sqrt(np.maximum(np.square(rmsep) - np.square(bias), 0) * samples / (samples - 1))
        gained = [
            transfer_efficiency(*each) for each in zip(rmsep, arm.untransferred[task], arm.ceiling[task], strict=True)
        ]
        rows.append(
            {
                "task": task,
                "rmsep": float(rmsep.mean()),
                "bias": float(bias.mean()),
                "sep": float(sep.mean()),
                "r2": float((1 - np.square(rmsep / spread) * samples / (samples - 1)).mean()),
                "rpd": float((spread / sep).mean()),
                "ratio": float(np.exp(np.log(rmsep / arm.ceiling[task]).mean())),
                "gained": float(np.median(gained)),
            }
        )
    columns = (
        Column("task", "Task"),
        *(Column(key, label, format=".3g") for key, label in (("rmsep", "RMSEP"), ("bias", "Bias"), ("sep", "SEP"))),
        *(Column(key, label, format=".2f") for key, label in (("r2", "R²"), ("rpd", "RPD"))),
        Column("ratio", "RMSEP / all samples'", format=".3f"),
        Column("gained", "η", format=".2f"),
    )
    note = (
        "Means over splits, of the last but one the geometric mean, of the last the median. η: share of the gap "
        "between no transfer and all samples on the child that is closed; 1 is all of it. —: no gap."
    )
    return Card(title=title, table=Table(title=title, columns=columns, rows=tuple(rows), note=note))


def file_name(method: str) -> str:
    """A method's name as part of a metric's or a file's."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", method).strip("_")
