"""Looking at every number of one training step: what goes in, what modules make of it, losses and gradients."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn

from spektron.model import Instrument, Reconstruction
from spektron.pretrain.losses import LossTerms, ReconstructionLoss
from spektron.pretrain.train_step import TrainStep

__all__ = ["Watch"]


class Watch:
    """While it is open, watches the steps of a `TrainStep`; what is found stays when it is closed.

    Parameters
    ----------
    step : TrainStep
    rows : int
        Spectra of the batch.

    Attributes
    ----------
    inputs : set of int
        Rows of the batch of which a view, or the spectrum itself, is not finite.
    modules : list of str
        Modules whose output was not finite although all that they were given was, in the order in which they ended, the
        innermost first.
    terms : list of str
        Terms of the reconstruction loss that were not finite.
    losses : list of list of float
        For each row, the reconstruction loss of it alone: one number, or one for each view.
    gradients : list of str
        Parameters whose gradient was not finite, in the order in which they came: last layers first.
    """

    def __init__(self, step: TrainStep, rows: int) -> None:
        self._step = step
        self._rows_of_part = rows // step.worker.accumulation
        self._part = -1
        self._handles: list[Any] = []
        self.inputs: set[int] = set()
        self.modules: list[str] = []
        self.terms: list[str] = []
        self.losses: list[list[float]] = [[] for _ in range(rows)]
        self.gradients: list[str] = []

    def __enter__(self) -> Self:
        model, add = self._step.objective, self._handles.append
        add(model.register_forward_pre_hook(self._look_at_input))
        for name, module in model.named_modules():
            add(module.register_forward_hook(self._at_output(name or "the objective")))
        add(self._step.loss.register_forward_hook(self._look_at_loss))
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                add(_hook(parameter, self._at_gradient(name)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _row(self, place: int) -> int:
        """Row of the whole batch, of a place in a part's views side by side."""
        return self._part * self._rows_of_part + place % self._rows_of_part

    def _look_at_input(self, module: nn.Module, given: tuple[Any, ...]) -> None:
        self._part += 1
        finite = torch.isfinite(given[0]).flatten(1).all(dim=1)
        self.inputs |= {self._row(place) for place, whole in enumerate(finite.tolist()) if not whole}

    def _at_output(self, name: str) -> Any:
        def look(module: nn.Module, given: Any, out: Any) -> None:
            if all(map(_is_finite, _tensors(given))) and not all(map(_is_finite, _tensors(out))):
                self.modules.append(name)

        return look

    def _look_at_loss(self, module: ReconstructionLoss, given: tuple[Any, ...], out: LossTerms) -> None:
        self.terms += [name for name, value in out._asdict().items() if name != "total" and not _is_finite(value)]
        for place, loss in enumerate(_each_alone(module, *given)):
            self.losses[self._row(place)].append(loss)

    def _at_gradient(self, name: str) -> Any:
        def look(gradient: Tensor) -> None:
            if not _is_finite(gradient) and name not in self.gradients:
                self.gradients.append(name)

        return look


@torch.no_grad()
def _each_alone(
    loss: ReconstructionLoss, reconstruction: Reconstruction, intensity: Tensor, mask: Tensor, step_cm1: Tensor
) -> Iterator[float]:
    """The loss of each row as if it were the whole batch."""
    for place in range(len(intensity)):
        row = slice(place, place + 1)
        values, center, scale, encoded = reconstruction
        alone = Reconstruction(values[row], center[row], scale[row], encoded)
        yield float(loss.forward(alone, intensity[row], mask[row], step_cm1[row]).total)


def _hook(parameter: Tensor, look: Any) -> Any:
    return parameter.register_hook(look)  # type: ignore[no-untyped-call]


def _tensors(value: Any) -> Iterator[Tensor]:
    # What is not stated of an instrument is NaN, and no number that was lost.
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list) and not isinstance(value, Instrument):
        for part in value:
            yield from _tensors(part)


def _is_finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(torch.isfinite(tensor).all())
