"""What a pretraining run is. Everything here bears identity; where it runs is `spektron.pretrain.Worker`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from spektron.core.settings import Settings
from spektron.model import EncoderConfig
from spektron.pretrain.byol import ByolConfig
from spektron.pretrain.curriculum import Curriculum, Mask
from spektron.pretrain.losses import LossConfig
from spektron.pretrain.masking import MaskConfig
from spektron.pretrain.views import ViewConfig
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["PretrainConfig"]


class PretrainConfig(Settings):
    """One pretraining run: data, model, objectives, optimizer."""

    steps: int = Field(default=1000, ge=1)
    """Optimizer steps."""
    batch_size: int = Field(default=64, ge=1)
    """Spectra per step over all workers and accumulated parts together; split evenly among them."""
    num_spectra: int | None = Field(default=None, ge=1)
    """Size of the training subset (the first rows by rank); without it the whole training split."""
    mix: dict[str, float] | None = None
    """Kind of spectrum (computed, experimental, simulated) → share of every batch; without it the corpus's own shares.
    How often each kind comes again is in the metrics; `spektron.corpus.streaming.mixture` states the policy."""
    learning_rate: float = Field(default=1e-3, gt=0.0)
    """At the end of warm-up."""
    min_learning_rate: float = Field(default=1e-5, ge=0.0)
    """At the last step, where the cosine ends."""
    warmup_fraction: float = Field(default=0.1, ge=0.0, lt=1.0)
    """Share of the steps over which the learning rate rises linearly; a share, so that it fits any length of run."""
    weight_decay: float = Field(default=0.05, ge=0.0)
    """Decoupled, per unit of learning rate; on matrices only."""
    beta1: float = Field(default=0.9, ge=0.0, lt=1.0)
    """Decay of the gradient's running mean."""
    beta2: float = Field(default=0.98, ge=0.0, lt=1.0)
    """Decay of its running square; below 0.999, because runs here last hundreds to thousands of steps."""
    grad_clip: float = Field(default=1.0, gt=0.0)
    """Largest L2 norm of the whole gradient."""
    precision: Literal["float32", "bf16"] = "float32"
    """Of matrix products; bf16 (autocast) for GPUs. Explicit, because it changes the result."""
    eval_every: int = Field(default=200, ge=1)
    """Steps between held-out evaluations; the last step is always one. It bears identity, though the model is the same:
    a trial's curve, what its `train_loss` and `grad_norm` span, and when it may be stopped early depend on it."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Of initial weights, of the order of the data and of masks."""
    encoder: EncoderConfig = EncoderConfig()
    """The model."""
    train_encoder: bool = True
    """Without it the encoder stays at its random initial weights and the reconstruction head alone is trained: the twin
    that says what pretraining adds."""
    mask: Mask = MaskConfig()
    """What is hidden while training: one mask throughout, or a curriculum (its stages, or its name: ``paper``).
    Held-out masks are fixed and the same for every run."""
    loss: LossConfig = LossConfig()
    """What is minimised of the reconstruction."""
    metadata_dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of the training spectra of which a field of the instrument is hidden, each field by itself, so that the
    model works with any part of them; needs `encoder.conditioning`."""
    modality_dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of the training spectra whose modality is hidden, which trains the domain token "unknown"."""
    views: ViewConfig | None = None
    """With it, every spectrum is replaced by two views as other instruments would have measured it."""
    reconstruction_weight: float = Field(default=1.0, ge=0.0)
    """α, of the reconstruction. At 0 nothing trains its head: held-out errors then say nothing of the encoder."""
    byol_weight: float = Field(default=0.0, ge=0.0)
    """β, of the agreement of a spectrum's two views; needs `views`."""
    byol: ByolConfig = ByolConfig()
    """Heads and target of the second objective."""

    @model_validator(mode="after")
    def _objectives(self) -> PretrainConfig:
        if self.byol_weight and self.views is None:
            raise ValueError("byol_weight: expected views, found none: two equal views agree already; set views")
        if self.byol_weight and not self.train_encoder:
            raise ValueError("byol_weight: expected 0 with an encoder that is not trained, or train_encoder true")
        if not (self.byol_weight or self.reconstruction_weight):
            raise ValueError("expected a weight on at least one objective, found none on reconstruction or byol")
        return self

    @model_validator(mode="after")
    def _one_channel(self) -> PretrainConfig:
        if self.encoder.in_channels != 1:
            raise ValueError(
                f"encoder.in_channels: expected 1, found {self.encoder.in_channels}: a corpus holds one version of "
                "each spectrum; channels that are made of it are encoder.preprocessing"
            )
        return self

    @model_validator(mode="after")
    def _something_to_see(self) -> PretrainConfig:
        smallest = min(scale.patch for scale in self.encoder.windows)
        for stage in self.mask.stages if isinstance(self.mask, Curriculum) else (self.mask,):
            if (visible := NUM_POINTS - stage.num_masked) < smallest:
                raise ValueError(
                    f"mask: expected at least {smallest} visible points, the smallest window of encoder.scales, found "
                    f"{visible} at a ratio of {stage.ratio}: every token would be the mask token; lower the ratio, or "
                    "choose smaller windows"
                )
        return self

    @model_validator(mode="after")
    def _something_to_hide(self) -> PretrainConfig:
        if self.metadata_dropout and self.encoder.conditioning == "none":
            raise ValueError(
                f"metadata_dropout: expected 0 where encoder.conditioning is none, found {self.metadata_dropout}: "
                "nothing looks at the instrument; set encoder.conditioning=film"
            )
        return self

    @model_validator(mode="after")
    def _rates_in_order(self) -> PretrainConfig:
        if self.min_learning_rate > self.learning_rate:
            raise ValueError(
                f"expected min_learning_rate ≤ learning_rate, found {self.min_learning_rate} > {self.learning_rate}"
            )
        return self

    @model_validator(mode="after")
    def _every_stage_comes(self) -> PretrainConfig:
        if isinstance(self.mask, Curriculum):
            self.mask.check_steps(self.steps)
        return self
