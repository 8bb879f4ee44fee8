from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import voigt_profile

from spektron.spectra.profiles import Profile
from spektron.spectra.spectrum import NUM_POINTS
from spektron.spectra.sticks import Lorentzian, Voigt, broaden

START, STOP = 100.0, 4000.0
STEP = (STOP - START) / (NUM_POINTS - 1)
GRID = np.linspace(START, STOP, NUM_POINTS)
EDGES = np.append(GRID - 0.5 * STEP, STOP + 0.5 * STEP)
# The contract of the module's docstring: of the highest point that such a band can have.
TOLERANCE = 1e-5

frequencies = st.floats(0.0, 6000.0)
# Zero, or far above where products of floats lose their digits.
strengths = st.just(0.0) | st.floats(1e-30, 1e4)
# Half widths in steps: far below one, about one, far above.
widths = st.sampled_from([1 / 256, 0.03, 0.3, 0.9, 2.6, 5.0, 9.0, 40.0, 300.0])


def draw(frequency: object, strength: object, profile: Profile, **changes: float) -> np.ndarray:
    frequency = np.atleast_1d(np.asarray(frequency, dtype=float))
    limits = {"start_cm1": START, "stop_cm1": STOP} | changes
    strength = np.broadcast_to(np.asarray(strength, dtype=float), frequency.shape)
    return broaden(frequency, strength, [0, len(frequency)], profile=profile, **limits).intensity[0]


def one_by_one(frequency: np.ndarray, strength: np.ndarray, hwhm: float) -> np.ndarray:
    """The integral of each Lorentzian over each cell, by its primitive."""
    total = np.zeros(NUM_POINTS)
    for place, area in zip(frequency, strength):
        total += area * np.diff(np.arctan((EDGES - place) / hwhm)) / (np.pi * STEP)
    return total


def highest(hwhm: float) -> float:
    return 2.0 * np.arctan(0.5 * STEP / hwhm) / (np.pi * STEP)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(frequencies, strengths), min_size=1, max_size=12), widths)
def test_it_is_the_sum_of_integrals_over_cells(modes: list[tuple[float, float]], width: float) -> None:
    frequency, strength = np.array(modes).T
    expected = one_by_one(frequency, strength, width * STEP)
    error = np.abs(draw(frequency, strength, Lorentzian(width * STEP)) - expected).max()
    assert error <= TOLERANCE * strength.sum() * highest(width * STEP)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 1.0), widths)
def test_any_place_within_a_cell_is_exact(past: float, width: float) -> None:
    frequency = np.array([START + (700 + past) * STEP])
    expected = one_by_one(frequency, np.ones(1), width * STEP)
    error = np.abs(draw(frequency, 1.0, Lorentzian(width * STEP)) - expected).max()
    assert error <= TOLERANCE * highest(width * STEP)


@settings(max_examples=60, deadline=None)
@given(st.floats(START, STOP), widths)
def test_area_is_the_strength_but_for_the_tails_outside(frequency: float, width: float) -> None:
    hwhm = width * STEP
    inside = np.diff(np.arctan((EDGES[[0, -1]] - frequency) / hwhm))[0] / np.pi
    assert draw(frequency, 42.0, Lorentzian(hwhm)).sum() * STEP == pytest.approx(42.0 * inside, rel=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.0, 300.0), widths)
def test_bands_are_symmetric(distance: float, width: float) -> None:
    middle = 0.5 * (START + STOP)
    curve = draw([middle - distance, middle + distance], 1.0, Lorentzian(width * STEP))
    assert np.abs(curve - curve[::-1]).max() <= TOLERANCE * highest(width * STEP)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.tuples(frequencies, strengths), max_size=5), min_size=1, max_size=40), widths)
def test_molecules_do_not_see_each_other(molecules: list[list[tuple[float, float]]], width: float) -> None:
    profile = Lorentzian(width * STEP)
    modes = np.array([mode for molecule in molecules for mode in molecule]).reshape(-1, 2)
    offsets = np.cumsum([0, *(len(molecule) for molecule in molecules)])
    curves = broaden(modes[:, 0], modes[:, 1], offsets, start_cm1=START, stop_cm1=STOP, profile=profile).intensity
    assert curves.shape == (len(molecules), NUM_POINTS)
    for molecule, curve in zip(molecules, curves):
        alone = np.array(molecule).reshape(-1, 2)
        expected = draw(alone[:, 0], alone[:, 1], profile)
        np.testing.assert_allclose(curve, expected, atol=1e-12 * (1.0 + alone[:, 1].sum()) * highest(width * STEP))


