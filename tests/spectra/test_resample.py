from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.interpolate import PchipInterpolator

from spektron.spectra import NUM_POINTS, resample_uniform


@st.composite
def curves(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """An uneven ascending axis and intensities of any size on it."""
    num = draw(st.integers(3, 60))
    steps = draw(arrays(np.float64, num - 1, elements=st.floats(0.01, 50.0)))
    values = draw(arrays(np.float64, num, elements=st.floats(-1e6, 1e6, allow_subnormal=False)))
    return 400.0 + np.concatenate(([0.0], np.cumsum(steps))), values


def cells(x: np.ndarray, num: int) -> np.ndarray:
    return np.concatenate(([x[0]], np.linspace(x[0], x[-1], 2 * num - 1)[1::2], [x[-1]]))


@given(curves())
@settings(max_examples=60, deadline=None)
def test_each_point_is_the_mean_of_scipys_monotone_cubic_over_its_cell(curve: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = curve
    edges = cells(x, 61)  # more than the curve has: on an axis that is its own it would be returned as it is
    expected = np.diff(PchipInterpolator(x, y).antiderivative()(edges)) / np.diff(edges)
    np.testing.assert_allclose(resample_uniform(x, y, 61), expected, rtol=1e-6, atol=1e-6 * (1 + np.abs(y).max()))


@given(curves())
@settings(max_examples=60, deadline=None)
def test_never_outside_what_was_measured(curve: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = curve
    resampled = resample_uniform(x, y)
    assert resampled.shape == (NUM_POINTS,)
    assert y.min() <= resampled.min()
    assert resampled.max() <= y.max()


@pytest.mark.parametrize("fwhm_steps", [0.2, 0.5, 3.0, 20.0])
def test_coarsening_keeps_the_area_of_bands_narrower_than_a_step(fwhm_steps: float) -> None:
    x = np.linspace(400.0, 4000.0, 60_001)
    step = 3600.0 / (NUM_POINTS - 1)
    centres = np.random.default_rng(0).uniform(1000.0, 3000.0, 5)
    y = sum(np.exp(-4 * np.log(2) * ((x - c) / (fwhm_steps * step)) ** 2) for c in centres)
    coarse = resample_uniform(x, y)
    area = np.trapezoid(coarse, dx=step)
    assert area == pytest.approx(np.trapezoid(y, x), rel=1e-6)
    sampled = np.trapezoid(np.interp(np.linspace(400.0, 4000.0, NUM_POINTS), x, y), dx=step)
    assert fwhm_steps > 1.0 or abs(sampled / area - 1.0) > 0.05  # picking single points would have lost it


def test_refining_a_band_follows_it_better_than_a_polygon() -> None:
    coarse, fine = np.linspace(5966.0, 11013.0, 125), np.linspace(5966.0, 11013.0, NUM_POINTS)

    def band(x: np.ndarray) -> np.ndarray:
        return np.exp(-(((x - 7000.0) / 180.0) ** 2))

    ours, polygon = resample_uniform(coarse, band(coarse)), np.interp(fine, coarse, band(coarse))
    truth = np.diff(band(fine), 2)
    assert np.abs(np.diff(ours, 2) - truth).max() < 0.4 * np.abs(np.diff(polygon, 2) - truth).max()


def test_a_spectrum_already_on_the_axis_is_left_as_it_is() -> None:
    y = np.random.default_rng(0).standard_normal(NUM_POINTS)
    x = np.linspace(400.0, 4000.0, NUM_POINTS).astype(np.float32).astype(np.float64)
    np.testing.assert_array_equal(resample_uniform(x, y), y)


def test_a_wavelength_axis_puts_a_band_where_it_belongs() -> None:
    nm = np.linspace(1100.0, 2498.0, 700)
    wavenumber = (1e7 / nm)[::-1]
    y = np.exp(-(((wavenumber - 5155.0) / 60.0) ** 2))
    axis = np.linspace(wavenumber[0], wavenumber[-1], NUM_POINTS)
    assert axis[resample_uniform(wavenumber, y).argmax()] == pytest.approx(5155.0, abs=3.0)
