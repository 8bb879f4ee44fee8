from __future__ import annotations

import pytest

from spektron.core.errors import ResourceError
from spektron.study.resources import num_slots
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
        (Placement(gpus_per_worker=1, autoscaling=True, max_concurrent=8), 0, 0, 8),
    ],
)
def test_trials_never_take_the_last_cpu(placement, cpus, gpus, slots):
    assert num_slots(placement, cpus, gpus) == slots
    if not placement.autoscaling:
        assert slots * placement.cpus_per_trial <= cpus - 1


@pytest.mark.parametrize(("placement", "cpus"), [(Placement(), 1), (Placement(num_workers=2), 2), (Placement(), 1.9)])
def test_too_few_cpus_says_what_to_change(placement, cpus):
    with pytest.raises(ResourceError, match=f"found {cpus:g} CPUs") as caught:
        num_slots(placement, cpus, 0)
    assert "train.cpus_per_worker" in caught.value.hint


def test_too_few_gpus_says_so():
    with pytest.raises(ResourceError, match="0 GPUs"):
        num_slots(Placement(gpus_per_worker=1), 8, 0)


def test_several_workers_share_no_gpu():
    with pytest.raises(ValueError, match="whole GPUs"):
        Placement(num_workers=2, gpus_per_worker=0.5)
