"""What training did since the last evaluation, and the error when it diverged."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from spektron.core.errors import SpektronError
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["Diverged", "DivergedError", "TrainingWindow", "shared_failure"]

# Looking at a number on a GPU waits for it. A diverged run may go on for 20 steps, but no checkpoint is written unseen.
LOOK_EVERY_ON_GPU = 20


class DivergedError(SpektronError, ArithmeticError):
    """The loss or its gradient stopped being a number."""


class Diverged(NamedTuple):
    """The first step that gave no number: its batch, and loss and gradient norm as this worker saw them."""

    step: int
    batch: SpectrumBatch
    loss: float
    grad_norm: float


def shared_failure(loss: Tensor) -> Tensor:
    """A loss as it is where it is finite; else one whose gradients are no numbers, so that every worker sees it.

    Gradients are what workers exchange. Of an infinite loss they may be finite (a square overflows before its
    derivative does), and one worker would stop while the others wait for it. Times 1.0 is the same bits, and nothing is
    looked at, which on a GPU would cost a wait.
    """
    return loss * torch.where(torch.isfinite(loss), 1.0, torch.nan)


class TrainingWindow:
    """Losses and gradient norms since the last evaluation.

    Parameters
    ----------
    total, count : float, int
        Sum and number of losses before an interruption, from a checkpoint.
    """

    def __init__(self, total: float = 0.0, count: int = 0) -> None:
        self.total = total
        self.count = count
        self.grad_norm = 0.0
        self.diverged: Diverged | None = None
        self._unseen: list[tuple[int, SpectrumBatch, Tensor]] = []

    def add(self, step: int, batch: SpectrumBatch, loss: Tensor, grad_norm: Tensor) -> None:
        """Take note of a step and of what it was taken on, and look at it now if that costs nothing.

        Raises
        ------
        DivergedError
            Naming the first step whose loss or gradient norm is not finite. The norm is the same on all workers, and
            not finite where one worker's loss is not, so they all stop at the same step.
        """
        self._unseen.append((step, batch, torch.stack([loss.float(), grad_norm.float()])))
        if loss.device.type == "cpu" or len(self._unseen) >= LOOK_EVERY_ON_GPU:
            self.look()

    def look(self) -> None:
        """Look at all steps added; raises as `add` does."""
        if not self._unseen:
            return
        steps, batches, pairs = zip(*self._unseen)
        self._unseen = []
        for step, batch, (loss, grad_norm) in zip(steps, batches, torch.stack(pairs).tolist()):
            if not (math.isfinite(loss) and math.isfinite(grad_norm)):
                self.diverged = Diverged(step, batch, loss, grad_norm)
                raise DivergedError(
                    f"training diverged at step {step}: expected a finite loss and gradient, found loss {loss:.4g} "
                    f"and gradient norm {grad_norm:.4g}",
                    "lower learning_rate, or lengthen warmup_fraction; the last checkpoint is from before",
                )
            self.total += loss
            self.count += 1
            self.grad_norm = grad_norm
