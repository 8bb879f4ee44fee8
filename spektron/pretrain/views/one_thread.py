"""Small operations on one CPU thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["one_thread"]


@contextmanager
def one_thread(device: torch.device) -> Iterator[None]:
    """Let this thread's operations on a CPU run on one core; nothing changes on other devices.

    A view is a hundred operations of 0.2 ms with a barrier after each. A second thread makes 64 rows no faster (30 ms
    against 32), and on a machine that others use barriers wait for a thread that is not running: up to 1,850 ms with
    two threads, 44 with one (2 cores, load 3.5).
    """
    threads = torch.get_num_threads()
    if device.type != "cpu" or threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
