"""How large a model is and how much arithmetic it takes, counted from its configuration.

Counted are matrix products and convolutions, a multiply and an add as two operations: what the hardware's peak is
quoted in. Norms, softmax, GELU and the optimizer are not, and neither is what attention recomputes in its backward
pass. Backward takes two products (by input and by weight) for each of forward's; a patch embedding needs only the
one by weight, unless what it cuts was learned itself.
"""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from spektron.model.conditioning import CONDITION_DIM
from spektron.model.config import EncoderConfig
from spektron.model.merges import layers_of_scales
from spektron.model.preprocessing import preprocessing_flops
from spektron.model.state_space import CHUNK, KERNEL

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
    mlp = sequence * 2 * config.mlp_ratio * config.dim**2
    film = 4 * CONDITION_DIM * config.dim if config.conditioning == "film" else 0  # once for a spectrum
    if config.backbone == "mamba2":
        return 2 * layers * (mlp + film + 2 * _scan(config, sequence))
    weights = sequence * 4 * config.dim**2  # Q, K, V, output; three taps and output.
    attention = 2 * sequence**2 * config.dim  # scores, and their product with the values.
    return 2 * layers * (mlp + film + weights + (attention if config.backbone == "transformer" else 0))


def _scan(config: EncoderConfig, sequence: int) -> int:
    """Multiplications of one direction of `mamba2`, as its plain torch path does them."""
    dim, heads, states = config.dim, config.heads // 2, config.dim // 4
    chunks = -(-sequence // CHUNK)
    padded = chunks * CHUNK
    weights = sequence * dim * (3 * dim // 2 + 2 * states + heads)  # values, gate, output; B, C; time steps.
    convolution = (sequence + KERNEL - 1) * (dim // 2 + 2 * states) * KERNEL
    within = padded * CHUNK * (heads * states + dim // 2)  # scores in a chunk, and their product with the values.
    across = dim // 2 * states * (2 * padded + (chunks + 1) ** 2)  # into the state, out of it; along the chunks.
    return weights + convolution + within + across


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


def training_flops(config: EncoderConfig, *, train_encoder: bool = True) -> int:
    """Operations of one training step per spectrum: forward and backward of what comes before patches, embedding,
    blocks and head.

    Where the encoder is not trained, its forward pass and the head's product by weight remain."""
    points, reconstructed = (
        sum(s.num_tokens * s.patch for s in scales) for scales in (config.windows, config.token_windows)
    )
    embedding, head = 2 * config.patch_channels * points * config.dim, 2 * reconstructed * config.dim
    before = config.in_channels * preprocessing_flops(config.preprocessing)
    if not train_encoder:
        return before // 3 + embedding + block_flops(config) + 2 * head + _instrument(config) // 3
    embedded = (3 if before else 2) * embedding
    return before + embedded + 3 * (block_flops(config) + head) - _shared_points(config) + _instrument(config)


def _instrument(config: EncoderConfig) -> int:
    """With conditioning, the small network of the resolution: its first map takes a number without a gradient."""
    return 2 * (2 * CONDITION_DIM + 3 * CONDITION_DIM**2) if config.conditioning == "film" else 0
