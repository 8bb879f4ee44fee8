"""What is unlike the calibration set is told, in words; what is like it is left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from spektron.transfer.uncertainty import SpectrumOutliers
from spektron.transfer.uncertainty.outliers import _chi2_limit, _Model
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


@pytest.mark.parametrize(("scale", "freedom"), [(1.0, 3.0), (0.2, 10.0), (7.0, 1.5)])
@pytest.mark.parametrize("level", [0.01, 0.1])
def test_limits_are_those_of_the_chi2_that_has_the_values_quartiles(scale: float, freedom: float, level: float) -> None:
    values = scale * stats.chi2.ppf((np.arange(2000) + 0.5) / 2000, freedom)
    wanted = scale * stats.chi2.ppf(1 - level, freedom)
    assert _chi2_limit(values, level) == pytest.approx(wanted, rel=0.01)
    values[-100:] = 1e6  # one in twenty may be anything
    assert _chi2_limit(values, level) == pytest.approx(wanted, rel=0.3)


def test_values_that_are_all_alike_are_their_own_limit() -> None:
    assert _chi2_limit(np.full(9, 2.5), 0.01) == 2.5
    assert _chi2_limit(np.zeros(9), 0.01) == 0.0


def lifted(seed: int) -> Instruments:
    """On a background of 1, so that a dark spectrum is no mixture of little."""
    known = instruments(seed)
    return replace(known, x=known.x + 1, child=known.child + 1, test=known.test + 1)


@pytest.mark.parametrize("number", [1, 6])
@pytest.mark.parametrize("kind", ["zeros", "too strong", "saturated"])
def test_bad_calibration_samples_are_named_and_hide_no_others(kind: str, number: int) -> None:
    known = lifted(3)
    rows = np.setdiff1d(np.arange(60), known.standards)[:number]

    def spoilt(spectra):
        return {
            "zeros": 0 * spectra,
            "too strong": 3 * spectra,
            "saturated": spectra + 1.0 * (np.arange(50) // 5 == 4),
        }[kind]

    x = known.x.copy()
    x[rows] = spoilt(x[rows])
    found = SpectrumOutliers().fit(*known.pairs, X_calibration=x)
    assert found.extreme_rows_.tolist() == rows.tolist()
    assert found.flag(spoilt(known.test)).outside.mean() > 0.95
    assert found.flag(known.test).outside.mean() < 0.05
    assert found.num_components_ == 3


def test_usual_calibration_samples_take_part() -> None:
    assert all(len(fitted(known).extreme_rows_) == 0 for known in map(instruments, range(15)))


def test_a_standard_that_is_a_bad_calibration_sample_takes_no_part() -> None:
    known = lifted(3)
    x, bad = known.x.copy(), known.standards[0]
    x[bad] = 0.0
    found = SpectrumOutliers().fit(known.child[known.standards], x[known.standards], X_calibration=x)
    assert found.extreme_rows_.tolist() == [bad]
    # One of ten differences would have moved all spectra by a tenth of a spectrum.
    assert found.flag(known.test).outside.mean() < 0.1
    assert found.flag(0 * known.test).outside.all()


def test_a_flag_needs_a_limit_passed_and_a_small_p_value() -> None:
    known = instruments(2)
    found = fitted(known, level=0.1)
    away = known.test.mean(axis=0) + np.linspace(0.5, 4, 40)[:, None] * (known.test[:1] - known.test.mean(axis=0))
    flags = found.flag(np.vstack([known.test, away]))
    far = (flags.distance > flags.distance_limit) & (flags.distance_p <= 0.1)
    strange = (flags.residual > flags.residual_limit) & (flags.residual_p <= 0.1)
    assert np.array_equal(flags.outside, far | strange)
    assert flags.outside.any()
    assert not flags.outside.all()
    # Neither alone is enough, and on these spectra either alone would flag more.
    small = (flags.distance_p <= 0.1) | (flags.residual_p <= 0.1)
    beyond = (flags.distance > flags.distance_limit) | (flags.residual > flags.residual_limit)
    assert small.sum() != beyond.sum()
    assert 0 < flags.distance_limit < np.inf
    # A tenth of usual samples lies beyond each limit, about.
    share = (flags.distance[:200] > flags.distance_limit).mean()
    assert 0.02 < share < 0.25


def test_p_values_count_left_out_samples_that_are_as_far() -> None:
    found = fitted(instruments(2))
    seen = found._seen[0]
    flags = found.flag(instruments(2).test)
    by_hand = [(1 + (seen >= one).sum()) / (1 + len(seen)) for one in flags.distance]
    np.testing.assert_allclose(flags.distance_p, by_hand)
    assert len(seen) == 70  # 60 calibration samples and 10 standards


def test_the_covariance_of_few_samples_is_drawn_towards_equal_variances() -> None:
    rng = np.random.default_rng(0)
    deviations = np.array([3.0, 2.0, 1.0])
    few = deviations * rng.normal(size=(8, 3)) @ np.linalg.qr(rng.normal(size=(30, 3)))[0].T
    model = _Model.of(few, 3)
    scores = (few - few.mean(axis=0)) @ model.directions.T
    plain, shrunk = scores.T @ scores / len(few), np.linalg.inv(model.precision)
    np.testing.assert_allclose(np.trace(shrunk), np.trace(plain))
    spread = [np.ptp(np.linalg.eigvalsh(one)) for one in (plain, shrunk)]
    assert spread[1] < 0.9 * spread[0]
    assert np.abs(shrunk - np.eye(3)).max() > 0.5
    many = deviations * rng.normal(size=(4000, 3)) @ np.linalg.qr(rng.normal(size=(30, 3)))[0].T
    eigenvalues = np.sort(np.linalg.eigvalsh(np.linalg.inv(_Model.of(many, 3).precision)))
    np.testing.assert_allclose(eigenvalues, [1, 4, 9], rtol=0.1)


def test_a_level_of_all_spectra_changes_no_flag() -> None:
    known = instruments(1)
    low = fitted(known).flag(known.test)
    child, parent = (values + 100.0 for values in known.pairs)
    high = SpectrumOutliers().fit(child, parent, X_calibration=known.x + 100.0).flag(known.test + 100.0)
    assert np.array_equal(low.outside, high.outside)
    np.testing.assert_allclose(low.distance, high.distance, rtol=1e-6)


def test_what_raw_spectra_hide_is_seen_in_the_derivative() -> None:
    """A broad background that differs from sample to sample by far more than one channel, noise or a shift does."""
    random = np.random.default_rng(3)
    axis = np.linspace(0, 1, 200)
    amounts = random.uniform(0, 1, (160, 2))
    bands = np.exp(-0.5 * ((axis - np.array([[0.3], [0.7]])) / 0.05) ** 2)
    clean = 0.1 * amounts @ bands + random.normal(size=(160, 3)) @ np.array([axis**power for power in range(3)])
    spectra = clean + 1e-4 * random.normal(size=clean.shape)
    x, child, usual = spectra[:80], spectra[:10] + 0.2, spectra[80:] + 0.2
    spiked = usual.copy()
    spiked[:, 120] += 0.02
    bad = {
        "noise": usual + 0.003 * random.normal(size=usual.shape),
        "spike": spiked,
        "shift": np.roll(usual, 1, axis=1),
    }
    found = {name: SpectrumOutliers(preprocessing=name).fit(child, x[:10], X_calibration=x) for name in ("raw", "sg1")}
    assert found["sg1"].flag(usual).outside.mean() < 0.05
    for spectra in bad.values():
        assert found["sg1"].flag(spectra).outside.mean() > 0.95
    assert found["raw"].flag(bad["spike"]).outside.mean() < 0.2
    assert "its shape has parts" in found["sg1"].flag(spiked).reason[0]


def test_a_derivative_needs_the_channels_of_its_window() -> None:
    known = instruments(0)
    few = SpectrumOutliers(preprocessing="sg1")
    with pytest.raises(ValueError, match="sg1: expected at least 11 channels"):
        few.fit(known.child[:4, :8], known.x[:4, :8], X_calibration=known.x[:, :8])
