"""The pre-norm transformer block (Xiong et al. 2020): attention and an MLP, each added to what comes in."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spektron.model.config import EncoderConfig

__all__ = ["WITH_WEIGHTS", "Block", "CrossAttention"]


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

    Dropout leaves out features of what is added, the same ones for all tokens of a spectrum: one number for each
    spectrum and feature is drawn, not one for each token, and attention stays one fused kernel. On a CPU, dropout of
    every token's features and of attention halves the speed of a step."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.attention_norm = nn.LayerNorm(config.dim)
        self.attention = _Attention(config)
        self.mlp_norm = nn.LayerNorm(config.dim)
        self.mlp = nn.Sequential(
            nn.Linear(config.dim, config.mlp_ratio * config.dim),
            nn.GELU(),
            nn.Linear(config.mlp_ratio * config.dim, config.dim),
        )

    def forward(self, tokens_btd: Tensor) -> Tensor:
        """Transform tokens; the shape stays."""
        tokens_btd = self._plus(tokens_btd, self.attention(self.attention_norm(tokens_btd)))
        return self._plus(tokens_btd, self.mlp(self.mlp_norm(tokens_btd)))

    def _plus(self, tokens: Tensor, more: Tensor) -> Tensor:
        if not self.training or not self.dropout:
            return tokens + more
        kept = 1.0 - self.dropout
        features = tokens.new_empty(len(tokens), 1, tokens.shape[2]).bernoulli_(kept) / kept
        return torch.addcmul(tokens, more.to(tokens.dtype), features)


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
