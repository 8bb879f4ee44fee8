"""A cluster started for nested trials finds its own dashboard, also beside another; without one it is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from spektron.core.errors import ResourceError
from spektron.study.dashboard import check_dashboard

pytestmark = pytest.mark.ray

# In a process of its own, since this one may be connected already.
CHECK = """
from spektron.study.cluster import ray_cluster
from spektron.study.dashboard import check_dashboard
with ray_cluster(nested=True) as may_grow:
    check_dashboard()
    print("own dashboard, may grow:", may_grow)
"""


def test_a_cluster_without_a_dashboard_is_refused(ray_cluster):
    with pytest.raises(ResourceError, match="dashboard of their own Ray cluster") as caught:
        check_dashboard(wait_s=0.0)
    assert "train.num_workers=1" in caught.value.hint


def test_a_second_cluster_on_the_host_finds_its_own(ray_cluster):
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip().endswith("own dashboard, may grow: False"), done.stdout + done.stderr
