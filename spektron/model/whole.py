"""What [CLS] and the domain token have in common with all others, for mixers that look at neighbours alone.

Attention shows every token to every other. A convolution or a scan does not, so before either of them the tokens of the
whole take in the mean of all tokens, and all tokens take in theirs. That has no weight of its own.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["NUM_WHOLE", "exchanged"]

# A sequence begins with [CLS] and the domain token.
NUM_WHOLE = 2


def exchanged(sequence_btd: Tensor) -> Tensor:
    """Add the mean of the patch tokens to those of the whole, and theirs to each patch token; the shape stays."""
    whole, tokens = sequence_btd[:, :NUM_WHOLE], sequence_btd[:, NUM_WHOLE:]
    return torch.cat([whole + tokens.mean(1, keepdim=True), tokens + whole.mean(1, keepdim=True)], dim=1)
