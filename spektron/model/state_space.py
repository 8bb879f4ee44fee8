"""The backbone ``mamba2``: a selective state space along the sequence (Dao and Gu 2024), up the axis and down.

The mixer is that of ``transformers``, which `peft` needs anyway: plain torch on any device, or the kernels of
``mamba-ssm`` where that is installed, which then runs on GPUs alone. Spectra have no arrow, so there are two, and one
reads the sequence from its end (as in Vision Mamba: Zhu et al. 2024). Each has half the inner width and half the heads,
and dim / 4 states, so that both together have the 4 dim² weights of attention, + 1.5 % at width 256, + 6 % at 64 (a
whole block + 0.5 % and + 2 %). Scales follow each other in one scan, and its state is how they meet.

Why this one: time of forward and backward on one CPU thread, batch 8, in units of attention's, at width × tokens
64 × 66, 64 × 351, 256 × 66 and 256 × 351 (best of 5 rounds in turns; torch 2.13, transformers 5.23):

======================================  =====  =====  =====  =====  =======
of what                                                             weights
======================================  =====  =====  =====  =====  =======
Mamba2, two of half width, chunks of 32   4.4    0.8    3.0    1.6     1.02
Mamba2, one of whole width, twice         5.4    1.5    7.4    4.9     1.02
gated delta net, two of half width        9.0    1.9    4.3    1.8     1.02
MiniMax lightning attention, likewise     1.6    0.4    1.7    0.9     1.25
Mamba, one of whole width, twice         25     45     36    > 100     0.83
======================================  =====  =====  =====  =====  =======

Lightning attention forgets at fixed rates, has a quarter more weights and no kernel; Mamba's scan in plain torch goes
token by token. Chunks of 64 cost 10 to 60 % more than of 32, those of 16 the same; what comes out differs by rounding.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from spektron.model.config import EncoderConfig
from spektron.model.whole import exchanged

__all__ = ["CHUNK", "KERNEL", "StateSpace"]

# Tokens that are mixed by matrix products before the state carries what they hold to the next ones.
CHUNK = 32
# Width of the short convolution before the scan, as in all of Mamba.
KERNEL = 4


class StateSpace(nn.Module):
    """The sum of a scan from the first token to the last and one from the last to the first.

    Tokens of the whole stand at the beginning; far away a state has faded, so they take in the mean of all tokens first
    (`spektron.model.whole`).
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.up = _half_width_mixer(config)
        self.down = _half_width_mixer(config)

    def forward(self, tokens_btd: Tensor) -> Tensor:
        """Mix ``(batch, tokens, dim)``; the shape stays."""
        sequence = exchanged(tokens_btd)
        mixed: Tensor = self.up(sequence) + self.down(sequence.flip(1)).flip(1)
        return mixed


def _half_width_mixer(config: EncoderConfig) -> nn.Module:
    # Takes seconds, and only this backbone needs it.
    from transformers.models.mamba2.configuration_mamba2 import Mamba2Config
    from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer

    inner = config.dim // 2
    settings: Any = Mamba2Config(
        hidden_size=inner,
        expand=1,
        num_heads=config.heads // 2,
        head_dim=config.dim // config.heads,
        state_size=config.dim // 4,
        n_groups=1,
        conv_kernel=KERNEL,
        chunk_size=CHUNK,
        num_hidden_layers=1,
    )
    mixer: Any = Mamba2Mixer(settings, layer_idx=0)
    # The library's inner width is a whole multiple of what it reads and writes; here it is half of that.
    mixer.in_proj = nn.Linear(config.dim, mixer.in_proj.out_features, bias=False)
    mixer.out_proj = nn.Linear(inner, config.dim, bias=False)
    return mixer  # type: ignore[no-any-return]
