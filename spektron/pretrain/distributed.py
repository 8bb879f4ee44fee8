"""The same training loop on several workers, under Ray Train.

Ray Train places the workers, connects `torch.distributed` and starts them anew when one dies. What a run is stays ours:
it resumes from our own checkpoints, and its metrics are what the first worker's loop returned.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import ray.train
import ray.train.torch
from ray.train.v2.api.exceptions import ControllerError, TrainingFailedError, WorkerGroupError

from spektron.core.errors import SpektronError
from spektron.core.storage import Storage
from spektron.corpus import Corpus
from spektron.pretrain.config import PretrainConfig
from spektron.pretrain.loop import pretrain
from spektron.pretrain.worker import Worker

__all__ = ["pretrain_distributed"]

# Worker groups that may be lost to crashes (memory, hardware) in one call; each costs the steps since a checkpoint and
# 10 to 30 s. Nodes that a cloud takes back are counted apart, by Ray Train, and without a limit.
MAX_CRASHES = 2

# Ray Train asks its workers how they are every 2 s by default, and a run of seconds waits for that several times.
_DEFAULT_ENVIRONMENT = {"RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2"}


# Where Ray Train keeps its state of a run while that lasts, in the run's checkpoint folder.
_BOOKKEEPING = "ray-train-"


def pretrain_distributed(
    config: PretrainConfig,
    corpus_dir: Storage | Path,
    *,
    num_workers: int,
    use_gpu: bool,
    cpus_per_worker: float,
    checkpoint_dir: Path,
    worker: Worker = Worker(num_threads=1),  # noqa: B008 (frozen)
    held_out_split: str = "validation",
    callbacks: Sequence[Any] = (),
) -> dict[str, float]:
    """Run `pretrain` on several workers, from the last checkpoint in `checkpoint_dir` if there is one.

    A worker that dies takes its group with it; a new group goes on from the last checkpoint, `MAX_CRASHES` times.
    An error of ours is raised at once: the same run would meet it again.

    Parameters
    ----------
    config : PretrainConfig
        The run; the global batch is divided among the workers.
    corpus_dir : Storage or Path
        The corpus, readable under this path on every node.
    num_workers : int
        Processes that train together.
    use_gpu : bool
        One whole GPU for each worker (NCCL refuses two workers on one); otherwise they train on CPUs.
    cpus_per_worker : float
        CPUs that each worker reserves; the cluster needs more than all of them, for Ray Data.
    checkpoint_dir : Path
        Of this run alone, writable under this path on every node.
    worker : Worker
        How each worker trains; rank, number of workers and device are Ray Train's to say.
    held_out_split : str
        As in `pretrain`.
    callbacks : sequence of ray.train.UserCallback
        Told of every report, on Ray Train's controller: metrics and ``step`` of the first worker, ``step`` of others.

    Returns
    -------
    dict
        The last evaluation's metrics.

    Raises
    ------
    SpektronError
        As `pretrain` raised it in a worker (its own class, message and hint); or naming the last failure of each
        worker, when something else failed once more than `MAX_CRASHES` times.
    """
    for name, value in _DEFAULT_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    _forget_killed_runs(checkpoint_dir)
    # A name of its own: Ray Train would restore the state of an earlier run of the same name.
    name = f"{_BOOKKEEPING}{uuid.uuid4().hex}"
    resources = {"CPU": cpus_per_worker} | ({"GPU": 1} if use_gpu else {})
    trainer = ray.train.torch.TorchTrainer(
        _train_worker,
        train_loop_config={
            "config": config.model_dump(mode="json"),
            "corpus_dir": Storage.at(corpus_dir).location,
            "checkpoint_dir": str(checkpoint_dir.absolute()),
            "worker": asdict(worker),
            "held_out_split": held_out_split,
        },
        scaling_config=ray.train.ScalingConfig(
            num_workers=num_workers, use_gpu=use_gpu, resources_per_worker=resources
        ),
        run_config=_run_config(name, checkpoint_dir, callbacks),
    )
    try:
        metrics: dict[str, float] = trainer.fit().return_value
    except TrainingFailedError as error:
        raise _surfaced(error) from error
    finally:
        shutil.rmtree(checkpoint_dir / name, ignore_errors=True)
    return metrics


def _run_config(name: str, checkpoint_dir: Path, callbacks: Sequence[Any]) -> ray.train.RunConfig:
    return ray.train.RunConfig(
        name=name,
        storage_path=str(checkpoint_dir.absolute()),
        callbacks=[*callbacks, _NoRetryOfOurs()],
        failure_config=ray.train.FailureConfig(max_failures=MAX_CRASHES),
    )


def _forget_killed_runs(checkpoint_dir: Path) -> None:
    """Remove what Ray Train kept of runs that were killed; nothing of ours is in it, and a run has its folder alone."""
    for folder in checkpoint_dir.glob(f"{_BOOKKEEPING}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _train_worker(settings: Mapping[str, Any]) -> dict[str, float]:
    """Train as one worker of the group; what the first one returns is the run's result."""
    context = ray.train.get_context()
    worker = replace(
        Worker(**settings["worker"]),
        rank=context.get_world_rank(),
        world_size=context.get_world_size(),
        device=str(ray.train.torch.get_device()),
    )
    return pretrain(
        PretrainConfig.model_validate(settings["config"]),
        Corpus.open(settings["corpus_dir"]),
        checkpoint_dir=Path(settings["checkpoint_dir"]),
        report=_report,
        worker=worker,
        held_out_split=settings["held_out_split"],
    )


def _report(step: int, metrics: dict[str, float], checkpoint: Path | None) -> None:
    """Tell Ray Train, on every worker: it waits for all of them. Checkpoints are ours and not handed over."""
    ray.train.report({**metrics, "step": step})


class _NoRetryOfOurs(ray.train.UserCallback):  # type: ignore[misc]
    """Ends a run at the first error of ours, on Ray Train's controller.

    Ray Train retries whatever a worker raises, and has no setting for which errors; an error in a callback it raises.
    """

    def after_exception(self, run_context: Any, worker_exceptions: Mapping[int, BaseException]) -> None:
        """Raise the first worker's error of ours, if any worker has one."""
        if ours := _ours(worker_exceptions.values()):
            raise ours


def _ours(errors: Iterable[BaseException]) -> SpektronError | None:
    return next((error for error in errors if isinstance(error, SpektronError)), None)


def _surfaced(error: TrainingFailedError) -> SpektronError:
    """Dig out what a user can act on of what Ray Train wrapped it in."""
    failures: dict[int, BaseException] = {}
    if isinstance(error, WorkerGroupError):
        failures = error.worker_failures
    elif isinstance(error, ControllerError):
        failures = {0: error.controller_failure}
        if isinstance(error.controller_failure, TrainingFailedError):
            return _surfaced(error.controller_failure)
    if ours := _ours(failures.values()):
        return ours
    listed = "; ".join(f"worker {rank}: {_first_line(failure)}" for rank, failure in sorted(failures.items()))
    return SpektronError(
        f"training failed once more than the {MAX_CRASHES} times it may; last {listed or _first_line(error)}",
        "the workers' logs are in the Ray dashboard; a process that just died was mostly out of memory: "
        "lower config.batch_size, or give each worker a node of its own. The next run goes on from the last checkpoint",
    )


def _first_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no message'}"
