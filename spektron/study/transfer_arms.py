"""What a benchmark of transfer measured of one method on one set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spektron.compare.tasks import TasksCompared, compare_tasks
from spektron.study.outcome import TrialResult
from spektron.study.study import StudySettings
from spektron.transfer.protocol import counts, parts_of_task

__all__ = ["TransferArm", "file_name", "transfer_arms"]

Errors = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferArm:
    """One method on one set: number of standards → task → RMSEP of every split, and what it is held against."""

    method: str
    dataset: str
    errors: Mapping[int, Errors]
    bias: Mapping[int, Errors]
    ceiling: Errors
    untransferred: Errors
    spread: Errors
    """Standard deviation of the test samples' property."""
    samples: Errors
    """How many there are."""
    seeds: tuple[str, ...]

    def counted(self, number: int) -> Errors:
        """Of the tasks that means are taken over."""
        return {task: values for task, values in self.errors[number].items() if counts(self.dataset, task)}

    def against_ceiling(self, number: int) -> TasksCompared:
        """Its ratio to a calibration made on the child with all samples."""
        counted = self.counted(number)
        return compare_tasks(counted, {task: self.ceiling[task] for task in counted}, parts=parts_of_task)

    def against(self, other: TransferArm, number: int) -> TasksCompared | None:
        """None where the two were not run on the same splits."""
        if self.seeds != other.seeds:
            return None
        counted = self.counted(number)
        return compare_tasks(counted, {task: other.errors[number][task] for task in counted}, parts=parts_of_task)

    def worst_against(self, other: TransferArm, number: int) -> float:
        """The greatest ratio of any task, each a geometric mean over splits, which are the same in both."""
        counted = self.counted(number)
        logs = [np.log(values / other.errors[number][task]).mean() for task, values in counted.items()]
        return float(np.exp(max(logs)))


def transfer_arms(results: Sequence[TrialResult], settings: StudySettings[Any]) -> list[TransferArm]:
    """Group trials by set and method; splits in order."""
    grouped: dict[tuple[str, str], dict[str, TrialResult]] = {}
    for result in results:
        config = settings.config.with_values(result.params)
        grouped.setdefault((config.dataset, config.method), {})[str(config.seed)] = result
    found = []
    for (dataset, method), by_seed in grouped.items():
        seeds = tuple(sorted(by_seed))
        of_splits = _by_split([by_seed[seed].metrics for seed in seeds])
        found.append(
            TransferArm(
                method=method,
                dataset=dataset,
                errors=_by_number(of_splits, "rmsep"),
                bias=_by_number(of_splits, "bias"),
                ceiling=_by_task(of_splits, "ceiling"),
                untransferred=_by_task(of_splits, "untransferred"),
                spread=_by_task(of_splits, "spread"),
                samples=_by_task(of_splits, "samples"),
                seeds=seeds,
            )
        )
    return found


def _by_split(metrics: Sequence[Mapping[str, float]]) -> Errors:
    """Name of a metric → its values in all splits; those that a split lacks are in none."""
    return {name: np.array([each[name] for each in metrics]) for name in metrics[0] if all(name in m for m in metrics)}


def _by_task(of_splits: Errors, what: str) -> Errors:
    return {name.partition("/")[2]: values for name, values in of_splits.items() if name.partition("/")[0] == what}


def _by_number(of_splits: Errors, what: str) -> Mapping[int, Errors]:
    found: dict[int, dict[str, NDArray[np.float64]]] = {}
    for name, values in _by_task(of_splits, what).items():
        task, _, number = name.rpartition("/n")
        found.setdefault(int(number), {})[task] = values
    return found


def file_name(method: str) -> str:
    """A method's name as part of a metric's or a file's."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", method).strip("_")
