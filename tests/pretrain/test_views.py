from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats
from scipy.special import voigt_profile
from torch import Tensor

from spektron.pretrain.views import (
    AxisError,
    Baseline,
    Effect,
    Gain,
    Noise,
    Resolution,
    Rows,
    Saturation,
    StrayLight,
    Temperature,
    ViewConfig,
    ViewMaker,
)
from spektron.pretrain.views.normals import normals
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS
from tests.pretrain.stand_in import make_batch

IR, RAMAN, NIR = (MODALITIES.index(name) for name in ("IR", "RAMAN", "NIR"))
START, STOP = 400.0, 2447.0  # a point every cm⁻¹
AXIS = np.linspace(START, STOP, NUM_POINTS)
NAMES = tuple(ViewConfig.model_fields)[:-1]
ALWAYS = ViewConfig(**{name: {"chance": 1.0} for name in NAMES})
NEVER = ViewConfig(**{name: {"chance": 0.0} for name in NAMES})


def lorentzian(center: float, hwhm: float = 8.0) -> np.ndarray:
    return hwhm**2 / ((AXIS - center) ** 2 + hwhm**2)


def rows_of(*spectra: np.ndarray, modality: int = IR, peak_absorbance: float = 1.0) -> Rows:
    count = len(spectra)
    return Rows.of(
        torch.tensor(np.stack(spectra), dtype=torch.float32),
        torch.full((count,), START),
        torch.full((count,), STOP),
        torch.full((count,), modality),
        peak_absorbance=torch.full((count,), peak_absorbance),
        seed=torch.arange(2 * count, dtype=torch.int32).reshape(count, 2) * 7919,
    )


def changed(effect: Effect, rows: Rows, *strengths: float) -> np.ndarray:
    """What the effect makes of every row at these strengths."""
    given = torch.tensor([strengths] * len(rows.low), dtype=torch.float32)
    return effect.apply(rows, given).intensity.numpy().astype(float)


def tensors(intensity: np.ndarray, modality: np.ndarray | None = None) -> tuple[Tensor, ...]:
    rows = len(intensity)
    kinds = np.arange(rows) % 3 if modality is None else modality
    return (
        torch.tensor(intensity, dtype=torch.float32),
        torch.full((rows,), START),
        torch.full((rows,), STOP),
        torch.tensor(kinds, dtype=torch.int64),
    )


def top_cm1(spectrum: np.ndarray) -> float:
    """Place of the maximum, from a parabola through its three points."""
    at = int(spectrum.argmax())
    left, middle, right = spectrum[at - 1 : at + 2]
    return float(AXIS[at] + 0.5 * (left - right) / (left - 2 * middle + right))


def fwhm_cm1(spectrum: np.ndarray) -> float:
    at, half = int(spectrum.argmax()), spectrum.max() / 2
    left = np.interp(half, spectrum[: at + 1], AXIS[: at + 1])
    right = np.interp(-half, -spectrum[at:], AXIS[at:])
    return float(right - left)


# Axis


@pytest.mark.parametrize("shift", [3.0, -3.0, 0.25, 2.6])
def test_a_shift_moves_the_band_by_as_many_wavenumbers(shift: float) -> None:
    (view,) = changed(AxisError(), rows_of(lorentzian(1000.0)), shift, 0.0)
    assert top_cm1(view) == pytest.approx(1000.0 + shift, abs=0.01)
    inner = slice(5, -5)
    np.testing.assert_allclose(view[inner], lorentzian(1000.0 + shift)[inner], atol=3e-4)


def test_a_stretch_moves_bands_in_proportion_to_their_wavenumber() -> None:
    low, high = changed(AxisError(), rows_of(lorentzian(500.0), lorentzian(2000.0)), 0.0, 1e-3)
    assert top_cm1(low) == pytest.approx(500.5, abs=0.01)
    assert top_cm1(high) == pytest.approx(2002.0, abs=0.01)


def test_what_comes_from_beyond_the_end_is_the_end_held() -> None:
    up, down = (changed(AxisError(), rows_of(AXIS), shift, 0.0)[0] for shift in (10.0, -10.0))
    np.testing.assert_allclose(up[:11], START, rtol=1e-6)
    np.testing.assert_allclose(up[11:], AXIS[1:-10], rtol=1e-6)
    np.testing.assert_allclose(down[-11:], STOP, rtol=1e-6)


