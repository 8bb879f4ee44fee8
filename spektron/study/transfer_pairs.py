"""Comparisons of one method of transfer with another, paired over tasks and splits: all with one, or each with its own.

A hybrid is held against its own base, a pretrained network against its untrained twin, and every method against the
strongest classical one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spektron.compare import holm
from spektron.compare.tasks import TasksCompared
from spektron.report import Card, Cell, Column, Figure, Interval, Marker, Points, Table
from spektron.study.transfer_arms import TransferArm, file_name

__all__ = ["Pair", "against_card", "pairs_card"]

Pair = tuple[str, str]
"""A method, and the one that it is held against."""


@dataclass(frozen=True, slots=True)
class _Compared:
    arm: TransferArm
    other: TransferArm
    found: TasksCompared
    worst: float

    @property
    def name(self) -> str:
        return f"{self.arm.method} / {self.other.method}"


def against_card(dataset: str, ranked: Sequence[TransferArm], base: TransferArm, number: int) -> Card:
    """Every method against the reference, task by task and split by split; those of other splits are named."""
    pairs = [(arm.method, base.method) for arm in ranked if arm is not base]
    compared, missing = _compare(ranked, pairs, number)
    title = f"{dataset}, {number} standards: against {base.method}, paired"
    label = f"RMSEP / that of {base.method}"
    left_out = ", ".join(method for method, _ in missing)
    body = f"Not run on the same splits, and so not compared: {left_out}." if missing else ""
    if not compared:
        body = f"Not applicable, because no other method was run on the splits of {base.method}. {body}".strip()
        return Card(title=title, status="not_applicable", body=body)
    figure = _forest(f"against_{base.method}_{dataset}", title, label, [(one.arm.method, one) for one in compared])
    return Card(title=title, body=body, table=_table(title, label, compared), figure=figure)


def pairs_card(dataset: str, arms: Sequence[TransferArm], pairs: Sequence[Pair], number: int) -> Card:
    """Every pair task by task and split by split; those that were not run together are named."""
    compared, missing = _compare(arms, pairs, number)
    title = f"{dataset}, {number} standards: pairs"
    label = "RMSEP / the other's"
    left_out = ", ".join(f"{method} / {against}" for method, against in missing)
    body = f"Not run, or not on the same splits: {left_out}." if missing else ""
    if not compared:
        return Card(title=title, status="not_applicable", body=f"Not applicable, because no pair was run. {body}")
    figure = _forest(f"pairs_{dataset}", title, label, [(one.name, one) for one in compared])
    return Card(title=title, body=body, table=_table(title, label, compared, each_its_own=True), figure=figure)


def _compare(arms: Sequence[TransferArm], pairs: Sequence[Pair], number: int) -> tuple[list[_Compared], list[Pair]]:
    """Those that can be, and those that cannot: not run, or not on the same splits."""
    by_name = {arm.method: arm for arm in arms}
    compared: list[_Compared] = []
    missing: list[Pair] = []
    for method, against in pairs:
        arm, other = by_name.get(method), by_name.get(against)
        found = None if arm is None or other is None else arm.against(other, number)
        if arm is None or other is None or found is None:
            missing.append((method, against))
        else:
            compared.append(_Compared(arm, other, found, arm.worst_against(other, number)))
    return compared, missing


def _table(title: str, label: str, compared: Sequence[_Compared], *, each_its_own: bool = False) -> Table:
    adjusted = holm([one.found.wilcoxon_p for one in compared])
    rows: tuple[Mapping[str, Cell], ...] = tuple(
        {
            "method": one.arm.method,
            **({"against": one.other.method} if each_its_own else {}),
            "ratio": Interval(one.found.ratio, one.found.low, one.found.high),
            "better": f"{one.found.num_better} of {one.found.num_tasks}",
            "worst": one.worst,
            "sign_p": one.found.sign_p,
            "wilcoxon_p": one.found.wilcoxon_p,
            "holm_p": p,
        }
        for one, p in zip(compared, adjusted, strict=True)
    )
    columns = (
        Column("method", "Method"),
        *((Column("against", "Against"),) if each_its_own else ()),
        Column("ratio", label, format=".3f"),
        Column("better", "Better in"),
        Column("worst", "Worst task", format=".3f"),
        Column("sign_p", "p (sign test)", format=".2g"),
        Column("wilcoxon_p", "p (Wilcoxon)", format=".2g"),
        Column("holm_p", "p (Holm)", format=".2g"),
    )
    note = (
        "Bootstrap of parents, children and properties, 95 %. Each p is of one comparison, as if tasks were "
        "independent, which they are not: the interval counts. Holm: Wilcoxon's, for "
        f"{len(compared)} comparisons at once."
    )
    return Table(title=title, columns=columns, rows=rows, note=note)


def _forest(name: str, title: str, label: str, rows: Sequence[tuple[str, _Compared]]) -> Figure:
    found = [one.found for _, one in rows]
    points = Points(
        label="ratio",
        x=[one.ratio for one in found],
        y=[float(place) for place in range(len(found))],
        low=[one.low for one in found],
        high=[one.high for one in found],
    )
    return Figure(
        name=file_name(name),
        title=title,
        x_label=label,
        y_label="method",
        log_x=True,
        points=(points,),
        markers=(Marker(label="alike", x=1.0),),
        note="Left of the line is better. Bars: bootstrap of parents, children and properties, 95 %.",
        y_names=tuple(label for label, _ in rows),
    )
