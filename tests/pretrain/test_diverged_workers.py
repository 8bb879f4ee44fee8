"""Of two workers one meets a spectrum that gives no number: both stop at that step, and each names its own spectra."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spektron.pretrain import DivergedError, Worker, pretrain
from spektron.pretrain.replay import replay
from spektron.pretrain.train_step import TrainStep
from spektron.spectra.spectrum import SpectrumBatch
from tests.model.spectra import tiny
from tests.pretrain.conftest import small
from tests.pretrain.stand_in import MemoryCorpus, make_batch

STEP, RANK = 7, 1
LOSS_OF = TrainStep._loss_of


def config() -> Any:
    return small(encoder=tiny(scales=("coarse",)))


class Spoilt(MemoryCorpus):
    """The second worker's first row is not finite in the seventh batch."""

    def __init__(self) -> None:
        super().__init__(make_batch(32), make_batch(16, seed=1))

    def stream(self, *, start_batch: int, rank: int, **how: Any) -> Iterator[SpectrumBatch]:
        batches = super().stream(start_batch=start_batch, rank=rank, **how)
        for step, batch in enumerate(batches, start_batch + 1):
            if (step, rank) == (STEP, RANK):
                spoilt = batch.intensity.copy()
                spoilt[0] = np.nan
                batch = replace(batch, intensity=spoilt)
            yield batch


def infinite(self: TrainStep, batch: Any, loss_of: Any = LOSS_OF) -> Any:
    """As when a square overflows: the loss is infinite, its derivative is not."""
    loss = loss_of(self, batch)
    self.calls = getattr(self, "calls", 0) + 1  # type: ignore[attr-defined]
    is_bad = self.worker.rank == RANK and self.calls == STEP  # type: ignore[attr-defined]
    return loss + torch.inf if is_bad else loss


def job(rank: int, folder: Path) -> None:
    """Train until it diverges, first for a NaN, then for an infinite loss."""
    worker = Worker(rank=rank, world_size=2, num_threads=1, checkpoint_every=3)
    for name, corpus in {"nan": Spoilt(), "inf": MemoryCorpus(make_batch(32), make_batch(16, seed=1))}.items():
        if name == "inf":
            TrainStep._loss_of = infinite  # type: ignore[method-assign, assignment]
        out = folder / name
        try:
            pretrain(config(), corpus, checkpoint_dir=out, report=lambda *_: None, worker=worker)
        except DivergedError as error:
            (folder / f"{name}-{rank}.txt").write_text(error.message)
            assert len(list(out.glob("diverged-*"))) == 2, "all have named theirs before one raises"
    TrainStep._loss_of = LOSS_OF  # type: ignore[method-assign]


@pytest.fixture
def folder(two_workers: Path) -> Path:
    return two_workers / "test_diverged_workers"


@pytest.mark.parametrize("name", ["nan", "inf"])
def test_both_stop_at_the_same_step_and_each_names_its_own(name: str, folder: Path) -> None:
    corpus = MemoryCorpus(make_batch(32), make_batch(16, seed=1))
    for rank in (0, 1):
        path = folder / name / f"diverged-step-{STEP:08d}-rank-{rank}.json"
        assert (folder / f"{name}-{rank}.txt").read_text().startswith(f"training diverged at step {STEP}")
        record = json.loads(path.read_text())
        assert (record["worker"]["rank"], record["worker"]["world_size"], len(record["rows"])) == (rank, 2, 4)
        batches = corpus.stream(
            num_spectra=None, batch_size=4, seed=0, rank=rank, world_size=2, start_batch=STEP - 1, mix=None
        )
        names = corpus.spectrum_ids(next(batches))
        found = [row["spectrum_id"] for row in record["rows"]]
        assert found == (["", *names[1:]] if (name, rank) == ("nan", RANK) else names)
        # Only one of them knows from its own loss whose rows they were.
        assert np.isfinite(float(record["loss"])) == (rank != RANK)
        assert not np.isfinite(float(record["grad_norm"]))


def test_either_record_leads_to_the_spectrum(folder: Path) -> None:
    for rank in (0, 1):
        found = replay(folder / "nan" / f"diverged-step-{STEP:08d}-rank-{rank}.json", Spoilt())
        assert (found.step, found.first_step) == (STEP, STEP)
        # The second worker's first row is the second of the batch of both.
        assert [place for place, row in enumerate(found.rows) if not row.is_finite] == [1]
