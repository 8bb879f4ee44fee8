from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.signal import savgol_filter
from torch import Tensor

from spektron.model import EncoderOutput, Reconstruction
from spektron.pretrain import LossConfig, ReconstructionLoss
from spektron.pretrain.losses import SAVGOL_ORDER, SAVGOL_WINDOW, masked_residual, spectral_angle, spread_of
from spektron.pretrain.peaks import peak_error
from spektron.spectra.spectrum import NUM_POINTS
from tests.pretrain.stand_in import make_batch

NOTHING = EncoderOutput(*(torch.empty(0) for _ in range(4)))
# The squared relative error of float32, a few times over.
ROUNDING = 1e-13
INTENSITY = torch.from_numpy(make_batch(3).intensity)
STEP = torch.full((3,), 1.75)


def saying(values: Tensor, center: float = 0.0, scale: float = 1.0) -> Reconstruction:
    rows = values.shape[0]
    return Reconstruction(values, torch.full((rows,), center), torch.full((rows,), scale), NOTHING)


def hide(*places: slice) -> Tensor:
    mask = torch.zeros(len(INTENSITY), NUM_POINTS, dtype=torch.bool)
    for place in places:
        mask[:, place] = True
    return mask


def test_the_truth_costs_nothing() -> None:
    terms = ReconstructionLoss(LossConfig(peak_weight=1.0, angle_weight=1.0))(
        saying(INTENSITY), INTENSITY, hide(slice(300, 500)), STEP
    )
    assert max(terms[1:4]).item() < ROUNDING
    assert terms.angle.item() < 1e-5


def test_an_error_on_visible_points_costs_nothing() -> None:
    mask = hide(slice(300, 500))
    wrong = torch.where(mask, INTENSITY, INTENSITY + 100.0)
    assert ReconstructionLoss(LossConfig())(saying(wrong), INTENSITY, mask, STEP).total.item() < ROUNDING


def test_a_gradient_comes_from_masked_points_only() -> None:
    mask = hide(slice(300, 500), slice(2000, 2048))
    guess = torch.zeros_like(INTENSITY).requires_grad_()
    ReconstructionLoss(LossConfig())(saying(guess), INTENSITY, mask, STEP).total.backward()
    assert guess.grad is not None
    assert bool((guess.grad[~mask] == 0.0).all())
    assert bool((guess.grad[mask] != 0.0).all())


def test_an_error_of_one_deviation_costs_one() -> None:
    mask = hide(slice(300, 500))
    off = INTENSITY + INTENSITY.std(dim=1, correction=0).unsqueeze(1)
    assert ReconstructionLoss(LossConfig())(saying(off), INTENSITY, mask, STEP).mse.item() == pytest.approx(
        1.0, rel=1e-4
    )


def test_derivatives_are_those_of_scipy() -> None:
    mask = hide(slice(300, 500), slice(0, 40))
    guess = INTENSITY + torch.from_numpy(np.random.default_rng(0).normal(size=INTENSITY.shape).astype(np.float32))
    spread = INTENSITY.double().std(dim=1, correction=0).numpy()[:, None]
    residual = np.where(mask, (guess - INTENSITY).double().numpy(), 0.0) / spread

    expected = 0.0
    for order in (1, 2):
        impulse = np.zeros(2 * SAVGOL_WINDOW + 1)
        impulse[SAVGOL_WINDOW] = 1.0
        response = savgol_filter(impulse, SAVGOL_WINDOW, SAVGOL_ORDER, deriv=order, mode="constant")
        slopes = savgol_filter(residual, SAVGOL_WINDOW, SAVGOL_ORDER, deriv=order, axis=1, mode="constant")
        expected += (slopes[mask.numpy()] ** 2).sum() / (response**2).sum() / mask.sum().item()

    config = LossConfig(mse_weight=2.0, derivative_weight=0.25)
    terms = ReconstructionLoss(config)(saying(guess), INTENSITY, mask, STEP)
    mse = (residual**2).sum() / mask.sum().item()
    assert terms.derivative.item() == pytest.approx(expected, rel=1e-4)
    assert terms.mse.item() == pytest.approx(mse, rel=1e-4)
    assert terms.total.item() == pytest.approx(2.0 * mse + 0.25 * expected, rel=1e-4)


