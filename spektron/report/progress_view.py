"""What the live display looks like: one snapshot in, one block out that fits the terminal's width and height."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import ConsoleDimensions, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from spektron.report.numbers import duration, number
from spektron.report.pace import rough_duration
from spektron.report.sparkline import sparkline

__all__ = ["Ended", "Running", "Snapshot", "progress_view"]

_MOST_ENDED = 4
_HEADER_ROWS = 3  # bar, empty line, column heads
_GAP = 2  # between columns
_BAR, _LEAST_BAR = 36, 6
_LEAST_LABEL = 8
_MOST_METRIC = 14  # characters of the metric's name

# Columns, in order.
_MARK, _LABEL, _STEP, _LOSS, _SPARK, _TIME = range(6)


@dataclass(frozen=True)
class Running:
    """A trial that runs: its last step of `steps` (0: not known), losses so far, seconds since it started."""

    label: str
    step: int
    steps: int
    losses: Sequence[float]
    elapsed_s: float


@dataclass(frozen=True)
class Ended:
    """A trial that is over: its loss and how it ended, as text."""

    label: str
    loss: str
    how: str


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything the display shows at one moment."""

    total: int
    done: int
    failed: int
    metric: str
    elapsed_s: float
    left_s: float | None
    running: Sequence[Running]
    ended: Sequence[Ended]


def progress_view(shot: Snapshot, size: ConsoleDimensions) -> RenderableType:
    """Draw a snapshot within `size`; trials that do not fit are counted in the last line."""
    if not shot.running and not shot.ended:
        return _header(shot, size.width)
    return Group(_header(shot, size.width), Text(), _trials(shot, size))


def _header(shot: Snapshot, width: int) -> RenderableType:
    left = "time left: not known yet"
    if shot.left_s is not None:
        left = f"~{rough_duration(shot.left_s)} left" if shot.left_s > 0 else ""
    texts = [
        Text(f"{shot.done}/{shot.total} trials", style="bold"),
        Text(_ticking(shot.elapsed_s)),
        Text(left, style="cyan"),
        Text(f"{shot.failed} failed" if shot.failed else "", style="red"),
    ]
    shown: list[RenderableType] = [text for text in texts if text.plain]
    # The words come first; the bar takes what they leave.
    room = width - sum(text.cell_len + _GAP for text in texts if text.plain)
    if room >= _LEAST_BAR:
        bar = ProgressBar(total=max(shot.total, 1), completed=shot.done, width=min(_BAR, room))
        shown.insert(1, bar)
    row = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
    for _ in shown:
        row.add_column(no_wrap=True, overflow="ellipsis")
    row.add_row(*shown)
    return row


def _trials(shot: Snapshot, size: ConsoleDimensions) -> RenderableType:
    # A block taller than the terminal cannot be redrawn in place; one row is kept for the count of the rest.
    rows = max(1, size.height - _HEADER_ROWS - 2)
    running = shot.running[:rows]
    num_ended = min(_MOST_ENDED, rows - len(running))
    ended = shot.ended[-num_ended:] if num_ended else ()
    cells = [_ended_cells(trial) for trial in ended] + [_running_cells(run) for run in running]
    grid = _grid(_heads(shot.metric), cells, size.width)
    if not (more := len(shot.running) - len(running)):
        return grid
    return Group(grid, Text(f"and {more} more running", style="bright_black", no_wrap=True, overflow="ellipsis"))


def _grid(heads: list[Text], rows: list[list[Text]], width: int) -> Table:
    """Lay rows out in `width`: first the loss's course gives way, then the time, then the end of the label."""
    widths = [max(row[i].cell_len for row in [heads, *rows]) for i in range(len(heads))]
    kept = list(range(len(heads)))
    for dispensable in (_SPARK, _TIME):
        if sum(widths[i] + _GAP for i in kept) - _GAP > width:
            kept.remove(dispensable)
    spare = width - sum(widths[i] + _GAP for i in kept) + _GAP
    widths[_LABEL] = max(_LEAST_LABEL, min(widths[_LABEL], widths[_LABEL] + spare))
    grid = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for i in kept:
        right = i in (_STEP, _LOSS, _TIME)
        grid.add_column(
            heads[i], justify="right" if right else "left", no_wrap=True, overflow="ellipsis", width=widths[i]
        )
    for row in rows:
        grid.add_row(*(row[i] for i in kept))
    return grid


def _heads(metric: str) -> list[Text]:
    name = metric if len(metric) <= _MOST_METRIC else metric[: _MOST_METRIC - 1] + "…"
    return [Text(head, style="bright_black") for head in ("", "trial", "step", name, "", "time")]


def _ended_cells(trial: Ended) -> list[Text]:
    mark, *rest = ("✓", trial.label, "", trial.loss, "", trial.how)
    return [Text(mark, style="green"), *(Text(text, style="bright_black") for text in rest)]


def _running_cells(run: Running) -> list[Text]:
    step = f"{run.step}/{run.steps}" if run.steps else f"{run.step}" if run.step else "starting"
    loss = number(run.losses[-1]) if run.losses else ""
    spark = Text(sparkline(run.losses), style="cyan")
    return [Text("▸", style="cyan"), Text(run.label), Text(step), Text(loss), spark, Text(_ticking(run.elapsed_s))]


def _ticking(seconds: float) -> str:
    """Write a running time without tenths, which would flicker."""
    return f"{int(seconds)} s" if seconds < 60 else duration(seconds)
