"""How many trials nodes hold, and refusing to start what could only hang.

Ray Data reads with the CPUs that trials leave. Two workers that take every CPU of a two-CPU machine saw no batch in
70 s; so trials may never reserve the last CPU, and a study that would is refused before it starts. On a cluster that
grows nobody knows how many CPUs there will be: there the user says how many trials run at a time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from spektron.core.errors import ResourceError
from spektron.study.study import Placement

__all__ = ["DATA_CPUS", "Node", "cluster_slots", "demand_of", "in_words", "num_fitting", "num_slots"]

# What trials leave to Ray Data. A read task asks for a quarter (`corpus.ray_read.READ_CPUS`), and several trials may
# read at once.
DATA_CPUS = 1.0


class Node(NamedTuple):
    """What one node of a cluster has."""

    cpus: float
    gpus: float


def num_fitting(placement: Placement, nodes: Sequence[Node]) -> int:
    """How many trials run at a time: each worker on one node, and `DATA_CPUS` left over all of them."""
    workers = sum(_workers_on(node, placement) for node in nodes)
    by_cpus = (sum(node.cpus for node in nodes) - DATA_CPUS) / placement.cpus_per_trial
    return max(0, min(workers // placement.num_workers, math.floor(by_cpus + 1e-9)))


def _workers_on(node: Node, placement: Placement) -> int:
    workers = math.floor(node.cpus / placement.cpus_per_worker + 1e-9)
    if placement.gpus_per_worker > 0:
        workers = min(workers, math.floor(node.gpus / placement.gpus_per_worker + 1e-9))
    return workers


def demand_of(placement: Placement) -> str:
    """What one trial needs, in words."""
    return (
        f"a trial reserves {placement.num_workers} × ({placement.cpus_per_worker:g} CPUs and "
        f"{placement.gpus_per_worker:g} GPUs), each of them on one node, and Ray Data needs {DATA_CPUS:g} CPU beside "
        "them"
    )


def in_words(nodes: Sequence[Node]) -> str:
    """What nodes have, in words."""
    all_of_them = f"{sum(node.cpus for node in nodes):g} CPUs and {sum(node.gpus for node in nodes):g} GPUs"
    if len(nodes) < 2:
        return all_of_them
    largest = max(nodes, key=lambda node: (node.gpus, node.cpus))
    return f"{all_of_them} on {len(nodes)} nodes, the largest with {largest.cpus:g} and {largest.gpus:g}"


def num_slots(placement: Placement, cpus: float, gpus: float) -> int:
    """As `cluster_slots`, on a single node, which never grows."""
    return cluster_slots(placement, [Node(cpus, gpus)], may_grow=False)


def cluster_slots(placement: Placement, nodes: Sequence[Node], *, may_grow: bool) -> int:
    """How many trials run at a time, leaving Ray Data a CPU.

    Parameters
    ----------
    placement : Placement
        Of the trials.
    nodes : sequence of Node
        Of the cluster.
    may_grow : bool
        Whether the cluster is one that could add nodes, where the placement says that it does.

    Raises
    ------
    ResourceError
        When not even one trial fits; says what to change.
    """
    if may_grow and placement.autoscaling and placement.max_concurrent is not None:
        return placement.max_concurrent
    if slots := num_fitting(placement, nodes):
        return min(slots, placement.max_concurrent or slots)
    growing = "on a cluster that grows set train.autoscaling=true and train.max_concurrent=…"
    if placement.autoscaling and not may_grow:
        growing = "connect to the cluster that grows (RAY_ADDRESS, or ray job submit): the one of this machine does not"
    raise ResourceError(
        f"{demand_of(placement)}: expected at least {placement.cpus_per_trial + DATA_CPUS:g} CPUs and "
        f"{placement.gpus_per_trial:g} GPUs, found {in_words(nodes)}",
        "lower --set train.cpus_per_worker=…, train.gpus_per_worker=… or train.num_workers=…, add nodes, or " + growing,
    )
