"""Standards that say little: two, one measured again and again, or all alike. Answers stay near the parent's."""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from spektron.transfer import SBC, DifferenceAugmentedRidge, ResidualRidge
from spektron.transfer.methods import CALIBRATIONS, method_named

Array = NDArray[np.float64]


def amounts(samples: int, seed: int) -> Array:
    return np.random.default_rng(seed).uniform(0, 1, (samples, 3))


def measured(what: Array, gain: float = 1.0) -> Array:
    axis = np.linspace(0, 1, 40)
    bands = np.exp(-0.5 * ((axis - np.array([[0.2], [0.5], [0.8]])) / 0.1) ** 2)
    noise = 0.002 * np.random.default_rng(7).normal(size=(len(what), 40))
    return gain * what @ bands + noise


CALIBRATION, TEST = amounts(40, 0), amounts(30, 1)


def predicted(name: str, rows: list[int], labels: bool = True) -> Array:
    x, y = measured(CALIBRATION), CALIBRATION[:, 0]
    child = measured(CALIBRATION, gain=1.05)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        method = method_named(name).fit(
            child[rows], x[rows], X_calibration=x, y_calibration=y, y_standards=y[rows] if labels else None
        )
        return method.predict(measured(TEST, gain=1.05))


@pytest.mark.parametrize("rows", list(product([0, 3, 9], [1, 5, 30])), ids=str)
def test_two_standards_of_any_fold_give_numbers_with_the_difference_ridge(rows: tuple[int, int]) -> None:
    for labels in (True, False):
        error = predicted("difference_ridge", list(rows), labels) - TEST[:, 0]
        assert np.sqrt(np.square(error).mean()) < 0.1


# Those left out learn the child's own latent variables, or correct by standards that differ, or heed the errors of
# standards that are left out: one sample is not enough.
JUDGED = {"auto", "hybrid_kernel"}


@pytest.mark.parametrize(
    "name",
    sorted(set(CALIBRATIONS) - JUDGED - {"recalibration", "joint_y_pls", "ds", "pds", "sst", "pds_5_1", "coral"}),
)
def test_one_standard_measured_again_and_again_does_no_harm(name: str) -> None:
    error = predicted(name, [4, 4, 4]) - TEST[:, 0]
    assert np.sqrt(np.square(error).mean()) < 0.3


@pytest.mark.parametrize("rows", [[4, 9], [4, 4, 4], [4, 4, 9]], ids=str)
@pytest.mark.parametrize("name", sorted(JUDGED))
def test_what_heeds_left_out_errors_asks_for_three_standards(name: str, rows: list[int]) -> None:
    with pytest.raises(ValueError, match="at least 3"):
        predicted(name, rows)


@pytest.mark.parametrize("name", ["none", "mean", "sbc"])
def test_what_moves_a_mean_takes_one_standard(name: str) -> None:
    assert np.sqrt(np.square(predicted(name, [4]) - TEST[:, 0]).mean()) < 0.3


@pytest.mark.parametrize("name", ["ds", "pds", "sst", "epo", "difference_pls", "residual_ridge"])
def test_what_leaves_no_sample_out_takes_two_standards(name: str) -> None:
    assert np.sqrt(np.square(predicted(name, [4, 9]) - TEST[:, 0]).mean()) < 0.3


@pytest.mark.parametrize("rows", [[0, 1], [3, 30], [9, 5], [4, 4, 9, 9]], ids=str)
def test_two_standards_leave_the_parents_model_but_for_the_bias(rows: list[int]) -> None:
    """Of two, the one that is left out is predicted alike at every penalty: nothing speaks for a weak one."""
    x, y, child = measured(CALIBRATION), CALIBRATION[:, 0], measured(CALIBRATION, gain=1.05)
    given = {"X_calibration": x, "y_calibration": y, "y_standards": y[rows]}
    assert ResidualRidge().fit(child[rows], x[rows], **given).penalty_ == 100.0


def test_standards_of_one_property_correct_the_bias_alone() -> None:
    x, y = measured(CALIBRATION), CALIBRATION[:, 0]
    fitted = SBC().fit(x[:4] + 0.1, x[:4], X_calibration=x, y_calibration=y, y_standards=np.full(4, 0.5))
    assert fitted.slope_ == 1.0
    assert fitted.predict(x[:4] + 0.1).mean() == pytest.approx(0.5)


def test_repeats_of_one_standard_are_weighed_by_what_was_left_out_alone() -> None:
    x, y = measured(CALIBRATION), CALIBRATION[:, 0]
    fitted = DifferenceAugmentedRidge().fit(
        x[[4, 4]], x[[4, 4]], X_calibration=x, y_calibration=y, y_standards=y[[4, 4]]
    )
    assert np.isfinite(fitted.log_evidence_)
    assert 0.3 <= fitted.child_weight_ <= 1000
