"""Reports and tables in the terminal: answer first, then what it rests on, then where to look next."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text

from spektron.report.numbers import column_texts, interval_text
from spektron.report.values import Card, Headline, StudyReport, Table

__all__ = ["console_width", "render_report", "render_table"]

_STATUS = {
    "enough": ("ENOUGH", "bold green"),
    "not_enough": ("NOT ENOUGH", "bold yellow"),
    "cannot_tell": ("CANNOT TELL", "bold magenta"),
    "not_applicable": ("NOT APPLICABLE", "bold"),
}
_CARD = {"ok": "green", "warning": "yellow", "not_applicable": "dim"}
_LOG_WIDTH = 110  # of a job's log, which has no terminal to ask


def console_width() -> int | None:
    """Width for a console without a terminal; None lets rich ask the terminal there is."""
    return None if sys.stdout.isatty() else shutil.get_terminal_size((_LOG_WIDTH, 24)).columns


def render_table(table: Table) -> RenderableType:
    """Draw one table, numbers to the right, with its note below."""
    drawn = RichTable(title=table.title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    columns = []
    for column in table.columns:
        rows, totals = column_texts(table, column)
        textual = all(isinstance(row.get(column.name), str | None) for row in table.rows)
        drawn.add_column(column.heading, justify="left" if textual else "right", overflow="fold")
        columns.append((rows, totals))
    for i in range(len(table.rows)):
        drawn.add_row(*(Text(rows[i]) for rows, _ in columns), end_section=i == len(table.rows) - 1)
    for i in range(len(table.totals)):
        drawn.add_row(*(Text(totals[i], style="bold") for _, totals in columns))
    return Group(drawn, Text(table.note, style="dim")) if table.note else drawn


def render_report(report: StudyReport) -> RenderableType:
    """Draw a whole report: results, cards, cost, then (last, where the eye is) the verdict and where to look."""
    return Group(*_parts(report))


def _parts(report: StudyReport) -> Iterable[RenderableType]:
    if report.results is not None:
        yield render_table(report.results)
    for card in report.cards:
        yield from _card(card, skip=report.verdict)
    if report.cost is not None:
        yield render_table(report.cost)
    for warning in report.warnings:
        yield Text.assemble(("warning: ", "yellow"), warning)
    yield _verdict(report)
    yield _where(report)


def _card(card: Card, skip: str) -> Iterable[RenderableType]:
    body = card.body.removeprefix(skip).strip()
    if body or card.table is not None:
        yield Text.assemble(("● ", _CARD[card.status]), (card.title, "bold"))
    if body:
        yield Padding(Text(body), (0, 0, 1, 2))
    if card.table is not None:
        yield Padding(render_table(card.table), (0, 0, 0, 2))


def _verdict(report: StudyReport) -> RenderableType:
    word, style = _STATUS[report.status]
    lines: list[RenderableType] = [Text(report.verdict)]
    if report.headlines:
        lines += [Text(""), _headlines(report.headlines)]
    return Panel(Group(*lines), title=Text(f"{report.title}  {word}", style=style), title_align="left", box=box.ROUNDED)


def _headlines(headlines: Iterable[Headline]) -> RichTable:
    grid = RichTable.grid(padding=(0, 2))
    for headline in headlines:
        value = interval_text(headline.value, headline.unit, headline.format)
        grid.add_row(Text(headline.label, style="bold"), Text(value), Text(headline.note, style="dim"))
    return grid


def _where(report: StudyReport) -> RichTable:
    grid = RichTable.grid(padding=(0, 2))
    for label, place in report.where_to_look.items():
        # Paths and commands are copied by hand: they may not be broken by a box or cut off.
        grid.add_row(Text(label, style="bold cyan"), Text(place, overflow="fold"))
    return grid
