"""What is unlike the calibration set is told, in words; what is like it is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from spektron.transfer.uncertainty import SpectrumOutliers
from tests.transfer.uncertainty.instruments import Instruments, instruments


def fitted(known: Instruments, **settings) -> SpectrumOutliers:
    return SpectrumOutliers(**settings).fit(*known.pairs, X_calibration=known.x)


def test_usual_samples_of_the_child_are_rarely_flagged() -> None:
    shares = [fitted(known).flag(known.test).outside.mean() for known in map(instruments, range(15))]
    # Each of the two flags one in a hundred, and no fewer than one of the samples that were left out and one more.
    assert np.mean(shares) < 0.04


def test_p_values_are_uniform_for_usual_samples() -> None:
    p = np.concatenate([fitted(known).flag(known.test).distance_p for known in map(instruments, range(15))])
    for level in (0.1, 0.3, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=0.06)


def test_what_has_parts_of_its_own_is_told_from_what_lies_far_away() -> None:
    known = instruments(0)
    usual = known.test[np.square(known.test - known.test.mean(axis=0)).sum(axis=1).argsort()[:5]]
    spike = usual.copy()
    spike[:, 30] += 0.5
    far = known.test.mean(axis=0) + 6 * (usual - known.test.mean(axis=0))
    flags = fitted(known).flag(np.vstack([usual, spike, far]))
    assert not flags.outside[:5].any()
    assert flags.outside[5:].all()
    assert flags.reason[:5] == ("",) * 5
    assert all("parts that no" in reason for reason in flags.reason[5:10])
    assert all("amounts lie beyond" in reason or "far from its samples" in reason for reason in flags.reason[10:])


@pytest.mark.parametrize("change", ["noise", "saturated", "parent's"])
def test_bad_measurements_are_flagged(change: str) -> None:
    known = instruments(1, num_standards=20)
    random = np.random.default_rng(0)
    bad = {
        "noise": known.test + 0.1 * random.normal(size=known.test.shape),
        "saturated": np.minimum(known.test, 0.4),
        "parent's": (known.test - 0.1 * np.linspace(0, 1, 50)) / 1.05,
    }[change]
    assert fitted(known).flag(bad).outside.mean() > 0.7


def test_two_standards_are_enough() -> None:
    shares = [fitted(known).flag(known.test).outside.mean() for known in (instruments(seed, 2) for seed in range(10))]
    assert np.mean(shares) < 0.1


@pytest.mark.parametrize(
    ("settings", "words"), [({"level": 0.9}, "between 0 and 0.5"), ({"num_components": 0}, "at least 1")]
)
def test_settings_that_cannot_be_are_refused(settings, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        fitted(instruments(0), **settings)


def test_what_cannot_be_compared_is_refused() -> None:
    known = instruments(0)
    with pytest.raises(ValueError, match="expected 50 channels, found 40"):
        fitted(known).flag(known.test[:, :40])
    with pytest.raises(ValueError, match="one axis and one row a standard"):
        SpectrumOutliers().fit(known.child[:4], known.x[:3], X_calibration=known.x)
    alike = np.tile(known.x[:1], (9, 1))
    with pytest.raises(ValueError, match="all alike"):
        SpectrumOutliers().fit(alike[:3], alike[:3], X_calibration=alike)
    holed = known.test.copy()
    holed[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        fitted(known).flag(holed)
