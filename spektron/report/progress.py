"""The live display of a running study: what runs, how its loss falls, how long it will take.

On a terminal one block is redrawn in place, at most four times a second. Without one (a job's log, CI) every finished
trial is one line, and running ones are told of rarely.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table as RichTable
from rich.text import Text

from spektron.report.numbers import duration, number

__all__ = ["StudyProgress", "sparkline"]

_REFRESH_PER_S = 4
_SHOWN_FINISHED = 4
_QUIET_S = 15.0  # between two lines about running trials in a log
_BARS = "▁▂▃▄▅▆▇█"


@dataclass
class _Running:
    started: float
    step: int = 0
    steps: int = 0
    losses: list[float] = field(default_factory=list)


class StudyProgress:
    """Tell how a study is going.

    Parameters
    ----------
    total : int
        Trials of the whole study.
    reused : int
        Of these, taken from the ledger and not run.
    slots : int
        Trials at a time, for the time left.
    metric : str
        Name of the loss shown.
    """

    def __init__(
        self,
        *,
        total: int,
        reused: int = 0,
        slots: int = 1,
        metric: str = "loss",
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total, self._reused, self._slots, self._metric = total, reused, slots, metric
        self._console = console or Console()
        self._clock = clock
        self._began = clock()
        self._running: dict[str, _Running] = {}
        self._finished: list[tuple[str, float, float]] = []
        self._failed: list[tuple[str, str]] = []
        self._last_line = clock()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self._render, console=self._console, refresh_per_second=_REFRESH_PER_S, transient=True
            )
            self._live.start()
        elif self._reused:
            self._console.print(f"{self._reused} of {self._total} trials are in the ledger", highlight=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def trial_started(self, label: str) -> None:
        """A trial, or another try of it, begins."""
        self._running[label] = _Running(self._clock())

    def trial_progress(self, label: str, step: int, steps: int, loss: float) -> None:
        """A running trial has reported."""
        running = self._running.setdefault(label, _Running(self._clock()))
        running.step, running.steps = step, steps
        if math.isfinite(loss):
            running.losses.append(loss)
        if self._live is None and self._clock() - self._last_line >= _QUIET_S:
            self._line(f"{label}  step {step}/{steps}  {self._metric} {number(loss)}")

    def trial_finished(self, label: str, loss: float, seconds: float) -> None:
        """A trial has ended well."""
        self._running.pop(label, None)
        self._finished.append((label, loss, seconds))
        if self._live is None:
            self._line(f"{label}  {self._metric} {number(loss)}  {duration(seconds)}")

    def trial_failed(self, label: str, why: str) -> None:
        """A trial has failed for good."""
        self._running.pop(label, None)
        self._failed.append((label, why))
        if self._live is None:
            self._line(f"{label}  FAILED: {why}")

    @property
    def done(self) -> int:
        """Trials that are over, reused ones included."""
        return self._reused + len(self._finished) + len(self._failed)

    def seconds_left(self) -> float | None:
        """Expected seconds to the end, from the pace so far; None before anything is known."""
        left = self._total - self.done
        if left <= 0:
            return 0.0
        if self._finished:
            mean = sum(seconds for _, _, seconds in self._finished) / len(self._finished)
            spent = sum(min(self._clock() - running.started, mean) for running in self._running.values())
            return max(0.0, left * mean - spent) / min(self._slots, left)
        paces = [
            (self._clock() - running.started) / running.step * running.steps
            for running in self._running.values()
            if running.step and running.steps
        ]
        if not paces:
            return None
        whole = sum(paces) / len(paces)
        return max(0.0, left * whole / min(self._slots, left) - (self._clock() - self._began))

    def _line(self, text: str) -> None:
        self._last_line = self._clock()
        width = len(str(self._total))
        left = self.seconds_left()
        rest = f"  ~{duration(left)} left" if left else ""
        self._console.print(
            f"[{self.done:>{width}}/{self._total}] {text}{rest}", markup=False, highlight=False, soft_wrap=True
        )

    def _render(self) -> RenderableType:
        return Group(self._header(), self._trials())

    def _header(self) -> RenderableType:
        left = self.seconds_left()
        grid = RichTable.grid(padding=(0, 1), expand=False)
        grid.add_row(
            Text(f"{self.done}/{self._total} trials", style="bold"),
            ProgressBar(total=max(self._total, 1), completed=self.done, width=min(30, self._console.width // 3)),
            Text(duration(self._clock() - self._began)),
            Text(
                f"~{duration(left)} left" if left else "time left: not known yet" if left is None else "", style="cyan"
            ),
        )
        return grid

    def _trials(self) -> RenderableType:
        grid = RichTable.grid(padding=(0, 2))
        for label, loss, seconds in self._finished[-_SHOWN_FINISHED:]:
            grid.add_row(
                Text("✓", style="green"), Text(label), Text(number(loss)), Text(duration(seconds), style="dim")
            )
        for label, why in self._failed[-_SHOWN_FINISHED:]:
            grid.add_row(Text("✗", style="red"), Text(label), Text("failed"), Text(why.splitlines()[0], style="dim"))
        for label, running in self._running.items():
            latest = number(running.losses[-1]) if running.losses else "…"
            step = f"{running.step}/{running.steps}" if running.steps else "starting"
            grid.add_row(
                Text("▸", style="cyan"), Text(label), Text(latest), Text(f"{step} {sparkline(running.losses)}")
            )
        return grid


def sparkline(values: list[float], width: int = 12) -> str:
    """Draw the last `width` values as bars between their smallest and largest."""
    shown = values[-width:]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    span = (high - low) or 1.0
    return "".join(_BARS[round((value - low) / span * (len(_BARS) - 1))] for value in shown)
