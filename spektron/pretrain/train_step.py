"""One optimizer step of one worker."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from spektron.model import MaskedReconstructor
from spektron.pretrain.config import PretrainConfig
from spektron.pretrain.data import TensorBatch, to_tensors
from spektron.pretrain.losses import ReconstructionLoss
from spektron.pretrain.masking import draw_masks
from spektron.pretrain.optimizer import build_optimizer, learning_rate_at, set_learning_rate
from spektron.pretrain.worker import Worker
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["TrainStep"]


class TrainStep:
    """One optimizer step: masks, forward, loss, backward, clipping, update.

    Parameters
    ----------
    config : PretrainConfig
    worker : Worker
    """

    def __init__(self, config: PretrainConfig, worker: Worker) -> None:
        self.config, self.worker = config, worker
        self.device = torch.device(worker.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.model = MaskedReconstructor(config.encoder).to(self.device)
        self.loss = ReconstructionLoss(config.loss).to(self.device)
        self.optimizer = build_optimizer(self.model, config)
        self._parameters = list(self.model.parameters())
        self._called = self._wrap()

    def _wrap(self) -> nn.Module:
        called: nn.Module = self.model
        if self.worker.world_size > 1:
            ids = [self.device.index or 0] if self.device.type == "cuda" else None
            called = DistributedDataParallel(called, device_ids=ids, broadcast_buffers=False)
        if self.worker.compile:
            called.compile()
        return called

    def __call__(self, step: int, batch: SpectrumBatch) -> tuple[Tensor, Tensor]:
        """Take step 1, 2, … on this worker's rows; return the loss and the gradient's norm."""
        config, worker = self.config, self.worker
        masks = draw_masks(
            config.mask, batch.intensity, (config.seed, step), rank=worker.rank, world_size=worker.world_size
        )
        if config.encoder.dropout:
            torch.manual_seed(int(np.random.SeedSequence((config.seed, step, worker.rank)).generate_state(1)[0]))
        loss = self._backward(to_tensors(batch, masks, self.device))
        norm = torch.nn.utils.clip_grad_norm_(self._parameters, config.grad_clip)
        set_learning_rate(self.optimizer, learning_rate_at(step, config))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss, norm

    def _backward(self, batch: TensorBatch) -> Tensor:
        parts = batch.parts(self.worker.accumulation)
        total = torch.zeros((), device=self.device)
        for index, part in enumerate(parts):
            with self._unsynced(last=index == len(parts) - 1):
                with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16"):
                    reconstruction = self._called(*part)
                terms = self.loss(reconstruction, part.intensity[:, 0], part.mask, part.step_cm1)
                loss = terms.total / len(parts)
                loss.backward()
            total += loss.detach()
        return total

    def _unsynced(self, *, last: bool) -> Any:
        """Hold back the exchange of gradients until the last part."""
        return (
            nullcontext() if last or not isinstance(self._called, DistributedDataParallel) else self._called.no_sync()
        )
