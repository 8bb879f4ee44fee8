"""Where each head looks: attention weights of a trained transformer, spread over the wavenumber axis.

Training and embedding use a fused kernel that never forms the weights. Here they are formed again from the queries and
keys of each attention, which takes memory of tokens² a head, so it is for a few spectra.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from spektron.core.errors import ConfigError
from spektron.model.blocks import Block, CrossAttention, attention_weights
from spektron.model.encoder import SpectrumEncoder
from spektron.model.merges import Concat, Hierarchical, QueryOthers
from spektron.model.scales import Scale
from spektron.model.whole import NUM_WHOLE
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["AttentionMap", "attention_maps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionMap:
    """The weights of one attention.

    Attributes
    ----------
    name : str
        ``block 0``, ``block 1``, … in the order in which tokens go through them; ``ask`` where one scale asks others.
    weights : Tensor, shape (spectra, heads, queries, keys)
        Each query's weights add up to 1. Queries and keys begin with [CLS] and the domain token, but for ``ask``.
    keys : tuple of Scale
        The scales whose tokens the keys are, after those of the whole.
    num_whole : int
        Keys that stand for the whole: 2, or 0 for ``ask``.
    """

    name: str
    weights: Tensor
    keys: tuple[Scale, ...]
    num_whole: int

    def over_axis(self, query: int = 0) -> tuple[Tensor, Tensor]:
        """Where one query looks: [CLS] by default.

        Returns
        -------
        Tensor, shape (spectra, heads, 2048)
            Weight of each point: a token's is shared by the points of its window, and scales add up.
        Tensor, shape (spectra, heads)
            Weight on the tokens of the whole; both together are 1.
        """
        of_query = self.weights[:, :, query]
        whole, tokens = of_query[..., : self.num_whole], of_query[..., self.num_whole :]
        points = torch.zeros(*of_query.shape[:2], NUM_POINTS, dtype=of_query.dtype)
        for scale, part in zip(self.keys, torch.split(tokens, [s.num_tokens for s in self.keys], dim=-1), strict=True):
            for place in range(scale.num_tokens):
                first = place * scale.stride
                points[..., first : first + scale.patch] += part[..., place : place + 1] / scale.patch
        return points, whole.sum(dim=-1)


def attention_maps(encoder: SpectrumEncoder, *arguments: Any, **known: Any) -> list[AttentionMap]:
    """All attention weights of one pass, in order.

    Parameters
    ----------
    encoder : SpectrumEncoder
        Of a transformer, in evaluation mode.
    *arguments, **known
        As `SpectrumEncoder.forward` takes them.

    Raises
    ------
    ConfigError
        For a backbone that has no attention.
    """
    if encoder.config.backbone != "transformer":
        raise ConfigError(
            f"expected a transformer, found the backbone {encoder.config.backbone}",
            "its blocks mix tokens without weights that could be shown",
        )
    maps: list[AttentionMap] = []
    with torch.inference_mode(), _watched(_attentions(encoder.merge), maps):
        encoder(*arguments, **known)
    return maps


def _attentions(merge: nn.Module) -> Iterator[tuple[str, nn.Module, tuple[Scale, ...], int]]:
    """Every attention of a merge with the scales of its keys, in the order in which they come."""
    place = 0
    for blocks, scales in _sequences(merge):
        if isinstance(blocks, CrossAttention):
            yield "ask", blocks, tuple(scales), 0
            continue
        for block in blocks.children():
            assert isinstance(block, Block)
            yield f"block {place}", block.attention, tuple(scales), NUM_WHOLE
            place += 1


def _sequences(merge: nn.Module) -> Iterator[tuple[nn.Module, Sequence[Scale]]]:
    if isinstance(merge, Concat):
        yield merge.blocks, merge.windows
    elif isinstance(merge, QueryOthers):
        if merge.ask is not None:
            yield merge.ask, [scale for place, scale in enumerate(merge.windows) if place != merge.query]
        yield merge.blocks, [merge.windows[merge.query]]
    else:
        assert isinstance(merge, Hierarchical)
        for stage, scale in zip(merge.stages, merge.windows, strict=True):
            yield stage, [scale]


@contextmanager
def _watched(
    attentions: Iterator[tuple[str, nn.Module, tuple[Scale, ...], int]], maps: list[AttentionMap]
) -> Iterator[None]:
    def watch(name: str, scales: tuple[Scale, ...], num_whole: int) -> Any:
        def hook(module: nn.Module, given: tuple[Tensor, ...], _: Any) -> None:
            weights = attention_weights(module, *given)
            maps.append(AttentionMap(name=name, weights=weights, keys=scales, num_whole=num_whole))

        return hook

    handles = [
        module.register_forward_hook(watch(name, scales, num_whole)) for name, module, scales, num_whole in attentions
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
