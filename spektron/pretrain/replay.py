"""Taking a step again that gave no number, and saying where the first one was lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from spektron.core.errors import ConfigError
from spektron.pretrain.checkpoint import latest_checkpoint, load_checkpoint
from spektron.pretrain.config import PretrainConfig
from spektron.pretrain.data import SpectrumSource
from spektron.pretrain.diverged import FORMAT
from spektron.pretrain.train_step import TrainStep
from spektron.pretrain.worker import Worker

__all__ = ["Replay", "replay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A step that gave no number, taken again.

    Attributes
    ----------
    step, first_step : int
        The step, and the one after the checkpoint that the replay began with.
    loss, grad_norm : float
        As they came out this time.
    rows : dict
        Spectrum id → whether all its intensities are finite.
    modules : tuple of str
        Modules whose output was not finite although their input was, in the order in which they ran; the first is where
        the number was lost.
    weights, gradients : tuple of str
        Parameters that were not finite before the step, and gradients that were not after it.
    """

    step: int
    first_step: int
    loss: float
    grad_norm: float
    rows: dict[str, bool]
    modules: tuple[str, ...]
    weights: tuple[str, ...]
    gradients: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Where the first number was lost, in words."""
        bad = [name for name, finite in self.rows.items() if not finite]
        if bad:
            return f"{len(bad)} of {len(self.rows)} spectra hold values that are not finite: {', '.join(bad[:5])}"
        if self.weights:
            return f"{len(self.weights)} parameters were no numbers before the step, such as {self.weights[0]}"
        if self.modules:
            return f"the first output that is no number is that of {self.modules[0]}"
        if self.gradients:
            return f"outputs are numbers, {len(self.gradients)} gradients are not, such as that of {self.gradients[0]}"
        if torch.isfinite(torch.tensor([self.loss, self.grad_norm])).all():
            return "this time the step gave numbers: the run it comes from had other hardware, threads or workers"
        return "all outputs and gradients are numbers; their sum is not"


def replay(record: Path, corpus: SpectrumSource) -> Replay:
    """Go from the last checkpoint beside a record to its step, in one process on the CPU, and look closely at that one.

    With several workers the batch of all of them is taken in one, which differs by rounding.

    Parameters
    ----------
    record : Path
        ``diverged-step-….json``.
    corpus : SpectrumSource
        What the run was trained on.

    Raises
    ------
    ConfigError
        When the file is no such record, or of another corpus.
    """
    values = _read(record)
    config, step = values["config"], values["step"]
    if values["corpus"] != corpus.fingerprint:
        raise ConfigError(
            f"{record}: expected corpus {values['corpus']}, found {corpus.fingerprint}",
            "open the corpus it was made of",
        )
    train = TrainStep(config, Worker())
    found = latest_checkpoint(record.parent)
    done = 0
    if found is not None and int(found.name.partition("-")[2]) < step:
        done = load_checkpoint(
            found, train.objective, train.optimizer, config=config, corpus_fingerprint=corpus.fingerprint
        ).step
    batches = corpus.stream(
        num_spectra=config.num_spectra,
        batch_size=config.batch_size,
        seed=config.seed,
        rank=0,
        world_size=1,
        start_batch=done,
        mix=config.mix,
        instruments=config.encoder.conditioning != "none",
    )
    for number in range(done + 1, step):
        train(number, next(batches))
    weights = _not_finite(train.objective.named_parameters())
    batch = next(batches)
    gradients: list[str] = []
    with _watched(train.objective) as modules, _gradients(train.objective, gradients):
        loss, norm = train(step, batch)
    finite = torch.isfinite(torch.from_numpy(batch.intensity)).all(dim=1).tolist()
    names = [name or f"row {place}, of no training spectrum" for place, name in enumerate(corpus.spectrum_ids(batch))]
    return Replay(
        step=step,
        first_step=done + 1,
        loss=float(loss),
        grad_norm=float(norm),
        rows=dict(zip(names, finite, strict=True)),
        modules=tuple(modules),
        weights=weights,
        gradients=tuple(gradients),
    )


def _read(record: Path) -> dict[str, Any]:
    try:
        values = json.loads(record.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise ConfigError(f"{record}: expected format {FORMAT}, found {values['format']}", "run the trial again")
        config = PretrainConfig.model_validate(values["config"])
        return {"config": config, "step": int(values["step"]), "corpus": str(values["corpus"])}
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        if isinstance(error, ConfigError):
            raise
        problem = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise ConfigError(
            f"{record}: expected the record of a diverged step, found {problem}",
            "name a file diverged-step-….json of a trial's checkpoint folder",
        ) from error


def _not_finite(named: Any) -> tuple[str, ...]:
    return tuple(name for name, tensor in named if not bool(torch.isfinite(tensor).all()))


@contextmanager
def _watched(model: nn.Module) -> Iterator[list[str]]:
    """Collect modules that lose a number: finite in, not finite out, innermost first."""
    lost: list[str] = []

    def watch(name: str) -> Any:
        def hook(module: nn.Module, given: Any, out: Any) -> None:
            if all(_finite(part) for part in _tensors(given)) and not all(_finite(part) for part in _tensors(out)):
                lost.append(name or type(module).__name__)

        return hook

    handles = [module.register_forward_hook(watch(name)) for name, module in model.named_modules()]
    try:
        yield lost
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _gradients(model: nn.Module, lost: list[str]) -> Iterator[None]:
    def watch(name: str) -> Any:
        def hook(gradient: Tensor) -> None:
            if not _finite(gradient) and name not in lost:
                lost.append(name)

        return hook

    hook: Any = Tensor.register_hook  # untyped in torch
    handles = [hook(parameter, watch(name)) for name, parameter in model.named_parameters() if parameter.requires_grad]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _tensors(part)


def _finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(torch.isfinite(tensor).all())
