"""Two real processes that train together over gloo on loopback, without Ray; started once for all tests that ask.

Starting a process costs seconds of imports, so one pair does every job. A job is ``job(rank, folder)`` of a test
module; what it writes to its folder is what the tests look at.
"""

from __future__ import annotations

import importlib
import os
import socket
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

JOBS = ("test_gradients", "test_diverged_workers")


def run_jobs(folder: Path) -> None:
    """Do all jobs, each in the folder of its module's name."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name in JOBS:
        (folder / name).mkdir()
    mp.spawn(_work, (port, folder), nprocs=2)


def _work(rank: int, port: int, folder: Path) -> None:
    torch.set_num_threads(1)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    dist.init_process_group("gloo", rank=rank, world_size=2)
    for name in JOBS:
        importlib.import_module(f"tests.pretrain.{name}").job(rank, folder / name)
    dist.destroy_process_group()
