"""How many threads a trial of linear algebra and small networks takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

__all__ = ["limited_threads"]


@contextmanager
def limited_threads(number: int, *, network: bool) -> Iterator[None]:
    """Hold numpy and scipy to so many threads, and torch where there is a network; afterwards all is as before.

    Torch has a pool of its own, and is imported late: what is limited before is not torch.
    """
    with threadpool_limits(number):
        if not network:
            yield
            return
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(number)
        try:
            yield
        finally:
            torch.set_num_threads(before)
