"""What a report on a benchmark of transfer shows of methods: curves over numbers of standards, and single tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from spektron.compare.tasks import Band, within_task_bands
from spektron.report import Card, Cell, Column, Curve, Figure, Table
from spektron.study.transfer_arms import TransferArm
from spektron.transfer.metrics import transfer_efficiency
from spektron.transfer.protocol import parts_of_task

__all__ = ["curves_card", "tasks_card"]


def curves_card(dataset: str, ranked: Sequence[TransferArm], numbers: Sequence[int], most: int = 6) -> Card:
    """The best methods, all of the same splits, over numbers of standards."""
    shown = ranked[:most]
    comparable = len(shown) > 1
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
