from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from spektron.pretrain.data import TensorBatch, to_tensors
from spektron.pretrain.views import ViewConfig, ViewMaker
from spektron.pretrain.views.detector import background, noisy
from spektron.pretrain.views.draw import draw_views
from spektron.pretrain.views.optics import broadened, moved, with_stray_light
from tests.pretrain.stand_in import make_batch

NOTHING = {
    "temperature_k": 0.0,
    "broadening_cm1": 0.0,
    "stray_light": 0.0,
    "shift_cm1": 0.0,
    "stretch": 0.0,
    "gain": 1.0,
    "baseline": 0.0,
    "scatter": 0.0,
    "saturation": 0.0,
    "noise": 0.0,
}
AXIS = torch.arange(2048, dtype=torch.float64)


def only(**changes: Any) -> ViewConfig:
    return ViewConfig(**{**NOTHING, "chance": 1.0, **changes})


def batch_of(rows: int = 4, **changes: Any) -> TensorBatch:
    spectra = replace(make_batch(rows), **changes)
    return to_tensors(spectra, np.zeros((rows, 2048), bool), torch.device("cpu"))


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def gaussian(centre: float, fwhm: float) -> Tensor:
    return torch.exp(-4.0 * np.log(2.0) * ((AXIS - centre) / fwhm) ** 2).unsqueeze(0)


def width_of(curve: Tensor) -> float:
    """Full width at half maximum, between points."""
    values = curve[0].numpy()
    half, top = values.max() / 2.0, int(values.argmax())
    left = np.interp(half, values[: top + 1], np.arange(top + 1))
    right = np.interp(-half, -values[top:], np.arange(top, len(values)))
    return float(right - left)


def test_gaussian_widths_add_in_quadrature_and_areas_stay() -> None:
    found = broadened(gaussian(1000.0, 30.0), column(40.0), column(0.0))
    assert width_of(found) == pytest.approx(50.0, rel=1e-3)
    assert found.sum().item() == pytest.approx(gaussian(1000.0, 30.0).sum().item(), rel=1e-9)


def test_a_slit_makes_of_a_line_its_own_triangle() -> None:
    line = torch.zeros(1, 2048, dtype=torch.float64)
    line[0, 900] = 1.0
    found = broadened(line, column(20.0), column(1.0))[0]
    triangle = (1.0 - (AXIS - 900.0).abs() / 20.0).clamp_min(0.0) / 20.0
    torch.testing.assert_close(found, triangle, atol=0.012 * 0.05, rtol=0)  # its kinks are between points


def test_a_lorentzian_becomes_a_voigt() -> None:
    lorentzian = (1.0 / (1.0 + ((AXIS - 1000.0) / 10.0) ** 2)).unsqueeze(0)
    found = width_of(broadened(lorentzian, column(30.0), column(0.0)))
    # Olivero and Longbothum 1977: 0.5346 l + √(0.2166 l² + g²), good to 0.02 %.
    assert found == pytest.approx(0.5346 * 20.0 + (0.2166 * 20.0**2 + 30.0**2) ** 0.5, rel=2e-3)


def test_nothing_comes_round_the_ends() -> None:
    rising = AXIS.unsqueeze(0) / 2047.0
    found = broadened(rising, column(50.0), column(0.0))
    torch.testing.assert_close(found[:, 110:-110], rising[:, 110:-110], atol=1e-6, rtol=0)
    assert found[0, 0] < 0.02


@pytest.mark.parametrize(
    ("shift", "stretch", "tilt", "by"), [(3.5, 0, 0, 3.5), (0, 0.01, 0, 4.765), (0, 0, 2.0, 1.466)]
)
def test_bands_move_by_shift_stretch_and_tilt(shift: float, stretch: float, tilt: float, by: float) -> None:
    found = moved(gaussian(1500.0, 40.0), column(shift), column(stretch), column(tilt))
    centre = (found * AXIS).sum() / found.sum()
    assert centre.item() - 1500.0 == pytest.approx(by, abs=0.02 * by + 0.01)


def test_stray_light_bends_strong_bands_to_a_ceiling() -> None:
    found = with_stray_light(torch.tensor([[0.0, 0.5, 1.0]]), torch.tensor([0.01]), torch.tensor([4.0]))[0]
    absorbance = -np.log10((10.0 ** -np.array([0.0, 2.0, 4.0]) + 0.01) / 1.01)
    np.testing.assert_allclose(found.numpy() * 4.0, absorbance, rtol=1e-5, atol=1e-6)
    assert found[2] * 4.0 < 2.01


def test_background_is_the_polynomial_that_was_asked_for() -> None:
    place = np.linspace(-1.0, 1.0, 11)
    coefficients = np.array([0.3, -0.2, 0.1, 0.4])
    found = background(torch.tensor(coefficients)[None].float(), torch.tensor([0.5]), torch.tensor([2.0]), 11)[0]
    expected = np.polynomial.legendre.legval(place, coefficients) + 0.5 * ((place + 1.0) / 2.0) ** 2
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5, atol=1e-6)


