"""A small encoder and the arguments it takes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from spektron.model import EncoderConfig
from tests.pretrain.stand_in import make_batch


def tiny(**changes: Any) -> EncoderConfig:
    return EncoderConfig(**{"dim": 16, "layers": 1, "heads": 2, "mlp_ratio": 2, **changes})


def arguments(rows: int = 2, seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Intensity with its channel axis, both ends of the axis, modality."""
    batch = make_batch(rows, seed)
    return (
        torch.from_numpy(batch.intensity).unsqueeze(1),
        torch.from_numpy(batch.wavenumber_start_cm1),
        torch.from_numpy(batch.wavenumber_stop_cm1),
        torch.from_numpy(batch.modality),
    )
