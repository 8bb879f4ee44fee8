"""What a training step costs beyond its arithmetic: full step against bare blocks against a matrix product.

    python benchmarks/step.py [--threads 2] [--rounds 5] [--batch 8]

Three things are timed in turn, in several rounds, and the best of each is kept, so that a busy moment of the machine
hits none of them alone:

- a float32 matrix product of 2048³, the baseline of arithmetic;
- the encoder's stack of blocks alone: forward, backward and AdamW step on tokens that are ready;
- the whole training step: data, masks, patches, blocks, head, loss, clipping, AdamW.

Operations are counted as `spektron.model.flops` says: matrix products only, backward twice forward.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from spektron.model import EncoderConfig, block_flops, num_parameters, training_flops
from spektron.model.blocks import Block
from spektron.pretrain import PretrainConfig, Worker
from spektron.pretrain.train_step import TrainStep
from spektron.spectra.spectrum import NUM_POINTS, SpectrumBatch

SIDE = 2048


def matmul_once() -> Callable[[], object]:
    left, right = torch.randn(SIDE, SIDE), torch.randn(SIDE, SIDE)
    return lambda: left @ right


def bare_step(config: EncoderConfig, batch: int) -> Callable[[], object]:
    stack = nn.Sequential(*(Block(config) for _ in range(config.layers)))
    optimizer = torch.optim.AdamW(stack.parameters(), lr=1e-4, fused=True)
    tokens = torch.randn(batch, config.num_tokens + 2, config.dim)

    def step() -> None:
        stack(tokens).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def full_step(config: EncoderConfig, batch: int) -> Callable[[], object]:
    step = TrainStep(PretrainConfig(steps=10**6, batch_size=batch, encoder=config), Worker())
    spectra = memory_spectra(1024)
    generator = np.random.default_rng(0)
    done = 0

    def once() -> None:
        nonlocal done
        done += 1
        loss, norm = step(done, spectra.take(generator.integers(0, len(spectra), batch)))
        assert bool(torch.isfinite(loss + norm))

    return once


def memory_spectra(rows: int) -> SpectrumBatch:
    generator = np.random.default_rng(0)
    return SpectrumBatch(
        intensity=generator.normal(size=(rows, NUM_POINTS)).astype(np.float32).cumsum(axis=1),
        wavenumber_start_cm1=np.full(rows, 400.0, np.float32),
        wavenumber_stop_cm1=np.full(rows, 4000.0, np.float32),
        modality=np.zeros(rows, np.int64),
    )


def best_seconds(contestants: dict[str, Callable[[], object]], rounds: int, repeats: int) -> dict[str, float]:
    best = dict.fromkeys(contestants, float("inf"))
    for run in contestants.values():
        run()
    for _ in range(rounds * repeats):
        for name, run in contestants.items():
            started = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - started)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=8)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    config, batch = EncoderConfig(), arguments.batch
    contestants = {"matmul": matmul_once(), "bare": bare_step(config, batch), "full": full_step(config, batch)}
    seconds = best_seconds(contestants, arguments.rounds, repeats=3)

    peak = 2 * SIDE**3 / seconds["matmul"]
    bare, full = 3 * block_flops(config) * batch / seconds["bare"], training_flops(config) * batch / seconds["full"]
    parameters = num_parameters(TrainStep(PretrainConfig(encoder=config), Worker()).model)
    print(f"encoder {config.layers} × {config.dim} × {config.heads}, {config.num_tokens + 2} tokens, batch {batch}, ")
    print(
        f"{parameters:,} parameters, {arguments.threads} threads, torch {torch.__version__}; best of {arguments.rounds * 3}"
    )
    print(f"{'':28}{'ms':>9}{'spectra/s':>11}{'GFLOP/s':>9}{'of matmul':>11}")
    print(f"{'matrix product 2048³':28}{seconds['matmul'] * 1e3:9.1f}{'':11}{peak / 1e9:9.1f}{1:11.0%}")
    for name, label, rate in (("bare", "blocks alone, with AdamW", bare), ("full", "whole training step", full)):
        print(f"{label:28}{seconds[name] * 1e3:9.1f}{batch / seconds[name]:11.1f}{rate / 1e9:9.1f}{rate / peak:11.0%}")
    print(f"whole step / blocks alone, in spectra/s: {seconds['bare'] / seconds['full']:.3f} (aim ≥ 0.90)")
    print(f"whole step / matrix product, in FLOP/s:  {full / peak:.3f} (aim ≥ 0.65)")


if __name__ == "__main__":
    main()
