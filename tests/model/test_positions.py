"""Positions are of true wavenumbers, not of indices."""

from __future__ import annotations

import torch

from spektron.model.positions import IndexPositions, WavenumberPositions, build_positions
from spektron.spectra.spectrum import NUM_POINTS
from tests.model.spectra import tiny

FINE = WavenumberPositions(tiny(scales=("fine",), dim=32))


def encode(start_cm1: float, stop_cm1: float) -> torch.Tensor:
    tokens: torch.Tensor = FINE(torch.tensor([start_cm1]), torch.tensor([stop_cm1]))[0]
    return tokens


def test_two_axes_with_a_patch_at_the_same_wavenumbers_give_it_the_same_position() -> None:
    # The second axis starts ten strides of eight points further on, with the same step of 2 cm⁻¹.
    width = 2.0 * (NUM_POINTS - 1)
    first, second = encode(400.0, 400.0 + width), encode(400.0 + 160.0, 560.0 + width)
    torch.testing.assert_close(first[10:], second[:-10], rtol=0, atol=2e-3)
    assert (first - second).abs().max() > 0.5, "the same index elsewhere on the axis looks the same"


def test_a_wider_step_gives_another_width() -> None:
    narrow, wide = encode(400.0, 2000.0), encode(400.0, 9000.0)
    assert (narrow[:, 24:] - wide[:, 24:]).abs().max() > 0.1


def test_no_two_patches_of_an_axis_share_a_position() -> None:
    everything = WavenumberPositions(tiny(dim=64))(torch.tensor([100.0]), torch.tensor([12_000.0]))[0]
    distance = torch.cdist(everything, everything) + torch.eye(len(everything))
    assert distance.min() > 0.02


def test_learned_positions_know_no_axis() -> None:
    positions = build_positions(tiny(positions="index"))
    assert isinstance(positions, IndexPositions)
    one, other = positions(torch.tensor([100.0, 4000.0]), torch.tensor([3000.0, 9000.0]))
    assert torch.equal(one, other)
    assert one.shape == (349, 16)


def test_derived_numbers_stay_out_of_checkpoints() -> None:
    assert FINE.state_dict() == {}
