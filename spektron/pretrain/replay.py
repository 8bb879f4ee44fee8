"""Taking a step again that gave no number, and saying where the first one was lost."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from pydantic import ValidationError

from spektron.core.errors import ConfigError
from spektron.pretrain.checkpoint import latest_checkpoint, load_checkpoint
from spektron.pretrain.config import PretrainConfig
from spektron.pretrain.data import SpectrumSource
from spektron.pretrain.diverged import FORMAT
from spektron.pretrain.train_step import TrainStep
from spektron.pretrain.watch import Watch
from spektron.pretrain.worker import Worker
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["Replay", "ReplayedRow", "replay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedRow:
    """One spectrum of the step.

    Attributes
    ----------
    spectrum_id : str
        Its name, or its place where the corpus has none with these numbers.
    is_finite, is_finite_as_seen : bool
        Whether all its intensities are numbers: those of the corpus, and those of its views.
    loss : float
        Reconstruction loss of this spectrum alone, a mean over its views; NaN where there was none.
    """

    spectrum_id: str
    is_finite: bool
    is_finite_as_seen: bool
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A step that gave no number, taken again.

    Attributes
    ----------
    step, first_step : int
        The step, and the one after the checkpoint that the replay began with.
    loss, grad_norm : float
        As they came out this time.
    rows : tuple of ReplayedRow
        The spectra, of all workers.
    weights : tuple of str
        Parameters that were not finite before the step.
    modules, terms, gradients : tuple of str
        As `Watch` found them; gradients only where the loss is a number, because else none of them is.
    operation : str
        First operation of the backward pass that made a NaN, as torch names it; empty where none did or loss is none.
    """

    step: int
    first_step: int
    loss: float
    grad_norm: float
    rows: tuple[ReplayedRow, ...]
    weights: tuple[str, ...]
    modules: tuple[str, ...]
    terms: tuple[str, ...]
    gradients: tuple[str, ...]
    operation: str

    @property
    def sentence(self) -> str:
        """Where the first number was lost, in words."""
        if bad := [row for row in self.rows if not row.is_finite]:
            return f"{self._some(bad)} hold values that are not finite"
        if bad := [row for row in self.rows if not row.is_finite_as_seen]:
            return f"{self._some(bad)} are finite, but their views are not"
        if self.weights:
            return f"{len(self.weights)} parameters were no numbers before the step, such as {self.weights[0]}"
        bad = [row for row in self.rows if not isfinite(row.loss)]
        if self.modules:
            return f"the first output that is no number is that of {self.modules[0]}; no loss for {self._some(bad)}"
        if self.terms:
            where = f"for {self._some(bad)}" if bad else "as a sum, though each spectrum has one"
            return f"outputs are numbers, the loss ({', '.join(self.terms)}) is not {where}"
        if self.gradients:
            made = f", made by {self.operation}" if self.operation else ""
            return f"loss and outputs are numbers, the gradient of {self.gradients[0]} is not{made}"
        if isfinite(self.loss) and isfinite(self.grad_norm):
            return "this time the step gave numbers: the run it comes from had other hardware, threads or workers"
        return "all outputs and gradients are numbers; their sum is not"

    def _some(self, rows: Sequence[ReplayedRow]) -> str:
        names = ", ".join(row.spectrum_id for row in rows[:5]) + (", …" if len(rows) > 5 else "")
        return f"{len(rows)} of {len(self.rows)} spectra ({names})" if rows else "none of the spectra"


def replay(record: Path, corpus: SpectrumSource, *, device: str = "cpu") -> Replay:
    """Go from the last checkpoint beside a record to its step, in one process, and look closely at that one.

    A run of one worker on a CPU is replayed bit for bit. With several workers the rows of all of them are taken in one
    process, as the stream dealt them out, which differs by rounding; under dropout other features are left out.

    Parameters
    ----------
    record : Path
        ``diverged-step-….json`` of any worker.
    corpus : SpectrumSource
        What the run was trained on. A subset too large for memory needs Ray, as it did in training.
    device : str
        Where to take the steps; that of the run (it is in the record) meets the same rounding.

    Raises
    ------
    ConfigError
        When the file is no such record, or of another corpus.
    """
    config, step, fingerprint, was = _read(record)
    if fingerprint != corpus.fingerprint:
        raise ConfigError(
            f"{record}: expected corpus {fingerprint}, found {corpus.fingerprint}",
            "open the corpus it was made of",
        )
    with _threads(was.num_threads):
        train = TrainStep(config, Worker(device=device, accumulation=was.accumulation))
        found = latest_checkpoint(record.parent)
        done = 0
        if found is not None and int(found.name.partition("-")[2]) < step:
            done = load_checkpoint(
                found, train.objective, train.optimizer, config=config, corpus_fingerprint=corpus.fingerprint
            ).step
        batches = _batches(config, corpus, was.world_size, done)
        for number in range(done + 1, step):
            train(number, next(batches))
        return _look_closely(train, step, done + 1, next(batches), corpus)


