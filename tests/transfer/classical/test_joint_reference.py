"""Calibrations for the child on real instruments, beside the errors of independent implementations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.joint_reference import Case, corn_cases, log_ratios, reference, tablet_cases


@pytest.fixture(scope="module")
def tables(shared_data: Path) -> dict[object, float]:
    folder = shared_data / "calibration_transfer"
    return reference(folder / "corn_reference.csv.gz") | reference(folder / "tablet_reference.csv.gz")


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> list[Case]:
    """One split, to the instrument that is hard and from it, and the tablets; 10 standards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPEKTRON_DATA", str(shared_data))
        corn = corn_cases(shared_data / "calibration_transfer", 1, (10,))
        easy_and_hard = [case for case in corn if "mp6" not in case.key and case.key[2] in ("moisture", "oil")]
        return [*easy_and_hard, *tablet_cases((10,))]


# Folds are shuffled otherwise than theirs: on 4 tasks of one split that moves the mean by up to a tenth; over all
# tasks and splits it is within 3 % (benchmarks/joint_reference.py). With 10 standards each is left out alone, so
# that recalibration and the residual ridge's penalty have nothing to shuffle.
@pytest.mark.parametrize(
    ("name", "data", "slack"),
    [
        ("target_recal_N", "corn", 1e-5),
        ("sg1snv+target_recal_N", "tablets", 1e-5),
        ("sg1snv+resid_ridge", "tablets", 0.03),
        ("sg1+resid_ridge", "corn", 0.1),
        ("sg1+global_pls", "corn", 0.1),
        ("global_pls", "tablets", 0.1),
        ("sg1+diff_aug_pls", "corn", 0.1),
        ("sg1snv+diff_aug_pls", "tablets", 0.1),
        ("diPLS_heuristic", "corn", 0.1),
        ("diPLS_paired_tuned", "corn", 0.1),
    ],
)
def test_errors_are_no_more_than_the_references(
    cases: list[Case], tables: dict[object, float], name: str, data: str, slack: float
) -> None:
    chosen = [case for case in cases if (case.version == "corn") == (data == "corn")]
    logs = log_ratios(chosen, name, tables)[data, 10]
    assert len(logs) == 4
    assert np.exp(np.mean(logs)) <= 1 + slack
    if slack < 1e-3:
        assert np.abs(logs).max() <= slack
