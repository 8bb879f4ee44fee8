"""Classical transfer against the reference results, task by task and split by split.

    python benchmarks/transfer_reference.py                    # all methods, 10 splits of corn, tablets: half an hour
    python benchmarks/transfer_reference.py --splits 2 sg1+epo pds

Needs SPEKTRON_DATA: corn, tablets, the published splits and `*_reference.csv.gz`. Geometric means over tasks (and
splits) of our RMSEP over the reference's, by number of standards; below 1 is better.

Folds shuffled otherwise choose other latent variables on raw tablets, and what corrects spectra for the parent's model
inherits them. So the tablets have a second table, where those methods are given the reference's number.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from spektron.transfer.methods import method_named
from spektron.transfer.pls import MAX_LATENT, fit_pls
from spektron.transfer.protocol import DatasetName, TransferTask, transfer_tasks
from spektron.transfer.selection import KennardStone

# ours → the reference's name, on corn and on tablets ("" where it was not run)
METHODS = {
    "none": ("no_transfer", "no_transfer"),
    "mean": ("mean_diff", "mean_diff"),
    "sbc": ("SBC", "SBC"),
    "ds": ("DS_cv", "DS_cv"),
    "pds": ("PDS_cv", "PDS_cv"),
    "pds_5_1": ("PDS_w5_r1", "PDS_w5_r1"),
    "sg1+pds_5_1": ("sg1+PDS_w5_r1", ""),
    "sg1snv+pds_5_1": ("", "sg1snv+PDS_w5_r1"),
    "sg1+sst": ("sg1+SST_cv", ""),
    "sg1+epo": ("sg1+EPO_cv", ""),
    "epo": ("", "EPO_cv"),
    "sg1snv+epo": ("", "sg1snv+EPO_cv"),
    "dipls": ("diPLS_paired_tuned", "diPLS_paired_tuned"),
    "global_pls": ("global_pls", "global_pls"),
    "sg1+global_pls": ("sg1+global_pls", ""),
    "sg1+difference_pls": ("sg1+diff_aug_pls", ""),
    "sg1snv+difference_pls": ("", "sg1snv+diff_aug_pls"),
    "sg1+residual_ridge": ("sg1+resid_ridge", ""),
    "sg1snv+residual_ridge": ("", "sg1snv+resid_ridge"),
    "recalibration": ("target_recal_N", "target_recal_N"),
    "sg1+recalibration": ("sg1+target_recal_N", ""),
    "sg1snv+recalibration": ("", "sg1snv+target_recal_N"),
}
NUMBERS = (5, 10, 30, 50)
# What inherits the parent's latent variables.
ON_THE_PARENTS_MODEL = ("none", "mean", "sbc", "ds", "pds", "pds_5_1", "dipls")
Known = dict[tuple[str, str, int, int], float]


def reference(file: str, dataset: str) -> Known:
    """Task, method, standards, split → RMSEP; tablets by Kennard and Stone's standards only."""
    path = next(Path(os.environ["SPEKTRON_DATA"]).rglob(file))
    found = {}
    with gzip.open(path, "rt") as lines:
        for row in csv.DictReader(lines):
            if row.get("selection", "ks") == "ks" and row.get("dataset", dataset) == dataset:
                name = f"{row['source']}-{row['target']}/{row['property']}"
                found[name, row["method"], int(row["n_transfer"]), int(row["repeat"])] = float(row["rmsep"])
    return found


def tasks(dataset: DatasetName, split: int) -> Iterator[TransferTask]:
    """The tasks whose reference is known."""
    for task in transfer_tasks(dataset, split):
        if dataset == "corn":
            yield task
        elif task.property_name == "assay":
            chosen = KennardStone(num_standards=max(NUMBERS)).fit(task.x).indices_
            yield replace(task, standards=chosen)


def num_latent(task: TransferTask, known: Known) -> int:
    """Latent variables of the reference's model of the parent: with them the child's raw spectra give its RMSEP."""
    pls = fit_pls(task.x, task.y, MAX_LATENT)
    ours = np.sqrt(np.square(pls.predict_all(task.test_x) - task.test_y[:, None]).mean(axis=0))
    off = np.abs(ours / known[task.name, "no_transfer", 0, task.repeat] - 1)
    if off.min() > 1e-3:
        raise SystemExit(f"{task.name}: no number of latent variables gives the reference's RMSEP without transfer")
    return int(off.argmin()) + 1


def log_ratio(
    task: TransferTask, ours: str, theirs: str, number: int, known: Known, latent: int | None = None
) -> float | None:
    """Logarithm of our RMSEP over theirs; None where they have none. No transfer has no number of standards: 0."""
    at = (task.name, theirs)
    other = known.get((*at, number, task.repeat)) or known.get((*at, 0, task.repeat))
    if other is None:
        return None
    method = method_named(ours)
    if latent is not None:
        method.set_params(num_latent=latent)
    return float(np.log(np.sqrt(np.square(task.errors(method, number)).mean()) / other))


def compare(
    dataset: DatasetName, known: Known, methods: list[str], splits: int, console: Console, same_latent: bool = False
) -> Table:
    title = f"{dataset}: ours / reference" + (", the parent's latent variables the reference's" if same_latent else "")
    table = Table("ours", "reference", *(f"N={number}" for number in NUMBERS), title=title)
    for name in track(methods, description=dataset, console=console):
        theirs = METHODS[name][0 if dataset == "corn" else 1]
        if not theirs:
            continue
        logs = defaultdict(list)
        for split in range(splits if dataset == "corn" else 1):
            for task in tasks(dataset, split):
                latent = num_latent(task, known) if same_latent else None
                for number in NUMBERS:
                    if (ratio := log_ratio(task, name, theirs, number, known, latent)) is not None:
                        logs[number].append(ratio)
        means = (f"{np.exp(np.mean(logs[number])):.3f}" if logs[number] else "" for number in NUMBERS)
        table.add_row(name, theirs, *means)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="*", default=list(METHODS))
    parser.add_argument("--splits", type=int, default=10)
    options = parser.parse_args()
    console = Console()
    for dataset, file, key in (
        ("corn", "corn_reference.csv.gz", "corn"),
        ("tablets", "tablet_reference.csv.gz", "tablet"),
        ("tablets_clean", "tablet_reference.csv.gz", "tabletclean"),
    ):
        known = reference(file, key)
        console.print(compare(dataset, known, options.methods, options.splits, console))
        on_parent = [name for name in options.methods if name in ON_THE_PARENTS_MODEL]
        if dataset != "corn" and on_parent:
            console.print(compare(dataset, known, on_parent, 1, console, same_latent=True))


if __name__ == "__main__":
    main()
