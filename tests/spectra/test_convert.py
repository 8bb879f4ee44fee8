from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spektron.spectra import NUM_POINTS, REPAIRS, AxisUnit, Spectrum, SpectrumRejected, spectrum_from_xy

X = np.linspace(500.0, 3500.0, 300)
Y = np.sin(X / 100.0)


def convert(x: Any, y: Any, unit: AxisUnit = AxisUnit.CM1, modality: str = "IR") -> Spectrum:
    return spectrum_from_xy(
        x, y, unit=unit, modality=modality, spectrum_id="s/1", source="s", compound_id="c", instrument="i"
    )


def broken(position: int, value: float, base: np.ndarray) -> np.ndarray:
    copy = base.copy()
    copy[position] = value
    return copy


def test_the_spectrum_has_its_own_range_and_the_schemas_type() -> None:
    spectrum = convert(X, Y)
    assert (spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1) == (500.0, 3500.0)
    assert spectrum.intensity.shape == (NUM_POINTS,)
    assert spectrum.intensity.dtype == np.float32
    assert spectrum.repairs == ()


def test_a_descending_axis_is_turned_round_with_its_intensities_and_counted() -> None:
    np.testing.assert_array_equal(convert(X[::-1], Y[::-1]).intensity, convert(X, Y).intensity)
    assert convert(X[::-1], Y[::-1]).repairs == ("axis-descending",)


def test_an_ascending_wavelength_axis_is_no_repair() -> None:
    nm = np.linspace(1100.0, 2498.0, 700)
    spectrum = convert(nm, np.linspace(0.0, 1.0, 700), AxisUnit.NM, "NIR")
    assert spectrum.repairs == ()
    assert spectrum.wavenumber_start_cm1 == pytest.approx(1e7 / 2498.0)
    assert spectrum.intensity[0] > spectrum.intensity[-1]


def test_unmeasured_ends_are_cut_and_counted_never_extrapolated() -> None:
    y = Y.copy()
    y[:10], y[-5:] = np.nan, np.nan
    spectrum = convert(X, y)
    assert spectrum.repairs == ("nan-at-ends",)
    assert (spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1) == (X[10], X[-6])


@pytest.mark.parametrize(
    ("x", "y", "unit", "modality", "reason"),
    [
        (X[:-1], Y, AxisUnit.CM1, "IR", "length-mismatch"),
        (X.reshape(2, -1), Y.reshape(2, -1), AxisUnit.CM1, "IR", "length-mismatch"),
        ([], [], AxisUnit.CM1, "IR", "too-few-points"),
        (X[:40], Y[:40], AxisUnit.CM1, "IR", "too-few-points"),
        (X, np.full(300, np.nan), AxisUnit.CM1, "IR", "too-few-points"),
        (X, broken(100, np.nan, Y), AxisUnit.CM1, "IR", "nan-inside"),
        (X, broken(0, np.inf, Y), AxisUnit.CM1, "IR", "not-finite"),
        (X, broken(9, 1e39, Y), AxisUnit.CM1, "IR", "not-finite"),
        (broken(7, np.nan, X), Y, AxisUnit.CM1, "IR", "axis-not-finite"),
        (broken(7, np.inf, X), Y, AxisUnit.CM1, "IR", "axis-not-finite"),
        (broken(7, X[6], X), Y, AxisUnit.CM1, "IR", "axis-not-monotonic"),
        (broken(7, X[3], X), Y, AxisUnit.CM1, "IR", "axis-not-monotonic"),
        (np.full(300, 900.0), Y, AxisUnit.CM1, "IR", "axis-not-monotonic"),
        (np.r_[X[:150], X[150:] + 300.0], Y, AxisUnit.CM1, "IR", "gap-inside"),
        (np.r_[X[:150], X[150:] + 300.0][::-1], Y, AxisUnit.CM1, "IR", "gap-inside"),
        (X - 600.0, Y, AxisUnit.NM, "NIR", "out-of-range"),
        (X, Y, AxisUnit.CM1, "NIR", "out-of-range"),
        (X, np.full(300, 3.0), AxisUnit.CM1, "IR", "constant"),
        (X, 1.0 + 1e-12 * Y, AxisUnit.CM1, "IR", "constant"),  # as float32 stores it
    ],
)
def test_what_cannot_be_mended_is_refused_by_name(x: Any, y: Any, unit: AxisUnit, modality: str, reason: str) -> None:
    with pytest.raises(SpectrumRejected) as caught:
        convert(x, y, unit, modality)
    assert caught.value.reason == reason
    assert "expected" in caught.value.detail
    assert "found" in caught.value.detail


def test_a_gap_is_told_with_its_ends_and_uneven_steps_are_none() -> None:
    two_ranges = np.r_[np.arange(900.0, 1800.0, 2.0), np.arange(2800.0, 3000.0, 2.0)]
    with pytest.raises(SpectrumRejected, match=r"steps of about 2 cm-1, found nothing .* between 1798 and 2800 cm-1"):
        convert(two_ranges, np.sin(two_ranges))
    # Steps of a grating, even in wavelength, are 25 times as wide in wavenumber at one end as at the other.
    nm = np.linspace(2500.0, 12_500.0, 400)
    assert convert(nm, np.sin(nm), AxisUnit.NM).repairs == ()
    # The last step that is still taken for one.
    assert convert(broken(299, X[298] + 19.9 * (X[1] - X[0]), X), Y).repairs == ()


@given(arrays(np.float64, 80, elements=st.floats(width=64)), arrays(np.float64, 80, elements=st.floats(width=64)))
@settings(max_examples=100, deadline=None)
def test_whatever_the_numbers_a_spectrum_is_right_or_refused(x: np.ndarray, y: np.ndarray) -> None:
    try:
        spectrum = convert(x, y)
    except SpectrumRejected:
        return
    assert np.isfinite(spectrum.intensity).all()
    assert spectrum.wavenumber_start_cm1 < spectrum.wavenumber_stop_cm1


@given(st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_cutting_the_ends_is_what_giving_only_the_middle_is(head: int, tail: int) -> None:
    y = Y.copy()
    y[:head], y[-tail:] = np.nan, np.nan
    cut = convert(X[::-1], y[::-1])
    np.testing.assert_array_equal(cut.intensity, convert(X[head:-tail], Y[head:-tail]).intensity)
    assert set(cut.repairs) == {"axis-descending", "nan-at-ends"}
    assert set(cut.repairs) <= set(REPAIRS)
