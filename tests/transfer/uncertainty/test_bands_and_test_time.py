"""Bands hold corrected spectra, channel by channel; test-time copies change nothing that is linear."""

from __future__ import annotations

import numpy as np
import pytest

from spektron.transfer import PDS, CorrectedPLS, MeanShift, Preprocessed
from spektron.transfer.uncertainty import TestTimeAveraged, correction_band
from tests.transfer.uncertainty.instruments import instruments


def test_a_band_holds_as_many_channels_as_it_says() -> None:
    inside = []
    for seed in range(10):
        known = instruments(seed, num_standards=12)
        child, parent = known.pairs
        half = correction_band(PDS(window=1, rank=1), child, parent, confidence=0.9)
        corrected = PDS(window=1, rank=1).fit(child, parent).transform(known.child)
        others = np.setdiff1d(np.arange(len(known.x)), known.standards)
        inside.append((np.abs(corrected - known.x)[others] <= half).mean())
    assert 0.86 < np.mean(inside) < 0.95


def test_a_band_needs_standards_to_leave_out() -> None:
    known = instruments(0, num_standards=2)
    with pytest.raises(ValueError, match="at least 3 standards to leave one out of, found 2"):
        correction_band(MeanShift(), *known.pairs)
    with pytest.raises(ValueError, match="between 0 and 1, found 2"):
        correction_band(MeanShift(), *known.pairs, confidence=2)


def test_copies_change_nothing_of_a_linear_calibration() -> None:
    known = instruments(0)
    base = CorrectedPLS(MeanShift(), num_latent=3)
    averaged = TestTimeAveraged(base).fit(*known.pairs, **known.given())
    np.testing.assert_allclose(averaged.predict(known.test), averaged.calibration_.predict(known.test), rtol=1e-9)
    assert (averaged.spread_ > 0).all()


def test_copies_are_the_same_in_every_run_and_change_what_is_not_linear() -> None:
    known = instruments(0)
    base = Preprocessed("snv", CorrectedPLS(MeanShift(), num_latent=3))
    first, again = (TestTimeAveraged(base, strength=3).fit(*known.pairs, **known.given()) for _ in range(2))
    np.testing.assert_array_equal(first.predict(known.test), again.predict(known.test))
    assert np.abs(first.predict(known.test) - first.calibration_.predict(known.test)).max() > 1e-6
    with pytest.raises(ValueError, match="even number from 2 on, found 3"):
        TestTimeAveraged(base, copies=3).fit(*known.pairs, **known.given())
