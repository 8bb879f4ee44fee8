"""How the tokens of several scales become one representation: the three merges, each with its blocks.

A merge is given one tensor of tokens for each scale, from fine to coarse, the tokens that stand for the whole ([CLS],
domain) and go along everywhere, and what its blocks are told of the instrument, if anything; it returns the tokens of
`EncoderConfig.token_windows` and those of the whole. A mask token holds nothing of what it hides, and no merge looks at
anything but tokens, so none can leak."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spektron.model.blocks import Block, Blocks, CrossAttention
from spektron.model.config import EncoderConfig
from spektron.model.patches import overlaps

__all__ = ["build_merge", "layers_of_scales"]

Merged = tuple[Tensor, Tensor]


class Concat(nn.Module):
    """All tokens of all scales in one sequence, through every block."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.blocks = _blocks(config, config.layers, [scale.num_tokens for scale in config.windows])
        self.norm = nn.LayerNorm(config.dim)

    def forward(self, scales: Sequence[Tensor], whole: Tensor, condition: Tensor | None = None) -> Merged:
        sequence = self.norm(self.blocks(torch.cat([whole, *scales], dim=1), condition))
        return _split(sequence, whole)


class QueryOthers(nn.Module):
    """The tokens of one scale ask those of the others once, and go through the blocks alone.

    They ask by attention whatever the backbone is: a convolution and a scan have no way to ask.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.query = config.query
        self.ask = CrossAttention(config) if len(config.scales) > 1 else None
        self.blocks = _blocks(config, config.layers, [config.windows[config.query].num_tokens])
        self.norm = nn.LayerNorm(config.dim)

    def forward(self, scales: Sequence[Tensor], whole: Tensor, condition: Tensor | None = None) -> Merged:
        tokens = scales[self.query]
        if self.ask is not None:
            others = torch.cat([scale for place, scale in enumerate(scales) if place != self.query], dim=1)
            tokens = self.ask(tokens, others)
        sequence = self.norm(self.blocks(torch.cat([whole, tokens], dim=1), condition))
        return _split(sequence, whole)


class Hierarchical(nn.Module):
    """Down from fine to coarse tokens and up again, as a U-Net (Ronneberger et al. 2015) with blocks for convolutions.

    On the way down a coarser scale's tokens are their own windows plus what is pooled from the finer tokens that share
    points with them; on the way up each finer token gets what the coarser ones over it hold, added to what it was.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            _blocks(config, layers, [scale.num_tokens])
            for layers, scale in zip(layers_of_scales(config), config.windows, strict=True)
        )
        steps = list(zip(config.windows, config.windows[1:]))
        self.pooled = nn.ModuleList(nn.Linear(config.dim, config.dim) for _ in steps)
        self.spread = nn.ModuleList(nn.Linear(config.dim, config.dim) for _ in steps)
        for step, (finer, coarser) in enumerate(steps):
            shared = overlaps(coarser, finer)
            self.register_buffer(f"down_{step}", shared / shared.sum(1, keepdim=True), persistent=False)
            self.register_buffer(f"up_{step}", (shared / shared.sum(0)).T.contiguous(), persistent=False)
        self.norm = nn.LayerNorm(config.dim)

    def forward(self, scales: Sequence[Tensor], whole: Tensor, condition: Tensor | None = None) -> Merged:
        levels: list[Tensor] = []
        for place, (tokens, blocks) in enumerate(zip(scales, self.stages, strict=True)):
            if place:
                tokens = tokens + self.pooled[place - 1](self.get_buffer(f"down_{place - 1}") @ levels[-1])
            tokens, whole = _split(blocks(torch.cat([whole, tokens], dim=1), condition), whole)
            levels.append(tokens)
        found = levels.pop()
        while levels:
            step = len(levels) - 1
            found = levels.pop() + self.get_buffer(f"up_{step}") @ self.spread[step](found)
        return self.norm(found), self.norm(whole)


_MERGES: dict[str, type[nn.Module]] = {
    "concat": Concat,
    "cross_attention": QueryOthers,
    "hierarchical": Hierarchical,
}


def build_merge(config: EncoderConfig) -> nn.Module:
    """The merge that a configuration names, with its blocks."""
    return _MERGES[config.merge](config)


def layers_of_scales(config: EncoderConfig) -> list[int]:
    """Blocks at each scale of `hierarchical`, from fine to coarse; what does not divide goes to the coarse end."""
    each, more = divmod(config.layers, len(config.scales))
    return [each + (place >= len(config.scales) - more) for place in range(len(config.scales))]


def _blocks(config: EncoderConfig, count: int, lengths: Sequence[int]) -> Blocks:
    return Blocks(*(Block(config, lengths, place) for place in range(count)))


def _split(sequence: Tensor, whole: Tensor) -> Merged:
    return sequence[:, whole.shape[1] :], sequence[:, : whole.shape[1]]
