"""What is known of the instrument, as a scale and a shift of every block's input (FiLM: Perez et al. 2018).

Each field has a vector for each term of the vocabulary, the resolution a small network of log₂ cm⁻¹; their sum stands
for the instrument, and in every block one linear map turns it into γ and β: ``(1 + γ) · norm(x) + β`` before attention,
and again before the MLP. The maps start at zero, so training starts at the model without conditioning; "not stated" is
a vector of its own that starts at zero too. Blocks and not the patch embedding, because what an instrument changes (how
sharp, how noisy, how deep light goes) changes what a token is to ask of others, at every depth; a shift before the
first block is what the first β is.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from spektron.model.config import EncoderConfig
from spektron.spectra.instrument_terms import INSTRUMENT_TERMS, NOT_STATED
from spektron.spectra.spectrum import NUM_INSTRUMENT_FIELDS

__all__ = ["CONDITION_DIM", "Film", "Instrument", "InstrumentEmbedding", "build_conditioning"]

# Some thirty terms and a number need no more, and a block's map stays below a twentieth of a block of width 256.
CONDITION_DIM = 32
# Resolutions lie between about 0.5 and 128 cm⁻¹: −1 to 7 in log₂, brought to about ±1.
_LOG2_MIDDLE, _LOG2_HALF = 3.0, 4.0


class Instrument(NamedTuple):
    """What is known of the instruments of a batch.

    Attributes
    ----------
    codes : Tensor, shape (batch, 3), int64
        Places in the fields of `spektron.spectra.instrument_terms.INSTRUMENT_TERMS`; 0 where not stated.
    resolution_cm1 : Tensor, shape (batch,), float32
        In cm⁻¹; NaN where not stated.
    """

    codes: Tensor
    resolution_cm1: Tensor

    @classmethod
    def not_stated(cls, batch: int, device: torch.device) -> Instrument:
        """Nothing is known of any."""
        return cls(
            torch.full((batch, NUM_INSTRUMENT_FIELDS), NOT_STATED, device=device),
            torch.full((batch,), torch.nan, device=device),
        )


class InstrumentEmbedding(nn.Module):
    """One vector for all that is known of an instrument: ``(batch, CONDITION_DIM)``."""

    def __init__(self) -> None:
        super().__init__()
        self.terms = nn.ModuleList(nn.Embedding(len(terms), CONDITION_DIM) for terms in INSTRUMENT_TERMS.values())
        self.resolution = nn.Sequential(nn.Linear(1, CONDITION_DIM), nn.GELU(), nn.Linear(CONDITION_DIM, CONDITION_DIM))
        self.resolution_not_stated = nn.Parameter(torch.zeros(CONDITION_DIM))
        for embedding in self.terms:
            assert isinstance(embedding, nn.Embedding)
            with torch.no_grad():
                embedding.weight[NOT_STATED].zero_()

    def forward(self, instrument: Instrument) -> Tensor:
        """Embed what is known; what is not takes the place of its own vector."""
        known = instrument.resolution_cm1 > 0.0  # false for NaN
        number = torch.where(known, instrument.resolution_cm1, 1.0).log2().unsqueeze(1)
        found = self.resolution((number - _LOG2_MIDDLE) / _LOG2_HALF)
        total = torch.where(known.unsqueeze(1), found, self.resolution_not_stated.to(found.dtype))
        for embedding, codes in zip(self.terms, instrument.codes.unbind(1), strict=True):
            total = total + embedding(codes)
        # Adam moves every weight of a map by the learning rate: undivided, a step would move γ and β by as much as
        # CONDITION_DIM steps of the norm's own scale and shift.
        return total / CONDITION_DIM


class Film(nn.Module):
    """A block's γ and β for its two norms, from the instrument's vector; all zero before training."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        # No bias: what holds for every instrument is what the norm's own scale and shift are for.
        with torch.random.fork_rng(devices=[]):  # `nn.Linear` draws weights, and other blocks' must not move
            self.map = nn.Linear(CONDITION_DIM, 4 * dim, bias=False)
        nn.init.zeros_(self.map.weight)

    def forward(self, condition: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """``(batch, CONDITION_DIM)`` → 1 + γ and β before attention, and before the MLP: ``(batch, 1, dim)`` each."""
        first_scale, first_shift, second_scale, second_shift = self.map(condition).unsqueeze(1).chunk(4, dim=-1)
        return 1.0 + first_scale, first_shift, 1.0 + second_scale, second_shift


def build_conditioning(config: EncoderConfig) -> InstrumentEmbedding | None:
    """The embedding that a configuration asks for, drawn without moving the random state.

    All other weights are then the same with conditioning as without it.
    """
    if config.conditioning == "none":
        return None
    with torch.random.fork_rng(devices=[]):
        return InstrumentEmbedding()
