from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.signal import savgol_filter

from spektron.model.preprocessing import DerivativeFilter
from spektron.model.preprocessing.savgol import PER_POINTS

PLACE = torch.arange(2048, dtype=torch.float64)


def learned(order: int, window: int, degree: int, seed: int, size: float = 3.0) -> DerivativeFilter:
    """A filter somewhere else than where it starts."""
    derivative = DerivativeFilter(order, window, degree)
    with torch.no_grad():
        derivative.learned.copy_(size * torch.randn(window, generator=torch.Generator().manual_seed(seed)))
    return derivative


def per_point(derivative: DerivativeFilter, values: torch.Tensor) -> torch.Tensor:
    """Inside, where no end is near."""
    found: torch.Tensor = derivative(values.view(1, 1, -1))[0, 0] / derivative.factor
    return found[derivative.reach : -derivative.reach].detach()


@pytest.mark.parametrize("seed", [None, 0, 1, 2])
def test_the_derivative_of_x_squared_is_two_x_and_then_two(seed: int | None) -> None:
    inside = PLACE[7:-7]
    for order, expected in ((1, 2.0 * inside), (2, torch.full_like(inside, 2.0))):
        derivative = DerivativeFilter(order, 15, 3) if seed is None else learned(order, 15, 3, seed)
        torch.testing.assert_close(per_point(derivative, PLACE.square()), expected, rtol=1e-9, atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(
    order=st.integers(1, 3),
    half=st.integers(2, 20),
    degree=st.integers(1, 8),
    seed=st.integers(0, 2**31 - 1),
)
def test_polynomials_are_differentiated_exactly_whatever_is_learned(
    order: int, half: int, degree: int, seed: int
) -> None:
    assume(order <= degree <= 2 * half - 1)
    # Of size 1 over one window, whose neighbours then are 1 / half apart.
    coefficients = np.random.default_rng(seed).normal(size=degree + 1)
    grid = np.linspace(-1.0, 1.0, 2 * half + 1)
    polynomial = np.polynomial.Polynomial(coefficients)
    taps = learned(order, 2 * half + 1, degree, seed).taps().detach().numpy()
    assert taps @ polynomial(grid) == pytest.approx(polynomial.deriv(order)(0.0) / half**order, rel=1e-9, abs=1e-9)


def test_it_starts_as_savitzky_and_golay() -> None:
    values = np.random.default_rng(0).normal(size=2048)
    for order in (1, 2):
        expected = savgol_filter(values, 15, 3, deriv=order)[7:-7]
        found = per_point(DerivativeFilter(order, 15, 3), torch.from_numpy(values)).numpy()
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_learning_leads_to_another_filter_of_the_family() -> None:
    # The 7-point filter, with zeros around it, is exact to the same degree, so it is within reach; the target is its
    # taps as published: (−3 … 3) / 28.
    target = torch.zeros(15, dtype=torch.float64)
    target[4:11] = torch.arange(-3, 4) / 28
    derivative = DerivativeFilter(1, 15, 2)
    optimizer = torch.optim.Adam(derivative.parameters(), lr=0.05)
    errors = []
    for _ in range(100):
        error = (derivative.taps() - target).square().sum()
        errors.append(error.item())
        optimizer.zero_grad()
        torch.autograd.backward(error)
        optimizer.step()
    assert errors[-1] < 1e-4 * errors[0]


def test_a_line_has_one_slope_to_the_last_point_and_the_factor_is_stated() -> None:
    found = learned(1, 15, 3, 0)((0.5 * PLACE - 3.0).view(1, 1, -1))
    torch.testing.assert_close(found, torch.full_like(found, 0.5 * PER_POINTS), rtol=0, atol=1e-8)
    assert DerivativeFilter(2, 15, 3).factor == PER_POINTS**2


def test_float32_keeps_four_digits_of_a_slope() -> None:
    wave = torch.sin(PLACE / 50.0)
    found = DerivativeFilter(1, 15, 3)(wave.float().view(1, 1, -1))[0, 0]
    expected = PER_POINTS / 50.0 * torch.cos(PLACE / 50.0)
    assert (found - expected)[7:-7].abs().max().item() < 1e-4 * PER_POINTS / 50.0
