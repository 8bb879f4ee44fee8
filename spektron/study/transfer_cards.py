"""What a report on a benchmark of transfer shows: curves over the number of standards, and paired comparisons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from spektron.compare.tasks import Band, TasksCompared, within_task_bands
from spektron.report import Card, Cell, Column, Curve, Figure, Interval, Marker, Points, Table
from spektron.study.transfer_arms import TransferArm

__all__ = ["curves_card", "file_name", "paired_card"]


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
    return within_task_bands(counted, {task: arms[0].ceiling[task] for task in counted[arms[0].method]})


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
        note="Left of the line is better. Bars: bootstrap of tasks, 95 %.",
        y_names=(base.method, *(arm.method for arm, _ in known)),
    )


def file_name(method: str) -> str:
    """A method's name as part of a metric's or a file's."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", method).strip("_")
