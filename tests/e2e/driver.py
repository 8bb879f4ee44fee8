"""Driving the product from outside, as a user does: processes, journals, tracking stores."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mlflow.entities import ViewType
from mlflow.tracking import MlflowClient

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "studies" / "corpus_scaling.py"
SMOKE = ("--preset", "smoke")
TIMEOUT_S = 400


def start_study(home: Path, *words: str, study: Path = STUDY, **env: str) -> subprocess.Popen[str]:
    """Start a study's driver in a session of its own, as a terminal would."""
    return subprocess.Popen(
        [sys.executable, str(study), "--home", str(home), *words],
        cwd=ROOT,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run_study(home: Path, *words: str, study: Path = STUDY, **env: str) -> tuple[int, str]:
    """Run a study to its end; return exit status and output."""
    process = start_study(home, *words, study=study, **env)
    output, _ = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, output


def spektron(*words: str) -> tuple[int, str]:
    """Run ``spektron …``."""
    done = subprocess.run(
        [sys.executable, "-m", "spektron.cli", *words],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def environment(**changes: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RAY_", "MLFLOW_", "SPEKTRON_"))}
    return {**kept, "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0", "COLUMNS": "110", **changes}


def events(home: Path) -> list[dict[str, Any]]:
    """Everything in the journals under `home`, whole lines only."""
    found = []
    for path in sorted(home.glob("studies/*/*/journal.jsonl")):
        found += [json.loads(line) for line in path.read_text().split("\n")[:-1]]
    return found


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = TIMEOUT_S) -> None:
    """Poll until `condition` holds; fail if the process ends first."""
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode} before the moment:\n{process.communicate()[0]}")
        if time.monotonic() > deadline:
            raise AssertionError("the moment did not come")
        time.sleep(0.02)


def kill_9(process: subprocess.Popen[str]) -> None:
    """Kill the driver alone, at once; what it started is left to notice."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def finished_trials(home: Path) -> Counter[str]:
    """How often each trial ended well, by fingerprint."""
    ends = [event for event in events(home) if event["kind"] == "trial-ended" and event["status"] == "FINISHED"]
    return Counter(event["trial"] for event in ends)


def mlflow_runs(tracking_uri: str, kind: str) -> list[Any]:
    """All of Spektron's runs of one kind in a store."""
    client = MlflowClient(tracking_uri=tracking_uri)
    ids: Sequence[str] = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(ids, run_view_type=ViewType.ALL, max_results=1000)
    return [run for run in runs if run.data.tags.get("spektron.kind") == kind]


def assert_each_trial_once(home: Path, tracking_uri: str, num_trials: int) -> None:
    """Hold what every restart promises: each trial finished once, one run each, none left RUNNING."""
    assert sorted(finished_trials(home).values()) == [1] * num_trials
    runs = mlflow_runs(tracking_uri, "trial")
    assert {run.data.tags["spektron.trial"] for run in runs} == set(finished_trials(home))
    assert len(runs) == num_trials
    (parent,) = mlflow_runs(tracking_uri, "study")
    assert {run.info.status for run in (*runs, parent)} == {"FINISHED"}
    assert {run.data.tags["mlflow.parentRunId"] for run in runs} == {parent.info.run_id}
