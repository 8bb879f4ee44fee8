"""How far long work is, phase by phase, on whatever stderr is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

__all__ = ["phase_bars"]

# Where there is no terminal to draw a bar on.
_LOG_EVERY_S = 15.0


@contextmanager
def phase_bars() -> Iterator[Callable[[str, int, int | None], None]]:
    """Yield what is told (phase, done, in all): a bar per phase on a terminal, a line now and then in a log.

    The first call of a phase says how much of it an interrupted run has left done, which is told as such.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}
        told = time.monotonic()

        def tell(phase: str, done: int, total: int | None) -> None:
            nonlocal told
            if phase not in tasks:
                tasks[phase] = bars.add_task(phase)
                if done and done != total:
                    console.print(f"going on with what was interrupted: {phase}, {done} of {total} done before")
            bars.update(tasks[phase], completed=done, total=total)
            if not console.is_terminal and time.monotonic() - told > _LOG_EVERY_S:
                told = time.monotonic()
                console.print(f"{phase}: {done} of {total or '?'}", highlight=False)

        yield tell