def test_noise_has_the_deviation_asked_for_where_the_signal_is() -> None:
    values = torch.cat([torch.zeros(1, 40_000), torch.ones(1, 40_000)], dim=1)
    grain = torch.randn(values.shape, generator=torch.Generator().manual_seed(0))
    added = noisy(values, torch.tensor([0.03]), torch.tensor([0.04]), grain) - values
    assert added[:, :40_000].std().item() == pytest.approx(0.03, rel=0.02)
    assert added[:, 40_000:].std().item() == pytest.approx(0.05, rel=0.02)


def test_a_view_is_moved_in_wavenumbers_whatever_the_step() -> None:
    batch = batch_of()
    drawn = draw_views(only(shift_cm1=10.0), 4, (0, 1))
    view = ViewMaker(only(shift_cm1=10.0))(batch, (0, 1))
    spectra, steps = batch.intensity[:, 0], batch.step_cm1
    for row in range(4):
        points = float(drawn["shift_cm1"][row]) / float(steps[row])
        expected = np.interp(np.arange(200, 1800) - points, np.arange(2048), spectra[row].numpy())
        span = float(np.ptp(spectra[row].numpy()))
        np.testing.assert_allclose(view[row, 0, 200:1800].numpy(), expected, atol=1e-4 * span)
    assert np.abs(drawn["shift_cm1"]).max() > 1.0


def test_saturation_cuts_the_highest_share_of_the_range() -> None:
    config = only(saturation=0.5)
    batch = batch_of()
    view, drawn = ViewMaker(config)(batch, (3,))[:, 0], draw_views(config, 4, (3,))
    spectra = batch.intensity[:, 0]
    low, high = spectra.amin(1), spectra.amax(1)
    torch.testing.assert_close(
        view.amax(1), low + torch.from_numpy(drawn["ceiling"]) * (high - low), rtol=1e-4, atol=1e-4
    )


def test_gain_is_about_the_lowest_point() -> None:
    config, batch = only(gain=4.0), batch_of()
    view, gain = ViewMaker(config)(batch, (1,))[:, 0], torch.from_numpy(draw_views(config, 4, (1,))["gain"])
    spectra = batch.intensity[:, 0]
    low = spectra.amin(1, keepdim=True)
    torch.testing.assert_close(view, low + gain[:, None] * (spectra - low), rtol=1e-4, atol=1e-4)
    assert bool(((gain >= 0.25) & (gain <= 4.0)).all())
    assert gain.unique().numel() == 4


def test_a_row_has_one_view_however_many_workers() -> None:
    config, batch = ViewConfig(chance=1.0), batch_of(6)
    whole = ViewMaker(config)(batch, (5, 7, 1))
    for rank in range(3):
        mine = TensorBatch(*(field[rank::3] for field in batch))
        torch.testing.assert_close(ViewMaker(config)(mine, (5, 7, 1), rank=rank, world_size=3), whole[rank::3])
    assert not torch.equal(whole, ViewMaker(config)(batch, (5, 7, 0)))
    assert torch.equal(whole, ViewMaker(config)(batch, (5, 7, 1)))


@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
def test_no_unit_matters(scale: float) -> None:
    config, batch = ViewConfig(chance=1.0), batch_of(8)
    usual = ViewMaker(config)(batch, (2,))
    found = ViewMaker(config)(batch._replace(intensity=batch.intensity * scale), (2,))
    assert bool(torch.isfinite(found).all())
    torch.testing.assert_close(found / scale, usual, rtol=1e-3, atol=1e-3)


def test_an_effect_acts_as_often_as_its_chance() -> None:
    drawn = draw_views(ViewConfig(chance=0.3), 4000, (0,))
    for name in ("shift_cm1", "stray_light", "scatter", "white"):
        acts = (drawn[name] != 0.0).mean() if name != "shift_cm1" else (drawn["stretch"] != 0.0).mean()
        assert acts == pytest.approx(0.3, abs=0.03), name
    assert (drawn["grain"].std(axis=1)[drawn["white"] != 0.0] > 0.9).all()


def test_by_no_chance_a_view_is_the_spectrum() -> None:
    batch = batch_of()
    torch.testing.assert_close(ViewMaker(ViewConfig(chance=0.0))(batch, (0,)), batch.intensity, rtol=1e-5, atol=1e-5)


def test_raman_has_no_stray_light_of_absorption() -> None:
    batch = batch_of()
    raman = batch._replace(modality=torch.ones_like(batch.modality))
    config = only(stray_light=0.5)
    torch.testing.assert_close(ViewMaker(config)(raman, (0,)), batch.intensity, rtol=1e-5, atol=1e-5)
    infrared = batch._replace(modality=torch.zeros_like(batch.modality))
    assert (ViewMaker(config)(infrared, (0,)) - batch.intensity).abs().max() > 0.01


def test_views_without_effects_are_refused() -> None:
    with pytest.raises(ValidationError, match="at least one effect"):
        only()
