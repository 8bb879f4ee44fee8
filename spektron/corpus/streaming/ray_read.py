"""Reading slices of shards through Ray Data, in a given order.

Each read task is a list of row slices and yields their rows as Arrow blocks, which reach the consumer through shared
memory without a copy. There is no Python per row on either side.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pyarrow as pa
import ray
from ray.data import DataContext, ExecutionResources, ReadTask, TaskPoolStrategy
from ray.data.block import BlockMetadata
from ray.data.datasource import Datasource

from spektron.core.errors import ResourceError, SpektronError
from spektron.corpus.schema import BATCH_COLUMNS, ROW_BYTES
from spektron.corpus.streaming.reading import RowSlice, num_rows_of, read_slices

__all__ = ["READ_CPUS", "own_errors", "ray_is_ready", "ray_tables", "require_free_cpu"]

# A read task copies memory and waits for the disk. A quarter of a CPU lets it run beside trials that hold most of a
# node. One at a time is ahead of any training step (1 GB/s), needs no reordering, and leaves the cores to the trials.
READ_CPUS = 0.25
_READ_CONCURRENCY = 1

# 64 MiB blocks, and long tasks, because of Ray's bookkeeping of each object: 104K rows/s with blocks of 2048 rows, 108K
# with 4096, 127K with 8192 (2 shared cores). Two readers at once took twice the CPU and gave 89K.
_BLOCK_ROWS = 8192
_TASK_ROWS = 8 * _BLOCK_ROWS

# Row groups of the usual 1024 rows fill a task with 64 slices; of a corpus with tiny ones a task takes fewer rows.
_TASK_SLICES = 128

# A dataset takes 0.3 s (warm) to 10 s (first use of a cluster) until its first block, so an endless stream is made of
# few long ones: 64 tasks are four million rows.
_TASKS_PER_DATASET = 64

# What one stream may hold in the object store. The store's pages are slow the first time they are written (0.9 GiB/s,
# then 8 GiB/s, measured), so a stream that stays small is also faster than one that spreads over the whole store.
_OBJECT_STORE_BYTES = 256 * 2**20

# Trials come and go; this long without any free CPU is starvation rather than a queue.
CPU_WAIT_S = 60.0


def ray_is_ready() -> bool:
    """Whether this process is connected to a Ray cluster."""
    return bool(ray.is_initialized())


def require_free_cpu(wait_s: float = CPU_WAIT_S) -> None:
    """Wait until a read task could be scheduled.

    Raises
    ------
    ResourceError
        When every CPU stays reserved for `wait_s` seconds. Ray Data itself would wait for ever, without a word.
    """
    deadline = time.monotonic() + wait_s
    while (free := ray.available_resources().get("CPU", 0.0)) < READ_CPUS:
        if time.monotonic() >= deadline:
            total = ray.cluster_resources().get("CPU", 0.0)
            raise ResourceError(
                f"Ray Data needs {READ_CPUS} of a CPU to read the corpus, found {free:g} of {total:g} CPUs free for "
                f"{wait_s:g} s: trials or training workers have reserved the rest",
                "reserve less than all CPUs: lower the CPUs per trial (fractions are allowed), the number of "
                "concurrent trials or train.num_workers, or give the cluster more CPUs",
            )
        time.sleep(0.2)


def ray_tables(slices: Iterator[RowSlice], columns: Sequence[str] = BATCH_COLUMNS) -> Iterator[pa.Table]:
    """Yield `columns` of the rows of `slices`, which may be endless, in order; where a table ends means nothing.

    Raises
    ------
    CorpusError
        When a shard is missing or damaged, as `read_slices`.
    ResourceError
        When no CPU is free, as `require_free_cpu`.
    """
    while tasks := list(islice(_tasks(slices), _TASKS_PER_DATASET)):
        require_free_cpu()
        with own_errors():
            yield from _dataset(tasks, columns).iter_batches(
                batch_size=None, batch_format="pyarrow", prefetch_batches=2
            )


def _tasks(slices: Iterator[RowSlice]) -> Iterator[list[RowSlice]]:
    task: list[RowSlice] = []
    num_rows = 0
    for piece in slices:
        task.append(piece)
        num_rows += len(piece)
        if num_rows >= _TASK_ROWS or len(task) >= _TASK_SLICES:
            yield task
            task, num_rows = [], 0
    if task:
        yield task


def _dataset(tasks: Sequence[list[RowSlice]], columns: Sequence[str]) -> ray.data.Dataset:
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    # Ray warns that progress bars are off because we turned them off.
    logging.getLogger("ray.data._internal.progress").setLevel(logging.ERROR)
    with DataContext.current(_quiet_context()):
        return ray.data.read_datasource(
            _SliceSource(tasks, columns),
            override_num_blocks=len(tasks),
            compute=TaskPoolStrategy(_READ_CONCURRENCY),
            num_cpus=READ_CPUS,
        )


def _quiet_context() -> DataContext:
    context = DataContext.get_current().copy()
    context.enable_progress_bars = False
    context.enable_operator_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.preserve_order = True
    context.execution_options.resource_limits = ExecutionResources(object_store_memory=_OBJECT_STORE_BYTES)
    context.target_max_block_size = _BLOCK_ROWS * ROW_BYTES
    return context


@contextmanager
def own_errors() -> Iterator[None]:
    """Raise our own error from a read task as itself, not wrapped in Ray's traceback."""
    try:
        yield
    except ray.exceptions.RayError as error:
        cause: BaseException | None = error
        while cause is not None and type(cause) not in _OWN_ERRORS:
            cause = getattr(cause, "cause", None) or cause.__cause__
        if cause is None:
            raise
        raise cause from None


def _all_subclasses(kind: type[Any]) -> set[type[Any]]:
    return {kind}.union(*(_all_subclasses(child) for child in kind.__subclasses__()))


_OWN_ERRORS = _all_subclasses(SpektronError)


class _SliceSource(Datasource):  # type: ignore[misc]
    """One read task for each list of slices."""

    def __init__(self, tasks: Sequence[list[RowSlice]], columns: Sequence[str]) -> None:
        super().__init__()
        self._tasks, self._columns = tasks, tuple(columns)

    def get_name(self) -> str:
        return "SpektronCorpus"

    def estimate_inmemory_data_size(self) -> int | None:
        return sum(map(num_rows_of, self._tasks)) * ROW_BYTES

    def get_read_tasks(
        self, parallelism: int, per_task_row_limit: int | None = None, data_context: DataContext | None = None
    ) -> list[ReadTask]:
        return [_read_task(task, self._columns) for task in self._tasks]


def _read_task(slices: list[RowSlice], columns: Sequence[str]) -> ReadTask:
    rows = num_rows_of(slices)
    paths = sorted({f"{piece.folder}/{piece.file}" for piece in slices})
    metadata = BlockMetadata(num_rows=rows, size_bytes=rows * ROW_BYTES, input_files=paths, exec_stats=None)
    return ReadTask(lambda: read_slices(slices, columns), metadata)
