"""Two workers' gradient is the gradient of one process on the batch of both, to rounding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from spektron.pretrain import PretrainConfig, Worker
from spektron.pretrain.train_step import TrainStep
from tests.model.spectra import tiny
from tests.pretrain.stand_in import make_batch

ROWS = 8
# What is left of the whole gradient after clipping would hide a wrong size of it.
BASE: dict[str, Any] = {"steps": 9, "batch_size": ROWS, "grad_clip": 1e9, "encoder": tiny().model_dump()}
WAYS: dict[str, dict[str, Any]] = {
    "reconstruction": {},
    "all terms, kinds of masks": {
        "loss": {"peak_weight": 1.0, "angle_weight": 0.3},
        "mask": {"kind": {"random": 1, "contiguous": 1, "peak": 1}},
    },
    "byol": {"views": {}, "byol_weight": 0.5},
    "hidden metadata": {
        "encoder": tiny(conditioning="film").model_dump(),
        "metadata_dropout": 0.5,
        "modality_dropout": 0.5,
    },
}


def gradients(way: dict[str, Any], rank: int, world_size: int, accumulation: int = 1) -> dict[str, torch.Tensor]:
    """One step's gradients, as the optimizer gets them."""
    worker = Worker(rank=rank, world_size=world_size, num_threads=1, accumulation=accumulation)
    step = TrainStep(PretrainConfig.model_validate({**BASE, **way}), worker)
    found: dict[str, torch.Tensor] = {}

    def keep(*_: Any, **__: Any) -> None:
        for name, parameter in step.objective.named_parameters():
            if parameter.grad is not None:
                found[name] = parameter.grad.clone()

    step.optimizer.step = keep  # type: ignore[method-assign]
    batch = make_batch(ROWS)
    step(3, batch.take(np.arange(rank, ROWS, world_size)))
    return found


def job(rank: int, folder: Path) -> None:
    """Keep what a worker of two finds, in two parts."""
    for name, way in WAYS.items():
        save_file(gradients(way, rank, 2, accumulation=2), folder / f"{name}-{rank}.safetensors")


@pytest.fixture
def folder(two_workers: Path) -> Path:
    return two_workers / "test_gradients"


@pytest.mark.parametrize("name", WAYS)
def test_two_workers_have_the_gradient_of_one(name: str, folder: Path) -> None:
    alone = gradients(WAYS[name], 0, 1)
    first, second = (load_file(folder / f"{name}-{rank}.safetensors") for rank in (0, 1))
    assert first.keys() == second.keys() == alone.keys()
    norm = torch.sqrt(sum(gradient.square().sum() for gradient in alone.values()))  # type: ignore[arg-type]
    for parameter, gradient in alone.items():
        assert torch.equal(first[parameter], second[parameter]), "workers would drift apart"
        apart = (first[parameter] - gradient).norm() / norm
        assert float(apart) < 1e-5, f"{parameter}: {float(apart):.1e} of the gradient's norm"


def test_another_batch_would_be_seen(folder: Path) -> None:
    """The comparison can fail: under another ratio of masks the gradient is another."""
    alone = gradients({"mask": {"ratio": 0.2}}, 0, 1)
    both = load_file(folder / "reconstruction-0.safetensors")
    name = "reconstructor.encoder.merge.blocks.0.mlp.0.weight"
    assert float((both[name] - alone[name]).norm() / both[name].norm()) > 1e-2
