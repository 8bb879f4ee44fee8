"""Calibrations on a frozen encoder's features: what they say of left-out samples."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from spektron.transfer import PDS, DifferenceAugmentedRidge
from spektron.transfer.neural import Embedded
from tests.transfer.uncertainty.instruments import instruments

AXIS = 1e7 / np.linspace(1100, 2500, 50)


@pytest.mark.parametrize("corrected", [False, True])
def test_corrections_that_have_seen_all_standards_leave_none_out(corrected: bool) -> None:
    data = instruments(1)
    corrections = (None, PDS(window=5, rank=1)) if corrected else (None,)
    model = Embedded(DifferenceAugmentedRidge(), AXIS, corrections=corrections).fit(*data.pairs, **data.given())
    assert model.calibration_.left_out_ is not None
    assert (model.left_out_ is None) == corrected


def test_a_file_of_a_calibration_holds_no_spectra_of_others_and_predicts_the_same() -> None:
    data, other = instruments(1), instruments(2)
    model = Embedded(DifferenceAugmentedRidge(), AXIS).fit(*data.pairs, **data.given())
    before = pickle.dumps(model)
    Embedded(DifferenceAugmentedRidge(), AXIS).fit(*other.pairs, **other.given()).predict(other.test)
    predicted = model.predict(data.test)
    after = pickle.dumps(model)
    assert len(after) == len(before)
    for file in (before, after):
        # Features are of single precision, and depend on what else is in the batch by its rounding.
        np.testing.assert_allclose(pickle.loads(file).predict(data.test), predicted, rtol=0, atol=1e-4)  # noqa: S301