@pytest.mark.parametrize(("sigma", "hwhm"), [(0.05, 0.05), (0.05, 3.0), (3.0, 0.05), (1.0, 1.0), (6.0, 2.0)])
def test_a_voigt_band_is_the_integral_of_the_faddeeva_function(sigma: float, hwhm: float) -> None:
    """Against 4000 midpoints a cell, at a place within a cell that no table holds."""
    frequency = START + 812.3456 * STEP
    near = slice(780, 845)
    parts = (np.arange(4000) + 0.5) / 4000 - 0.5
    fine = voigt_profile(GRID[near, None] + parts * STEP - frequency, sigma * STEP, hwhm * STEP)
    curve = draw(frequency, 7.0, Voigt(sigma * STEP, hwhm * STEP))
    assert np.abs(curve[near] - 7.0 * fine.mean(axis=1)).max() <= TOLERANCE * curve.max()
    far = voigt_profile(GRID[1500] - frequency, sigma * STEP, hwhm * STEP)
    assert curve[1500] == pytest.approx(7.0 * far, rel=1e-3, abs=1e-9)


def test_a_voigt_band_without_a_gaussian_is_lorentzian() -> None:
    lorentz, voigt = (draw(1234.5, 1.0, profile) for profile in (Lorentzian(5.0), Voigt(0.01, 5.0)))
    assert np.abs(lorentz - voigt).max() < 1e-4 * lorentz.max()


def test_wings_do_not_wrap_round() -> None:
    """A band at one end leaves at the other what a Lorentzian leaves 3900 cm-1 away, and no more."""
    for frequency, far in ((START, -1), (STOP, 0)):
        curve = draw(frequency, 1.0, Lorentzian(5.0))
        assert curve[far] == pytest.approx(5.0 / np.pi / (3900.0**2 + 25.0), rel=1e-4)


@pytest.mark.parametrize("frequency", [4480.0, 4490.0, 6000.0, 1e5, 0.0, 1e300])
def test_a_band_outside_reaches_in_with_its_wing(frequency: float) -> None:
    expected = one_by_one(np.array([frequency]), np.ones(1), 20.0)
    np.testing.assert_allclose(draw(frequency, 1.0, Lorentzian(20.0)), expected, rtol=1e-4, atol=1e-14)


def test_imaginary_modes_are_left_out_and_counted_by_molecule() -> None:
    frequency, strength = [-120.0, 1000.0, -0.1, -30.0, 2000.0], [9.0, 1.0, 9.0, 9.0, 1.0]
    curves = broaden(frequency, strength, [0, 2, 2, 5], start_cm1=START, stop_cm1=STOP, profile=Lorentzian(5.0))
    assert curves.num_imaginary.tolist() == [1, 0, 2]
    np.testing.assert_array_equal(curves.intensity[0], draw(1000.0, 1.0, Lorentzian(5.0)))
    assert not curves.intensity[1].any()
    np.testing.assert_allclose(curves.intensity[2], draw(2000.0, 1.0, Lorentzian(5.0)), atol=1e-15)


def test_sticks_of_no_strength_draw_nothing() -> None:
    assert not draw([500.0, 1e300, 0.0], 0.0, Lorentzian(5.0)).any()
    assert broaden([], [], [0], start_cm1=START, stop_cm1=STOP, profile=Lorentzian(5.0)).intensity.shape == (0, 2048)


def test_negative_strengths_are_bands_that_point_down() -> None:
    np.testing.assert_allclose(draw(900.0, -3.0, Lorentzian(5.0)), -3.0 * draw(900.0, 1.0, Lorentzian(5.0)), atol=1e-15)


@pytest.mark.parametrize(
    ("frequency", "strength", "offsets", "changes"),
    [
        ([np.nan], [1.0], [0, 1], {}),
        ([1.0], [np.inf], [0, 1], {}),
        ([1.0, 2.0], [1.0], [0, 2], {}),
        ([[1.0]], [[1.0]], [0, 1], {}),
        ([1.0], [1.0], [0, 2], {}),
        ([1.0], [1.0], [1, 1], {}),
        ([1.0, 2.0], [1.0, 2.0], [0, 2, 1, 2], {}),
        ([1.0], [1.0], [], {}),
        ([1.0], [1.0], [0, 1], {"stop_cm1": 100.0}),
        ([1.0], [1.0], [0, 1], {"stop_cm1": np.nan}),
        ([1.0], [1.0], [0, 1], {"profile": Lorentzian(STEP / 300)}),
    ],
)
def test_what_cannot_be_drawn_is_an_error(frequency: list, strength: list, offsets: list, changes: dict) -> None:
    settings_ = {"start_cm1": START, "stop_cm1": STOP, "profile": Lorentzian(5.0)} | changes
    with pytest.raises(ValueError, match="expected"):
        broaden(frequency, strength, offsets, **settings_)


@pytest.mark.parametrize("width", [0.0, -1.0, np.nan, np.inf])
def test_a_width_is_a_positive_number(width: float) -> None:
    for make in (Lorentzian, lambda w: Voigt(w, 1.0), lambda w: Voigt(1.0, w)):
        with pytest.raises(ValueError, match="width"):
            make(width)
