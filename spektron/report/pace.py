"""How long a study will still take: arithmetic on what has been seen, without a clock or a display of its own."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

from spektron.report.numbers import duration

__all__ = ["TrialPace", "rough_duration", "seconds_left"]

# Above so many waiting trials, handing them to slots one by one tells nothing that division does not.
_MOST_HANDED_OUT = 256


@dataclass
class TrialPace:
    """Where a running trial stands. Times are of one monotonic clock, in seconds.

    The pace is taken from the first report on, so that the steps a resumed trial had done before do not count.
    """

    started: float
    first_at: float | None = None
    first_step: int = 0
    last_at: float = 0.0
    step: int = 0
    steps: int = 0

    def report(self, now: float, step: int, steps: int) -> None:
        """Take note of a report; a step that falls back (a retry from a checkpoint) starts the pace anew."""
        if self.first_at is None or step < self.step:
            self.first_at, self.first_step = now, step
        self.last_at, self.step, self.steps = now, step, steps

    def left(self, now: float, whole: float | None) -> float | None:
        """Seconds this trial still needs; `whole` is what a trial takes, where that is known. None if nothing is."""
        if self.first_at is not None and self.step > self.first_step and self.steps:
            per_step = (self.last_at - self.first_at) / (self.step - self.first_step)
            return max(0.0, per_step * (self.steps - self.step) - (now - self.last_at))
        if whole is not None:
            return max(0.0, whole - (now - self.started))
        if self.step and self.steps:
            # One report only: as if all its steps were done since it started. Too hopeful for a resumed trial, for
            # as long as it takes to report again.
            per_step = (self.last_at - self.started) / self.step
            return max(0.0, per_step * (self.steps - self.step) - (now - self.last_at))
        return None


def seconds_left(
    now: float, waiting: int, slots: int, running: Sequence[TrialPace], finished_s: Sequence[float]
) -> float | None:
    """Expect the end of the last trial: running ones end at their pace, waiting ones take the next free slot.

    Parameters
    ----------
    waiting : int
        Trials that have not started.
    slots : int
        Trials at a time.
    finished_s : sequence of float
        What each trial took that ran to its end.

    Returns
    -------
    float or None
        Seconds from `now`; None while nothing is known.
    """
    if not running and waiting <= 0:
        return 0.0
    whole = sum(finished_s) / len(finished_s) if finished_s else None
    known = [(pace, left) for pace in running if (left := pace.left(now, whole)) is not None]
    if whole is None:
        if not known:
            return None
        whole = sum(now - pace.started + left for pace, left in known) / len(known)
    ends = [left for _, left in known] + [whole] * (len(running) - len(known))
    return _makespan(ends, max(0, waiting), max(slots, 1), whole)


def rough_duration(seconds: float) -> str:
    """Write an estimate without digits it does not have: ``5 s``, ``40 s``, ``3 min``, ``2 h 10 min``."""
    if seconds < 90:
        return f"{max(5, 5 * math.ceil(seconds / 5))} s"
    if seconds < 2 * 3600:
        return f"{round(seconds / 60)} min"
    return duration(600 * round(seconds / 600))


def _makespan(ends: list[float], waiting: int, slots: int, whole: float) -> float:
    free = ends + [0.0] * (slots - len(ends))
    if waiting > _MOST_HANDED_OUT:
        return (sum(free) + waiting * whole) / len(free)
    heapq.heapify(free)
    for _ in range(waiting):
        heapq.heapreplace(free, free[0] + whole)
    return max(free)