def _look_closely(train: TrainStep, step: int, first_step: int, batch: SpectrumBatch, corpus: SpectrumSource) -> Replay:
    before = {name: tensor.clone() for name, tensor in train.objective.state_dict().items()}
    with Watch(train, len(batch)) as watch:
        loss, norm = map(float, train(step, batch))
    operation = ""
    if isfinite(loss) and not isfinite(norm):
        train.objective.load_state_dict(before)
        operation = _nan_made_by(train, step, batch)
    finite: list[bool] = torch.isfinite(torch.from_numpy(batch.intensity)).all(dim=1).tolist()
    rows = tuple(
        ReplayedRow(
            spectrum_id=name or f"row {place}, of no training spectrum",
            is_finite=finite[place],
            is_finite_as_seen=place not in watch.inputs,
            loss=fmean(watch.losses[place]),
        )
        for place, name in enumerate(corpus.spectrum_ids(batch))
    )
    return Replay(
        step=step,
        first_step=first_step,
        loss=loss,
        grad_norm=norm,
        rows=rows,
        weights=tuple(name for name, tensor in before.items() if not bool(torch.isfinite(tensor).all())),
        modules=tuple(watch.modules),
        terms=tuple(dict.fromkeys(watch.terms)),
        gradients=tuple(watch.gradients) if isfinite(loss) else (),
        operation=operation,
    )


def _nan_made_by(train: TrainStep, step: int, batch: SpectrumBatch) -> str:
    """Which operation of the backward pass makes the first NaN; torch finds NaN, not infinities."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that this mode is slow, and the whole stack of the operation
            with torch.autograd.detect_anomaly(check_nan=True):
                train(step, batch)
    except RuntimeError as error:
        if made := re.search(r"Function '(\w+)' returned nan", str(error)):
            return made.group(1)
        raise
    return ""


def _batches(config: PretrainConfig, corpus: SpectrumSource, world_size: int, done: int) -> Iterator[SpectrumBatch]:
    """The batches of all workers together, each row where it was: its mask and its view go by its place."""
    streams = [
        corpus.stream(
            num_spectra=config.num_spectra,
            batch_size=config.batch_size // world_size,
            seed=config.seed,
            rank=rank,
            world_size=world_size,
            start_batch=done,
            mix=config.mix,
            instruments=config.encoder.conditioning != "none",
        )
        for rank in range(world_size)
    ]
    return map(_dealt_out, zip(*streams, strict=True))


def _dealt_out(parts: Sequence[SpectrumBatch]) -> SpectrumBatch:
    """One batch of those of all workers, which have every `len(parts)`-th row each."""
    if len(parts) == 1:
        return parts[0]
    fields = {}
    for name in SpectrumBatch.__dataclass_fields__:
        rows = np.stack([getattr(part, name) for part in parts], axis=1)
        fields[name] = rows.reshape(-1, *rows.shape[2:])
    return SpectrumBatch(**fields)


@contextmanager
def _threads(number: int | None) -> Iterator[None]:
    """As many threads as the run had: the last bits of sums depend on it."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _read(record: Path) -> tuple[PretrainConfig, int, str, Worker]:
    try:
        values = json.loads(record.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise ConfigError(f"{record}: expected format {FORMAT}, found {values['format']}", "run the trial again")
        config = PretrainConfig.model_validate(values["config"])
        return config, int(values["step"]), str(values["corpus"]), Worker(**values["worker"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        if isinstance(error, ConfigError):
            raise
        problem = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise ConfigError(
            f"{record}: expected the record of a diverged step, found {problem}",
            "name a file diverged-step-….json of a trial's checkpoint folder",
        ) from error
