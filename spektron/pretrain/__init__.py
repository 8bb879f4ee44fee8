"""Pretraining by masked spectrum reconstruction: masks, loss, one training loop, checkpoints, held-out metrics."""

from spektron.pretrain.checkpoint import Progress, latest_checkpoint, load_model
from spektron.pretrain.config import PretrainConfig
from spektron.pretrain.curriculum import CURRICULA, PAPER_CURRICULUM, Curriculum, Mask, Stage
from spektron.pretrain.data import SpectrumSource
from spektron.pretrain.evaluate import HELD_OUT_MASK, HeldOut
from spektron.pretrain.export import export_model
from spektron.pretrain.health import DivergedError
from spektron.pretrain.loop import Report, pretrain
from spektron.pretrain.losses import LossConfig, ReconstructionLoss
from spektron.pretrain.masking import MaskConfig, MaskKind, draw_masks
from spektron.pretrain.worker import Worker

__all__ = [
    "CURRICULA",
    "HELD_OUT_MASK",
    "PAPER_CURRICULUM",
    "Curriculum",
    "DivergedError",
    "HeldOut",
    "LossConfig",
    "Mask",
    "MaskConfig",
    "MaskKind",
    "PretrainConfig",
    "Progress",
    "ReconstructionLoss",
    "Report",
    "SpectrumSource",
    "Stage",
    "Worker",
    "draw_masks",
    "export_model",
    "latest_checkpoint",
    "load_model",
    "pretrain",
]
