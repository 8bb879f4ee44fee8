"""One optimizer step of one worker."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from spektron.model.blocks import Blocks
from spektron.pretrain.byol import agreement_loss, momentum_at
from spektron.pretrain.config import PretrainConfig
from spektron.pretrain.curriculum import mask_at
from spektron.pretrain.data import TensorBatch, to_tensors
from spektron.pretrain.health import shared_failure
from spektron.pretrain.hiding import hide_metadata
from spektron.pretrain.losses import ReconstructionLoss
from spektron.pretrain.masking import draw_masks
from spektron.pretrain.objective import Objective, Online
from spektron.pretrain.optimizer import build_optimizer, learning_rate_at, set_learning_rate
from spektron.pretrain.views import ViewMaker
from spektron.pretrain.worker import Worker
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["TrainStep"]


class TrainStep:
    """One optimizer step: views, masks, forward, loss, backward, clipping, update.

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
            self.objective = Objective(config).to(self.device)
        self.model = self.objective.reconstructor
        self._view = ViewMaker(config.views) if config.views else None
        self.loss = ReconstructionLoss(config.loss).to(self.device)
        self.optimizer = build_optimizer(self.objective, config)
        self._parameters = [parameter for parameter in self.objective.parameters() if parameter.requires_grad]
        for module in self.model.modules():
            if isinstance(module, Blocks):
                module.recompute = worker.recompute
        self._called = self._wrap()

    def _wrap(self) -> nn.Module:
        called: nn.Module = self.objective
        if self.worker.world_size > 1:
            ids = [self.device.index or 0] if self.device.type == "cuda" else None
            called = DistributedDataParallel(called, device_ids=ids, broadcast_buffers=False)
        if self.worker.compile:
            called.compile()
        return called

    def __call__(self, step: int, batch: SpectrumBatch) -> tuple[Tensor, Tensor]:
        """Take step 1, 2, … on this worker's rows; return the loss and the gradient's norm."""
        config, worker = self.config, self.worker
        if config.encoder.dropout:
            torch.manual_seed(int(np.random.SeedSequence((config.seed, step, worker.rank)).generate_state(1)[0]))
        loss = self._backward(self._inputs(step, batch))
        norm = torch.nn.utils.clip_grad_norm_(self._parameters, config.grad_clip)
        set_learning_rate(self.optimizer, learning_rate_at(step, config))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if self.objective.byol is not None:
            self.objective.byol.follow(self.model.encoder, momentum_at(step, config.steps, config.byol.momentum))
        return loss, norm

    def _inputs(self, step: int, batch: SpectrumBatch) -> list[TensorBatch]:
        """The spectra as they are, or two views of each, one batch for each view; each under masks of its own."""
        mask, key = mask_at(self.config.mask, step, self.config.steps), (self.config.seed, step)
        rank, world_size = self.worker.rank, self.worker.world_size
        keys = [key] if self._view is None else [(*key, 0), (*key, 1)]
        masks = [draw_masks(mask, batch.intensity, each, rank=rank, world_size=world_size) for each in keys]
        plain = to_tensors(batch, masks[0], self.device)
        if self._view is None:
            return [self._hidden(plain, key)]
        inputs = []
        for each, hidden in zip(keys, masks, strict=True):
            view = self._view(plain.intensity[:, 0], *plain[1:4], each, rank=rank, world_size=world_size)
            masked = plain._replace(intensity=view.unsqueeze(1), mask=torch.as_tensor(hidden, device=self.device))
            inputs.append(self._hidden(masked, each))
        return inputs

    def _hidden(self, batch: TensorBatch, key: tuple[int, ...]) -> TensorBatch:
        """Without some of what is known of each spectrum; after the views, whose physics goes by the modality."""
        return hide_metadata(
            batch,
            key,
            metadata_dropout=self.config.metadata_dropout,
            modality_dropout=self.config.modality_dropout,
            rank=self.worker.rank,
            world_size=self.worker.world_size,
        )

    def _backward(self, inputs: list[TensorBatch]) -> Tensor:
        count = self.worker.accumulation
        total = torch.zeros((), device=self.device)
        for index, parts in enumerate(zip(*(batch.parts(count) for batch in inputs), strict=True)):
            # Views side by side in one pass: what gradients are exchanged is exchanged once.
            together = TensorBatch.together(parts)
            with self._unsynced(last=index == count - 1):
                loss = self._loss_of(together) / count
                torch.autograd.backward(shared_failure(loss))
            total += loss.detach()
        return total

    def _loss_of(self, batch: TensorBatch) -> Tensor:
        config, byol = self.config, self.objective.byol
        with torch.autocast(self.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
            online: Online = self._called(*batch)
            targets = byol.targets(*batch[:4], batch.instrument) if byol is not None else None
        terms = self.loss(online.reconstruction, batch.intensity[:, 0], batch.mask, batch.step_cm1)
        loss: Tensor = config.reconstruction_weight * terms.total
        if online.prediction is None or targets is None:
            return loss
        # Each view is to predict the other one.
        return loss + config.byol_weight * agreement_loss(online.prediction, targets.roll(len(targets) // 2, 0))

    def _unsynced(self, *, last: bool) -> Any:
        """Hold back the exchange of gradients until the last part."""
        return (
            nullcontext() if last or not isinstance(self._called, DistributedDataParallel) else self._called.no_sync()
        )
