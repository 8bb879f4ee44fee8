"""How large a model is and how much arithmetic it takes, counted from its configuration.

Counted are matrix products, a multiply and an add as two operations: what the hardware's peak is quoted in. Norms,
softmax, GELU and the optimizer are not, and neither is what attention recomputes in its backward pass. Backward takes
two products (by input and by weight) for each of forward's; a patch embedding needs only the one by weight.
"""

from __future__ import annotations

from torch import nn

from spektron.model.config import SCALES, EncoderConfig

__all__ = ["block_flops", "num_parameters", "training_flops"]


def num_parameters(module: nn.Module) -> int:
    """Numbers that training adjusts."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def block_flops(config: EncoderConfig) -> int:
    """Operations of the stack of blocks in a forward pass of one spectrum."""
    sequence = config.num_tokens + 2
    weights = (4 + 2 * config.mlp_ratio) * config.dim**2  # Q, K, V, output; the MLP's two matrices.
    attention = 2 * sequence * config.dim  # scores, and their product with the values.
    return 2 * config.layers * sequence * (weights + attention)


def training_flops(config: EncoderConfig) -> int:
    """Operations of one training step per spectrum: forward and backward of embedding, blocks and head."""
    points = sum(SCALES[name].num_tokens * SCALES[name].patch for name in config.scales)
    embedding, head = 2 * config.in_channels * points * config.dim, 2 * points * config.dim
    return 2 * embedding + 3 * (block_flops(config) + head)
