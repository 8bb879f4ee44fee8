"""How much memory a spectrum takes in a training step, and what less of it costs.

    python benchmarks/memory.py [--batch 16] [--threads 2] [--rounds 3]

Each way is a process of its own: the default encoder takes one step on one spectrum, then one on a batch, and the
growth of the process's largest resident size between the two, over the spectra more, is what one of them takes
(activations and what the backward pass needs; weights and optimizer are there before). Then whole steps are timed.
`recompute` keeps only what goes into each block and computes the rest again in the backward pass.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
import torch

from spektron.model import EncoderConfig
from spektron.pretrain import PretrainConfig, Worker
from spektron.pretrain.train_step import TrainStep
from spektron.pretrain.views import ViewConfig
from spektron.spectra.simulate import simulate_block
from spektron.spectra.spectrum import MODALITIES, SpectrumBatch

WAYS = ("concat", "concat, recompute", "cross_attention", "hierarchical", "concat, BYOL", "concat, BYOL, recompute")


def spectra(rows: int) -> SpectrumBatch:
    block = simulate_block(0, 0, MODALITIES)
    chosen = np.arange(rows) % len(block.intensity)
    modality = np.array([MODALITIES.index(name) for name in block.modality], dtype=np.int64)
    return SpectrumBatch(
        intensity=block.intensity[chosen],
        wavenumber_start_cm1=block.wavenumber_start_cm1[chosen].astype(np.float32),
        wavenumber_stop_cm1=block.wavenumber_stop_cm1[chosen].astype(np.float32),
        modality=modality[chosen],
    )


def largest_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def step_of(way: str, batch: int) -> TrainStep:
    merge, *words = way.split(", ")
    values: dict[str, object] = {"views": ViewConfig(), "byol_weight": 0.1} if "BYOL" in words else {}
    encoder = EncoderConfig.model_validate({"merge": merge})
    config = PretrainConfig.model_validate({"steps": 10**6, "batch_size": batch, "encoder": encoder, **values})
    return TrainStep(config, Worker(recompute="recompute" in words))


def measure(way: str, batch: int, threads: int, rounds: int) -> None:
    torch.set_num_threads(threads)
    rows = spectra(batch)
    step = step_of(way, batch)
    for number in (1, 2):
        step(number, rows.take(slice(0, 1)))
    before = largest_mib()
    step(3, rows)
    more = (largest_mib() - before) / (batch - 1)
    seconds = []
    for number in range(4, 4 + rounds):
        started = time.perf_counter()
        step(number, rows)
        seconds.append(time.perf_counter() - started)
    print(more, batch / min(seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        measure(arguments.way, arguments.batch, arguments.threads, arguments.rounds)
        return
    print(f"default encoder, batch {arguments.batch}, {arguments.threads} threads, float32, torch {torch.__version__}")
    print(f"{'':28}{'MiB a spectrum':>16}{'spectra/s':>11}")
    for way in WAYS:
        out = subprocess.run([sys.executable, __file__, *sys.argv[1:], "--way", way], check=True, stdout=-1, text=True)
        mib, speed = map(float, out.stdout.split()[-2:])
        print(f"{way:28}{mib:16.1f}{speed:11.2f}", flush=True)


if __name__ == "__main__":
    main()
