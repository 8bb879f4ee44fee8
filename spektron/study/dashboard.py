"""Whether nested trials can end: Ray Train's cleaner must find the dashboard of their own cluster.

A nested trainer that is stopped frees its CPUs only through a cleaner, which asks a dashboard whether the trainer
still lives. It finds that dashboard by the environment of the head's processes, and else by looking for a Ray on the
host: with no dashboard, or with two clusters on one host, it asks nobody or the wrong one, and the study would hang at
the first trial that ends early.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ

import ray
from ray.util.state import get_actor

from spektron.core.errors import ResourceError

__all__ = ["check_dashboard", "named_dashboard"]

_VARIABLE = "RAY_API_SERVER_ADDRESS"  # comes before anything else that Ray's state API would look at
# The dashboard answers some seconds after the cluster does.
_WAIT_S, _TIMEOUT_S = 20.0, 5


@contextmanager
def named_dashboard() -> Iterator[int]:
    """Yield a free port for the dashboard of a cluster that is started in this block, and name it to its processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    before = environ.get(_VARIABLE)
    environ[_VARIABLE] = f"http://127.0.0.1:{port}"
    try:
        yield port
    finally:
        del environ[_VARIABLE]
        if before is not None:
            environ[_VARIABLE] = before


def check_dashboard(wait_s: float = _WAIT_S) -> None:
    """Look for an actor of our own by the cleaner's route: only our own dashboard knows it.

    Raises
    ------
    ResourceError
        When no dashboard answers within `wait_s` seconds, or that of another cluster does.
    """
    # Where the cleaner runs, so that it finds what the cleaner will find.
    actor = ray.remote(num_cpus=0, resources={"node:__internal_head__": 0.001})(_Probe).remote()
    deadline = time.monotonic() + wait_s
    try:
        while found := ray.get(actor.look_for_itself.remote(_TIMEOUT_S)):
            if time.monotonic() >= deadline:
                raise ResourceError(
                    f"trials of several workers need the dashboard of their own Ray cluster, found {found}",
                    "start the head with --include-dashboard=true, and where two clusters share a host with "
                    f"{_VARIABLE}=http://HOST:PORT of its own dashboard (make cluster-local does both), or set "
                    "train.num_workers=1",
                )
            time.sleep(1.0)
    finally:
        ray.kill(actor)


class _Probe:
    def look_for_itself(self, timeout_s: int) -> str:
        """What was found instead; empty where all is well."""
        try:
            state = get_actor(ray.get_runtime_context().get_actor_id(), timeout=timeout_s)
        except Exception as error:  # no connection, no right to ask, several clusters: whatever it is, it is told
            return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        return "" if state else "that of another cluster on the same host"
