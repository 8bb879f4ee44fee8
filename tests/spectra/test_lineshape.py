from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import peak_widths
from scipy.special import voigt_profile

from spektron.spectra import NUM_POINTS
from spektron.spectra.lineshape import draw_bands

SHARES = np.linspace(0.85, 0.15, 9)


def draw(position: float, fwhm: float, height: float = 1.0, broadening: float = 0.0) -> np.ndarray:
    return draw_bands(np.array([[position]]), np.array([[fwhm]]), np.array([[height]]), np.array([broadening]))[0]


@pytest.mark.parametrize("octave", [2, 3, 4, 5])
def test_a_band_is_the_voigt_profile_that_scipy_draws(octave: int) -> None:
    fwhm = 1.5 * 2.0**octave
    gamma, sigma = 0.5 * fwhm * SHARES[octave], fwhm * (1 - SHARES[octave]) / 2.3548
    x = np.arange(NUM_POINTS) - 1000.0
    expected = voigt_profile(x, sigma, gamma) / voigt_profile(0.0, sigma, gamma)
    np.testing.assert_allclose(draw(1000.0, fwhm), expected, atol=3e-3)


@given(st.floats(60.0, 1980.0), st.floats(8.0, 100.0), st.floats(0.1, 10.0))
@settings(max_examples=40, deadline=None)
def test_a_band_is_where_and_as_high_and_about_as_wide_as_asked(position: float, fwhm: float, height: float) -> None:
    curve = draw(position, fwhm, height)
    top = int(curve.argmax())
    assert top == pytest.approx(position, abs=1.0)
    assert curve[top] == pytest.approx(height, rel=0.05)
    if position - 2 * fwhm > 0 and position + 2 * fwhm < NUM_POINTS:
        assert peak_widths(curve, [top])[0][0] == pytest.approx(fwhm, rel=0.3)


def test_bands_add_up() -> None:
    position, fwhm, height = np.array([[300.0, 900.0]]), np.array([[10.0, 33.0]]), np.array([[1.0, 2.0]])
    both = draw_bands(position, fwhm, height, np.array([3.0]))[0]
    np.testing.assert_allclose(both, draw(300.0, 10.0, 1.0, 3.0) + draw(900.0, 33.0, 2.0, 3.0), atol=1e-5)


def test_broadening_keeps_the_area_and_lowers_the_peak() -> None:
    sharp, soft = draw(1000.0, 6.0), draw(1000.0, 6.0, broadening=12.0)
    assert soft.sum() == pytest.approx(sharp.sum(), rel=1e-3)
    assert soft.max() < 0.6 * sharp.max()


def test_a_band_beyond_the_end_reaches_in_with_its_wing_and_does_not_wrap_round() -> None:
    curve = draw(-60.0, 30.0)
    assert 0.01 < curve[0] < 0.3
    assert np.abs(curve[-200:]).max() < 5e-4


def test_rows_do_not_depend_on_their_neighbours() -> None:
    rng = np.random.default_rng(0)
    args = rng.uniform(0, 2000, (11, 7)), rng.uniform(2, 90, (11, 7)), rng.random((11, 7)), rng.uniform(0, 5, 11)
    np.testing.assert_allclose(draw_bands(*args)[6:9], draw_bands(*(a[6:9] for a in args)), atol=1e-6)
