"""What a training step costs beyond its arithmetic: full step against bare blocks against a matrix product.

    python benchmarks/step.py [--threads 2] [--rounds 10] [--batch 8] [--clock wall|cpu]

Three things are timed in turn, round after round, so that a busy moment of the machine hits all of them:

- a float32 matrix product of 2048³, the baseline of arithmetic;
- the encoder's stack of blocks alone: forward, backward and AdamW step on tokens that are ready;
- the whole training step: a batch from a corpus in memory, masks, patches, blocks, head, loss, clipping, AdamW.

Rates are of the best round. Ratios are given of the best rounds and, beside it, as the median over the rounds of the
ratio within a round. On a machine that others use, ``--threads 1 --clock cpu`` counts only the time this process had.

Operations are counted as `spektron.model.flops` says: matrix products only, backward twice forward. Attention's
backward recomputes its scores, which is work that is not counted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch
from torch import nn

from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus.sources.simulated import Simulated
from spektron.model import EncoderConfig, block_flops, num_parameters, training_flops
from spektron.model.blocks import Block
from spektron.pretrain import PretrainConfig, Worker
from spektron.pretrain.train_step import TrainStep
from spektron.spectra.spectrum import SpectrumBatch

SIDE = 2048
NUM_SPECTRA = 2000
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}

Rounds = dict[str, list[float]]


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


def full_step(step: TrainStep, batches: Iterator[SpectrumBatch]) -> Callable[[], object]:
    done = 0

    def once() -> None:
        nonlocal done
        done += 1
        loss, norm = step(done, next(batches))
        assert bool(torch.isfinite(loss + norm))  # the loop looks at both, too

    return once


def resident_batches(folder: Path, batch: int) -> Iterator[SpectrumBatch]:
    build_corpus([Simulated(num_spectra=NUM_SPECTRA)], folder / "corpus", BuildConfig(name="step"))
    return Corpus.open(folder / "corpus").stream(num_spectra=None, batch_size=batch, seed=0)


def take_turns(contestants: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]) -> Rounds:
    """Seconds of each contestant in each round, after one round to warm up."""
    seconds: Rounds = {name: [] for name in contestants}
    for _ in range(rounds + 1):
        for name, run in contestants.items():
            started = clock()
            run()
            seconds[name].append(clock() - started)
    return {name: each[1:] for name, each in seconds.items()}


def print_table(seconds: Rounds, operations: dict[str, float], batch: int) -> None:
    peak = operations["matmul"] / min(seconds["matmul"])
    print(f"{'':28}{'ms':>9}{'spectra/s':>11}{'GFLOP/s':>9}{'of matmul':>11}")
    labels = {"matmul": "matrix product 2048³", "bare": "blocks alone, with AdamW", "full": "whole training step"}
    for name, label in labels.items():
        best = min(seconds[name])
        speed = "" if name == "matmul" else f"{batch / best:.1f}"
        rate = operations[name] / best
        print(f"{label:28}{best * 1e3:9.1f}{speed:>11}{rate / 1e9:9.1f}{rate / peak:11.0%}")


def print_ratio(label: str, aim: float, top: list[float], bottom: list[float], weight: float) -> None:
    """Of ``weight · top / bottom``: of the best rounds, and the median within rounds."""
    best = weight * min(top) / min(bottom)
    middle = median(weight * one / other for one, other in zip(top, bottom))
    print(f"{label:42}{best:6.3f} (median within rounds {middle:.3f}; aim ≥ {aim:.2f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    config, batch = EncoderConfig(), arguments.batch
    step = TrainStep(PretrainConfig(steps=10**6, batch_size=batch, encoder=config), Worker())
    with TemporaryDirectory() as folder:
        batches = resident_batches(Path(folder), batch)
        contestants = {"matmul": matmul_once(), "bare": bare_step(config, batch), "full": full_step(step, batches)}
        seconds = take_turns(contestants, arguments.rounds, CLOCKS[arguments.clock])

    operations = {
        "matmul": 2.0 * SIDE**3,
        "bare": 3.0 * block_flops(config) * batch,
        "full": float(training_flops(config) * batch),
    }
    print(
        f"encoder {config.layers} × {config.dim} × {config.heads}, {config.num_tokens + 2} tokens, batch {batch}, "
        f"{num_parameters(step.model):,} parameters; {arguments.threads} threads, torch {torch.__version__}, "
        f"{arguments.clock} clock, {arguments.rounds} rounds"
    )
    print_table(seconds, operations, batch)
    weight = operations["full"] / operations["matmul"]
    print_ratio("whole step / blocks alone, in spectra/s", 0.90, seconds["bare"], seconds["full"], 1.0)
    print_ratio("whole step / matrix product, in FLOP/s", 0.65, seconds["matmul"], seconds["full"], weight)


if __name__ == "__main__":
    main()
