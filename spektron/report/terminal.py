"""Reports and tables in the terminal: what the answer rests on, then the answer, last, where the eye is.

What is drawn adapts to where it is printed: colours and boxes on a terminal, plain text in a file or a job's log.
"""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.constrain import Constrain
from rich.measure import Measurement
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text

from spektron.report.numbers import MISSING, column_texts, interval_text
from spektron.report.values import Card, Headline, StudyReport, Table
from spektron.report.words import CARD_WORDS, VERDICT_WORDS, is_numeric, table_note

__all__ = ["LOG_WIDTH", "console_width", "render_plain", "render_report", "render_table"]

# Job viewers (Ray's, Kubernetes', CI's) show about a hundred columns without wrapping.
LOG_WIDTH = 100

# Sentences are read, not scanned: longer lines are hard to follow on a wide terminal.
_READING_WIDTH = 100

# Of a cost table in the terminal; a longer one shows its totals, the page and the CSV every trial.
_MOST_COST_ROWS = 6

_VERDICT_STYLES = {
    "enough": "green",
    "not_enough": "yellow",
    "differs": "green",
    "cannot_tell": "magenta",
    "not_applicable": "bright_black",
}
_CARD_STYLES = {"ok": "green", "warning": "yellow", "not_applicable": "bright_black"}

# Lines under the header and above the totals only. The ASCII one survives every log viewer, encoding and font.
_RULES = "    \n    \n {0}{0} \n    \n {0}{0} \n {0}{0} \n    \n    \n"
_PLAIN_BOX, _COLOUR_BOX = box.Box(_RULES.format("-"), ascii=True), box.Box(_RULES.format("─"))


def console_width() -> int | None:
    """Width for a console without a terminal (``COLUMNS`` if set); None lets rich ask the terminal there is."""
    return None if sys.stdout.isatty() else shutil.get_terminal_size((LOG_WIDTH, 24)).columns


def render_report(report: StudyReport) -> RenderableType:
    """Draw a report: results, analyses, cost, warnings, then the verdict and where to look. Fits from 60 columns."""
    return _Adaptive(lambda style: Group(*_parts(report, style)))


def render_table(table: Table) -> RenderableType:
    """Draw one table: numbers to the right, points aligned, totals below a line, its note under it."""
    return _Adaptive(lambda style: _table(table, style))


def render_plain(report: StudyReport, width: int = LOG_WIDTH) -> str:
    """Write a report as text without colours, boxes or control codes, at most `width` columns wide."""
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False, color_system=None).print(render_report(report))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


@dataclass(frozen=True)
class _Style:
    """How things look in one place; `of` drops every style where there are no colours."""

    plain: bool

    def of(self, name: str) -> str:
        return "" if self.plain else name


@dataclass(frozen=True)
class _Fitting:
    """The first renderable where it fits without breaking a number, otherwise the second."""

    wide: RenderableType
    narrow: RenderableType
    least: int | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # Measured without a limit: rich clips what a table asks for to what there is.
        least = self.least or Measurement.get(console, options.update(max_width=10_000), self.wide).minimum
        yield self.wide if least <= options.max_width else self.narrow


@dataclass(frozen=True)
class _Adaptive:
    build: Callable[[_Style], RenderableType]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.build(_Style(plain=not console.is_terminal))


def _parts(report: StudyReport, style: _Style) -> Iterable[RenderableType]:
    if report.results is not None:
        yield from (_table(report.results, style), Text())
    for card in report.cards:
        yield from _card(card, report.verdict, style)
    if report.cost is not None:
        yield from (_table(_short_cost(report.cost), style), Text())
    for warning in report.warnings:
        yield _reading(Text.assemble(("Warning: ", style.of("bold yellow")), warning))
    if report.warnings:
        yield Text()
    yield _verdict(report, style)
    if report.where_to_look:
        yield from (Text(), *_places(report, style))


def _table(table: Table, style: _Style) -> RenderableType:
    parts: list[RenderableType] = [Text(table.title, style=style.of("bold"))] if table.title else []
    parts.append(_Fitting(_grid(table, style), _records(table)))
    if note := table_note(table):
        parts.append(_reading(Text(note, style=style.of("bright_black"))))
    return Group(*parts)


