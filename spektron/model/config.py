"""What a spectrum encoder is made of: every field bears identity, none says where it runs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from spektron.core.settings import Settings
from spektron.model.preprocessing.config import PreprocessingConfig
from spektron.model.scales import Scale, canonical_name, scale_of

__all__ = ["Backbone", "Conditioning", "EncoderConfig", "Merge", "Normalisation", "Positions", "Summary"]

Normalisation = Literal["standard", "minmax", "none"]
Backbone = Literal["transformer", "cnn", "mamba2"]
Merge = Literal["concat", "cross_attention", "hierarchical"]
Positions = Literal["wavenumber", "index"]
Summary = Literal["cls", "mean"]
Conditioning = Literal["none", "film"]


class EncoderConfig(Settings):
    """A multi-scale, pre-norm transformer over one spectrum, or the same with another mixer of tokens."""

    dim: int = Field(default=256, ge=16, le=16_384)
    """Width of a token; a multiple of `heads` and of 8 (positions are split 3 : 1 into pairs of sine and cosine)."""
    backbone: Backbone = "transformer"
    """What mixes tokens within a block; all else is the same. `transformer`: attention. `cnn`: a dilated convolution
    along each scale, with as many weights. `mamba2`: a state space scanned in both directions, with 1 % more or so."""
    layers: int = Field(default=6, ge=1, le=256)
    """Transformer blocks; `hierarchical` divides them among the scales."""
    heads: int = Field(default=8, ge=1, le=256)
    """Attention heads of dim / heads each. In `mamba2` half of them scan up the axis and half down; in `cnn` unused."""
    mlp_ratio: int = Field(default=4, ge=1, le=64)
    """Hidden width of a block's MLP, in units of `dim`."""
    scales: tuple[str, ...] = Field(default=("fine", "medium", "coarse"), max_length=16)
    """Which windows the spectrum is cut into: names, or PATCH/STRIDE in points (``32/16``). Attention costs the square
    of their tokens together."""
    merge: Merge = "concat"
    """How scales meet. `concat`: all tokens in one sequence. `cross_attention`: the tokens of the middle scale query
    the others once, by attention whatever the backbone, and go on alone. `hierarchical`: early blocks on the finest
    scale, later ones on coarser tokens that are pooled from it, and back. With one scale there is nothing to merge:
    whatever is given, it is `concat`."""
    positions: Positions = "wavenumber"
    """How a token knows its place: by its wavenumbers, or by a learned vector of its index (which knows no axis)."""
    embedding: Summary = "cls"
    """What stands for the spectrum as a whole: the [CLS] token, or the mean of the tokens that come out. Reconstruction
    trains tokens and leaves [CLS] without an aim of its own; agreement of views (BYOL) trains whichever is chosen."""
    in_channels: int = Field(default=1, ge=1, le=64)
    """Versions of the same spectrum side by side on one axis; the first is what is reconstructed."""
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Of what blocks add to the residual stream: one choice of features for a spectrum, the same for all its tokens."""
    normalisation: Normalisation = "standard"
    """Per spectrum and from visible points only: zero mean and unit deviation, range 0 to 1, or as it comes."""
    conditioning: Conditioning = "none"
    """What is known of the instrument (type, technique, detector, resolution in cm⁻¹; each may be missing): not looked
    at, or a learned scale and shift of what every block is given."""
    preprocessing: PreprocessingConfig = PreprocessingConfig()
    """Channels that are made of the normalised spectrum and go beside it, learned with the rest; none."""

    @field_validator("scales")
    @classmethod
    def _in_order(cls, scales: tuple[str, ...]) -> tuple[str, ...]:
        names = [canonical_name(name) for name in scales]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"expected at least one scale and each once, found {list(scales)}")
        # One set of scales has one name, whatever order it was written in: from fine to coarse.
        return tuple(sorted(names, key=scale_of))

    @field_validator("merge")
    @classmethod
    def _something_to_merge(cls, merge: Merge, info: ValidationInfo) -> Merge:
        # With one scale every merge is the same computation: one name for one model.
        return "concat" if len(info.data.get("scales", ())) == 1 else merge

    @model_validator(mode="after")
    def _can_be(self) -> EncoderConfig:
        if self.dim % self.heads or self.dim % 8:
            raise ValueError(f"expected dim to be a multiple of heads ({self.heads}) and of 8, found dim {self.dim}")
        if self.backbone == "mamba2" and self.heads % 2:
            raise ValueError(
                f"mamba2: expected an even number of heads, half up the axis and half down, found {self.heads}"
            )
        if self.merge == "hierarchical" and self.layers < len(self.scales):
            raise ValueError(
                f"expected at least one layer for each of {len(self.scales)} scales, found {self.layers}: "
                "raise layers, or choose fewer scales"
            )
        return self

    @property
    def windows(self) -> tuple[Scale, ...]:
        """The scales, from fine to coarse."""
        return tuple(scale_of(name) for name in self.scales)

    @property
    def patch_channels(self) -> int:
        """Channels that are cut into patches: those that come in, and what preprocessing makes of each."""
        return self.in_channels * self.preprocessing.channels

    @property
    def num_tokens(self) -> int:
        """Patch tokens of all scales; a sequence has two more, [CLS] and the domain token."""
        return sum(scale.num_tokens for scale in self.windows)

    @property
    def query(self) -> int:
        """In `cross_attention`: place of the scale whose tokens go on, the middle one or the coarser of two."""
        return len(self.scales) // 2

    @property
    def token_windows(self) -> tuple[Scale, ...]:
        """Scales of the tokens that come out of the encoder."""
        kept = {
            "concat": slice(None),
            "cross_attention": slice(self.query, self.query + 1),
            "hierarchical": slice(0, 1),
        }
        return self.windows[kept[self.merge]]
