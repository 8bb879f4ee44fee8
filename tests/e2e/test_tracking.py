"""A real MLflow server over HTTP: away, back, and there."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.e2e.driver import SMOKE, assert_each_trial_once, environment, finished_trials, run_study

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ray")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(tmp_path):
    """Start function of an MLflow server on a port that is fixed beforehand."""
    port = free_port()
    started = []

    def start() -> str:
        command = [
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            "1",
        ]
        stores = [
            "--backend-store-uri",
            f"sqlite:///{tmp_path}/server.db",
            "--artifacts-destination",
            str(tmp_path / "a"),
        ]
        log = (tmp_path / "server.log").open("wb")
        process = subprocess.Popen([*command, *stores], env=environment(), stdout=log, stderr=log)
        started.append(process)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2)
                return f"http://127.0.0.1:{port}"
            except OSError:
                time.sleep(0.3)
        raise AssertionError((tmp_path / "server.log").read_text())

    yield f"http://127.0.0.1:{port}", start
    for process in started:
        process.terminate()
        process.wait(timeout=30)


def test_a_server_that_is_away_gets_everything_when_it_is_back(home, server):
    uri, start = server
    status, output = run_study(home, *SMOKE, "--tracking-uri", uri)
    assert status == 0, output
    assert "events wait for MLflow" in output
    assert sorted(finished_trials(home).values()) == [1] * 4
    start()
    status, output = run_study(home, *SMOKE, "--tracking-uri", uri)
    assert status == 0, output
    assert "wait for MLflow" not in output
    assert_each_trial_once(home, uri, num_trials=4)
    # another store, later: it is told what the ledger knows, and nothing runs again
    other = f"sqlite:///{home}/other.db"
    status, output = run_study(home, *SMOKE, "--tracking-uri", other)
    assert status == 0, output
    assert_each_trial_once(home, other, num_trials=4)
