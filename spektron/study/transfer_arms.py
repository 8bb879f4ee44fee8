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
from spektron.transfer.protocol import counts

__all__ = ["TransferArm", "transfer_arms"]

_RMSEP = re.compile(r"rmsep/(?P<task>[^/]+/[^/]+)/n(?P<number>\d+)")
Errors = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class TransferArm:
    """One method on one set: number of standards → task → RMSEP of every split."""

    method: str
    dataset: str
    errors: Mapping[int, Errors]
    ceiling: Errors
    seeds: tuple[str, ...]

    def counted(self, number: int) -> Errors:
        """Of the tasks that means are taken over."""
        return {task: values for task, values in self.errors[number].items() if counts(self.dataset, task)}

    def against_ceiling(self, number: int) -> TasksCompared:
        """Its ratio to a calibration made on the child with all samples."""
        counted = self.counted(number)
        return compare_tasks(counted, {task: self.ceiling[task] for task in counted})

    def against(self, other: TransferArm, number: int) -> TasksCompared | None:
        """None where the two were not run on the same splits."""
        if self.seeds != other.seeds:
            return None
        counted = self.counted(number)
        return compare_tasks(counted, {task: other.errors[number][task] for task in counted})


def transfer_arms(results: Sequence[TrialResult], settings: StudySettings[Any]) -> list[TransferArm]:
    """Group trials by set and method; splits in order."""
    grouped: dict[tuple[str, str], dict[str, TrialResult]] = {}
    for result in results:
        config = settings.config.with_values(result.params)
        grouped.setdefault((config.dataset, config.method), {})[str(config.seed)] = result
    found = []
    for (dataset, method), by_seed in grouped.items():
        seeds = tuple(sorted(by_seed))
        errors: dict[int, dict[str, NDArray[np.float64]]] = {}
        for name in by_seed[seeds[0]].metrics:
            if match := _RMSEP.fullmatch(name):
                values = np.array([by_seed[seed].metrics[name] for seed in seeds])
                errors.setdefault(int(match["number"]), {})[match["task"]] = values
        tasks = next(iter(errors.values()))
        ceiling = {task: np.array([by_seed[seed].metrics[f"ceiling/{task}"] for seed in seeds]) for task in tasks}
        found.append(TransferArm(method, dataset, errors, ceiling, seeds))
    return found
