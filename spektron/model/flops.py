"""How large a model is and how much arithmetic it takes, counted from its configuration.

Counted are matrix products, a multiply and an add as two operations: what the hardware's peak is quoted in. Norms,
softmax, GELU and the optimizer are not, and neither is what attention recomputes in its backward pass. Backward takes
two products (by input and by weight) for each of forward's; a patch embedding needs only the one by weight,
unless what it cuts was learned itself.
"""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from spektron.model.config import EncoderConfig
from spektron.model.merges import layers_of_scales
from spektron.model.preprocessing import preprocessing_flops

__all__ = ["block_flops", "num_parameters", "training_flops"]


def num_parameters(module: nn.Module) -> int:
    """Numbers that training adjusts."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def block_flops(config: EncoderConfig) -> int:
    """Operations of the merge, with all its blocks, in a forward pass of one spectrum."""
    tokens = [scale.num_tokens for scale in config.windows]
    if config.merge == "concat":
        return _blocks(config, config.layers, sum(tokens))
    if config.merge == "cross_attention":
        return _cross(config, tokens) + _blocks(config, config.layers, tokens[config.query])
    stages = sum(_blocks(config, layers, num) for layers, num in zip(layers_of_scales(config), tokens))
    maps = 2 * sum(2 * coarser * config.dim**2 for coarser in tokens[1:])  # One on the way down, one up.
    return stages + maps + _shared_points(config)


def _blocks(config: EncoderConfig, layers: int, num_tokens: int) -> int:
    sequence = num_tokens + 2
    weights = (4 + 2 * config.mlp_ratio) * config.dim**2  # Q, K, V, output; the MLP's two matrices.
    attention = 2 * sequence * config.dim  # scores, and their product with the values.
    return 2 * layers * sequence * (weights + attention)


def _shared_points(config: EncoderConfig) -> int:
    """In `hierarchical`, the products with fixed matrices, down and up: no weight of theirs has a gradient."""
    if config.merge != "hierarchical":
        return 0
    tokens = [scale.num_tokens for scale in config.windows]
    return 2 * sum(2 * finer * coarser * config.dim for finer, coarser in pairwise(tokens))


def _cross(config: EncoderConfig, tokens: list[int]) -> int:
    asking, asked = tokens[config.query], sum(tokens) - tokens[config.query]
    weights = 2 * config.dim**2 * (asking + asked)  # Q and output of these, K and V of those.
    return 2 * (weights + 2 * asking * asked * config.dim) if asked else 0


def training_flops(config: EncoderConfig) -> int:
    """Operations of one training step per spectrum: forward and backward of what comes before patches,
    embedding, blocks and head."""
    points, reconstructed = (
        sum(s.num_tokens * s.patch for s in scales) for scales in (config.windows, config.token_windows)
    )
    embedding, head = 2 * config.patch_channels * points * config.dim, 2 * reconstructed * config.dim
    before = config.in_channels * preprocessing_flops(config.preprocessing)
    return before + (3 if before else 2) * embedding + 3 * (block_flops(config) + head) - _shared_points(config)
