from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spektron.spectra import INTENSITY_UNITS
from spektron.spectra.intensity import (
    LOWEST_TRANSMITTANCE,
    IntensityScale,
    parse_intensity_unit,
    rescaled,
    to_absorbance,
)

TRANSMITTANCE, PERCENT = IntensityScale.TRANSMITTANCE, IntensityScale.PERCENT_TRANSMITTANCE


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("TRANSMITTANCE", TRANSMITTANCE),
        ("Transmission", TRANSMITTANCE),
        ("T", TRANSMITTANCE),
        ("% TRANSMITTANCE", PERCENT),
        ("PERCENT TRANSMITTANCE", PERCENT),
        ("Transmittance (%)", PERCENT),
        ("%T", PERCENT),
        ("T %", PERCENT),
        ("ABSORBANCE", IntensityScale.ABSORBANCE),
        ("Absorbance Units", IntensityScale.ABSORBANCE),
        ("absorbance (a.u.)", IntensityScale.ABSORBANCE),
        ("log(1/R)", IntensityScale.ABSORBANCE),
        ("-log10(T)", IntensityScale.ABSORBANCE),
        ("Reflectance", IntensityScale.REFLECTANCE),
        ("% Reflectance", IntensityScale.PERCENT_REFLECTANCE),
        ("KUBELKA-MUNK", IntensityScale.KUBELKA_MUNK),
        ("(micromol/mol)-1m-1 (base 10)", IntensityScale.MOLAR_ABSORPTION),
        ("(µmol/mol)⁻¹ m⁻¹", IntensityScale.MOLAR_ABSORPTION),
        ("Counts", IntensityScale.COUNTS),
        ("ARBITRARY UNITS", IntensityScale.ARBITRARY),
        ("A.U.", IntensityScale.ARBITRARY),  # arbitrary, or absorbance: nobody can tell
        ("Raman intensity", IntensityScale.ARBITRARY),
        ("", IntensityScale.ARBITRARY),
    ],
)
def test_units_as_publishers_write_them(text: str, scale: IntensityScale) -> None:
    assert parse_intensity_unit(text) is scale


@given(st.text(max_size=300))
def test_any_text_has_a_scale_that_can_be_stored(text: str) -> None:
    assert parse_intensity_unit(text).stored_as in INTENSITY_UNITS


def test_absorbance_is_the_negative_decadic_logarithm() -> None:
    absorbance, num_clipped = to_absorbance([1.0, 0.1, 0.01, 0.5, np.nan], TRANSMITTANCE)
    np.testing.assert_allclose(absorbance[:4], [0.0, 1.0, 2.0, 0.30103], atol=1e-6)
    assert np.isnan(absorbance[4])
    assert num_clipped == 0
    percent, _ = to_absorbance([100.0, 10.0, 1.0, 50.0, np.nan], PERCENT)
    np.testing.assert_allclose(percent, absorbance)


def test_what_no_sample_transmits_is_clipped_and_counted() -> None:
    absorbance, num_clipped = to_absorbance([1.1, 1.0, LOWEST_TRANSMITTANCE, 0.0009, 0.0, -0.02, 0.5], TRANSMITTANCE)
    np.testing.assert_allclose(absorbance, [0.0, 0.0, 3.0, 3.0, 3.0, 3.0, 0.30103], atol=1e-6)
    assert num_clipped == 4
    assert not np.signbit(absorbance).any()


def test_infinities_are_left_for_the_gate_to_refuse() -> None:
    absorbance, num_clipped = to_absorbance([np.inf, -np.inf, 0.5], TRANSMITTANCE)
    assert not np.isfinite(absorbance[:2]).any()
    assert num_clipped == 0


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.sampled_from([TRANSMITTANCE, PERCENT])
)
def test_absorbance_lies_between_0_and_3_and_falls_with_transmittance(y: list[float], unit: IntensityScale) -> None:
    absorbance, num_clipped = to_absorbance(sorted(y), unit)
    assert absorbance.min() >= 0.0
    assert absorbance.max() <= 3.0
    assert (np.diff(absorbance) <= 0.0).all()
    assert 0 <= num_clipped <= len(y)


@pytest.mark.parametrize(
    ("stated", "y", "right"),
    [
        (TRANSMITTANCE, np.linspace(14.0, 94.7, 100), PERCENT),  # met in a file that says TRANSMITTANCE
        (TRANSMITTANCE, np.linspace(-0.01, 1.10, 100), TRANSMITTANCE),
        (TRANSMITTANCE, np.r_[np.full(99, 0.9), 1000.0], TRANSMITTANCE),  # one spike does not make it a percentage
        (PERCENT, np.linspace(0.1, 0.98, 100), TRANSMITTANCE),
        (PERCENT, np.linspace(0.1, 1.45, 100), TRANSMITTANCE),
        (PERCENT, np.linspace(0.1, 1.55, 100), PERCENT),
        (PERCENT, np.linspace(0.1, 98.0, 100), PERCENT),
        (PERCENT, np.linspace(0.01, 0.3, 100), PERCENT),  # a black sample is not a fraction
        (IntensityScale.REFLECTANCE, np.linspace(5.0, 60.0, 100), IntensityScale.REFLECTANCE),
        (IntensityScale.ABSORBANCE, np.linspace(5.0, 60.0, 100), IntensityScale.ABSORBANCE),
        (TRANSMITTANCE, np.full(5, np.nan), TRANSMITTANCE),
    ],
)
def test_values_overrule_a_unit_that_they_contradict(
    stated: IntensityScale, y: np.ndarray, right: IntensityScale
) -> None:
    values, scale, overruled = rescaled(y, stated)
    assert scale is right
    if stated is IntensityScale.REFLECTANCE:
        assert overruled
        np.testing.assert_allclose(values, y / 100.0)
    else:
        assert overruled is (right is not stated)
        np.testing.assert_array_equal(values, y)


def test_percentages_of_reflection_become_fractions_without_remark() -> None:
    values, scale, overruled = rescaled([5.0, 60.0], IntensityScale.PERCENT_REFLECTANCE)
    assert values.tolist() == [0.05, 0.6]
    assert scale is IntensityScale.REFLECTANCE
    assert not overruled
