from __future__ import annotations

import pytest

from spektron.core.errors import ResourceError
from spektron.study.resources import Node, cluster_slots, num_slots
from spektron.study.study import Placement


@pytest.mark.parametrize(
    ("placement", "cpus", "gpus", "slots"),
    [
        (Placement(), 3, 0, 2),
        (Placement(), 2, 0, 1),
        (Placement(cpus_per_worker=0.5), 2, 0, 2),
        (Placement(num_workers=2), 3, 0, 1),
        (Placement(max_concurrent=1), 9, 0, 1),
        (Placement(gpus_per_worker=1), 64, 8, 8),
        (Placement(gpus_per_worker=0.5), 64, 2, 4),
        (Placement(autoscaling=True, max_concurrent=8), 3, 0, 2),
    ],
)
def test_trials_never_take_the_last_cpu(placement, cpus, gpus, slots):
    assert num_slots(placement, cpus, gpus) == slots
    assert slots * placement.cpus_per_trial <= cpus - 1


@pytest.mark.parametrize(("placement", "cpus"), [(Placement(), 1), (Placement(num_workers=2), 2), (Placement(), 1.9)])
def test_too_few_cpus_says_what_to_change(placement, cpus):
    with pytest.raises(ResourceError, match=f"found {cpus:g} CPUs") as caught:
        num_slots(placement, cpus, 0)
    assert "train.cpus_per_worker" in caught.value.hint


def test_too_few_gpus_says_so():
    with pytest.raises(ResourceError, match="0 GPUs"):
        num_slots(Placement(gpus_per_worker=1), 8, 0)


def test_the_cluster_of_this_machine_does_not_grow_whatever_is_said():
    placement = Placement(gpus_per_worker=1, autoscaling=True, max_concurrent=8)
    with pytest.raises(ResourceError, match="found 3 CPUs and 0 GPUs") as caught:
        cluster_slots(placement, [Node(3, 0)], may_grow=False)
    assert "RAY_ADDRESS" in caught.value.hint
    assert "train.gpus_per_worker" in caught.value.hint


def test_a_cluster_that_grows_may_be_empty_still():
    placement = Placement(gpus_per_worker=1, autoscaling=True, max_concurrent=8)
    assert cluster_slots(placement, [Node(0, 0)], may_grow=True) == 8
    # one that is connected to and not said to grow is refused
    with pytest.raises(ResourceError, match="found 0 CPUs and 0 GPUs") as caught:
        cluster_slots(Placement(gpus_per_worker=1), [Node(0, 0)], may_grow=True)
    assert "train.autoscaling=true" in caught.value.hint


def test_a_worker_must_fit_on_one_node():
    nodes = [Node(0, 0), Node(4, 1), Node(4, 1)]
    assert cluster_slots(Placement(num_workers=2, cpus_per_worker=2), nodes, may_grow=False) == 1
    assert cluster_slots(Placement(cpus_per_worker=3.5, gpus_per_worker=1), nodes, may_grow=False) == 2
    with pytest.raises(ResourceError, match="found 8 CPUs and 2 GPUs on 3 nodes, the largest with 4 and 1"):
        cluster_slots(Placement(cpus_per_worker=5), nodes, may_grow=False)


def test_several_workers_share_no_gpu():
    with pytest.raises(ValueError, match="whole GPUs"):
        Placement(num_workers=2, gpus_per_worker=0.5)
