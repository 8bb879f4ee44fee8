"""The benchmark's tasks: a parent, a child, a property and a split, with everything that may be learned from.

Corn: 60 samples calibrate and 20 test, 6 directions × 4 properties. Tablets: 155 calibrate and 460 test, 2 directions ×
3 properties, the first 520 channels (600 to 1638 nm; beyond, the tablets absorb too much), with all samples or without
those that published work leaves out. Standards are calibration samples, in the order they were chosen in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import ConfigError
from spektron.datasets import InstrumentSet, load_corn, load_tablets
from spektron.datasets.splits import Split, SplitsNotFoundError, published_splits, refuse_fewer
from spektron.datasets.tablets import SPARED
from spektron.transfer.classical import ChildCalibration, CorrectedPLS, Recalibration
from spektron.transfer.splits import draw_splits

__all__ = ["DATASETS", "DatasetName", "TransferTask", "counts", "parts_of_task", "transfer_tasks"]

Array = NDArray[np.float64]
DatasetName = Literal["corn", "tablets", "tablets_clean"]

DATASETS: tuple[DatasetName, ...] = ("corn", "tablets", "tablets_clean")
_TABLET_CHANNELS = 520
_REPEATS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferTask:
    """One property, moved from one instrument to another.

    Attributes
    ----------
    dataset, parent, child, property_name : str
    repeat : int
        Number of the split.
    wavenumber_cm1 : ndarray, shape (channels,)
        The axis of all spectra.
    x, y : ndarray, shapes (samples, channels) and (samples,)
        The parent's calibration set.
    child_x : ndarray, shape (samples, channels)
        The same samples on the child: what a ceiling may learn from, and nothing else.
    standards : ndarray of int
        Rows of the calibration set in the order they were chosen in.
    test_x, test_y : ndarray
        Test samples on the child.
    parent_test_x : ndarray
        The same on the parent: what its own model reaches on it.
    nested : bool
        Whether the first n of the standards are what would be chosen for n.
    """

    dataset: DatasetName
    parent: str
    child: str
    property_name: str
    repeat: int
    wavenumber_cm1: Array
    x: Array
    y: Array
    child_x: Array
    standards: NDArray[np.intp]
    test_x: Array
    test_y: Array
    parent_test_x: Array
    nested: bool = True

    @property
    def direction(self) -> str:
        """Parent and child, as in its name."""
        return f"{self.parent}-{self.child}"

    @property
    def name(self) -> str:
        """``m5-mp5/oil``."""
        return f"{self.direction}/{self.property_name}"

    @property
    def counts(self) -> bool:
        """Whether it is among the tasks that means are taken over."""
        return counts(self.dataset, self.name)

    def fitted(self, method: Any, num_standards: int) -> Any:
        """Fit what has the contract of a `ChildCalibration` on the first standards.

        Raises
        ------
        ConfigError
            For more standards than there are, or fewer where they are not nested.
        """
        if not 1 <= num_standards <= len(self.standards):
            raise ConfigError(f"expected 1 to {len(self.standards)} standards, found {num_standards}")
        if not self.nested:
            refuse_fewer(num_standards, len(self.standards))
        rows = self.standards[:num_standards]
        return method.fit(
            self.child_x[rows], self.x[rows], X_calibration=self.x, y_calibration=self.y, y_standards=self.y[rows]
        )

    def errors(self, method: ChildCalibration, num_standards: int) -> Array:
        """Fit a method on the first standards and predict the test samples: predicted − measured.

        Raises
        ------
        ConfigError
            For more standards than there are.
        """
        found: Array = self.fitted(method, num_standards).predict(self.test_x) - self.test_y
        return found

    def untransferred(self) -> Array:
        """Errors of the parent's calibration asked about the child's spectra as they are, raw: predicted − measured."""
        return self.errors(CorrectedPLS(), len(self.standards))

    def ceiling(self) -> Array:
        """Errors of a calibration made on the child with all samples, raw: what transfer is measured against."""
        everything = Recalibration().fit(
            self.child_x, self.x, X_calibration=self.x, y_calibration=self.y, y_standards=self.y
        )
        found: Array = everything.predict(self.test_x) - self.test_y
        return found


def counts(dataset: str, task: str) -> bool:
    """Whether a task, by its name, is among those that means are taken over.

    To m5 moisture is left out: m5 itself reaches a tenth of what any other instrument's calibration can bring, so that
    its ratios would drown all others.
    """
    return not (dataset == "corn" and task.endswith("-m5/moisture"))


def parts_of_task(task: str) -> tuple[str, str, str]:
    """Parent, child and property of a task, by its name: what is resampled where tasks are.

    All tasks to one child are hard together, or easy, and so are all of one parent or property.
    """
    direction, _, property_name = task.partition("/")
    parent, _, child = direction.partition("-")
    return parent, child, property_name


def transfer_tasks(dataset: DatasetName, repeat: int) -> Iterator[TransferTask]:
    """All tasks of a set in one split.

    Parameters
    ----------
    dataset : {"corn", "tablets", "tablets_clean"}
    repeat : int
        0 to 9.

    Raises
    ------
    ConfigError
        For another set or split.
    """
    if dataset not in DATASETS:
        raise ConfigError(f"expected a set of {', '.join(DATASETS)}, found {dataset!r}")
    if not 0 <= repeat < _REPEATS:
        raise ConfigError(f"expected a split from 0 to {_REPEATS - 1}, found {repeat}")
    instruments = load_corn() if dataset == "corn" else load_tablets().first_channels(_TABLET_CHANNELS)
    split = _split(dataset, instruments, repeat)
    for parent, child in permutations(instruments.instruments, 2):
        standards = _places(split.standards[parent], split.calibration)
        for property_name, values in instruments.reference.items():
            yield TransferTask(
                dataset=dataset,
                parent=parent,
                child=child,
                property_name=property_name,
                repeat=repeat,
                wavenumber_cm1=instruments.wavenumber_cm1,
                x=instruments.spectra[parent][split.calibration],
                y=values[split.calibration],
                child_x=instruments.spectra[child][split.calibration],
                standards=standards,
                test_x=instruments.spectra[child][split.test],
                test_y=values[split.test],
                parent_test_x=instruments.spectra[parent][split.test],
                nested=split.nested,
            )


def _split(dataset: DatasetName, instruments: InstrumentSet, repeat: int) -> Split:
    if dataset == "corn":
        try:
            return published_splits("corn")[repeat]
        except SplitsNotFoundError:  # the same protocol, other draws
            return draw_splits(instruments, repeats=repeat + 1)[repeat]
    assert instruments.split is not None
    spared = [np.flatnonzero(instruments.split == part)[list(rows)] for part, rows in SPARED.items()]
    leave_out = np.concatenate(spared) if dataset == "tablets_clean" else None
    return draw_splits(instruments, repeats=repeat + 1, leave_out=leave_out)[repeat]


def _places(rows: NDArray[np.intp], among: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where rows of the set lie in another list of its rows."""
    where = {int(row): place for place, row in enumerate(among)}
    return np.array([where[int(row)] for row in rows], dtype=np.intp)
