"""Leave a Ray cluster without dying of it."""

from __future__ import annotations

import gc

__all__ = ["shutdown_ray"]


def shutdown_ray() -> None:
    """Call ``ray.shutdown()`` while no other thread collects garbage.

    What Tune leaves behind are cycles with handles of Ray's in them. A collection in another thread (the ledger's
    delivery, say) that frees one while the driver's core worker is going away ends the process there and then, with
    status 1 and no traceback (Ray 2.60, ``core_worker_process.cc``: "accesses the Ray's worker after it is shutdown").
    So they are freed before, and nothing is collected meanwhile.
    """
    import ray

    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        ray.shutdown()
    finally:
        if collecting:
            gc.enable()