def test_kernels_have_unit_norm_and_no_answer_to_a_constant() -> None:
    kernels = ReconstructionLoss(LossConfig()).kernels.squeeze(1)
    torch.testing.assert_close(kernels.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(kernels.sum(dim=1), torch.zeros(2), rtol=0, atol=1e-6)
    assert kernels[1] @ torch.arange(SAVGOL_WINDOW).float() == pytest.approx(0.0, abs=1e-5)
    assert kernels[0, -1] > kernels[0, 0] or kernels[0].argmax() > SAVGOL_WINDOW // 2, "a rise has a positive slope"


def test_of_white_noise_all_terms_are_its_variance() -> None:
    generator = torch.Generator().manual_seed(0)
    guess = INTENSITY + 0.5 * spread_of(INTENSITY).unsqueeze(1) * torch.randn(INTENSITY.shape, generator=generator)
    terms = ReconstructionLoss(LossConfig())(saying(guess), INTENSITY, hide(slice(0, NUM_POINTS)), STEP)
    assert terms.mse.item() == pytest.approx(0.25, rel=0.1)
    assert terms.derivative.item() == pytest.approx(2 * 0.25, rel=0.15)


def test_without_weight_derivatives_are_left_out() -> None:
    loss = ReconstructionLoss(LossConfig(derivative_weight=0.0))
    terms = loss(saying(torch.zeros_like(INTENSITY)), INTENSITY, hide(slice(300, 500)), STEP)
    assert terms.derivative.item() == 0.0
    assert terms.total.item() == terms.mse.item() > 0.0


def test_a_guess_is_read_in_the_units_of_its_normalisation() -> None:
    mask = hide(slice(300, 500))
    direct = masked_residual(saying(INTENSITY + 0.3), INTENSITY, mask)
    scaled = masked_residual(saying((INTENSITY + 0.3 - 5.0) / 2.0, center=5.0, scale=2.0), INTENSITY, mask)
    torch.testing.assert_close(scaled, direct, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("unit", [1e-20, 1.0, 1e20])
def test_the_spread_is_in_the_units_of_the_intensity(unit: float) -> None:
    expected = (INTENSITY.double() * unit).std(dim=1, correction=0)
    torch.testing.assert_close(spread_of(INTENSITY * unit).double(), expected, rtol=1e-4, atol=0)


# Gaussian bands, whose blurred curvature maps are known: in points, with a step of 2 cm⁻¹.
AXIS_STEP_CM1 = 2.0
SECOND = ReconstructionLoss(LossConfig()).kernels[1:]


def band(centre: float, height: float = 1.0, width: float = 12.0) -> Tensor:
    axis = torch.arange(NUM_POINTS, dtype=torch.float32)
    return height * torch.exp(-(((axis - centre) / width) ** 2) / 2).unsqueeze(0)


def error_of(predicted: Tensor, truth: Tensor, tolerance_cm1: float = 40.0, step_cm1: float = AXIS_STEP_CM1) -> float:
    return peak_error(predicted, truth, torch.tensor([step_cm1]), SECOND, tolerance_cm1).item()


def test_a_missing_band_and_one_that_is_not_there_cost_the_same() -> None:
    nothing = torch.zeros(1, NUM_POINTS)
    missing, spurious = error_of(nothing, band(900.0)), error_of(band(900.0), nothing)
    assert missing == pytest.approx(spurious, rel=1e-5)
    assert missing > 0.0
    # Of an isolated map much narrower than the blur only its area counts: (area)² × 1, the Gaussian having unit norm.
    from spektron.pretrain.peaks import curvature_map

    area = curvature_map(band(900.0), SECOND).sum().item()
    assert missing == pytest.approx(area**2, rel=0.15)


@pytest.mark.parametrize("shift_points", [1.0, 5.0, 20.0, 40.0, 200.0])
def test_a_shifted_band_costs_what_its_shift_says(shift_points: float) -> None:
    missing = error_of(torch.zeros(1, NUM_POINTS), band(900.0))
    found = error_of(band(900.0 + shift_points), band(900.0))
    # A Gaussian's curvature map is close to a Gaussian of half its deviation; with the tolerance's 20 points: s².
    variance = 20.0**2 + (0.5 * 12.0) ** 2
    assert found == pytest.approx(2.0 * missing * -math.expm1(-(shift_points**2) / (4.0 * variance)), rel=0.05)


def test_the_tolerance_is_in_wavenumbers() -> None:
    # The same bands in cm⁻¹ on a grid twice as fine: the same share of what a missing band costs.
    coarse = error_of(band(910.0), band(900.0)) / error_of(band(900.0), torch.zeros(1, NUM_POINTS))
    fine_one, fine_other = band(920.0, width=24.0), band(900.0, width=24.0)
    fine = error_of(fine_one, fine_other, step_cm1=1.0) / error_of(fine_other, torch.zeros(1, NUM_POINTS), step_cm1=1.0)
    assert fine == pytest.approx(coarse, rel=0.02)


def test_a_gradient_pulls_a_distant_band_to_its_place() -> None:
    centre = torch.tensor(1000.0, requires_grad=True)
    axis = torch.arange(NUM_POINTS, dtype=torch.float32)
    guess = torch.exp(-(((axis - centre) / 12.0) ** 2) / 2).unsqueeze(0)
    peak_error(guess, band(900.0), torch.tensor([2.0]), SECOND, 120.0).backward()
    assert centre.grad is not None
    squared_centre = torch.tensor(1000.0, requires_grad=True)
    squared = torch.exp(-(((axis - squared_centre) / 12.0) ** 2) / 2).unsqueeze(0)
    (squared - band(900.0)).square().sum().backward()
    assert squared_centre.grad is not None
    assert centre.grad.item() > 100.0 * abs(squared_centre.grad.item()), "squared error is blind from here"


def test_bands_at_the_ends_do_not_reach_round() -> None:
    both = error_of(band(5.0), band(NUM_POINTS - 6.0))
    apart = error_of(band(5.0), 0 * band(5.0)) + error_of(band(NUM_POINTS - 6.0), 0 * band(5.0))
    assert both == pytest.approx(apart, rel=1e-3)


@pytest.mark.parametrize("angle", [0.0, 1e-4, 0.3, math.pi / 2, 3.0])
def test_an_angle_is_an_angle(angle: float) -> None:
    one = torch.zeros(1, 8, dtype=torch.float64)
    one[0, 0] = 5.0
    other = torch.zeros(1, 8, dtype=torch.float64)
    other[0, 0], other[0, 3] = 0.2 * math.cos(angle), 0.2 * math.sin(angle)
    other.requires_grad_()
    found = spectral_angle(one, other)
    assert found.item() == pytest.approx(angle, abs=3e-6)
    found.sum().backward()
    assert other.grad is not None
    assert bool(torch.isfinite(other.grad).all())


def test_a_scaled_reconstruction_has_no_angle_but_an_error() -> None:
    mask = hide(slice(300, 500))
    visible = (INTENSITY * ~mask).sum(1, keepdim=True) / (~mask).sum(1, keepdim=True)
    terms = ReconstructionLoss(LossConfig(angle_weight=1.0))(
        saying(visible + 1.5 * (INTENSITY - visible)), INTENSITY, mask, STEP
    )
    assert terms.angle.item() < 1e-4
    assert terms.mse.item() > 0.01


def test_terms_add_up_with_their_weights() -> None:
    mask = hide(slice(300, 500))
    guess = INTENSITY + 0.3 * torch.randn(INTENSITY.shape, generator=torch.Generator().manual_seed(0))
    config = LossConfig(mse_weight=0.5, derivative_weight=0.25, peak_weight=2.0, angle_weight=3.0)
    terms = ReconstructionLoss(config)(saying(guess), INTENSITY, mask, STEP)
    assert min(terms[1:]).item() > 0.0
    parts = 0.5 * terms.mse + 0.25 * terms.derivative + 2.0 * terms.peak + 3.0 * terms.angle
    assert terms.total.item() == pytest.approx(parts.item(), rel=1e-6)


@pytest.mark.parametrize("unit", [1e-30, 1e30])
def test_no_unit_leaves_the_range_of_a_float(unit: float) -> None:
    loss = ReconstructionLoss(LossConfig(peak_weight=1.0, angle_weight=1.0))
    spectra = INTENSITY / INTENSITY.abs().max()
    guess = (spectra + 0.1) * unit
    terms = loss(saying(guess), spectra * unit, hide(slice(300, 500)), STEP)
    usual = loss(saying(spectra + 0.1), spectra, hide(slice(300, 500)), STEP)
    torch.testing.assert_close(torch.stack(list(terms)), torch.stack(list(usual)), rtol=1e-3, atol=1e-5)


def test_an_angle_alone_is_no_objective() -> None:
    with pytest.raises(ValueError, match="fixes no height"):
        LossConfig(mse_weight=0.0, derivative_weight=0.0, angle_weight=1.0)
