"""Calibrations made for the child beside the reference tables: geometric mean of RMSEP over theirs, per set and N.

    SPEKTRON_DATA=../shared/data python benchmarks/joint_reference.py [--splits 10] [--methods NAME ...]

Same splits, same standards and the same definitions; corn's 24 tasks, and the tablets' assay in both directions, with
and without the published outliers. Folds are shuffled otherwise than the reference's, so single tasks differ.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from spektron.datasets import load_corn, load_tablets
from spektron.datasets.tablets import SPARED
from spektron.transfer import DIPLS, DifferenceAugmentedPLS, GlobalPLS, Recalibration, ResidualRidge
from spektron.transfer.preprocessing import PreprocessingName, preprocessing

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

METHODS: dict[str, tuple[PreprocessingName, Callable[[], Any]]] = {
    "target_recal_N": ("raw", Recalibration),
    "sg1+target_recal_N": ("sg1", Recalibration),
    "global_pls": ("raw", GlobalPLS),
    "sg1+global_pls": ("sg1", GlobalPLS),
    "diPLS_heuristic": ("raw", lambda: DIPLS("heuristic", paired=False)),
    "diPLS_paired_tuned": ("raw", DIPLS),
    "sg1+diff_aug_pls": ("sg1", DifferenceAugmentedPLS),
    "sg1+resid_ridge": ("sg1", ResidualRidge),
    "sg1snv+target_recal_N": ("sg1snv", Recalibration),
    "sg1snv+diff_aug_pls": ("sg1snv", DifferenceAugmentedPLS),
    "sg1snv+resid_ridge": ("sg1snv", ResidualRidge),
}
"""Name in the reference tables → preprocessing and calibration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fit and its errors' place in the table."""

    version: str
    number: int
    key: tuple[str, str, str, int]
    parent: Array
    child: Array
    y: Array
    calibration: Rows
    test: Rows
    standards: Rows

    def rmsep(self, name: str) -> float:
        before, make = METHODS[name]
        parent, child = (preprocessing(before).fit_transform(x) for x in (self.parent, self.child))
        model = make().fit(
            child[self.standards],
            parent[self.standards],
            X_calibration=parent[self.calibration],
            y_calibration=self.y[self.calibration],
            y_standards=self.y[self.standards],
        )
        return float(np.sqrt(np.mean((model.predict(child[self.test]) - self.y[self.test]) ** 2)))


def corn_cases(folder: Path, splits: int, numbers: tuple[int, ...] = (5, 10, 30, 50)) -> Iterator[Case]:
    """All directions and properties of the given splits."""
    corn = load_corn()
    for split in json.loads((folder / "corn_splits.json").read_text())["splits"][:splits]:
        for parent in corn.instruments:
            for child in (name for name in corn.instruments if name != parent):
                for name, y in corn.reference.items():
                    for number in numbers:
                        yield Case(
                            version="corn",
                            number=number,
                            key=(parent, child, name, split["repeat"]),
                            parent=corn.spectra[parent],
                            child=corn.spectra[child],
                            y=y,
                            calibration=np.array(split["calibration"]),
                            test=np.array(split["test"]),
                            standards=np.array(split["standards"][parent][:number]),
                        )


def tablet_cases(numbers: tuple[int, ...] = (10, 30)) -> Iterator[Case]:
    """Assay in both directions, all samples and without the outliers; standards by Kennard and Stone."""
    tablets = load_tablets().first_channels(520)
    assert tablets.split is not None
    parts = {part: np.flatnonzero(tablets.split == part) for part in SPARED}
    for version, spared in (("tablet", False), ("tabletclean", True)):
        calibration, test = (np.delete(rows, SPARED[part]) if spared else rows for part, rows in parts.items())
        for parent, child in (("spec1", "spec2"), ("spec2", "spec1")):
            order = calibration[kennard_stone(tablets.spectra[parent][calibration], max(numbers))]
            for number in numbers:
                yield Case(
                    version=version,
                    number=number,
                    key=(parent, child, "assay", 0),
                    parent=tablets.spectra[parent],
                    child=tablets.spectra[child],
                    y=tablets.reference["assay"],
                    calibration=calibration,
                    test=test,
                    standards=order[:number],
                )


def kennard_stone(x: Array, number: int) -> Rows:
    """The two that are farthest apart, then always the one farthest from those taken (Kennard and Stone 1969)."""
    apart = cdist(x, x)
    taken = [int(place) for place in np.unravel_index(apart.argmax(), apart.shape)]
    while len(taken) < number:
        nearest = apart[:, taken].min(axis=1)
        taken.append(int(nearest.argmax()))
    return np.array(taken[:number])


def reference(path: Path) -> dict[tuple[str, str, int, tuple[str, str, str, int]], float]:
    """(version, method, N, task and split) → RMSEP; of tablets only the Kennard–Stone standards."""
    found = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row.get("selection", "ks") == "ks":
                key = (row["source"], row["target"], row["property"], int(row["repeat"]))
                found[row.get("dataset", "corn"), row["method"], int(row["n_transfer"]), key] = float(row["rmsep"])
    return found


def log_ratios(cases: list[Case], name: str, table: dict[Any, float]) -> dict[tuple[str, int], list[float]]:
    """(set, N) → logarithms of RMSEP over the reference's, one a task and split."""
    found: dict[tuple[str, int], list[float]] = {}
    for case in cases:
        theirs = table.get((case.version, name, case.number, case.key))
        if theirs is not None:
            place = ("corn" if case.version == "corn" else "tablets", case.number)
            found.setdefault(place, []).append(float(np.log(case.rmsep(name) / theirs)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibrations for the child beside the reference tables.")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data/calibration_transfer"))
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=list(METHODS))
    args = parser.parse_args()
    table = reference(args.folder / "corn_reference.csv.gz") | reference(args.folder / "tablet_reference.csv.gz")
    cases = [*corn_cases(args.folder, args.splits), *tablet_cases()]
    for name in args.methods:
        for (data, number), logs in sorted(log_ratios(cases, name, table).items()):
            print(f"{name:24}{data:>9}{number:>4}{len(logs):>6}{np.exp(np.mean(logs)):9.4f}", flush=True)


if __name__ == "__main__":
    main()
