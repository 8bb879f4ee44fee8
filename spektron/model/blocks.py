"""The pre-norm transformer block (Xiong et al. 2020): attention and an MLP, each added to what comes in."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from spektron.model.config import EncoderConfig

__all__ = ["Block"]


class _Attention(nn.Module):
    """Self-attention of all tokens with all; queries, keys and values from one matrix product."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.dim, 3 * config.dim)
        self.out = nn.Linear(config.dim, config.dim)

    def forward(self, tokens_btd: Tensor) -> Tensor:
        batch, tokens, dim = tokens_btd.shape
        qkv = self.qkv(tokens_btd).view(batch, tokens, 3, self.heads, dim // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value)
        projected: Tensor = self.out(mixed.transpose(1, 2).reshape(batch, tokens, dim))
        return projected


class Block(nn.Module):
    """``x + attention(norm(x))``, then ``x + mlp(norm(x))``, of tokens ``(batch, tokens, dim)``."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.dim)
        self.attention = _Attention(config)
        self.mlp_norm = nn.LayerNorm(config.dim)
        self.mlp = nn.Sequential(
            nn.Linear(config.dim, config.mlp_ratio * config.dim),
            nn.GELU(),
            nn.Linear(config.mlp_ratio * config.dim, config.dim),
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, tokens_btd: Tensor) -> Tensor:
        """Transform tokens; the shape stays."""
        tokens_btd = tokens_btd + self.dropout(self.attention(self.attention_norm(tokens_btd)))
        mixed: Tensor = tokens_btd + self.dropout(self.mlp(self.mlp_norm(tokens_btd)))
        return mixed
