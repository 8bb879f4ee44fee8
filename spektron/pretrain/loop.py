"""The training loop: one for a trial on one worker and for each worker of a trial on many.

Everything random is a function of (seed, step, rank), so a run that was interrupted and resumed is, bit for bit on a
CPU, the run that was not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
import torch.distributed as dist

from spektron.core.errors import ConfigError
from spektron.pretrain.checkpoint import Progress, latest_checkpoint, load_checkpoint, save_checkpoint
from spektron.pretrain.config import PretrainConfig
from spektron.pretrain.curriculum import mask_metrics
from spektron.pretrain.data import SpectrumSource
from spektron.pretrain.diverged import recorded
from spektron.pretrain.evaluate import HeldOut
from spektron.pretrain.health import DivergedError, TrainingWindow
from spektron.pretrain.optimizer import learning_rate_at
from spektron.pretrain.train_step import TrainStep
from spektron.pretrain.worker import Worker
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["Report", "pretrain"]

Report = Callable[[int, dict[str, float], Path | None], None]


def pretrain(
    config: PretrainConfig,
    corpus: SpectrumSource,
    *,
    checkpoint_dir: Path | None,
    report: Report,
    worker: Worker = Worker(),  # noqa: B008 (frozen)
    held_out_split: str = "validation",
) -> dict[str, float]:
    """Train until `config.steps`, from the last checkpoint in `checkpoint_dir` if there is one.

    Parameters
    ----------
    config : PretrainConfig
    corpus : SpectrumSource
    checkpoint_dir : Path, optional
        Shared by all workers. Without it nothing is written, and an interrupted run starts over.
    report : callable
        ``report(step, metrics, checkpoint)`` at every evaluation, on every worker; metrics are empty on all but the
        first. A checkpoint of the same step is complete before it is named here. A run that was finished already
        reports its last metrics once more.
    worker : Worker
        How to train.
    held_out_split : str
        Split that the held-out metrics are taken on.

    Returns
    -------
    dict
        The last evaluation's metrics, on the first worker; empty on the others.

    Raises
    ------
    ConfigError
        For a batch that cannot be split, more spectra than there are, or another run's checkpoint.
    DivergedError
        When the loss is not finite, on all workers at the same step; the spectra of that step are then named in a file
        of `checkpoint_dir` (`spektron.pretrain.diverged`).
    """
    rows = worker.rows_of(config.batch_size)
    unique = _num_unique(config, corpus)
    if worker.num_threads is not None:
        torch.set_num_threads(worker.num_threads)
    run = _Run(config, corpus, checkpoint_dir, report, worker, unique, held_out_split)
    if run.progress.step >= config.steps:
        run.report_again()
        return run.progress.metrics if worker.is_first else {}
    batches = corpus.stream(
        num_spectra=config.num_spectra,
        batch_size=rows,
        seed=config.seed,
        rank=worker.rank,
        world_size=worker.world_size,
        start_batch=run.progress.step,
        mix=config.mix,
        instruments=_reads_instruments(config),
    )
    return run.train(batches)


def _reads_instruments(config: PretrainConfig) -> bool:
    return config.encoder.conditioning != "none"


def _num_unique(config: PretrainConfig, corpus: SpectrumSource) -> int:
    available = corpus.num_spectra("train")
    unique = available if config.num_spectra is None else config.num_spectra
    if config.mix is not None:
        return sum(share.unique for share in corpus.shares(config.mix, config.num_spectra))
    if not 0 < unique <= available:
        raise ConfigError(
            f"num_spectra: expected 1 to {available}, the corpus' training spectra, found {unique}",
            "lower num_spectra, or build a larger corpus",
        )
    return unique


class _Run:
    """A run under way: a `TrainStep`, and what happens between steps."""

    def __init__(
        self,
        config: PretrainConfig,
        corpus: SpectrumSource,
        checkpoint_dir: Path | None,
        report: Report,
        worker: Worker,
        unique: int,
        held_out_split: str,
    ) -> None:
        self.config, self.corpus, self.worker = config, corpus, worker
        self.checkpoint_dir, self.report, self.unique = checkpoint_dir, report, unique
        self.step = TrainStep(config, worker)
        self.checkpoint: Path | None = None
        self.progress = self._resume()
        self.window = TrainingWindow(self.progress.loss_total, self.progress.loss_count)
        self.held_out: HeldOut | None = None
        if worker.is_first:
            instruments = _reads_instruments(config)
            self.held_out = HeldOut(corpus, self.step.device, held_out_split, instruments=instruments)
        self.train_s, self.timed_steps = 0.0, 0

    def train(self, batches: Iterator[SpectrumBatch]) -> dict[str, float]:
        try:
            return self._train(batches)
        except DivergedError as error:
            if self.window.diverged is None:
                raise
            told = recorded(error, self.window.diverged, self.corpus, self.config, self.worker, self.checkpoint_dir)
            if self.worker.world_size > 1:
                dist.barrier()  # the first error ends all workers: none raises before each has named its spectra
            raise told from error

    def _train(self, batches: Iterator[SpectrumBatch]) -> dict[str, float]:
        config = self.config
        for step in range(self.progress.step + 1, config.steps + 1):
            started = time.perf_counter()
            batch = next(batches)
            self.window.add(step, batch, *self.step(step, batch))
            last = step == config.steps
            evaluates = last or step % config.eval_every == 0
            saves = last or step % self.worker.checkpoint_every == 0
            if evaluates or saves:
                self.window.look()
            self.train_s += time.perf_counter() - started
            self.timed_steps += 1
            metrics = self._evaluate(step) if evaluates else self.progress.metrics
            self.progress = Progress(step=step, metrics=metrics)
            if saves:
                self._save()
            if evaluates:
                self.report(step, metrics, self.checkpoint if saves else None)
        return self.progress.metrics

    def report_again(self) -> None:
        """Say once more how a finished run ended."""
        self.report(self.progress.step, self.progress.metrics if self.worker.is_first else {}, self.checkpoint)

    def _evaluate(self, step: int) -> dict[str, float]:
        total, count = self._window_of_all()
        speed = self.timed_steps * self.config.batch_size / max(self.train_s, 1e-9)
        grad_norm = self.window.grad_norm
        self.window, self.train_s, self.timed_steps = TrainingWindow(), 0.0, 0
        if self.held_out is None:
            return {}
        seen = step * self.config.batch_size
        return {
            "train_loss": total / max(count, 1),
            **self.held_out.score(self.step.model, other_masks=step == self.config.steps),
            "lr": learning_rate_at(step, self.config),
            "grad_norm": grad_norm,
            **mask_metrics(self.config.mask, step, self.config.steps),
            "spectra_per_s": speed,
            "unique": float(self.unique),
            "seen": float(seen),
            "epochs": seen / self.unique,
            **self._mixture(seen),
        }

    def _mixture(self, seen: int) -> dict[str, float]:
        """How many different spectra of each kind of a mixture there are, and how often they were seen."""
        if self.config.mix is None:
            return {}
        shares = self.corpus.shares(self.config.mix, self.config.num_spectra)
        return {
            f"{share.kind}_{what}": value
            for share in shares
            for what, value in (
                ("unique", float(share.unique)),
                ("seen", share.weight * seen),
                ("epochs", share.epochs(seen)),
            )
        }

    def _window_of_all(self) -> tuple[float, int]:
        """Sum and number of losses since the last evaluation, a mean over the workers; all of them must call."""
        if self.worker.world_size == 1:
            return self.window.total, self.window.count
        total = torch.tensor(self.window.total, dtype=torch.float64, device=self.step.device)
        dist.all_reduce(total)
        return float(total) / self.worker.world_size, self.window.count

    def _save(self) -> None:
        if self.checkpoint_dir is None:
            return
        total, count = self._window_of_all()
        if not self.worker.is_first:
            return
        self.checkpoint = save_checkpoint(
            self.checkpoint_dir,
            self.step.objective,
            self.step.optimizer,
            replace(self.progress, loss_total=total, loss_count=count),
            config=self.config,
            corpus_fingerprint=self.corpus.fingerprint,
        )

    def _resume(self) -> Progress:
        found = self._latest()
        if found is None:
            return Progress()
        self.checkpoint = found
        return load_checkpoint(
            found,
            self.step.objective,
            self.step.optimizer,
            config=self.config,
            corpus_fingerprint=self.corpus.fingerprint,
        )

    def _latest(self) -> Path | None:
        """Let the first worker choose: on a shared disk the others may see a rename late, or a pruned folder still."""
        if self.checkpoint_dir is None:
            return None
        if self.worker.world_size == 1:
            return latest_checkpoint(self.checkpoint_dir)
        found = latest_checkpoint(self.checkpoint_dir) if self.worker.is_first else None
        chosen = torch.tensor([int(found.name.partition("-")[2]) if found else -1], device=self.step.device)
        dist.broadcast(chosen, src=0)
        step = int(chosen.item())
        return None if step < 0 else self.checkpoint_dir / f"step-{step:08d}"
