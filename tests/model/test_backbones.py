"""Backbones differ in how tokens are mixed and in nothing else."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import get_args

import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from torch import Tensor

from spektron.model import Backbone, EncoderConfig, MaskedReconstructor, Merge, Pretrained, num_parameters, state_space
from spektron.model.blocks import Block
from spektron.model.convolution import Convolution, dilation_of
from spektron.model.encoder import SpectrumEncoder
from spektron.model.flops import block_flops, training_flops
from spektron.model.whole import exchanged
from tests.model.spectra import arguments, tiny

BACKBONES = get_args(Backbone)
MERGES = get_args(Merge)


def loss_of(model: MaskedReconstructor) -> Tensor:
    mask = torch.zeros(2, 2048, dtype=torch.bool)
    mask[:, 500:700] = True
    found = model(*arguments(2), mask)
    return found.values.square().mean() + found.encoded.cls.square().mean()


@pytest.mark.parametrize("config", [EncoderConfig(), EncoderConfig(dim=64, layers=3), EncoderConfig(dim=128, heads=2)])
def test_a_convolution_has_attentions_weights_and_mamba_a_few_more(config: EncoderConfig) -> None:
    attention, convolution, mamba = (
        num_parameters(SpectrumEncoder(EncoderConfig.model_validate(config.model_dump() | {"backbone": name})))
        for name in ("transformer", "cnn", "mamba2")
    )
    assert convolution == pytest.approx(attention, rel=0.01)
    # Each direction has 4 taps and a bias for d channels, d / 2 factors of its norm, and d + 3 numbers for each of its
    # heads; attention has 4 d biases instead.
    d, h = config.dim, config.heads
    assert mamba - attention == config.layers * (2 * (5 * d + d // 2 + h // 2 * (d + 3)) - 4 * d)
    assert mamba == pytest.approx(attention, rel=0.02)


def test_the_convolution_is_torchs_within_each_scale() -> None:
    torch.manual_seed(0)
    config, lengths = tiny(backbone="cnn"), [15, 7, 3]
    mixer = Convolution(config, lengths, place=2)
    sequence = torch.randn(2, 2 + sum(lengths), config.dim)
    assert mixer.dilation == 4

    kernel = mixer.taps.weight.view(3, config.dim, config.dim).permute(1, 2, 0)
    bias = mixer.taps.bias.view(3, config.dim)
    expected = []
    for part in exchanged(sequence).split([2, *lengths], dim=1):
        # Beyond the ends there is nothing, not even the bias of a tap.
        ones = torch.ones(1, 1, part.shape[1])
        biases = F.conv1d(ones, bias.T.unsqueeze(1), padding=4, dilation=4)
        expected.append((F.conv1d(part.transpose(1, 2), kernel, padding=4, dilation=4) + biases).transpose(1, 2))
    torch.testing.assert_close(mixer(sequence), mixer.out(F.gelu(torch.cat(expected, dim=1))))


@pytest.mark.parametrize(("longest", "dilations"), [(255, [1, 2, 4, 8, 16, 32, 64, 128, 1]), (31, [1, 2, 4, 8, 16, 1])])
def test_dilation_doubles_until_it_reaches_from_end_to_end(longest: int, dilations: list[int]) -> None:
    assert [dilation_of(place, longest) for place in range(len(dilations))] == dilations
    assert sum(dilations[:-1]) >= longest - 1 > sum(dilations[:-2])


def test_six_convolutions_see_63_tokens_on_each_side_and_no_other_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without what goes through the tokens of the whole, which is seen everywhere.
    monkeypatch.setattr("spektron.model.convolution.exchanged", lambda sequence: sequence)
    config = tiny(backbone="cnn")
    blocks = torch.nn.Sequential(*(Block(config, [255, 63], place) for place in range(6))).double()
    sequence = torch.randn(1, 2 + 255 + 63, config.dim, dtype=torch.float64, requires_grad=True)
    blocks(sequence)[0, 2 + 127].sum().backward()
    assert sequence.grad is not None
    seen = sequence.grad[0].abs().sum(1).nonzero().flatten()
    assert seen.tolist() == list(range(2 + 127 - 63, 2 + 127 + 63 + 1))


@pytest.mark.parametrize("backbone", BACKBONES)
def test_one_block_shows_every_token_to_cls_and_cls_to_every_token(backbone: Backbone) -> None:
    torch.manual_seed(0)
    block = Block(tiny(backbone=backbone)).double()
    sequence = torch.randn(1, 351, 16, dtype=torch.float64, requires_grad=True)
    mixed = block(sequence)
    (of_tokens,) = torch.autograd.grad(mixed[0, 0].sum(), sequence, retain_graph=True)
    assert bool((of_tokens.abs().sum(-1) > 1e-9).all())
    moved = sequence.detach().clone()
    moved[0, 0, 0] += 1.0
    assert bool(((block(moved) - mixed).abs().sum(-1) > 1e-9).all())


def test_a_state_space_is_read_from_both_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spektron.model.state_space.exchanged", lambda sequence: sequence)
    torch.manual_seed(0)
    mixer = Block(tiny(backbone="mamba2")).attention.double()
    sequence = torch.randn(1, 40, 16, dtype=torch.float64, requires_grad=True)
    (seen,) = torch.autograd.grad(mixer(sequence)[0, 20].sum(), sequence)
    assert bool((seen.abs().sum(-1) > 0.0).all())
    # Turned round with its directions exchanged, it is the same mixer.
    turned = sequence.detach().flip(1)
    straight = mixer(sequence.detach())
    mixer.up, mixer.down = mixer.down, mixer.up
    torch.testing.assert_close(mixer(turned).flip(1), straight)


def test_the_scan_is_the_recurrence_that_it_stands_for() -> None:
    """Dao and Gu 2024, equations 1 and 2: h' = exp(Δ A) h + Δ B x, y = C h + D x, one token after another."""
    torch.manual_seed(0)
    mixer = Block(tiny(backbone="mamba2", heads=4)).attention.up
    sequence = torch.randn(1, 70, 16)  # three chunks, the last one not full
    gate, inner, steps = mixer.in_proj(sequence)[0].split([8, 16, 2], dim=-1)
    inner = F.silu(mixer.conv1d(inner.T)[:, :70].T)
    values, writes, reads = inner[:, :8].view(70, 2, 4), inner[:, 8:12], inner[:, 12:]
    steps = F.softplus(steps + mixer.dt_bias)
    state, found = torch.zeros(2, 4, 4), []
    for value, write, read, step in zip(values, writes, reads, steps):
        decay = torch.exp(-step * mixer.A_log.exp())
        state = decay[:, None, None] * state + (step[:, None] * value)[:, :, None] * write
        found.append((state @ read + mixer.D[:, None] * value).flatten())
    expected = mixer.out_proj(mixer.norm(torch.stack(found), gate))
    torch.testing.assert_close(mixer(sequence)[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_parameter_is_trained(backbone: Backbone, merge: Merge) -> None:
    # DistributedDataParallel waits forever for the gradient of a parameter that takes no part.
    model = MaskedReconstructor(tiny(backbone=backbone, merge=merge, layers=3))
    loss_of(model).backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
    assert all(bool(torch.isfinite(p.grad).all()) for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("backbone", ["cnn", "mamba2"])
def test_operations_are_those_that_torch_counts(backbone: Backbone, merge: Merge) -> None:
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    config = tiny(backbone=backbone, merge=merge, scales=("fine", "coarse"), layers=2, dim=32, heads=4)
    model = MaskedReconstructor(config)
    mask = torch.zeros(1, 2048, dtype=torch.bool)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(*arguments(1), mask).values.square().sum().backward()
    counted = {str(name): operations for name, operations in counter.get_flop_counts()["Global"].items()}
    # Of a convolution channel by channel torch counts the backward as if every channel met every other.
    counted["aten.convolution_backward"] = 2 * counted.get("aten.convolution", 0)
    assert sum(counted.values()) == training_flops(config)

    scales = [torch.zeros(1, scale.num_tokens, config.dim) for scale in config.windows]
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
        model.encoder.merge(scales, torch.zeros(1, 2, config.dim))
    assert counter.get_total_flops() == block_flops(config)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_autocast_is_near_float32(backbone: Backbone) -> None:
    torch.manual_seed(0)
    model = MaskedReconstructor(tiny(backbone=backbone, layers=2))
    with torch.autocast("cpu", torch.bfloat16):
        loss = loss_of(model)
    loss.backward()
    torch.testing.assert_close(loss, loss_of(model), rtol=0.05, atol=0.0)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_saved_model_is_the_same_after_loading(backbone: Backbone, tmp_path: Path) -> None:
    model = Pretrained(model=MaskedReconstructor(tiny(backbone=backbone)))
    model.save_pretrained(tmp_path)
    loaded = Pretrained.from_pretrained(tmp_path)
    assert loaded.model.encoder.config.backbone == backbone
    with torch.no_grad():
        assert torch.equal(model.model.encoder(*arguments(2)).cls, loaded.model.encoder(*arguments(2)).cls)


def test_heads_that_cannot_be_halved_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"even number of heads.*found 1"):
        tiny(backbone="mamba2", heads=1)
    assert tiny(backbone="cnn", heads=1).heads == 1


def test_the_library_of_one_backbone_is_not_imported_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {"transformers", *(name for name in sys.modules if name.startswith("transformers."))}:
        monkeypatch.setitem(sys.modules, name, None)  # as if it were not there
    importlib.reload(state_space)
    Block(tiny(backbone="transformer"))
    Block(tiny(backbone="cnn"))
    with pytest.raises(ImportError):
        Block(tiny(backbone="mamba2"))
