"""``ray job submit`` against a head on loopback with token authentication: inline, nested, failing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.driver import ROOT, SMOKE, assert_each_trial_once, environment
from tests.e2e.test_tracking import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ray")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    env = environment(
        SPEKTRON_HOME=str(tmp_path_factory.mktemp("cluster")),
        SPEKTRON_GCS_PORT=str(free_port()),
        SPEKTRON_DASHBOARD_PORT=str(free_port()),
        SPEKTRON_CLUSTER_CPUS="4",
    )

    def local(*words: str) -> tuple[int, str]:
        command = [sys.executable, "cluster/local.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=500, check=False)
        return done.returncode, done.stdout + done.stderr

    status, output = local("start")
    assert status == 0, output
    yield local, env
    status, output = local("stop")
    assert status == 0, output
    assert local("status")[0] == 1


def test_without_the_token_nobody_is_let_in(cluster):
    _, env = cluster
    address = f"http://127.0.0.1:{env['SPEKTRON_DASHBOARD_PORT']}"
    words = [str(Path(sys.executable).with_name("ray")), "job", "list", "--address", address]
    done = subprocess.run(words, env=environment(RAY_AUTH_MODE="disabled"), capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "401" in done.stdout + done.stderr or "uthenti" in done.stdout + done.stderr


@pytest.mark.parametrize("num_workers", [1, 2])
def test_a_submitted_study_succeeds(cluster, home, num_workers):
    local, _ = cluster
    status, output = local("submit", "--", "--home", str(home), *SMOKE, "--set", f"train.num_workers={num_workers}")
    assert status == 0, output
    assert "SUCCEEDED" in output or "succeeded" in output
    assert_each_trial_once(home, f"sqlite:///{home}/mlflow.db", num_trials=4)


def test_a_failing_study_fails_its_job(cluster, home):
    local, _ = cluster
    status, output = local("submit", "--study", "tests/e2e/failing_study.py", "--", "--home", str(home), *SMOKE)
    assert status != 0, output
    assert "this trial always fails" in output
