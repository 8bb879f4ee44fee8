"""Methods of transfer on real instruments, beside the errors of independent implementations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.transfer_reference import METHODS, log_ratio, reference, tasks
from spektron.transfer.protocol import TransferTask

EXACT = 1e-4  # the tables have six digits


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> dict[str, list[TransferTask]]:
    """One split of corn, to the instrument that is hard and from it; the tablets, all and clean."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPEKTRON_DATA", str(shared_data))
        corn = [
            task for task in tasks("corn", 0) if "mp6" not in task.name and task.property_name in ("moisture", "oil")
        ]
        return {"corn": corn, "tablets": list(tasks("tablets", 0)), "tablets_clean": list(tasks("tablets_clean", 0))}


@pytest.fixture(scope="module")
def known(shared_data: Path) -> dict[str, dict[tuple[str, str, int, int], float]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPEKTRON_DATA", str(shared_data))
        return {
            "corn": reference("corn_reference.csv.gz", "corn"),
            "tablets": reference("tablet_reference.csv.gz", "tablet"),
            "tablets_clean": reference("tablet_reference.csv.gz", "tabletclean"),
        }


# Folds are shuffled otherwise than theirs: on 4 tasks of one split that moves the mean by a tenth and more; over all
# tasks and splits it is within 3 % or better (benchmarks/transfer_reference.py, docs/transfer.md). What has nothing to
# shuffle (with 10 standards each is left out alone) is the same number.
@pytest.mark.parametrize(
    ("name", "slack"),
    [
        ("mean", 0.02),
        ("sbc", 0.02),
        ("pds_5_1", 0.02),
        ("ds", 0.2),
        ("sg1+sst", 0.2),
        ("sg1+epo", 0.15),
        ("recalibration", EXACT),
        ("sg1+residual_ridge", 0.1),
        ("sg1+global_pls", 0.1),
        ("sg1+difference_pls", 0.1),
        ("dipls", 0.1),
    ],
)
def test_errors_on_corn_are_no_more_than_the_references(cases, known, name: str, slack: float) -> None:
    logs = [log_ratio(task, name, METHODS[name][0], 10, known["corn"]) for task in cases["corn"]]
    assert len(logs) == 4
    assert np.exp(np.mean(logs)) <= 1 + slack
    if slack == EXACT:
        assert np.abs(logs).max() <= slack


@pytest.mark.parametrize(
    ("name", "slack"),
    [("sg1snv+recalibration", EXACT), ("sg1snv+residual_ridge", 0.05), ("global_pls", 0.1), ("pds_5_1", 0.05)],
)
def test_errors_on_tablets_are_no_more_than_the_references(cases, known, name: str, slack: float) -> None:
    logs = [
        log_ratio(task, name, METHODS[name][1], 10, known[dataset])
        for dataset in ("tablets", "tablets_clean")
        for task in cases[dataset]
    ]
    assert len(logs) == 4
    assert np.exp(np.mean(logs)) <= 1 + slack
    if slack == EXACT:
        assert np.abs(logs).max() <= slack
