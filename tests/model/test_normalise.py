from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.model import normalise_visible
from spektron.model.config import Normalisation
from tests.model.spectra import arguments

HALF = torch.arange(2048).unsqueeze(0) < 1024


def test_standard_is_the_mean_and_deviation_of_visible_points() -> None:
    intensity = arguments(1)[0]
    seen = intensity[0, 0, 1024:].double()
    out = normalise_visible(intensity, HALF, "standard")
    assert out.center.item() == pytest.approx(seen.mean().item(), rel=1e-5)
    assert out.scale.item() == pytest.approx(seen.std(correction=0).item(), rel=1e-5)
    assert out.values[0, 0, 1024:].mean().item() == pytest.approx(0.0, abs=1e-5)


def test_minmax_runs_from_zero_to_one_over_visible_points() -> None:
    out = normalise_visible(arguments(1)[0], HALF, "minmax")
    assert out.values[0, 0, 1024:].min() == 0.0
    assert out.values[0, 0, 1024:].max() == pytest.approx(1.0)


def test_none_leaves_visible_points_as_they_are() -> None:
    intensity = arguments(1)[0]
    out = normalise_visible(intensity, HALF, "none")
    assert torch.equal(out.values[..., 1024:], intensity[..., 1024:])
    assert (out.center.item(), out.scale.item()) == (0.0, 1.0)


@pytest.mark.parametrize("kind", get_args(Normalisation))
def test_masked_points_become_zero(kind: Normalisation) -> None:
    intensity = arguments(1)[0]
    intensity[..., :1024] = torch.nan
    assert bool((normalise_visible(intensity, HALF, kind).values[..., :1024] == 0.0).all())


@settings(max_examples=30, deadline=None)
@given(exponent=st.floats(-20, 20), kind=st.sampled_from(["standard", "minmax"]))
def test_the_unit_does_not_matter(exponent: float, kind: Normalisation) -> None:
    # Cross-sections in cm² are near 1e-20: their squares are below float32's range.
    intensity = arguments(2)[0]
    plain = normalise_visible(intensity, HALF.expand(2, -1), kind)
    scaled = normalise_visible(intensity * 10.0**exponent, HALF.expand(2, -1), kind)
    torch.testing.assert_close(scaled.values, plain.values, rtol=1e-3, atol=1e-4)
    back = scaled.values.double() * scaled.scale.double().unsqueeze(-1) + scaled.center.double().unsqueeze(-1)
    np.testing.assert_allclose(back[..., 1024:] / 10.0**exponent, intensity[..., 1024:].double(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ["standard", "minmax"])
@pytest.mark.parametrize("level", [0.0, 3.0, 8e5, -1e-12])
def test_a_constant_visible_part_is_not_blown_up(kind: Normalisation, level: float) -> None:
    out = normalise_visible(torch.full((1, 1, 2048), level), HALF, kind)
    assert out.values.abs().max() <= 1.0
    assert out.scale.item() > 0.0


def test_a_band_on_a_large_background_keeps_its_deviation() -> None:
    band = 50.0 * torch.exp(-((torch.arange(2048) - 1500.0) / 30.0).square())
    out = normalise_visible((8e5 + band).view(1, 1, -1), HALF, "standard")
    assert out.scale.item() == pytest.approx(band[1024:].std(correction=0).item(), rel=0.01)
