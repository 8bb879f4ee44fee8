"""Two training workers of one thread against one of two threads, on the same two cores.

    python benchmarks/workers.py [--rounds 5] [--steps 6] [--batch 16]

Each contestant is the whole training step of the default encoder on the same global batch: one process with two
threads, or two processes of one thread each that exchange gradients by DistributedDataParallel over gloo on loopback.
Both are started anew in every round, in turn; the first steps are not counted. The rate is spectra a second over all
workers.
"""

from __future__ import annotations

import argparse
import os
import socket
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus.sources.simulated import Simulated
from spektron.pretrain import PretrainConfig, Worker
from spektron.pretrain.train_step import TrainStep

WARM_UP = 2
AIM = 0.85


def train(rank: int, world_size: int, threads: int, port: int, folder: str, steps: int, batch: int, out: Any) -> None:
    torch.set_num_threads(threads)
    if world_size > 1:
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        dist.init_process_group("gloo", rank=rank, world_size=world_size)
    worker = Worker(rank=rank, world_size=world_size)
    config = PretrainConfig(steps=10**6, batch_size=batch)
    step = TrainStep(config, worker)
    batches = Corpus.open(Path(folder)).stream(
        num_spectra=None, batch_size=worker.rows_of(batch), seed=0, rank=rank, world_size=world_size
    )
    started = 0.0
    for number in range(1, WARM_UP + steps + 1):
        if number == WARM_UP + 1:
            if world_size > 1:
                dist.barrier()
            started = time.perf_counter()
        step(number, next(batches))
    if world_size > 1:
        dist.barrier()
    if rank == 0:
        out.put(steps * batch / (time.perf_counter() - started))
    if world_size > 1:
        dist.destroy_process_group()


def rate(world_size: int, threads: int, folder: str, steps: int, batch: int) -> float:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    out = mp.get_context("spawn").SimpleQueue()
    mp.spawn(train, (world_size, threads, port, folder, steps, batch, out), nprocs=world_size)
    return float(out.get())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--batch", type=int, default=16)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        corpus = str(Path(folder) / "corpus")
        build_corpus([Simulated(num_spectra=1000)], Path(corpus), BuildConfig(name="workers"))
        ones, twos = [], []
        for number in range(arguments.rounds):
            ones.append(rate(1, 2, corpus, arguments.steps, arguments.batch))
            twos.append(rate(2, 1, corpus, arguments.steps, arguments.batch))
            print(
                f"round {number + 1}: 1 × 2 threads {ones[-1]:.2f}, 2 × 1 thread {twos[-1]:.2f} spectra/s", flush=True
            )
    middle = median(two / one for one, two in zip(ones, twos))
    print(f"2 workers of 1 thread / 1 worker of 2 threads: {max(twos) / max(ones):.3f} of the best rounds")
    print(f"(median within rounds {middle:.3f}; aim ≥ {AIM:.2f}); batch {arguments.batch}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
