"""One way to make intervals on one set in one split: what they cover, in every task with every number of standards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, cast

from pydantic import Field, field_validator

from spektron.core.errors import ConfigError
from spektron.transfer.benchmark import ascending_numbers
from spektron.transfer.methods import NEURAL, Measured, check_method, method_named
from spektron.transfer.metrics import IntervalQuality, interval_quality
from spektron.transfer.model_setting import ModelSetting
from spektron.transfer.protocol import DatasetName, TransferTask, transfer_tasks
from spektron.transfer.uncertainty import Interval, PredictionIntervals, SplitConformal

__all__ = ["CONFIDENCES", "CoverageConfig", "TaskIntervals", "intervals_named", "task_intervals"]

CONFIDENCES = (0.5, 0.8, 0.9, 0.95)
_FOLDS, _FOLDS_OF_NETWORKS = 10, 3
"""How often samples are left out in turn, where a method does not do so itself; networks take seconds each time."""


class Intervals(Protocol):
    """What predicts with intervals."""

    def fit(self, X: Any, y: Any, *, X_calibration: Any, y_calibration: Any, y_standards: Any = None) -> Any:
        """As a calibration for the child does."""

    def predict_interval(self, X: Any, confidence: float = 0.9) -> Interval:
        """Predict with intervals."""


def intervals_named(name: str, measured: Measured | None = None) -> Intervals:
    """Make intervals by name.

    Parameters
    ----------
    name : str
        A method's name (`method_named`), after "conformal:" or "split:" where the intervals are not Student's.
    measured : Measured, optional
        The axis and the model that networks need.

    Raises
    ------
    ConfigError
        For another name, or a network without an axis.
    """
    kind, method = _parts(name)
    calibration = method_named(method, measured)
    if kind == "split":
        return cast(Intervals, SplitConformal(calibration))
    folds = _FOLDS_OF_NETWORKS if method in NEURAL else _FOLDS
    if kind == "conformal":
        return cast(Intervals, PredictionIntervals(calibration, kind="conformal", folds=folds))
    return cast(Intervals, PredictionIntervals(calibration, folds=folds))


def _parts(name: str) -> tuple[str, str]:
    """Kind of intervals, and method."""
    kind, colon, method = name.rpartition(":")
    check_method(method)
    if colon and kind not in ("split", "conformal"):
        raise ConfigError(f'expected "conformal:" or "split:" before a method, found {kind + colon!r}')
    return kind, method


class CoverageConfig(ModelSetting):
    """What one trial of a study of intervals does."""

    dataset: DatasetName = "corn"
    """The samples, and which of them count."""
    intervals: str = "sg1+difference_ridge"
    """A method's name: Student's intervals; after "conformal:" or "split:" conformal ones."""
    num_standards: tuple[int, ...] = (5, 10, 30, 50)
    """How many transfer standards it is given, one after the other."""
    seed: int = Field(default=0, ge=0, le=9)
    """Number of the split: which samples calibrate and test, and which are the standards."""

    @field_validator("intervals")
    @classmethod
    def _known(cls, name: str) -> str:
        _parts(name)
        return name

    @field_validator("num_standards")
    @classmethod
    def _some(cls, numbers: tuple[int, ...]) -> tuple[int, ...]:
        return ascending_numbers(numbers)

    @property
    def _method(self) -> str:
        return _parts(self.intervals)[1]

    def identity(self) -> dict[str, Any]:
        """As of a trial with a model; without a network, as before there were any."""
        plain = super().identity()
        if not self.is_network:
            del plain["model_sha256"]
        return plain


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskIntervals:
    """What intervals cover in one task with one number of standards, by confidence."""

    task: TransferTask
    num_standards: int
    quality: dict[float, IntervalQuality]


def task_intervals(config: CoverageConfig) -> Iterator[TaskIntervals]:
    """Run intervals through all tasks of a set in one split, task by task, number by number."""
    for task in transfer_tasks(config.dataset, config.seed):
        measured = Measured(wavenumber_cm1=task.wavenumber_cm1, model=config.folder)
        for number in config.num_standards:
            fitted = task.fitted(intervals_named(config.intervals, measured), number)
            quality = {}
            for confidence in CONFIDENCES:
                _, low, high = fitted.predict_interval(task.test_x, confidence)
                quality[confidence] = interval_quality(low, high, task.test_y, confidence)
            yield TaskIntervals(task=task, num_standards=number, quality=quality)
