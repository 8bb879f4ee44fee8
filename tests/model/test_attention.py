"""Attention weights that are formed again are those that the fused kernel used, and add up over the axis."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from spektron.core.errors import ConfigError
from spektron.model import Merge, SpectrumEncoder
from spektron.model.attention import AttentionMap, attention_maps
from spektron.model.blocks import Block
from spektron.model.scales import SCALES
from tests.model.spectra import arguments, tiny


@pytest.mark.parametrize("merge", get_args(Merge))
def test_there_is_a_map_of_every_attention_and_it_adds_up(merge: Merge) -> None:
    encoder = SpectrumEncoder(tiny(merge=merge, layers=4)).eval()
    maps = attention_maps(encoder, *arguments(3))
    blocks = [f"block {place}" for place in range(4)]
    assert [one.name for one in maps] == (["ask", *blocks] if merge == "cross_attention" else blocks)
    for one in maps:
        assert one.weights.shape[:2] == (3, encoder.config.heads)
        torch.testing.assert_close(one.weights.sum(-1), torch.ones_like(one.weights[..., 0]))
        assert one.weights.shape[-1] == one.num_whole + sum(scale.num_tokens for scale in one.keys)
        points, whole = one.over_axis()
        assert points.shape == (3, encoder.config.heads, 2048)
        torch.testing.assert_close(points.sum(-1) + whole, torch.ones_like(whole))


@torch.inference_mode()
def test_weights_and_values_give_what_the_fused_kernel_gave() -> None:
    encoder = SpectrumEncoder(tiny(layers=2)).eval()
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    blocks = [module for module in encoder.modules() if isinstance(module, Block)]
    for block in blocks:
        block.attention.register_forward_hook(lambda _, given, out: seen.append((given[0], out)))
    maps = attention_maps(encoder, *arguments(2))
    for block, one, (given, out) in zip(blocks, maps, seen, strict=True):
        _, _, value = block.attention.parts(given)
        again = block.attention.out((one.weights @ value).transpose(1, 2).flatten(2))
        torch.testing.assert_close(again, out, rtol=1e-5, atol=1e-6)


def test_looking_changes_nothing() -> None:
    encoder = SpectrumEncoder(tiny(merge="cross_attention")).eval()
    before = encoder(*arguments(2))
    attention_maps(encoder, *arguments(2))
    for one, other in zip(before, encoder(*arguments(2)), strict=True):
        assert torch.equal(one, other)


def test_a_token_s_weight_lies_on_its_window() -> None:
    scale = SCALES["coarse"]
    weights = torch.zeros(1, 1, 33, 33)
    weights[0, 0, 0, 2 + 3] = 0.75  # the fourth window
    weights[0, 0, 0, 1] = 0.25
    points, whole = AttentionMap(name="block 0", weights=weights, keys=(scale,), num_whole=2).over_axis()
    assert float(whole) == 0.25
    first = 3 * scale.stride
    assert torch.nonzero(points[0, 0]).flatten().tolist() == list(range(first, first + scale.patch))
    torch.testing.assert_close(points.sum(), torch.tensor(0.75))


def test_a_backbone_without_attention_is_refused() -> None:
    with pytest.raises(ConfigError, match="found the backbone cnn"):
        attention_maps(SpectrumEncoder(tiny(backbone="cnn")).eval(), *arguments(1))
