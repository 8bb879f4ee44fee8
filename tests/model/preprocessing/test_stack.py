from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from spektron.model import MaskedReconstructor, PreprocessingConfig, Pretrained, SpectrumEncoder
from spektron.model.preprocessing import Preprocessing
from spektron.model.preprocessing.savgol import PER_POINTS
from spektron.pretrain import PretrainConfig, Worker
from spektron.pretrain.train_step import TrainStep
from tests.model.spectra import arguments, tiny
from tests.pretrain.stand_in import make_batch

ALL = {"baseline": True, "derivatives": [1, 2]}


def test_by_default_there_is_nothing() -> None:
    encoder = SpectrumEncoder(tiny())
    assert encoder.preprocessing is None
    assert not [name for name in encoder.state_dict() if name.startswith("preprocessing")]
    assert tiny().patch_channels == 1
    assert tiny(in_channels=3, preprocessing=ALL).patch_channels == 12


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"window": 14}, "expected an odd number of points, found 14"),
        ({"window": 5, "degree": 4}, r"at most window − 2 \(3\)"),
        ({"derivatives": [1, 2], "degree": 1}, r"at least the order of the derivative \(2\), found 1"),
        ({"derivatives": [1, 1]}, "each derivative once"),
        ({"derivatives": [3]}, "Input should be 1 or 2"),
        ({"smoothness": 1e5}, "less than 100000"),
        ({"asymmetry": 0.0}, "greater than 0.001"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        PreprocessingConfig(**changes)
    assert PreprocessingConfig(derivatives=(2, 1)) == PreprocessingConfig(derivatives=(1, 2))


def test_a_line_with_a_hole_is_known_by_hand() -> None:
    line = 0.25 * torch.arange(2048.0).view(1, 1, -1) / PER_POINTS - 10.0
    mask = torch.zeros(1, 2048, dtype=torch.bool)
    mask[:, 700:900] = True
    values = line.masked_fill(mask.unsqueeze(1), 0.0)
    made = Preprocessing(PreprocessingConfig(**ALL))(values, mask).detach()
    assert made.shape == (1, 4, 2048)
    # The spectrum as it is; nothing above its baseline; one slope, and no second derivative at the edges of the hole.
    assert torch.equal(made[:, :1], values)
    expected = torch.tensor([0.0, 0.25, 0.0]).view(1, 3, 1).expand(-1, -1, 2048)
    torch.testing.assert_close(made[:, 1:], expected, rtol=0, atol=0.01)


def test_each_channel_is_made_of_its_own() -> None:
    stack = Preprocessing(PreprocessingConfig(**ALL))
    values, mask = torch.randn(2, 3, 2048), torch.zeros(2, 2048, dtype=torch.bool)
    mask[:, 100:200] = True
    made = stack(values, mask).view(2, 4, 3, 2048)
    for channel in range(3):
        alone = stack(values[:, channel : channel + 1], mask)
        torch.testing.assert_close(made[:, :, channel], alone, rtol=1e-5, atol=1e-4)


def test_low_precision_stays_outside() -> None:
    stack = Preprocessing(PreprocessingConfig(**ALL))
    values, mask = torch.randn(2, 1, 2048), torch.zeros(2, 2048, dtype=torch.bool)
    with torch.autocast("cpu", torch.bfloat16):
        found = stack(values, mask)
    assert torch.equal(found, stack(values, mask))


def test_what_is_reconstructed_keeps_its_centre_and_scale() -> None:
    plain, other = (SpectrumEncoder(tiny(preprocessing=choice)) for choice in ({}, ALL))
    one, two = plain(*arguments()), other(*arguments())
    assert torch.equal(one.center, two.center)
    assert torch.equal(one.scale, two.scale)


def test_a_few_steps_of_training_change_everything_that_is_learned() -> None:
    config = PretrainConfig(
        steps=20, batch_size=4, encoder=tiny(scales=("coarse",), preprocessing=ALL), warmup_fraction=0.0
    )
    step = TrainStep(config, Worker())
    assert step.model.encoder.preprocessing is not None
    before = {name: value.clone() for name, value in step.model.encoder.preprocessing.state_dict().items()}
    assert len(before) == 4
    for number in (1, 2, 3):
        loss, _ = step(number, make_batch(4, number))
        assert bool(torch.isfinite(loss))
    after = step.model.encoder.preprocessing.state_dict()
    assert [name for name in before if torch.equal(before[name], after[name])] == []


@pytest.mark.parametrize("visible", [slice(0, 0), slice(1000, 1001), slice(300, 1700), slice(0, 2048)])
@pytest.mark.parametrize("level", [0.0, 3.0, 8e5, -1e-12])
def test_flat_and_hidden_spectra_give_finite_gradients(visible: slice, level: float) -> None:
    model = MaskedReconstructor(tiny(scales=("coarse",), preprocessing=ALL))
    _, start, stop, modality = arguments(1)
    mask = torch.ones(1, 2048, dtype=torch.bool)
    mask[:, visible] = False
    out = model(torch.full((1, 1, 2048), level), start, stop, modality, mask)
    (out.values.square().sum() + out.encoded.cls.square().sum()).backward()
    assert bool(torch.isfinite(out.values).all())
    # None would be missing: DistributedDataParallel waits for each.
    assert all(p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in model.parameters())


def test_a_folder_gives_back_what_was_learned(tmp_path: Path) -> None:
    model = MaskedReconstructor(tiny(scales=("coarse",), preprocessing=ALL))
    assert model.encoder.preprocessing is not None
    for parameter in model.encoder.preprocessing.parameters():
        torch.nn.init.normal_(parameter)
    saved = Pretrained(model=model)
    saved.save_pretrained(tmp_path)
    again = Pretrained.from_pretrained(tmp_path)
    assert again.model.encoder.config == model.encoder.config
    spectra = make_batch(3)
    assert (again.embed(spectra).values == saved.embed(spectra).values).all()
