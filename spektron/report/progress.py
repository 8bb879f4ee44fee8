"""The live display of a running study: what runs, how its loss falls, how long it will take.

On a terminal one block is redrawn in place, four times a second at most, however often trials report. Without one (a
job's log, CI) every event is one plain line, and lines that would flood the log are counted instead of printed.
Methods may be called from any thread.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from spektron.report.numbers import duration, number
from spektron.report.pace import TrialPace, rough_duration, seconds_left
from spektron.report.progress_view import Ended, Running, Snapshot, progress_view
from spektron.report.sparkline import History

__all__ = ["StudyProgress"]

_REFRESH_PER_S = 4

# In a log: so many lines at once, then one a second. 300 toy trials stay readable, 16 real ones are all there.
_BURST, _LINES_PER_S = 40.0, 1.0

# Between two lines about trials that run: 1 % of the time so far, but not more often than a reader looks.
_QUIET_S, _QUIET_MOST_S, _QUIET_SHARE = 15.0, 300.0, 0.01


@dataclass
class _Trial:
    pace: TrialPace
    losses: History = field(default_factory=History)


class StudyProgress:
    """Tell how a study is going, between ``__enter__`` and ``__exit__``.

    Parameters
    ----------
    total : int
        Trials of the whole study.
    reused : int
        Of these, known from the ledger before the start.
    slots : int
        Trials at a time, for the time left; at least as many as were seen running together.
    metric : str
        Name of the loss shown.
    console : Console, optional
        Where to; standard output by default.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self,
        total: int,
        reused: int = 0,
        *,
        slots: int = 1,
        metric: str = "loss",
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total, self._known, self._slots, self._metric = total, reused, slots, metric
        self._console = console or Console()
        self._clock, self._began = clock, clock()
        self._trials: dict[str, _Trial] = {}
        self._ended: deque[Ended] = deque(maxlen=8)
        self._finished_s: list[float] = []
        self._told_reused = self._ran = self._failed = 0
        self._lines, self._unprinted = _Bucket(clock()), 0
        self._told_running_at = -float("inf")
        self._live: Live | None = None
        self._lock = RLock()

    def __enter__(self) -> Self:
        self._began = self._clock()
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=lambda: progress_view(self.snapshot(), self._console.size),
                console=self._console,
                refresh_per_second=_REFRESH_PER_S,
                transient=True,
                # Output that goes elsewhere (`study > file`) must get there, not above the display.
                redirect_stdout=sys.stdout.isatty(),
                redirect_stderr=sys.stderr.isatty(),
            )
            self._live.start()
        elif self._known:
            self._print(f"{self._known} of {self._total} trials are in the ledger already")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        with self._lock:
            self._print(self._summary(interrupted=kind is not None))

    def trial_started(self, label: str) -> None:
        """Show a trial, or another try of it, as running."""
        with self._lock:
            self._trials[label] = _Trial(TrialPace(self._clock()))
            self._slots = max(self._slots, len(self._trials))

    def trial_progress(self, label: str, step: int, steps: int, loss: float) -> None:
        """Show where a running trial stands; `steps` is 0 where it is not known, `loss` may be NaN."""
        with self._lock:
            now = self._clock()
            trial = self._trials.setdefault(label, _Trial(TrialPace(now)))
            trial.pace.report(now, step, steps)
            trial.losses.add(loss)
            quiet = min(max(_QUIET_S, _QUIET_SHARE * (now - self._began)), _QUIET_MOST_S)
            if self._live is None and now - self._told_running_at >= quiet:
                of_steps = f"{step}/{steps}" if steps else f"{step}"
                self._line(f"{label}  step {of_steps}  {self._metric} {number(loss)}", running=True)

    def trial_finished(self, label: str, loss: float, seconds: float, reused: bool = False) -> None:
        """Show a trial as finished; one that was `reused` counts, but says nothing of the pace."""
        with self._lock:
            self._trials.pop(label, None)
            self._ended.append(Ended(label, number(loss), "reused" if reused else duration(seconds)))
            if reused:
                self._told_reused += 1
            else:
                self._ran += 1
                self._finished_s.append(seconds)
            if self._live is None:
                self._line(f"{label}  {self._metric} {number(loss)}  {'reused' if reused else duration(seconds)}")

    def trial_failed(self, label: str, why: str) -> None:
        """Show a trial as failed for good; the reason stays on the screen above the display."""
        with self._lock:
            self._trials.pop(label, None)
            self._failed += 1
            reason = why.strip().splitlines()[0] if why.strip() else "no reason was given"
            if self._live is None:
                self._line(f"{label}  FAILED: {reason}")
            elif self._lines.take(self._clock()):
                self._console.print(Text.assemble(("✗ ", "bold red"), (label, "bold"), f"  {reason}"))
            else:
                self._unprinted += 1

    def trial_stopped(self, label: str, why: str = "stopped early") -> None:
        """Show a trial as ended before its last step, on purpose."""
        with self._lock:
            trial = self._trials.pop(label, None)
            self._ran += 1
            if trial is not None:
                self._finished_s.append(self._clock() - trial.pace.started)
            self._ended.append(Ended(label, number(trial.losses.last) if trial else "", why))
            if self._live is None:
                self._line(f"{label}  {why}")

    def say(self, text: str) -> None:
        """Print a sentence, which stays on the screen above the display."""
        with self._lock:
            self._print(text)

    @property
    def done(self) -> int:
        """Trials that are over, reused ones included, whether they were told one by one or at the start."""
        return max(self._known, self._told_reused) + self._ran + self._failed

    def seconds_left(self) -> float | None:
        """Expected seconds to the end; None before anything is known."""
        with self._lock:
            waiting = self._total - self.done - len(self._trials)
            paces = [trial.pace for trial in self._trials.values()]
            return seconds_left(self._clock(), waiting, self._slots, paces, self._finished_s)

    def snapshot(self) -> Snapshot:
        """Copy what the display shows."""
        with self._lock:
            now = self._clock()
            running = [
                Running(label, t.pace.step, t.pace.steps, t.losses.values(), now - t.pace.started)
                for label, t in self._trials.items()
            ]
            return Snapshot(
                total=self._total,
                done=self.done,
                failed=self._failed,
                metric=self._metric,
                elapsed_s=now - self._began,
                left_s=self.seconds_left(),
                running=running,
                ended=list(self._ended),
            )

    def _line(self, text: str, running: bool = False) -> None:
        now = self._clock()
        if not self._lines.take(now):
            self._unprinted += not running
            return
        self._told_running_at = now
        width, left = len(str(self._total)), self.seconds_left()
        rest = f"  ~{rough_duration(left)} left" if left else ""
        more = f"  (and {self._unprinted} more)" if self._unprinted else ""
        self._unprinted = 0
        self._print(f"[{self.done:>{width}}/{self._total}] {text}{rest}{more}")

    def _summary(self, interrupted: bool) -> str:
        reused = max(self._known, self._told_reused)
        parts = [f"{self._ran} ran", f"{reused} reused" if reused else ""]
        parts += [f"{self._failed} failed" if self._failed else "", "interrupted" if interrupted else ""]
        parts += [f"{self._unprinted} not shown above" if self._unprinted else ""]
        took = duration(self._clock() - self._began)
        return f"{self.done} of {self._total} trials: {', '.join(part for part in parts if part)}, in {took}"

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)


class _Bucket:
    """Lets `_BURST` lines through at once and `_LINES_PER_S` after that."""

    def __init__(self, now: float) -> None:
        self._tokens, self._at = _BURST, now

    def take(self, now: float) -> bool:
        self._tokens, self._at = min(_BURST, self._tokens + (now - self._at) * _LINES_PER_S), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