def _grid(table: Table, style: _Style) -> RichTable:
    grid = RichTable(
        box=_PLAIN_BOX if style.plain else _COLOUR_BOX,
        safe_box=False,
        border_style=style.of("bright_black"),
        header_style=style.of("bold"),
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    num_rows, texts = len(table.rows), []
    for column in table.columns:
        rows, totals = column_texts(table, column)
        texts.append([*rows, *("" if text == MISSING else text for text in totals)])
        right = is_numeric(table, column)
        # Headings wrap, numbers never do.
        width = max((cell_len(text) for text in texts[-1]), default=1) if right else None
        side: Literal["right", "left"] = "right" if right else "left"
        grid.add_column(Text(column.heading), justify=side, overflow="fold", vertical="bottom", min_width=width)
    for i in range(num_rows):
        grid.add_row(*(Text(cells[i]) for cells in texts), end_section=i == num_rows - 1 and bool(table.totals))
    for i in range(num_rows, num_rows + len(table.totals)):
        grid.add_row(*(Text(cells[i]) for cells in texts), style=style.of("bold"))
    return grid


def _records(table: Table) -> RenderableType:
    """The rows as lines of ``name value``, for terminals too narrow for the table."""
    columns = [
        (column.heading, [*rows, *totals]) for column in table.columns for rows, totals in [column_texts(table, column)]
    ]
    rows = range(len(table.rows) + len(table.totals))
    return Group(*(Text(" · ".join(f"{head} {cells[i]}" for head, cells in columns)) for i in rows))


def _short_cost(cost: Table) -> Table:
    if not cost.totals or len(cost.rows) <= _MOST_COST_ROWS:
        return cost
    # The totals become the rows, so that their columns keep their formats and their sides.
    note = f"{cost.note} Each of the {len(cost.rows)} trials is in the report.".strip()
    return replace(cost, rows=cost.totals, totals=(), note=note)


def _card(card: Card, verdict: str, style: _Style) -> Iterable[RenderableType]:
    body = card.body.removeprefix(verdict).strip()  # the verdict has its own place
    word = CARD_WORDS[card.status]
    if not body and not word and card.table is None:
        return
    colour = style.of(_CARD_STYLES[card.status])
    bullet = () if style.plain else (("● ", colour),)
    yield Text.assemble(*bullet, (card.title, style.of("bold")), (f"  [{word}]" if word else "", colour))
    indent = (0, 0, 1, 2)
    if body:
        yield Padding(_reading(Text(body)), indent)
    if card.table is not None:
        same = card.table.title == card.title
        yield Padding(_table(replace(card.table, title="") if same else card.table, style), indent)


def _verdict(report: StudyReport, style: _Style) -> RenderableType:
    word = VERDICT_WORDS[report.status].upper()
    lines: list[RenderableType] = [Text(report.verdict)]
    if report.headlines:
        lines += [Text(), _headlines(report.headlines, style)]
    if report.prediction:
        lines += [Text(), Text(f"Predicted: {report.prediction}", style=style.of("bright_black"))]
    if style.plain:
        rule = Text("-" * 60)
        return Group(rule, Text(f"{report.title}  {word}"), Text(report.study), Text(), *map(_reading, lines), rule)
    colour = _VERDICT_STYLES[report.status]
    title = Text.assemble((report.title, "bold"), "  ", (word, f"bold {colour}"))
    study = Text(report.study, style="bright_black")
    return _reading(
        Panel(
            Group(*lines),
            title=title,
            title_align="left",
            subtitle=study,
            subtitle_align="right",
            border_style=colour,
            padding=(1, 2),
        )
    )


def _headlines(headlines: Sequence[Headline], style: _Style) -> RenderableType:
    grid = RichTable.grid(padding=(0, 2), pad_edge=False)
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    for line in headlines:
        value = Text(interval_text(line.value, line.unit, line.format), style=style.of("bold"))
        note = Text(line.note, style=style.of("bright_black"))
        grid.add_row(Text(line.label), Group(value, note) if line.note else value)
    return grid


def _places(report: StudyReport, style: _Style) -> Iterable[RenderableType]:
    # Paths and commands are copied by hand: nothing follows them on their line, and one too long gets its own.
    width = max(map(cell_len, report.where_to_look)) + 2
    for label, place in report.where_to_look.items():
        link = style.of(f"link {place}") if place.startswith(("http://", "https://")) else ""
        head, tail = (label, style.of("bright_black")), (place, link)
        one_line = Text.assemble(head, " " * (width - cell_len(label)), tail)
        two_lines = Group(Text.assemble(head), Text.assemble(tail, overflow="fold"))
        yield _Fitting(one_line, two_lines, cell_len(one_line.plain))


def _reading(inner: RenderableType) -> RenderableType:
    return Constrain(inner, _READING_WIDTH)
