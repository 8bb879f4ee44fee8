"""No function of a masked point reaches the output of any encoder: switches drawn together, as a study may set them.

`test_no_leak` takes each switch by itself; here backbones meet preprocessing, conditioning, several channels, bf16, a
mean in [CLS]'s place, learned places, dropout and blocks that are computed again."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any, get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from spektron.model import Backbone, MaskedReconstructor, Merge, Normalisation, Positions
from spektron.model.blocks import Blocks
from spektron.pretrain import MaskConfig, MaskKind, draw_masks
from spektron.pretrain.data import TensorBatch, to_tensors
from tests.model.spectra import tiny
from tests.model.test_no_leak import bits, disturbed
from tests.pretrain.stand_in import make_batch


def model_of(draw: Random) -> MaskedReconstructor:
    """Any encoder, its maps and filters anywhere: at their start FiLM says nothing, and filters are the classical."""
    made = {
        "baseline": draw.random() < 0.5,
        "derivatives": draw.choice([(), (1,), (2,), (1, 2)]),
        "window": draw.choice([5, 15, 255]),
    }
    config = tiny(
        layers=3,
        scales=draw.choice([("fine", "medium", "coarse"), ("fine", "coarse"), ("64/64", "100/4"), ("512/256",)]),
        merge=draw.choice(get_args(Merge)),
        backbone=draw.choice(get_args(Backbone)),
        normalisation=draw.choice(get_args(Normalisation)),
        positions=draw.choice(get_args(Positions)),
        embedding=draw.choice(["cls", "mean"]),
        conditioning=draw.choice(["none", "film"]),
        dropout=draw.choice([0.0, 0.2]),
        in_channels=draw.choice([1, 3]),
        preprocessing=made,
    )
    model = MaskedReconstructor(config).train(draw.random() < 0.5)
    for name, parameter in model.named_parameters():
        if "film.map" in name or "preprocessing" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    recompute = draw.random() < 0.3
    for module in model.modules():
        if isinstance(module, Blocks):
            module.recompute = recompute
    return model


def found(model: MaskedReconstructor, batch: TensorBatch, intensity: NDArray[np.float32], bf16: bool) -> list[Tensor]:
    torch.manual_seed(0)  # of dropout
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        out = model(*batch._replace(intensity=torch.from_numpy(intensity)))
    return [out.values.float(), out.center, out.scale, *(each.float() for each in out.encoded)]


@pytest.mark.parametrize("seed", range(40))
def test_a_masked_point_changes_nothing_whatever_is_switched_on(seed: int) -> None:
    draw, generator = Random(seed), np.random.default_rng(seed)
    torch.manual_seed(seed)
    model, bf16 = model_of(draw), draw.random() < 0.3
    spectra = replace(
        make_batch(2, seed), instrument=np.array([[2, 2, 3], [0, 1, 0]]), resolution_cm1=np.array([4, np.nan], "f4")
    )
    kind: Any = draw.choice(get_args(MaskKind))
    mask = draw_masks(MaskConfig(kind=kind, ratio=draw.choice([0.05, 0.25])), spectra.intensity, (seed,))
    batch = to_tensors(spectra, mask, torch.device("cpu"))
    channels = [spectra.intensity * factor for factor in (1.0, -2.0, 3.0)[: model.encoder.config.in_channels]]
    clean = np.stack(channels, axis=1).astype(np.float32)
    hidden = np.stack([disturbed(channel, mask, generator) for channel in channels], axis=1).astype(np.float32)
    shown = np.where(mask[:, None], clean, clean + generator.standard_normal(clean.shape)).astype(np.float32)

    expected = found(model, batch, clean, bf16)
    for one, other in zip(expected, found(model, batch, hidden, bf16), strict=True):
        assert bool(torch.isfinite(one).all())
        np.testing.assert_array_equal(bits(one), bits(other))
    assert not torch.equal(expected[0], found(model, batch, shown, bf16)[0]), "what is visible is not seen either"
