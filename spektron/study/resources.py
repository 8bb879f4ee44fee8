"""Connecting to Ray, and refusing to start what could only hang.

Ray Data reads with the CPUs that trials leave. Two workers that take every CPU of a two-CPU machine saw no batch in
70 s; so trials may never reserve the last CPU, and a study that would is refused before it starts.
"""

from __future__ import annotations

import logging
import math
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psutil

from spektron.core.errors import ResourceError
from spektron.study.study import Placement

__all__ = ["check_dashboard", "num_slots", "ray_cluster", "stoppable"]

DATA_CPUS = 1.0  # a read task of Ray Data asks for one whole CPU

# Trials exchange scalars, and checkpoints through files; only Ray Data's blocks (8 MiB each) lie in the object store.
_OBJECT_STORE_BYTES = 512 * 2**20

_QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # CSV, JSON and TensorBoard files a trial: the ledger holds all of it
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C is ours: it marks runs KILLED instead of leaving them RUNNING
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",  # Tune's own snapshots are never restored from: the ledger is the state
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",  # a nested trainer ends seconds earlier
    "RAY_DEDUP_LOGS": "1",
}


@contextmanager
def ray_cluster(*, nested: bool) -> Iterator[None]:
    """Be connected to a cluster: the one of ``RAY_ADDRESS`` (as inside ``ray job submit``), or a local one of our own.

    A local cluster is started with one logical CPU more than the machine has, for Ray Data, and ends with the block.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import ray

    # Tune prints each trial's traceback and a list of what did not complete; the scribe files and names them.
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    if ray.is_initialized():
        yield
        return
    if "RAY_ADDRESS" in os.environ:
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    else:
        ray.init(
            address="local",
            num_cpus=(os.cpu_count() or 1) + math.ceil(DATA_CPUS),
            object_store_memory=min(_OBJECT_STORE_BYTES, int(psutil.virtual_memory().available * 0.2)),
            include_dashboard=nested,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    try:
        yield
    finally:
        ray.shutdown()


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


def num_slots(placement: Placement, total_cpus: float, total_gpus: float) -> int:
    """How many trials run at a time, leaving Ray Data a CPU.

    Raises
    ------
    ResourceError
        When not even one trial fits; says what to change.
    """
    for_trials = total_cpus - DATA_CPUS
    slots = math.floor(for_trials / placement.cpus_per_trial + 1e-9)
    if placement.gpus_per_trial > 0:
        slots = min(slots, math.floor(total_gpus / placement.gpus_per_trial + 1e-9))
    if placement.autoscaling and placement.max_concurrent is not None:
        return placement.max_concurrent
    if slots < 1:
        raise ResourceError(
            f"a trial reserves {placement.num_workers} × {placement.cpus_per_worker:g} CPUs and "
            f"{placement.gpus_per_trial:g} GPUs, and Ray Data needs {DATA_CPUS:g} CPU beside it: expected at least "
            f"{placement.cpus_per_trial + DATA_CPUS:g} CPUs and {placement.gpus_per_trial:g} GPUs, "
            f"found {total_cpus:g} CPUs and {total_gpus:g} GPUs",
            "lower --set train.cpus_per_worker=… or train.num_workers=…, add nodes, or on a cluster that grows set "
            "train.autoscaling=true and train.max_concurrent=…",
        )
    return min(slots, placement.max_concurrent or slots)


def check_dashboard() -> None:
    """Refuse nested trials on a cluster without a dashboard.

    A nested trainer that is stopped frees its CPUs only through a cleaner that asks the dashboard; without one the
    study would hang at the first trial that ends early.
    """
    import ray

    if not ray.get_runtime_context().gcs_address:
        return
    url = ray._private.worker.global_worker.node.webui_url if ray._private.worker.global_worker.node else ""
    if not url:
        raise ResourceError(
            "trials of several workers need the dashboard of the Ray cluster, found none",
            "start the head with --include-dashboard=true (make cluster-local does), or set train.num_workers=1",
        )