def test_a_shift_longer_than_the_axis_leaves_most_of_the_spectrum() -> None:
    (view,) = changed(AxisError(), rows_of(lorentzian(1000.0)), 5000.0, 0.0)
    assert top_cm1(view) == pytest.approx(1000.0 + 2047.0 / 16, abs=0.05)


# Line shape


@pytest.mark.parametrize("fwhm", [4.0, 12.0, 40.0])
def test_a_lorentzian_broadened_by_a_gaussian_is_the_voigt_profile(fwhm: float) -> None:
    # Far from both ends, where the mirror images of its wings matter least.
    hwhm, sigma = 4.0, fwhm / np.sqrt(8 * np.log(2))
    band = np.pi * hwhm * voigt_profile(AXIS - 1400.0, sigma, hwhm)
    (view,) = changed(Resolution(), rows_of(lorentzian(1400.0, hwhm)), fwhm, 0.0)
    np.testing.assert_allclose(view, band, atol=1e-4)
    # Olivero & Longbothum (1977): right to 0.02 %.
    width = 0.5346 * 2 * hwhm + np.sqrt(0.2166 * (2 * hwhm) ** 2 + fwhm**2)
    assert fwhm_cm1(view) == pytest.approx(width, rel=0.01)


@pytest.mark.parametrize("triangle", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("center", [405.0, 1400.0, 2440.0])
def test_broadening_keeps_the_area_also_at_the_ends(center: float, triangle: float) -> None:
    band = lorentzian(center)
    (view,) = changed(Resolution(), rows_of(band), 30.0, triangle)
    assert view.sum() == pytest.approx(band.sum(), rel=1e-5)
    assert view.max() < 0.9 * band.max()


def test_the_line_of_equal_slits_is_a_triangle() -> None:
    impulse = (AXIS == 1400.0).astype(float)
    (view,) = changed(Resolution(), rows_of(impulse), 20.0, 1.0)
    # A grid of points cannot hold the tip: it is round by a hundredth of its height.
    np.testing.assert_allclose(view, np.maximum(0.0, 1 - np.abs(AXIS - 1400.0) / 20.0) / 20.0, atol=6e-4)


def test_a_line_wider_than_the_axis_leaves_bands() -> None:
    (view,) = changed(Resolution(), rows_of(lorentzian(1400.0)), 1e5, 0.0)
    assert view.max() > 4 * view.min()


# Temperature


def test_a_warmer_sample_shifts_and_broadens_as_its_coefficients_say() -> None:
    effect = Temperature(chance=1.0, max_delta_k=20.0, shift_cm1_per_k=(-0.04, -0.04), width_cm1_per_k=(0.5, 0.5))
    warm, cold = effect.strengths(np.array([[0.75, 0.1, 0.9, 0.3], [0.25, 0.1, 0.9, 0.3]]))  # +10 K, −10 K
    np.testing.assert_allclose(warm, [-0.4, -0.4, 5.0])
    np.testing.assert_allclose(cold, [0.4, 0.4, 0.0])
    rows = rows_of(lorentzian(1400.0, 4.0))
    (hot,), (frozen,) = changed(effect, rows, *warm), changed(effect, rows, *cold)
    assert top_cm1(hot) == pytest.approx(1399.6, abs=0.02)
    assert fwhm_cm1(hot) == pytest.approx(0.5346 * 8 + np.sqrt(0.2166 * 64 + 25), rel=0.01)
    assert top_cm1(frozen) == pytest.approx(1400.4, abs=0.02)
    np.testing.assert_allclose(frozen, lorentzian(1400.4, 4.0), atol=2e-3)


def test_bands_of_one_sample_do_not_shift_alike() -> None:
    low, high = changed(Temperature(), rows_of(lorentzian(600.0), lorentzian(2200.0)), -2.0, 2.0, 0.0)
    assert top_cm1(low) == pytest.approx(600.0 - 2.0 + 4.0 * 200 / 2047, abs=0.02)
    assert top_cm1(high) == pytest.approx(2200.0 - 2.0 + 4.0 * 1800 / 2047, abs=0.02)


# Stray light


def test_stray_light_bends_absorbance() -> None:
    step = np.where(AXIS < 1000.0, 0.0, 1.0)
    (one,) = changed(StrayLight(), rows_of(step), 0.01)
    assert one.min() == pytest.approx(0.0, abs=1e-6)
    assert one.max() == pytest.approx(-np.log10(0.11 / 1.01), rel=1e-5)
    # Of three absorbance units a hundredth of stray light leaves two: the spectrum's range is a third less.
    (three,) = changed(StrayLight(), rows_of(step, peak_absorbance=3.0), 0.01)
    assert three.max() == pytest.approx(2.0 / 3.0, rel=0.02)


def test_stray_light_leaves_raman_alone() -> None:
    band = lorentzian(1000.0)
    (view,) = changed(StrayLight(), rows_of(band, modality=RAMAN), 0.1)
    np.testing.assert_allclose(view, band, atol=1e-6)


# Gain and baseline


def test_a_gain_is_a_factor_on_everything() -> None:
    band = 5.0 + lorentzian(1000.0)
    (view,) = changed(Gain(), rows_of(band), np.log(2.0), 0.0)
    np.testing.assert_allclose(view, 2.0 * band, rtol=1e-6)


def test_a_tilt_weighs_one_end_up_and_the_other_down() -> None:
    square = np.where((np.arange(NUM_POINTS) % 2) == 0, 10.0, 12.0)
    (view,) = changed(Gain(), rows_of(square), 0.0, 0.25)
    assert view[1] == pytest.approx(10.0 + 2.0 * 0.75, rel=1e-3)
    assert view[1023] == pytest.approx(12.0, rel=1e-3)
    assert view[-1] == pytest.approx(10.0 + 2.0 * 1.25, rel=1e-3)
    np.testing.assert_allclose(view[::2], 10.0, rtol=1e-6)


def test_a_baseline_is_a_share_of_the_range() -> None:
    band = 100.0 + 50.0 * lorentzian(1000.0, 20.0)
    reach = band.max() - band.min()
    for order, (first, middle, last) in enumerate([(1, 1, 1), (-1, 0, 1), (1, -0.5, 1), (-1, 0, 1)]):
        strengths = [0.0] * 6
        strengths[order] = 0.2
        added = (changed(Baseline(), rows_of(band), *strengths)[0] - band) / (0.2 * reach)
        assert added[[0, -1]] == pytest.approx([first, last], abs=1e-4)
        assert added[1023:1025].mean() == pytest.approx(middle, abs=1e-4)


def test_scatter_of_small_grains_goes_with_the_fourth_power() -> None:
    band = lorentzian(1000.0)
    added = changed(Baseline(), rows_of(band), 0, 0, 0, 0, 0.3, 4.0)[0] - band
    reach = band.max() - band.min()
    assert added[-1] == pytest.approx(0.3 * reach, rel=1e-4)
    assert added[1600] / added[600] == pytest.approx(16.0, rel=1e-3), "at 2000 and 1000 cm⁻¹"


def test_the_wing_of_a_laser_line_falls_with_raman_shift() -> None:
    band = lorentzian(1000.0)
    added = changed(Baseline(), rows_of(band, modality=RAMAN), 0, 0, 0, 0, 0.3, 2.0)[0] - band
    assert added[0] == pytest.approx(0.3 * (band.max() - band.min()), rel=1e-4)
    assert added[-1] == pytest.approx(0.0, abs=1e-6)
    assert (np.diff(added) <= 1e-6).all()


# Noise and saturation

FINE = 1e-3  # pixels finer than the axis' points: white noise
NO_NOISE = 1e-9


def noise_of(rows: Rows, shot: float, detector: float, pixel: float = FINE) -> np.ndarray:
    clean = rows.intensity.numpy().astype(float)
    return changed(Noise(), rows, shot, detector, pixel) - clean


@pytest.mark.parametrize("modality", [IR, RAMAN, NIR])
def test_detector_noise_has_the_ratio_asked_for(modality: int) -> None:
    band = 40.0 * lorentzian(1400.0, 2.0)
    rows = rows_of(*[band] * 20, modality=modality)
    away = np.abs(AXIS - 1400.0) > 200.0
    found = noise_of(rows, NO_NOISE, 1 / 200.0)[:, away]
    assert found.std() == pytest.approx(40.0 / 200.0, rel=0.03)
    assert abs(found.mean()) < 0.01


def test_shot_noise_of_raman_goes_with_the_root_of_the_counts() -> None:
    quarter = np.where(AXIS < 1000.0, 0.0, np.where(AXIS < 1700.0, 250.0, 1000.0))
    found = noise_of(rows_of(*[quarter] * 40, modality=RAMAN), 1 / 50.0, NO_NOISE)
    assert np.abs(found[:, AXIS < 1000.0]).max() < 1e-2
    assert found[:, (AXIS >= 1000.0) & (AXIS < 1700.0)].std() == pytest.approx(10.0, rel=0.03)
    assert found[:, AXIS >= 1700.0].std() == pytest.approx(20.0, rel=0.03)


def test_a_background_brings_its_shot_noise() -> None:
    band = 900.0 + 100.0 * lorentzian(1400.0, 5.0)
    found = noise_of(rows_of(*[band] * 40, modality=RAMAN), 1 / 50.0, NO_NOISE)
    reach = band.max() - band.min()
    assert found[:, AXIS < 1000.0].std() == pytest.approx(reach / 50.0 * np.sqrt(0.9), rel=0.03)


def test_deep_bands_are_noisy_in_absorbance() -> None:
    step = np.where(AXIS < 1400.0, 0.0, 1.0)
    rows = rows_of(*[step] * 40)
    for shot, detector, factor in ((1e-3, NO_NOISE, np.sqrt(10.0)), (NO_NOISE, 1e-3, 10.0)):
        found = noise_of(rows, shot, detector)
        assert found[:, AXIS < 1400.0].std() == pytest.approx(1e-3, rel=0.03)
        assert found[:, AXIS >= 1400.0].std() == pytest.approx(factor * 1e-3, rel=0.03)


def test_noise_has_the_grain_of_the_pixels() -> None:
    rows = rows_of(*[lorentzian(1400.0)] * 100, modality=RAMAN)
    found = noise_of(rows, NO_NOISE, 0.01, pixel=8.0)
    assert found.std() == pytest.approx(0.01, rel=0.05)
    near = np.corrcoef(found[:, :-1].ravel(), found[:, 1:].ravel())[0, 1]
    far = np.corrcoef(found[:, :-16].ravel(), found[:, 16:].ravel())[0, 1]
    assert near > 0.9
    assert abs(far) < 0.05


def test_normals_are_normal_and_of_no_kin() -> None:
    seed = torch.tensor([[1, 1], [1, 2], [2, 1], [2, 2], [-(2**31), 2**31 - 1], [0, 0]], dtype=torch.int32)
    found = normals(seed, 100_000)
    for row in found.numpy():
        assert stats.kstest(row, "norm").pvalue > 1e-4
        assert abs(stats.kurtosis(row)) < 0.1
    # Ten standard errors are 0.03: between rows of neighbouring seeds, and between neighbouring places.
    assert (np.corrcoef(found) - np.eye(6)).max() < 0.03
    assert abs(np.corrcoef(found[:, :-1].ravel(), found[:, 1:].ravel())[0, 1]) < 0.01
    assert abs(np.corrcoef(found[:, :50_000].ravel(), found[:, 50_000:].ravel())[0, 1]) < 0.01
    assert not torch.equal(found[0, 1:], found[2, :-1]), "rows are each other's shifted copies"
    torch.testing.assert_close(normals(seed[2:3], 100_000)[0], found[2], rtol=0, atol=0)


def test_saturation_cuts_the_top_and_nothing_else() -> None:
    band = 10.0 + 5.0 * lorentzian(1000.0)
    (view,) = changed(Saturation(), rows_of(band), 0.2)
    ceiling = band.max() - 0.2 * (band.max() - band.min())
    np.testing.assert_allclose(view, np.minimum(band, ceiling), rtol=1e-6)
    rows = rows_of(band)
    lifted = rows.with_signal(rows.signal + 3.0)  # by a baseline
    np.testing.assert_allclose(changed(Saturation(), lifted, 0.2)[0] - view, 3.0 * (band.max() - band.min()), rtol=1e-5)


def test_a_saturated_point_shows_no_noise() -> None:
    config = NEVER.with_values({"noise.chance": 1.0, "saturation.chance": 1.0})
    square = np.where((np.arange(NUM_POINTS) // 64) % 2 == 0, 0.0, 1.0) * np.ones((6, 1))
    views = ViewMaker(config)(*tensors(square), (5,)).numpy()
    at_ceiling = (views == views.max(axis=1, keepdims=True)).sum(axis=1)
    assert (at_ceiling > 100).any()


# The whole


def measured(config: ViewConfig, intensity: np.ndarray, key: tuple[int, ...] = (3, 1, 0), **place: int) -> np.ndarray:
    return ViewMaker(config)(*tensors(intensity), key, **place).numpy()


INTENSITY = make_batch(24).intensity


def test_without_chance_a_view_is_the_spectrum_bit_for_bit() -> None:
    given = INTENSITY.copy()
    given[0, :5] = [-0.0, 0.0, 1e-40, -1e-40, 3e38]
    assert measured(NEVER, given).tobytes() == given.tobytes()


def test_without_strength_a_view_is_the_spectrum_bit_for_bit() -> None:
    config = ViewConfig(
        temperature=Temperature(chance=1.0, max_delta_k=0.0),
        resolution=Resolution(chance=0.0),
        stray_light=StrayLight(chance=0.0),
        axis=AxisError(chance=1.0, max_shift_cm1=0.0, max_stretch_ppm=0.0),
        gain=Gain(chance=1.0, factor=(1.0, 1.0), max_tilt=0.0),
        baseline=Baseline(chance=1.0, max_polynomial=0.0, max_scatter=0.0),
        noise=Noise(chance=0.0),
        saturation=Saturation(chance=1.0, max_cut=0.0),
    )
    assert measured(config, INTENSITY).tobytes() == INTENSITY.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_each_effect_changes_the_rows_it_is_drawn_for_and_no_others(name: str) -> None:
    rows = np.tile(lorentzian(1000.0) + 0.5 * lorentzian(2000.0), (600, 1)).astype(np.float32)
    batch = tensors(rows, np.full(600, IR))
    view = ViewMaker(NEVER.with_values({f"{name}.chance": 0.3}))(*batch, (0,))
    touched = (view != batch[0]).any(dim=1)
    assert touched.float().mean() == pytest.approx(0.3, abs=0.08)  # four standard errors
    assert len(torch.unique(view, dim=0)) == touched.sum() + 1, "rows share a view"


def test_the_given_spectra_are_left_as_they_are() -> None:
    batch = tensors(INTENSITY)
    view = ViewMaker(ALWAYS)(*batch, (0,))
    assert batch[0].numpy().tobytes() == INTENSITY.tobytes()
    assert view.dtype == torch.float32
    assert view.data_ptr() != batch[0].data_ptr()


def test_the_key_alone_decides() -> None:
    first = measured(ViewConfig(), INTENSITY, (1, 2, 0))
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    np.testing.assert_array_equal(first, measured(ViewConfig(), INTENSITY, (1, 2, 0)))
    always = measured(ALWAYS, INTENSITY, (1, 2, 0))
    for other in ((1, 2, 1), (1, 3, 0), (2, 2, 0), (1, 2)):
        assert (always != measured(ALWAYS, INTENSITY, other)).any(axis=1).all()


@pytest.mark.parametrize("world_size", [2, 4, 8])
@pytest.mark.parametrize(
    "config",
    [ViewConfig(), ALWAYS, NEVER.with_values({"noise.chance": 0.4})],
    ids=["default", "always", "some rows"],
)
def test_a_row_has_one_view_whatever_the_number_of_workers(config: ViewConfig, world_size: int) -> None:
    batch = tensors(INTENSITY)
    alone = ViewMaker(config)(*batch, (7, 5, 1))
    for rank in range(world_size):
        share = (field[rank::world_size] for field in batch)  # as `Corpus.stream` deals out rows
        found = ViewMaker(config)(*share, (7, 5, 1), rank=rank, world_size=world_size)
        assert torch.equal(found, alone[rank::world_size])


def test_one_effect_less_leaves_the_others_as_drawn() -> None:
    config = NEVER.with_values({"axis.chance": 1.0, "saturation.chance": 1.0, "saturation.max_cut": 0.0})
    both = measured(config, INTENSITY)
    np.testing.assert_array_equal(both, measured(NEVER.with_values({"axis.chance": 1.0}), INTENSITY))


@pytest.mark.parametrize("scale", [1e-20, 1e-3, 1e6, 1e20])
def test_views_do_not_depend_on_the_unit(scale: float) -> None:
    plain = measured(ALWAYS, INTENSITY)
    scaled = measured(ALWAYS, (INTENSITY * scale).astype(np.float32)) / scale
    reach = np.ptp(plain, axis=1, keepdims=True)
    assert np.abs((scaled - plain) / reach).max() < 1e-3


STRANGE = {
    "constant": np.full(NUM_POINTS, 3.0),
    "large constant": np.full(NUM_POINTS, 1e10),
    "zero": np.zeros(NUM_POINTS),
    "spike": np.eye(1, NUM_POINTS, 700)[0] * 1e6,
    "negative": -lorentzian(1000.0),
    "pedestal": 8e5 + lorentzian(1000.0),
    "tiny": 1e-38 * lorentzian(1000.0),
    "subnormal": 1e-42 * lorentzian(1000.0),
    "huge": 1e30 * lorentzian(1000.0),
    "alternating": 1e6 * (-1.0) ** np.arange(NUM_POINTS),
}


@settings(max_examples=25, deadline=None)
@given(key=st.integers(0, 2**31), start=st.floats(0.0, 20_000.0), reach=st.floats(0.1, 20_000.0))
def test_views_are_finite_whatever_the_spectrum_and_its_axis(key: int, start: float, reach: float) -> None:
    intensity = torch.tensor(np.stack(list(STRANGE.values())), dtype=torch.float32).repeat(3, 1)
    rows = len(intensity)
    modality = torch.arange(3).repeat_interleave(len(STRANGE))
    ends = torch.full((rows,), start), torch.full((rows,), start + reach)
    view = ViewMaker(ALWAYS)(intensity, *ends, modality, (key,))
    bad = ~torch.isfinite(view).all(dim=1)
    assert not bad.any(), [list(STRANGE)[i % len(STRANGE)] for i in bad.nonzero()[:, 0].tolist()]


def test_an_ordinary_view_keeps_what_the_sample_is() -> None:
    views = measured(ViewConfig(), INTENSITY)
    kept = [np.corrcoef(np.diff(a[::8]), np.diff(b[::8]))[0, 1] for a, b in zip(INTENSITY, views)]
    assert np.median(kept) > 0.9
    assert min(kept) > 0.4


def test_threads_are_as_they_were() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        two = measured(ALWAYS, INTENSITY)
        assert torch.get_num_threads() == 2
        with pytest.raises(AssertionError):
            measured(ALWAYS, INTENSITY[:, :-1])  # noise wants an even number of points: raised on the way
        assert torch.get_num_threads() == 2
        torch.set_num_threads(1)
        np.testing.assert_array_equal(two, measured(ALWAYS, INTENSITY))
    finally:
        torch.set_num_threads(before)


def test_a_batch_without_rows_has_no_views() -> None:
    assert measured(ALWAYS, np.zeros((0, NUM_POINTS))).shape == (0, NUM_POINTS)


@pytest.mark.parametrize(
    "fields",
    [
        {"noise": {"detector_snr": (1000.0, 10.0)}},
        {"noise": {"shot_snr": (0.0, 10.0)}},
        {"noise": {"pixel_cm1": (float("nan"), 4.0)}},
        {"axis": {"chance": 1.5}},
        {"axis": {"max_shift_cm1": float("inf")}},
        {"resolution": {"fwhm_cm1": (0.0, 4.0)}},
        {"stray_light": {"share": (0.1, 1.0)}},
        {"saturation": {"max_cut": 1.0}},
        {"peak_absorbance": (0.0, 1.0)},
    ],
)
def test_views_that_cannot_be_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ViewConfig(**fields)


def test_a_channel_axis_is_told() -> None:
    intensity, *rest = tensors(INTENSITY)
    with pytest.raises(AssertionError, match=r"drop the channel axis"):
        ViewMaker(ALWAYS)(intensity[:, None], *rest, (0,))
