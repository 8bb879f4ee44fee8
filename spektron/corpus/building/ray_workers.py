"""The tasks of a build as a Ray Data pipeline: one block a task, no order, lost tasks done again by Ray."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import ray
from ray.data import DataContext, TaskPoolStrategy

from spektron.core.errors import ResourceError
from spektron.core.ray_shutdown import shutdown_ray
from spektron.corpus.building.workers import Task
from spektron.corpus.streaming.ray_read import own_errors

__all__ = ["RayWorkers", "connected"]

# Of a cluster that is started for a build: tasks and their results are small, rows never pass through it.
_OBJECT_STORE_BYTES = 256 * 2**20


@contextmanager
def connected(num_cpus: int) -> Iterator[None]:
    """Be connected to a Ray cluster with at least `num_cpus` CPUs.

    Raises
    ------
    ResourceError
        Where the cluster has fewer: tasks would wait for ever.
    """
    started = not ray.is_initialized()
    if started and os.environ.get("RAY_ADDRESS"):
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    elif started:
        ray.init(
            address="local",
            num_cpus=num_cpus,
            object_store_memory=_OBJECT_STORE_BYTES,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    try:
        if (found := ray.cluster_resources().get("CPU", 0.0)) < num_cpus:
            raise ResourceError(
                f"{num_cpus} workers need a CPU each, found {found:g} on the cluster", "give fewer --workers"
            )
        yield
    finally:
        if started:
            shutdown_ray()


class RayWorkers:
    """As many tasks at a time as asked for, on the cluster this process is connected to."""

    def __init__(self, num_workers: int) -> None:
        self._num_workers = num_workers

    def do(self, function: Callable[[Task], Task], tasks: Sequence[Task]) -> Iterator[Task]:
        """Yield what `function` makes of each task, as they are done."""
        if not tasks:
            return
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        logging.getLogger("ray.data._internal.progress").setLevel(logging.ERROR)
        with DataContext.current(_context()), own_errors():
            data = ray.data.from_items(list(tasks), override_num_blocks=len(tasks))
            yield from data.map(function, num_cpus=1, compute=TaskPoolStrategy(self._num_workers)).iter_rows()


def _context() -> DataContext:
    context = DataContext.get_current().copy()
    context.enable_progress_bars = False
    context.enable_operator_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.preserve_order = False
    return context
