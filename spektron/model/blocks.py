"""The pre-norm transformer block (Xiong et al. 2020): attention and an MLP, each added to what comes in.

Another backbone has something else in attention's place, and nothing else is different."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from spektron.model.conditioning import Film
from spektron.model.config import EncoderConfig
from spektron.model.convolution import Convolution
from spektron.model.state_space import StateSpace

__all__ = ["WITH_WEIGHTS", "Block", "Blocks", "CrossAttention"]


class _Attention(nn.Module):
    """Self-attention of all tokens with all; queries, keys and values from one matrix product."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.dim, 3 * config.dim)
        self.out = nn.Linear(config.dim, config.dim)

    def forward(self, tokens_btd: Tensor) -> Tensor:
        query, key, value = _heads(self.qkv(tokens_btd), 3, self.heads)
        return _mixed(query, key, value, self.out)

    def weights(self, tokens_btd: Tensor) -> Tensor:
        """What `forward` mixes values by, ``(batch, heads, tokens, tokens)``; rows sum to 1."""
        query, key, _ = _heads(self.qkv(tokens_btd), 3, self.heads)
        return _softmax(query, key)


class Block(nn.Module):
    """``x + attention(norm(x))``, then ``x + mlp(norm(x))``, of tokens ``(batch, tokens, dim)``.

    The sequence is two tokens of the whole, then `lengths` tokens of each scale (all scales' unless stated); `place`
    counts the blocks that it goes through.

    Dropout leaves out features of what is added, the same ones for all tokens of a spectrum: one number for each
    spectrum and feature is drawn, not one for each token, and attention stays one fused kernel. On a CPU, dropout of
    every token's features and of attention halves the speed of a step."""

    def __init__(self, config: EncoderConfig, lengths: Sequence[int] | None = None, place: int = 0) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.attention_norm = nn.LayerNorm(config.dim)
        # Under one name whatever the backbone.
        self.attention = _mixer(config, lengths or [scale.num_tokens for scale in config.windows], place)
        self.mlp_norm = nn.LayerNorm(config.dim)
        self.mlp = nn.Sequential(
            nn.Linear(config.dim, config.mlp_ratio * config.dim),
            nn.GELU(),
            nn.Linear(config.mlp_ratio * config.dim, config.dim),
        )
        self.film = Film(config.dim) if config.conditioning == "film" else None

    def forward(self, tokens_btd: Tensor, condition: Tensor | None = None) -> Tensor:
        """Transform tokens, knowing the instrument's vector ``(batch, CONDITION_DIM)`` or not; the shape stays."""
        if self.film is None or condition is None:
            tokens_btd = self._plus(tokens_btd, self.attention(self.attention_norm(tokens_btd)))
            return self._plus(tokens_btd, self.mlp(self.mlp_norm(tokens_btd)))
        scale, shift, mlp_scale, mlp_shift = self.film(condition)
        normed = torch.addcmul(shift, self.attention_norm(tokens_btd), scale)
        tokens_btd = self._plus(tokens_btd, self.attention(normed))
        return self._plus(tokens_btd, self.mlp(torch.addcmul(mlp_shift, self.mlp_norm(tokens_btd), mlp_scale)))

    def _plus(self, tokens: Tensor, more: Tensor) -> Tensor:
        if not self.training or not self.dropout:
            return tokens + more
        kept = 1.0 - self.dropout
        features = tokens.new_empty(len(tokens), 1, tokens.shape[2]).bernoulli_(kept) / kept
        return torch.addcmul(tokens, more.to(tokens.dtype), features)


class Blocks(nn.Sequential):
    """Blocks one after the other, all told the same of the instrument."""

    recompute = False
    """Keep only what goes into each block for the backward pass, and compute the rest again there (Chen et al. 2016):
    the same numbers, for less memory and a third forward pass' time."""

    def forward(self, tokens_btd: Tensor, condition: Tensor | None = None) -> Tensor:
        """Transform tokens; the shape stays."""
        for block in self:
            if self.recompute and torch.is_grad_enabled():
                tokens_btd = checkpoint(block, tokens_btd, condition, use_reentrant=False)
            else:
                tokens_btd = block(tokens_btd, condition)
        return tokens_btd


class CrossAttention(nn.Module):
    """``x + attention(norm(x), norm(y))``: tokens ask other tokens, all of them."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.norm = nn.LayerNorm(config.dim)
        self.others_norm = nn.LayerNorm(config.dim)
        self.query = nn.Linear(config.dim, config.dim)
        self.key_value = nn.Linear(config.dim, 2 * config.dim)
        self.out = nn.Linear(config.dim, config.dim)

    def forward(self, tokens_btd: Tensor, others_bod: Tensor) -> Tensor:
        """Add what the others say: ``(batch, tokens, dim)``, ``(batch, others, dim)`` → ``(batch, tokens, dim)``."""
        (query,) = _heads(self.query(self.norm(tokens_btd)), 1, self.heads)
        key, value = _heads(self.key_value(self.others_norm(others_bod)), 2, self.heads)
        return tokens_btd + _mixed(query, key, value, self.out)

    def weights(self, tokens_btd: Tensor, others_bod: Tensor) -> Tensor:
        """What `forward` mixes values by, ``(batch, heads, tokens, others)``; rows sum to 1."""
        (query,) = _heads(self.query(self.norm(tokens_btd)), 1, self.heads)
        key, _ = _heads(self.key_value(self.others_norm(others_bod)), 2, self.heads)
        return _softmax(query, key)


# Modules that can say what they attend to, of the arguments of `forward`.
WITH_WEIGHTS = (_Attention, CrossAttention)


def _mixer(config: EncoderConfig, lengths: Sequence[int], place: int) -> nn.Module:
    if config.backbone == "cnn":
        return Convolution(config, lengths, place)
    return StateSpace(config) if config.backbone == "mamba2" else _Attention(config)


def _heads(projected: Tensor, count: int, heads: int) -> tuple[Tensor, ...]:
    """``(batch, tokens, count · dim)`` → `count` of ``(batch, heads, tokens, dim / heads)``."""
    batch, tokens, width = projected.shape
    split = projected.view(batch, tokens, count, heads, width // (count * heads))
    return split.permute(2, 0, 3, 1, 4).unbind(0)


def _mixed(query: Tensor, key: Tensor, value: Tensor, out: nn.Linear) -> Tensor:
    mixed = F.scaled_dot_product_attention(query, key, value)
    projected: Tensor = out(mixed.transpose(1, 2).flatten(2))
    return projected


def _softmax(query: Tensor, key: Tensor) -> Tensor:
    # The fused kernel keeps no weights, so they are computed again, and only for who asks.
    return torch.softmax(query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5, dim=-1)
