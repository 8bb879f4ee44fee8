from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import savgol_filter
from torch import Tensor

from spektron.model import EncoderOutput, Reconstruction
from spektron.pretrain import LossConfig, ReconstructionLoss
from spektron.pretrain.losses import SAVGOL_ORDER, SAVGOL_WINDOW, masked_residual, spread_of
from spektron.spectra.spectrum import NUM_POINTS
from tests.pretrain.stand_in import make_batch

NOTHING = EncoderOutput(*(torch.empty(0) for _ in range(4)))
# The squared relative error of float32, a few times over.
ROUNDING = 1e-13
INTENSITY = torch.from_numpy(make_batch(3).intensity)


def saying(values: Tensor, center: float = 0.0, scale: float = 1.0) -> Reconstruction:
    rows = values.shape[0]
    return Reconstruction(values, torch.full((rows,), center), torch.full((rows,), scale), NOTHING)


def hide(*places: slice) -> Tensor:
    mask = torch.zeros(len(INTENSITY), NUM_POINTS, dtype=torch.bool)
    for place in places:
        mask[:, place] = True
    return mask


def test_the_truth_costs_nothing() -> None:
    terms = ReconstructionLoss(LossConfig())(saying(INTENSITY), INTENSITY, hide(slice(300, 500)))
    assert max(terms).item() < ROUNDING


def test_an_error_on_visible_points_costs_nothing() -> None:
    mask = hide(slice(300, 500))
    wrong = torch.where(mask, INTENSITY, INTENSITY + 100.0)
    assert ReconstructionLoss(LossConfig())(saying(wrong), INTENSITY, mask).total.item() < ROUNDING


def test_a_gradient_comes_from_masked_points_only() -> None:
    mask = hide(slice(300, 500), slice(2000, 2048))
    guess = torch.zeros_like(INTENSITY).requires_grad_()
    ReconstructionLoss(LossConfig())(saying(guess), INTENSITY, mask).total.backward()
    assert guess.grad is not None
    assert bool((guess.grad[~mask] == 0.0).all())
    assert bool((guess.grad[mask] != 0.0).all())


def test_an_error_of_one_deviation_costs_one() -> None:
    mask = hide(slice(300, 500))
    off = INTENSITY + INTENSITY.std(dim=1, correction=0).unsqueeze(1)
    assert ReconstructionLoss(LossConfig())(saying(off), INTENSITY, mask).mse.item() == pytest.approx(1.0, rel=1e-4)


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
    terms = ReconstructionLoss(config)(saying(guess), INTENSITY, mask)
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
    terms = ReconstructionLoss(LossConfig())(saying(guess), INTENSITY, hide(slice(0, NUM_POINTS)))
    assert terms.mse.item() == pytest.approx(0.25, rel=0.1)
    assert terms.derivative.item() == pytest.approx(2 * 0.25, rel=0.15)


def test_without_weight_derivatives_are_left_out() -> None:
    loss = ReconstructionLoss(LossConfig(derivative_weight=0.0))
    terms = loss(saying(torch.zeros_like(INTENSITY)), INTENSITY, hide(slice(300, 500)))
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
