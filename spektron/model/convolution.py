"""The backbone ``cnn``: a dilated convolution along the tokens of each scale (van den Oord et al. 2016), and a map.

Kernel 3 and the map have 4 dim² weights, as queries, keys, values and output of attention have. The dilation doubles
from block to block, 1, 2, 4, …, so that n blocks see 2ⁿ⁺¹ − 1 tokens of a scale; it begins again at 1 once that reaches
from one end of the longest scale to the other. The default's 6 blocks see 127 tokens: all of the medium and the coarse
scale, and of the 255 fine ones 63 on each side, 1,024 of the 2,048 points. What lies beyond, and what other scales
know, comes with the tokens of the whole, in every block (`spektron.model.whole`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spektron.model.config import EncoderConfig
from spektron.model.whole import NUM_WHOLE, exchanged

__all__ = ["Convolution", "dilation_of"]


class Convolution(nn.Module):
    """``map(gelu(convolution(tokens)))`` within each scale, never across the border of two.

    Parameters
    ----------
    config : EncoderConfig
    lengths : sequence of int
        Tokens of each scale in the sequence, after the two of the whole, which are convolved as a scale of their own.
    place : int
        Which block of the sequence this is, from 0: says the dilation.
    """

    def __init__(self, config: EncoderConfig, lengths: Sequence[int], place: int) -> None:
        super().__init__()
        self.lengths = [NUM_WHOLE, *lengths]
        self.dilation = dilation_of(place, max(lengths))
        # One matrix product for the three taps of all tokens, which are shifted and added afterwards: tokens need not
        # be transposed for it, and it is one product for all scales.
        self.taps = nn.Linear(config.dim, 3 * config.dim)
        self.out = nn.Linear(config.dim, config.dim)

    def forward(self, tokens_btd: Tensor) -> Tensor:
        """Mix ``(batch, tokens, dim)``; the shape stays."""
        taps = self.taps(exchanged(tokens_btd))
        convolved = [_added(part, self.dilation) for part in torch.split(taps, self.lengths, dim=1)]
        mixed: Tensor = self.out(F.gelu(torch.cat(convolved, dim=1)))
        return mixed


def dilation_of(place: int, longest: int) -> int:
    """Tokens between the taps of block 0, 1, … of a sequence whose longest scale has `longest` tokens."""
    return int(2 ** (place % max(1, (longest - 1).bit_length())))


def _added(taps: Tensor, dilation: int) -> Tensor:
    """Add each token's own tap, that of the token before it and that of the token after it; zero beyond the ends."""
    before, own, after = taps.chunk(3, dim=-1)
    if dilation >= taps.shape[1]:
        return own
    before, after = before[:, :-dilation], after[:, dilation:]
    return own + F.pad(before, (0, 0, dilation, 0)) + F.pad(after, (0, 0, 0, dilation))
