"""One method on one set in one split: its errors in every task, with every number of standards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from pydantic import Field, field_validator

from spektron.core.settings import Settings
from spektron.transfer.classical import ChildCalibration
from spektron.transfer.methods import Measured, check_method, method_named
from spektron.transfer.metrics import PredictionErrors, prediction_errors
from spektron.transfer.model_setting import ModelSetting
from spektron.transfer.protocol import DatasetName, TransferTask, transfer_tasks

__all__ = [
    "NUMBERS_OF_STANDARDS",
    "NeuralTransferConfig",
    "TaskErrors",
    "TransferConfig",
    "ascending_numbers",
    "benchmark_errors",
]

NUMBERS_OF_STANDARDS = (5, 10, 15, 20, 30, 50)


class TransferConfig(Settings):
    """What one trial of a transfer benchmark does."""

    dataset: DatasetName = "corn"
    """The samples, and which of them count."""
    method: str = "sg1+difference_ridge"
    """A method's name, after its preprocessing: `spektron.transfer.methods`."""
    num_standards: tuple[int, ...] = NUMBERS_OF_STANDARDS
    """How many transfer standards it is given, one after the other."""
    seed: int = Field(default=0, ge=0, le=9)
    """Number of the split: which samples calibrate and test, and which are the standards."""

    @field_validator("method")
    @classmethod
    def _known(cls, name: str) -> str:
        check_method(name)
        return name

    @field_validator("num_standards")
    @classmethod
    def _some(cls, numbers: tuple[int, ...]) -> tuple[int, ...]:
        return ascending_numbers(numbers)


class NeuralTransferConfig(ModelSetting, TransferConfig):
    """A trial of a method that may need a pretrained model."""

    @property
    def _method(self) -> str:
        return self.method


def ascending_numbers(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Check numbers of standards.

    Raises
    ------
    ValueError
    """
    if not numbers or min(numbers) < 1 or sorted(set(numbers)) != list(numbers):
        raise ValueError(f"expected numbers of standards from 1 on, ascending, found {numbers}")
    return numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskErrors:
    """What a method reached in one task with one number of standards, beside the ceiling."""

    task: TransferTask
    num_standards: int
    errors: PredictionErrors
    ceiling: float
    """RMSEP of a calibration made on the child with all calibration samples."""
    untransferred: float
    """RMSEP of the parent's calibration on the child's spectra as they are."""

    @property
    def ratio(self) -> float:
        """RMSEP over the ceiling's: 1 is as good as having all samples on the child."""
        return self.errors.rmsep / self.ceiling


def benchmark_errors(
    config: TransferConfig, method: Callable[[], ChildCalibration] | None = None
) -> Iterator[TaskErrors]:
    """Run a method through all tasks of a set in one split.

    Parameters
    ----------
    config : TransferConfig
    method : callable, optional
        Makes the method, in place of the one that the configuration names.

    Yields
    ------
    TaskErrors
        Task by task, number by number.
    """
    folder = config.folder if isinstance(config, NeuralTransferConfig) else None
    for task in transfer_tasks(config.dataset, config.seed):
        measured = Measured(wavenumber_cm1=task.wavenumber_cm1, model=folder)
        ceiling, untransferred = (
            float(np.sqrt(np.square(errors).mean())) for errors in (task.ceiling(), task.untransferred())
        )
        for number in config.num_standards:
            made = method_named(config.method, measured) if method is None else method()
            found = prediction_errors(task.errors(made, number) + task.test_y, task.test_y)
            yield TaskErrors(
                task=task, num_standards=number, errors=found, ceiling=ceiling, untransferred=untransferred
            )
