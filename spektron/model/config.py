"""What a spectrum encoder is made of: every field bears identity, none says where it runs."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field, field_validator, model_validator

from spektron.core.settings import Settings
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["SCALES", "EncoderConfig", "Normalisation", "Scale", "ScaleName"]

ScaleName = Literal["fine", "medium", "coarse"]
Normalisation = Literal["standard", "minmax", "none"]


class Scale(NamedTuple):
    """How the axis is cut at one scale: windows of `patch` points, each half a window after the last."""

    patch: int
    stride: int

    @property
    def num_tokens(self) -> int:
        """Windows that fit on the axis; half-window stride leaves no remainder."""
        return (NUM_POINTS - self.patch) // self.stride + 1


# 255, 63 and 31 tokens. The order is the order of the tokens in the sequence.
SCALES: dict[ScaleName, Scale] = {"fine": Scale(16, 8), "medium": Scale(64, 32), "coarse": Scale(128, 64)}


class EncoderConfig(Settings):
    """A multi-scale, pre-norm transformer over one spectrum."""

    dim: int = Field(default=256, ge=16)
    """Width of a token; a multiple of `heads` and of 8 (positions are split 3 : 1 into pairs of sine and cosine)."""
    layers: int = Field(default=6, ge=1)
    """Transformer blocks."""
    heads: int = Field(default=8, ge=1)
    """Attention heads of dim / heads each."""
    mlp_ratio: int = Field(default=4, ge=1)
    """Hidden width of a block's MLP, in units of `dim`."""
    scales: tuple[ScaleName, ...] = ("fine", "medium", "coarse")
    """Which patch sizes the spectrum is cut into; attention costs the square of their tokens together."""
    merge: Literal["concat"] = "concat"
    """How scales meet: `concat` puts all tokens into one sequence."""
    in_channels: int = Field(default=1, ge=1)
    """Versions of the same spectrum side by side on one axis; the first is what is reconstructed."""
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """On attention's and the MLP's outputs. 0, because on a CPU 0.1 halves the speed of a step."""
    normalisation: Normalisation = "standard"
    """Per spectrum and from visible points only: zero mean and unit deviation, range 0 to 1, or as it comes."""

    @field_validator("scales")
    @classmethod
    def _in_order(cls, scales: tuple[ScaleName, ...]) -> tuple[ScaleName, ...]:
        if not scales or len(set(scales)) < len(scales):
            raise ValueError(f"expected at least one scale and each once, found {list(scales)}")
        # One set of scales has one name, whatever order it was written in.
        return tuple(name for name in SCALES if name in scales)

    @model_validator(mode="after")
    def _divides(self) -> EncoderConfig:
        if self.dim % self.heads or self.dim % 8:
            raise ValueError(f"expected dim to be a multiple of heads ({self.heads}) and of 8, found dim {self.dim}")
        return self

    @property
    def num_tokens(self) -> int:
        """Patch tokens of all scales; the sequence has two more, [CLS] and the domain token."""
        return sum(SCALES[name].num_tokens for name in self.scales)
