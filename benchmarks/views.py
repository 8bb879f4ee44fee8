"""What views and masks cost beside the pass they are made for.

    python benchmarks/views.py [--threads 2] [--rounds 5] [--batch 64] [--device cpu] [--clock wall|cpu]

Timed in turn, round after round, so that a busy moment of the machine hits all of them: one view with the default
chances, one view with every effect on every row, each effect alone on every row, masks of each kind, and one forward
and backward of the default encoder with its loss. The share is of that one pass: in a step of several it is less.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch
from torch import Tensor

from spektron.model import EncoderConfig, MaskedReconstructor
from spektron.pretrain import LossConfig, MaskConfig, ReconstructionLoss, draw_masks
from spektron.pretrain.data import TensorBatch, to_tensors
from spektron.pretrain.views import ViewConfig, ViewMaker
from spektron.spectra.simulate import simulate_block
from spektron.spectra.spectrum import MODALITIES, SpectrumBatch

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
NAMES = tuple(ViewConfig.model_fields)[:-1]
TARGET = 0.05
NUM_VIEWS = 2  # of each row, in a step that contrasts them


def simulated(batch: int) -> SpectrumBatch:
    block = simulate_block(0, 0, MODALITIES)
    rows = np.arange(batch) % len(block.intensity)
    modality = np.array([MODALITIES.index(name) for name in block.modality], dtype=np.int64)
    return SpectrumBatch(
        intensity=block.intensity[rows],
        wavenumber_start_cm1=block.wavenumber_start_cm1[rows].astype(np.float32),
        wavenumber_stop_cm1=block.wavenumber_stop_cm1[rows].astype(np.float32),
        modality=modality[rows],
    )


def with_chances(chance: float, *names: str) -> ViewConfig:
    return ViewConfig(**{name: {"chance": chance if name in names else 0.0} for name in NAMES})


def view_once(config: ViewConfig, batch: TensorBatch) -> Callable[[], object]:
    maker, done = ViewMaker(config), 0
    intensity = batch.intensity[:, 0]

    def once() -> Tensor:
        nonlocal done
        done += 1
        fields = batch.wavenumber_start_cm1, batch.wavenumber_stop_cm1, batch.modality
        return maker(intensity, *fields, (0, done, 0))

    return once


def mask_once(config: MaskConfig, intensity: np.ndarray) -> Callable[[], object]:
    done = 0

    def once() -> np.ndarray:
        nonlocal done
        done += 1
        return draw_masks(config, intensity, (0, done))

    return once


def pass_once(batch: TensorBatch, device: torch.device) -> Callable[[], object]:
    model, loss = MaskedReconstructor(EncoderConfig()).to(device), ReconstructionLoss(LossConfig()).to(device)

    def once() -> None:
        model.zero_grad(set_to_none=True)
        terms = loss(model(*batch), batch.intensity[:, 0], batch.mask, batch.step_cm1)
        terms.total.backward()

    return once


def take_turns(
    contestants: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float], device: torch.device
) -> dict[str, list[float]]:
    """Seconds of each contestant in each round, after one round to warm up."""
    settle = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds + 1):
        for name, run in contestants.items():
            settle()
            started = clock()
            run()
            settle()
            seconds[name].append(clock() - started)
    return {name: each[1:] for name, each in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    device = torch.device(arguments.device)
    spectra = simulated(arguments.batch)
    batch = to_tensors(spectra, draw_masks(MaskConfig(), spectra.intensity, (0,)), device)

    contestants = {
        "view, default chances": view_once(ViewConfig(), batch),
        "view, every effect on every row": view_once(with_chances(1.0, *NAMES), batch),
        **{f"  {name} alone": view_once(with_chances(1.0, name), batch) for name in NAMES},
        **{
            f"masks, {kind}": mask_once(MaskConfig(kind=kind), spectra.intensity)
            for kind in ("random", "contiguous", "peak")
        },
        "pass": pass_once(batch, device),
    }
    seconds = take_turns(contestants, arguments.rounds, CLOCKS[arguments.clock], device)

    print(
        f"batch {arguments.batch} × 2048, {arguments.device}, {arguments.threads} threads, torch {torch.__version__}, "
        f"{arguments.clock} clock, {arguments.rounds} rounds"
    )
    print(f"{'':36}{'ms':>9}{'of the pass':>13}")
    whole = median(seconds["pass"])
    for name, each in seconds.items():
        label = "forward and backward, float32" if name == "pass" else name
        print(f"{label:36}{median(each) * 1e3:9.2f}{median(each) / whole:13.2%}")
    for view in ("view, default chances", "view, every effect on every row"):
        share = (NUM_VIEWS * median(seconds[view]) + median(seconds["masks, peak"])) / whole
        print(f"{NUM_VIEWS} × ({view}) and peak masks / one pass: {share:.2%} (target ≤ {TARGET:.0%})")


if __name__ == "__main__":
    main()
