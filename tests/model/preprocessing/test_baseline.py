from __future__ import annotations

import pytest
import torch
from torch import Tensor

from spektron.model.preprocessing import AsymmetricBaseline
from spektron.model.preprocessing.config import ASYMMETRY_BOUNDS, SMOOTHNESS_BOUNDS

PLACE = torch.linspace(-1.0, 1.0, 2048, dtype=torch.float64)
LINE = 0.3 + 0.5 * PLACE
BACKGROUND = 0.5 * PLACE.square() - 0.4 * PLACE
BANDS = sum(torch.exp(-((PLACE - place) / 0.03).square()) for place in (-0.6, 0.1, 0.5))
NOTHING = torch.zeros(1, 2048, dtype=torch.bool)


def fitted(values: Tensor, mask: Tensor = NOTHING, smoothness: float = 10.0, asymmetry: float = 0.01) -> Tensor:
    found: Tensor = AsymmetricBaseline(smoothness, asymmetry)(values.view(1, -1), mask)
    return found[0].detach()


def hidden(first: int, last: int) -> Tensor:
    return ((torch.arange(2048) >= first) & (torch.arange(2048) < last)).unsqueeze(0)


@pytest.mark.parametrize("smoothness", [0.1, 10.0, 9e4])
@pytest.mark.parametrize("asymmetry", [0.002, 0.5, 0.998])
def test_a_line_is_its_own_baseline(smoothness: float, asymmetry: float) -> None:
    # Its second differences are none, so nothing but the ridge pulls at it.
    error = (fitted(LINE, smoothness=smoothness, asymmetry=asymmetry) - LINE).abs().max().item()
    assert error < 2e-3 * LINE.abs().max().item()


def test_bands_stand_on_the_baseline_and_are_not_in_it() -> None:
    def off(values: Tensor, asymmetry: float) -> float:
        return float((fitted(values, smoothness=1.0, asymmetry=asymmetry) - BACKGROUND).abs().max())

    # Of bands of height 1.
    assert off(BACKGROUND + BANDS, 0.01) < 0.06
    # Bands that point down, from above.
    assert off(BACKGROUND - BANDS, 0.99) < 0.06
    # With the same weight on both sides it runs through them.
    assert off(BACKGROUND + BANDS, 0.5) > 0.2


def test_smoothness_ends_as_a_line_and_begins_as_the_curve() -> None:
    wave = torch.sin(8.0 * PLACE)
    stiff, loose = (fitted(wave, smoothness=value, asymmetry=0.5) for value in (9.9e4, 0.011))
    assert (loose - wave).abs().max().item() < 0.05
    assert stiff.diff(n=2).abs().max().item() < 0.01 * wave.diff(n=2).abs().max().item()


def test_a_gap_is_crossed_and_what_is_in_it_not_seen() -> None:
    mask = hidden(600, 1000)
    expected = fitted(LINE, mask)
    assert (expected - LINE).abs().max().item() < 2e-3
    assert torch.equal(fitted(torch.where(mask[0], -100.0, LINE), mask), expected)
    # Seen, the same points pull the baseline down.
    assert fitted(torch.where(mask[0], -100.0, LINE)).min().item() < -50.0


@pytest.mark.parametrize("end", [hidden(0, 500), hidden(1500, 2048), hidden(0, 300) | hidden(1000, 2048)])
def test_beyond_the_last_visible_point_a_line_goes_on(end: Tensor) -> None:
    assert (fitted(LINE, end) - LINE).abs().max().item() < 0.01


@pytest.mark.parametrize("smoothness", [SMOOTHNESS_BOUNDS[0] * 1.01, 10.0, SMOOTHNESS_BOUNDS[1] * 0.99])
@pytest.mark.parametrize("asymmetry", [ASYMMETRY_BOUNDS[0] * 1.01, ASYMMETRY_BOUNDS[1] * 0.9999])
@pytest.mark.parametrize("visible", [[], [0], [1000], [2047], [5, 6], [0, 2047]])
def test_few_visible_points_give_something_finite_of_their_size(
    smoothness: float, asymmetry: float, visible: list[int]
) -> None:
    mask = torch.ones(1, 2048, dtype=torch.bool)
    mask[0, visible] = False
    found = fitted(torch.full((2048,), 2.0), mask, smoothness, asymmetry)
    assert bool((found[visible].abs() <= 2.01).all())
    assert bool(torch.isfinite(found).all())
    if not visible:
        assert not found.any()
    assert torch.equal(found, fitted(torch.full((2048,), 2.0), mask, smoothness, asymmetry))


def test_gradients_are_those_of_finite_differences() -> None:
    # The graph holds one step of refinement only; that it is the derivative of the whole fit is what this compares.
    mask, towards = hidden(600, 800), torch.cos(5.0 * PLACE)
    values = (BACKGROUND + BANDS).view(1, -1)
    baseline = AsymmetricBaseline(10.0, 0.05).double()

    def score() -> Tensor:
        found: Tensor = baseline(values, mask)
        return (found[0] * towards).sum()

    torch.autograd.backward(score())
    for parameter in baseline.parameters():
        with torch.no_grad():
            start = parameter.clone()
            up, down = (float(_at(parameter, start + shift, score)) for shift in (1e-5, -1e-5))
            parameter.copy_(start)
        assert parameter.grad is not None
        assert abs(parameter.grad.item()) > 1e-3
        assert parameter.grad.item() == pytest.approx((up - down) / 2e-5, rel=1e-4)


def _at(parameter: torch.nn.Parameter, value: Tensor, score: object) -> Tensor:
    parameter.copy_(value)
    assert callable(score)
    found: Tensor = score()
    return found


def test_learning_finds_the_asymmetry_of_bands_that_point_down() -> None:
    values = (BACKGROUND - BANDS).view(1, -1)
    baseline = AsymmetricBaseline(10.0, 0.5)
    optimizer = torch.optim.Adam(baseline.parameters(), lr=0.1)
    errors = []
    for _ in range(40):
        error = (baseline(values, NOTHING)[0] - BACKGROUND).square().mean()
        errors.append(error.item())
        optimizer.zero_grad()
        torch.autograd.backward(error)
        optimizer.step()
    assert baseline.asymmetry.item() > 0.9
    assert errors[-1] < 0.1 * errors[0]


def test_learned_numbers_stay_within_their_bounds() -> None:
    baseline = AsymmetricBaseline(10.0, 0.01)
    assert (baseline.smoothness.item(), baseline.asymmetry.item()) == pytest.approx((10.0, 0.01), rel=1e-5)
    for raw, end in ((-100.0, 0), (100.0, 1)):
        for parameter in baseline.parameters():
            torch.nn.init.constant_(parameter, raw)
        found = (baseline.smoothness.item(), baseline.asymmetry.item())
        assert found == pytest.approx((SMOOTHNESS_BOUNDS[end], ASYMMETRY_BOUNDS[end]), rel=1e-6)
        assert bool(torch.isfinite(baseline((BACKGROUND + BANDS).view(1, -1), NOTHING)).all())
