"""A cluster that holds no trial is told of after minutes, and again, and no more once it does."""

from __future__ import annotations

import pickle

import pytest

from spektron.study.resources import Node
from spektron.study.study import Placement
from spektron.study.waiting import NodesWatch


class Cluster:
    """Nodes and time, both set by hand; looked at as often as Tune steps."""

    def __init__(self) -> None:
        self.nodes = [Node(0, 0)]
        self.now = 1000.0
        self.told: list[str] = []
        placement = Placement(cpus_per_worker=4, gpus_per_worker=1, autoscaling=True, max_concurrent=8)
        self.watch = NodesWatch(placement, self.told.append, nodes=lambda: self.nodes, clock=lambda: self.now)

    def wait(self, minutes: float) -> list[str]:
        self.told.clear()
        for _ in range(round(minutes * 30)):
            self.now += 2.0
            self.watch.on_step_begin(iteration=0, trials=[])
        return list(self.told)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def test_nodes_on_their_way_are_waited_for_in_silence(cluster):
    assert cluster.wait(4.8) == []
    cluster.nodes = [Node(0, 0), Node(8, 1)]
    assert cluster.wait(60) == []


def test_five_minutes_without_a_node_are_told_every_five_minutes(cluster):
    first, second = cluster.wait(11)
    assert first.startswith("no trial could start for 5 minutes: a trial reserves 1 × (4 CPUs and 1 GPUs)")
    assert "found 0 CPUs and 0 GPUs" in first
    assert "ray status" in first
    assert "for 10 minutes" in second


def test_a_node_too_small_for_a_trial_is_none(cluster):
    cluster.nodes = [Node(0, 0), *[Node(2, 1)] * 4]
    (told,) = cluster.wait(6)
    assert "found 8 CPUs and 4 GPUs on 5 nodes, the largest with 2 and 1" in told


def test_a_cluster_that_loses_its_nodes_is_told_of_too(cluster):
    cluster.nodes = [Node(8, 1)]
    assert cluster.wait(60) == []
    cluster.nodes = []
    assert len(cluster.wait(6)) == 1


def test_tune_pickles_its_callbacks(cluster):
    pickle.dumps(cluster.watch)
