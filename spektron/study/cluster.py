"""Connecting to Ray: to the cluster one is told of, or to a local one of our own."""

from __future__ import annotations

import logging
import math
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psutil

from spektron.core.ray_shutdown import shutdown_ray
from spektron.study.resources import DATA_CPUS, Node

__all__ = ["living_nodes", "ray_cluster", "stoppable"]

# Trials exchange scalars, and checkpoints through files; only Ray Data's blocks (8 MiB each) lie in the object store.
_OBJECT_STORE_BYTES = 512 * 2**20

_TUNE_AND_RAY = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # CSV, JSON and TensorBoard files a trial: the ledger holds all of it
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C is ours: it marks runs KILLED instead of leaving them RUNNING
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",  # Tune's own snapshots are never restored from: the ledger is the state
    # A trial that is refused before its first report has no metric to show; Tune would stop all others for it.
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",  # a nested trainer ends seconds earlier
    "RAY_DEDUP_LOGS": "1",
}


@contextmanager
def ray_cluster(*, nested: bool) -> Iterator[bool]:
    """Be connected to a cluster: the one of ``RAY_ADDRESS`` (as inside ``ray job submit``), or a local one of our own.

    A local cluster is started with one logical CPU more than the machine has, for Ray Data, and ends with the block.
    Yields whether the cluster is another's: ours never grows.
    """
    for name, value in _TUNE_AND_RAY.items():
        os.environ.setdefault(name, value)
    import ray

    # Tune prints each trial's traceback and a list of what did not complete: the scribe files and names them. It warns
    # of resources that are not there without saying for what: `NodesWatch` does.
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    if ray.is_initialized():
        yield True
        return
    ours = os.environ.get("RAY_ADDRESS", "local") == "local"
    if ours:
        _start_local(nested=nested)
    else:
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    try:
        yield not ours
    finally:
        shutdown_ray()


def _start_local(*, nested: bool) -> None:
    import ray

    from spektron.study.dashboard import named_dashboard

    with named_dashboard() as port:
        ray.init(
            address="local",
            num_cpus=(os.cpu_count() or 1) + math.ceil(DATA_CPUS),
            object_store_memory=min(_OBJECT_STORE_BYTES, int(psutil.virtual_memory().available * 0.2)),
            include_dashboard=nested,
            dashboard_port=port,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM (``ray job stop``, a scheduler's time limit) end a study as Ctrl-C does.

    Enter it after ``ray.init``, whose own handler for SIGTERM aborts the process.
    """

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def living_nodes() -> list[Node]:
    """The nodes of the cluster one is connected to."""
    import ray

    resources = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return [Node(each.get("CPU", 0.0), each.get("GPU", 0.0)) for each in resources]
