"""What a step of both objectives costs beyond the encoder passes it contains, and which pass is saved.

    python benchmarks/objectives.py [--threads 2] [--rounds 10] [--batch 8] [--clock wall|cpu]

A step with reconstruction and BYOL makes two views of each spectrum, encodes both once under masks with gradients
(which serves both objectives), and both once whole by the target network without gradients: for B spectra 2B passes
forward and backward, and 2B forward. A step that kept the objectives apart would need B more forward and backward, for
the reconstruction of the unaltered spectra.

Timed in turn, round after round: the passes alone (encoder forward and backward of 2B, encoder forward of 2B), the
whole step (batch from memory, views, masks, both losses, clipping, AdamW, moving average), the third pass that is
saved; and the same for a step with reconstruction alone. Ratios are of the best rounds and, beside it, the median
within rounds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import torch

from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus.sources.simulated import Simulated
from spektron.model import EncoderConfig, SpectrumEncoder
from spektron.pretrain import MaskConfig, PretrainConfig, Worker, draw_masks
from spektron.pretrain.data import TensorBatch, to_tensors
from spektron.pretrain.train_step import TrainStep
from spektron.pretrain.views import ViewConfig
from spektron.spectra.spectrum import SpectrumBatch

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
AIM = 1.10


def trained_pass(encoder: SpectrumEncoder, batch: TensorBatch) -> Callable[[], object]:
    def run() -> None:
        out = encoder(*batch)
        (out.tokens.square().mean() + out.cls.square().mean()).backward()
        encoder.zero_grad(set_to_none=True)

    return run


def target_pass(encoder: SpectrumEncoder, batch: TensorBatch) -> Callable[[], object]:
    def run() -> None:
        with torch.no_grad():
            encoder(*batch[:4])

    return run


def whole_step(config: PretrainConfig, batches: Iterator[SpectrumBatch]) -> Callable[[], object]:
    step, done = TrainStep(config, Worker()), 0

    def run() -> None:
        nonlocal done
        done += 1
        loss, norm = step(done, next(batches))
        assert bool(torch.isfinite(loss + norm))

    return run


def tensors_of(batch: SpectrumBatch, copies: int) -> TensorBatch:
    rows = np.tile(np.arange(len(batch)), copies)
    mask = draw_masks(MaskConfig(), batch.intensity[rows], (0,))
    return to_tensors(batch.take(rows), mask, torch.device("cpu"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    encoder, size = SpectrumEncoder(EncoderConfig()), arguments.batch
    with TemporaryDirectory() as folder:
        build_corpus([Simulated(num_spectra=2000)], Path(folder) / "corpus", BuildConfig(name="objectives"))
        batches = Corpus.open(Path(folder) / "corpus").stream(num_spectra=None, batch_size=size, seed=0)
        one, two = (tensors_of(next(batches), copies) for copies in (1, 2))
        alone = PretrainConfig(steps=10**6, batch_size=size)
        both = PretrainConfig(steps=10**6, batch_size=size, views=ViewConfig(), byol_weight=0.1)
        contestants = {
            f"forward and backward of {size}": trained_pass(encoder, one),
            f"forward and backward of {2 * size} views": trained_pass(encoder, two),
            f"forward of {2 * size} views": target_pass(encoder, two),
            "step, reconstruction": whole_step(alone, batches),
            "step, reconstruction and BYOL": whole_step(both, batches),
        }
        seconds: dict[str, list[float]] = {name: [] for name in contestants}
        clock = CLOCKS[arguments.clock]
        for _ in range(arguments.rounds + 1):
            for name, run in contestants.items():
                started = clock()
                run()
                seconds[name].append(clock() - started)
    seconds = {name: each[1:] for name, each in seconds.items()}
    print(f"default encoder, batch {size}, {arguments.threads} threads, {arguments.clock} clock")
    for name, each in seconds.items():
        print(f"{name:36}{min(each) * 1e3:9.1f} ms")
    single, double, target, step_alone, step_both = seconds.values()
    show("step, reconstruction / its pass", step_alone, single)
    show("step, both / its passes", step_both, [a + b for a, b in zip(double, target)])
    apart = [a + b + c for a, b, c in zip(single, double, target)]
    shared = [a + b for a, b in zip(double, target)]
    saved = 1 - min(shared) / min(apart)
    print(f"saved by sharing the masked pass: {saved:.0%} of the encoder's time, {1 - 8 / 11:.0%} of its operations")


def show(label: str, top: list[float], bottom: list[float]) -> None:
    middle = median(one / other for one, other in zip(top, bottom))
    print(f"{label:36}{min(top) / min(bottom):9.3f} (median within rounds {middle:.3f}; aim ≤ {AIM:.2f})")


if __name__ == "__main__":
    main()
