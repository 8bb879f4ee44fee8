"""Slope and bias correction where the line is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spektron.transfer import SBC
from spektron.transfer.pls import fit_pls

Array = NDArray[np.float64]


def amounts(samples: int, seed: int) -> Array:
    return np.random.default_rng(seed).uniform(0, 1, (samples, 3))


def measured(what: Array) -> Array:
    axis = np.linspace(0, 1, 40)
    return what @ np.exp(-0.5 * ((axis - np.array([[0.2], [0.5], [0.8]])) / 0.1) ** 2)


CALIBRATION, TEST = amounts(40, 0), amounts(30, 1)
KNOWN = {"X_calibration": measured(CALIBRATION), "y_calibration": CALIBRATION[:, 0]}


@pytest.mark.parametrize("labelled", [True, False])
def test_slope_and_bias_are_those_of_the_line(labelled: bool) -> None:
    rng = np.random.default_rng(0)
    standards = amounts(9, 2)
    child = 1.3 * measured(standards) + 0.05 * rng.normal(size=(9, 40))
    labels = standards[:, 0] + 0.02 * rng.normal(size=9)
    fitted = SBC(slope=True, num_latent=2).fit(
        child, measured(standards), **KNOWN, y_standards=labels if labelled else None
    )
    parent = fit_pls(KNOWN["X_calibration"], CALIBRATION[:, 0], 2)
    target = labels if labelled else parent.predict(measured(standards), 2)
    slope, bias = np.polyfit(parent.predict(child, 2), target, 1)
    assert fitted.slope_ == pytest.approx(slope)
    assert fitted.bias_ == pytest.approx(bias)
    test = 1.3 * measured(TEST)
    np.testing.assert_allclose(fitted.predict(test), slope * parent.predict(test, 2) + bias, rtol=1e-9)


def test_the_bias_alone_is_the_mean_of_what_is_missed() -> None:
    standards = amounts(5, 2)
    fitted = SBC(slope=False, num_latent=3).fit(
        measured(standards), measured(standards), **KNOWN, y_standards=2 * standards[:, 0] + 1
    )
    assert fitted.slope_ == 1.0
    parent = fit_pls(KNOWN["X_calibration"], CALIBRATION[:, 0], 3)
    missed = 2 * standards[:, 0] + 1 - parent.predict(measured(standards), 3)
    assert fitted.bias_ == pytest.approx(missed.mean())


def test_a_slope_is_taken_where_left_out_standards_ask_for_it() -> None:
    rng = np.random.default_rng(1)
    for gain, corrected in ((1.5, True), (1.0, False)):
        standards = amounts(8, 3)
        child = gain * measured(standards)
        fitted = SBC(num_latent=3).fit(
            child, measured(standards), **KNOWN, y_standards=standards[:, 0] + 0.05 * rng.normal(size=8)
        )
        assert (fitted.slope_ != 1.0) == corrected
    # From ten on a slope is known well enough.
    assert SBC(num_latent=3).fit(
        measured(amounts(10, 3)), measured(amounts(10, 3)), **KNOWN, y_standards=rng.normal(size=10)
    ).slope_ != pytest.approx(1.0)
    # Twelve rows of one sample and one of another say nothing of a slope, however often they were measured.
    rows = [0] * 12 + [1]
    fitted = SBC(num_latent=3).fit(
        1.5 * measured(CALIBRATION)[rows], measured(CALIBRATION)[rows], **KNOWN, y_standards=CALIBRATION[rows, 0]
    )
    assert fitted.slope_ == 1.0
