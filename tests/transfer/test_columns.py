"""Spectra in data frames: columns that are named otherwise, or in another order, are refused wherever they come in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from spektron.transfer import CORAL, DIPLS, MDIPLS, PDS, SBC, SST, DifferenceAugmentedRidge, MeanShift
from spektron.transfer.classical._calibration import ChildCalibration
from spektron.transfer.uncertainty import SpectrumOutliers, correction_band

Array = NDArray[np.float64]
NAMES: list[list[Any]] = [[f"{nm:.1f}" for nm in np.linspace(1100, 2500, 30)], np.linspace(1100, 2500, 30).tolist()]
names = pytest.mark.parametrize("axis", NAMES, ids=["text", "numbers"])


def spectra(number: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(number, 3)) @ np.random.default_rng(9).normal(size=(3, 30)) + 0.01 * rng.normal(
        size=(number, 30)
    )


X, PARENT = spectra(30, 0), spectra(8, 1)
CHILD = PARENT + 0.1
Y, LABELS = X[:, 3], PARENT[:, 3]


def frame(values: Array, axis: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(values, columns=axis)


@names
@pytest.mark.parametrize("method", [SBC(), DIPLS(), MDIPLS(), DifferenceAugmentedRidge()], ids=repr)
def test_calibrations_know_columns_by_name(method: ChildCalibration, axis: list[Any]) -> None:
    child, parent, x = frame(CHILD, axis), frame(PARENT, axis), frame(X, axis)
    known = {"y_calibration": Y, "y_standards": LABELS}
    plain = method.fit(X_child=CHILD, X_parent=PARENT, X_calibration=X, **known).predict(CHILD)
    fitted = method.fit(child, parent, X_calibration=x, **known)
    np.testing.assert_allclose(fitted.predict(child), plain)
    backwards = axis[::-1]
    with pytest.raises(ValueError, match="expected the columns of X to be those of X_child, in the same order"):
        fitted.predict(child[backwards])
    with pytest.raises(ValueError, match="expected the columns of X_parent to be those of X_child"):
        method.fit(child[backwards], parent, X_calibration=x, **known)
    with pytest.raises(ValueError, match="expected the columns of X_calibration to be those of X_child"):
        method.fit(child, parent, X_calibration=x[backwards], **known)
    other = frame(X, [*axis[:-1], "2600"])
    with pytest.raises(ValueError, match=r"found '2600' in place of .* column 29"):
        method.fit(child, parent, X_calibration=other, **known)


def test_names_are_scikit_learns_where_they_are_text() -> None:
    fitted = SBC().fit(frame(CHILD, NAMES[0]), PARENT, X_calibration=X, y_calibration=Y, y_standards=LABELS)
    assert fitted.feature_names_in_.tolist() == NAMES[0]


def test_further_children_have_the_same_columns() -> None:
    child = frame(CHILD, NAMES[0])
    with pytest.raises(ValueError, match=r"expected the columns of further\[0\]\[1\] to be those of X_child"):
        MDIPLS().fit(
            child, PARENT, X_calibration=X, y_calibration=Y, further=[(child, frame(PARENT, NAMES[0])[NAMES[0][::-1]])]
        )


@names
def test_outliers_know_columns_by_name(axis: list[Any]) -> None:
    fitted = SpectrumOutliers().fit(frame(CHILD, axis), frame(PARENT, axis), X_calibration=frame(X, axis))
    assert not fitted.flag(frame(CHILD, axis)).outside.all()
    with pytest.raises(ValueError, match="expected the columns of X to be those of X_child"):
        fitted.flag(frame(CHILD, axis)[axis[::-1]])
    with pytest.raises(ValueError, match="expected the columns of X_calibration to be those of X_child"):
        SpectrumOutliers().fit(frame(CHILD, axis), PARENT, X_calibration=frame(X, axis)[axis[::-1]])


@names
@pytest.mark.parametrize("correction", [MeanShift(), PDS(window=3, rank=1), SST(), CORAL()], ids=repr)
def test_corrections_refuse_the_parents_columns_in_another_order(correction: Any, axis: list[Any]) -> None:
    child, parent = frame(CHILD, axis), frame(PARENT, axis)
    correction.fit(child, parent)
    with pytest.raises(ValueError, match="expected the columns of X_parent to be those of X_child"):
        correction.fit(child, parent[axis[::-1]])


def test_piecewise_standardization_takes_an_axis_of_the_parents_own() -> None:
    corrected = PDS(window=3, rank=1).fit(frame(CHILD, NAMES[0]), frame(PARENT, list("abcdefghijklmnopqrstuvwxyz0123")))
    assert corrected.transform(frame(CHILD, NAMES[0])).shape == (8, 30)


def test_a_band_of_data_frames_is_that_of_their_values() -> None:
    child = CHILD + 0.01 * spectra(8, 4)
    plain = correction_band(MeanShift(), child, PARENT)
    framed = correction_band(MeanShift(), frame(child, NAMES[0]), frame(PARENT, NAMES[0]), regression=[1.0] * 30)
    np.testing.assert_allclose(framed, plain)
