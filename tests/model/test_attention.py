"""Where heads look: the weights are those that the fused kernel mixes by, and lie on the axis where their tokens do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from spektron.core.errors import ConfigError
from spektron.model import AttentionMap, MaskedReconstructor, Pretrained, Scale, Tokens
from spektron.model.blocks import WITH_WEIGHTS
from tests.model.spectra import tiny
from tests.pretrain.stand_in import make_batch

MERGES = ("concat", "cross_attention", "hierarchical")


def untrained(**changes: Any) -> Pretrained:
    torch.manual_seed(0)
    model = MaskedReconstructor(tiny(**{"layers": 3, "scales": ("medium", "coarse", "256/128"), **changes}))
    for module in model.modules():
        if isinstance(module, WITH_WEIGHTS):
            for parameter in module.parameters():
                nn.init.normal_(parameter, std=0.5)  # far from even weights
    return Pretrained(model=model)


def summed(found: AttentionMap, token: str | int | None) -> np.ndarray:
    on_axis = found.on_axis(token)
    return np.asarray(on_axis.points.sum(axis=2) + sum(on_axis.whole.values()))


@pytest.mark.parametrize("merge", MERGES)
def test_weights_mixed_by_hand_are_what_the_fused_kernel_gives(merge: str) -> None:
    pretrained = untrained(merge=merge)
    seen: list[tuple[nn.Module, Any, torch.Tensor]] = []
    for module in pretrained.model.modules():
        if isinstance(module, WITH_WEIGHTS):
            module.register_forward_hook(lambda m, inputs, output: seen.append((m, inputs, output)))
    maps = pretrained.attention(make_batch(2))
    assert len(maps) == len(seen) == {"concat": 3, "cross_attention": 4, "hierarchical": 3}[merge]
    for found, (module, inputs, output) in zip(maps, seen, strict=True):
        if hasattr(module, "qkv"):
            value, added = module.qkv(inputs[0])[..., 32:], 0.0
        else:
            value, added = module.key_value(module.others_norm(inputs[1]))[..., 16:], inputs[0]
        per_head = value.unflatten(2, (2, 8)).transpose(1, 2)
        mixed = (torch.from_numpy(found.weights) @ per_head).transpose(1, 2).flatten(2)
        torch.testing.assert_close(module.out(mixed) + added, output, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("merge", MERGES)
def test_what_a_token_gives_away_adds_up_to_one(merge: str) -> None:
    for found in untrained(merge=merge).attention(make_batch(3), batch_size=2):
        token = "cls" if found.queries.whole else 5
        np.testing.assert_allclose(found.of(token).sum(axis=2), 1.0, atol=1e-5)
        np.testing.assert_allclose(summed(found, token), 1.0, atol=1e-5)
        np.testing.assert_allclose(summed(found, None), 1.0, atol=1e-5)
        assert found.weights.shape == (3, 2, len(found.queries), len(found.keys))


def test_maps_are_named_by_where_they_are() -> None:
    names = {merge: [found.name for found in untrained(merge=merge).attention(make_batch(1))] for merge in MERGES}
    assert names == {
        "concat": ["block 1", "block 2", "block 3"],
        "cross_attention": ["ask", "block 1", "block 2", "block 3"],
        "hierarchical": ["medium, block 1", "coarse, block 1", "256/128, block 1"],
    }
    ask = untrained(merge="cross_attention").attention(make_batch(1))[0]
    assert (ask.queries.scales, ask.keys.scales) == ((Scale(128, 64),), (Scale(64, 32), Scale(256, 128)))


def test_a_weight_lies_on_the_points_of_its_window() -> None:
    tokens = Tokens(("cls", "domain"), (Scale(1024, 512), Scale(512, 512)))
    weights = np.zeros((1, 1, 9, 9), dtype=np.float32)
    weights[0, 0, 0, [0, 1, 3, 5]] = 0.125, 0.25, 0.375, 0.25  # itself, domain, points 512 to 1535, points 0 to 511
    on_axis = AttentionMap(name="block 1", weights=weights, queries=tokens, keys=tokens).on_axis()
    assert {name: float(given[0, 0]) for name, given in on_axis.whole.items()} == {"cls": 0.125, "domain": 0.25}
    expected = np.repeat([0.25 / 512, 0.375 / 1024, 0.375 / 1024, 0.0], 512)
    np.testing.assert_allclose(on_axis.points[0, 0], expected, rtol=1e-6)
    assert tokens.windows.tolist() == [
        [0, 1024],
        [512, 1536],
        [1024, 2048],
        *([k, k + 512] for k in (0, 512, 1024, 1536)),
    ]


def test_even_attention_gives_each_token_the_same() -> None:
    pretrained = untrained()
    for module in pretrained.model.modules():
        if isinstance(module, WITH_WEIGHTS):
            nn.init.zeros_(module.qkv.weight)
            nn.init.zeros_(module.qkv.bias)
    found = pretrained.attention(make_batch(1))[0]
    np.testing.assert_allclose(found.weights, 1 / 111, rtol=1e-5)  # 2 + 63 + 31 + 15


def test_asking_leaves_no_trace() -> None:
    pretrained, spectra = untrained(), make_batch(2)
    before = pretrained.embed(spectra).values
    pretrained.attention(spectra)
    np.testing.assert_array_equal(pretrained.embed(spectra).values, before)
    assert not any(module._forward_pre_hooks for module in pretrained.model.modules())


@pytest.mark.parametrize("merge", MERGES)
def test_a_backbone_without_attention_is_told(merge: str) -> None:
    pretrained = untrained(merge=merge)
    for block in pretrained.model.encoder.merge.modules():
        if hasattr(block, "attention_norm"):
            block.attention = nn.Linear(16, 16)
    with pytest.raises(ConfigError, match=r"expected blocks of attention, found Linear in its place"):
        pretrained.attention(make_batch(1))
    assert not any(module._forward_pre_hooks for module in pretrained.model.modules())


def test_a_token_that_is_none_is_told() -> None:
    first = untrained(merge="cross_attention").attention(make_batch(1))[0]
    with pytest.raises(ConfigError, match="expected a token of 0 to 30, found 'cls'"):
        first.of("cls")
    with pytest.raises(ConfigError, match="expected a token of 0 to 30, found 31"):
        first.on_axis(31)
    with pytest.raises(ConfigError, match="at least one spectrum"):
        untrained().attention(make_batch(0))
