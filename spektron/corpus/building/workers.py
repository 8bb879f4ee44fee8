"""Who does the work of a build: this process, or a Ray Data pipeline over as many as a cluster has.

A task is a dictionary of plain values and arrays; the function that does it returns one of plain values. Tasks are
independent, and doing one twice does no harm, so a worker that dies costs its task and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from spektron.core.errors import ConfigError

__all__ = ["Task", "ThisProcess", "Workers", "workers"]

Task = dict[str, Any]


class Workers(Protocol):
    """Something that does tasks."""

    def do(self, function: Callable[[Task], Task], tasks: Sequence[Task]) -> Iterator[Task]:
        """Yield what `function` makes of each task, in any order."""
        ...


class ThisProcess:
    """One task after the other, here."""

    def do(self, function: Callable[[Task], Task], tasks: Sequence[Task]) -> Iterator[Task]:
        """Yield what `function` makes of each task, in order."""
        for task in tasks:
            yield function(task)


@contextmanager
def workers(number: int) -> Iterator[Workers]:
    """Yield this process for one worker, else tasks of a Ray cluster.

    The cluster is the one this process is connected to or ``RAY_ADDRESS`` names; where there is none, one is started on
    this machine and stopped afterwards.

    Parameters
    ----------
    number : int
        Tasks at a time, each on a CPU of its own.

    Raises
    ------
    ConfigError
        For fewer than one.
    ResourceError
        For more than the cluster has CPUs.
    """
    if number < 1:
        raise ConfigError(f"expected at least one worker, found {number}", "give --workers 1 or more")
    if number == 1:
        yield ThisProcess()
        return
    from spektron.corpus.building.ray_workers import RayWorkers, connected  # Ray takes seconds to import

    with connected(number):
        yield RayWorkers(number)
