"""What a report on prediction intervals shows: reliability, directions and widths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from spektron.report import Card, Cell, Column, Curve, Figure, Table
from spektron.study.measured_coverage import MeasuredCoverage, by_direction, mean_of, numbers_of, unique, values_of

__all__ = ["directions_card", "reliability_card", "widths_card"]


def reliability_card(dataset: str, here: Sequence[MeasuredCoverage], number: int = 10) -> Card:
    """What is covered against what was asked for."""
    at = min(numbers_of(here), key=lambda one: abs(one - number))
    curves = [Curve(label="as asked for", x=[0.5, 0.95], y=[0.5, 0.95], style="dashed")]
    for intervals in unique(one.intervals for one in here):
        own = [one for one in here if one.intervals == intervals]
        percents = sorted({one.percent for one in own})
        shares = [percent / 100 for percent in percents]
        inside = [mean_of(own, "coverage", at, each) for each in percents]
        # There are more ways than colours: those that need no model of errors are dashed.
        conformal = intervals.startswith(("conformal:", "split:"))
        style: Literal["dashed", "solid"] = "dashed" if conformal else "solid"
        curves.append(Curve(label=intervals, x=shares, y=inside, arm=intervals, style=style))
    title = f"{dataset}, {at} standards: reliability"
    figure = Figure(
        name=f"reliability_{dataset}",
        title=title,
        x_label="Asked for",
        y_label="Test samples inside",
        log_x=False,
        curves=tuple(curves),
        note="Above the diagonal intervals are wider than they need be, below it they promise too much.",
    )
    return Card(title=title, figure=figure)


def directions_card(dataset: str, here: Sequence[MeasuredCoverage]) -> Card:
    """Coverage, direction by direction."""
    rows: list[Mapping[str, Cell]] = []
    directions = unique(one.direction for one in here)
    for intervals in unique(one.intervals for one in here):
        own = [one for one in here if one.intervals == intervals]
        rows += [{"intervals": intervals, "number": number, **by_direction(own, number)} for number in numbers_of(own)]
    table = Table(
        title=f"{dataset}: coverage of intervals of 90 %, by direction",
        columns=(
            Column("intervals", "Intervals"),
            Column("number", "Standards"),
            *(Column(direction, direction, format="percent") for direction in directions),
        ),
        rows=tuple(rows),
    )
    return Card(title=table.title, table=table)


def widths_card(dataset: str, here: Sequence[MeasuredCoverage]) -> Card:
    """Widths over numbers of standards."""
    curves = []
    for intervals in unique(one.intervals for one in here):
        own = [one for one in here if one.intervals == intervals and one.what == "width"]
        numbers = numbers_of(own)
        if numbers:
            width = [
                float(np.exp(np.mean([np.log(one.value) for one in values_of(own, "width", number, 90)])))
                for number in numbers
            ]
            curves.append(Curve(label=intervals, x=[float(number) for number in numbers], y=width))
    title = f"{dataset}: how wide intervals of 90 % are"
    figure = Figure(
        name=f"width_{dataset}",
        title=title,
        x_label="Transfer standards",
        y_label="Width / deviation of the property",
        log_x=True,
        curves=tuple(curves),
        note="Infinite widths are not drawn.",
    )
    return Card(title=title, figure=figure)
