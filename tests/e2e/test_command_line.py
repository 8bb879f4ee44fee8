"""What a user types, and what comes back when it is wrong."""

from __future__ import annotations

import json

import pytest

from tests.e2e.driver import SMOKE, events, run_study, spektron

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ray")]


def test_a_plan_prints_trials_and_runs_nothing(home):
    status, output = run_study(home, *SMOKE, "--plan")
    assert status == 0, output
    assert "4 trials, 0 in the ledger, 4 to run" in output
    assert output.count("to run") >= 4
    assert events(home) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--preset", "huge"), "smoke, laptop, cluster"),
        (("--set", "config.stepz=3"), "config.steps"),
        (("--set", "config.steps=-3"), "greater than or equal to 1"),
        (("--set", "config.steps"), "key=value"),
        (("--corpus", "/nowhere"), "no such folder"),
        (("--set", "space.num_spectra=[10,20,40,100000]"), "found 100000"),
        (("--set", "train.cpus_per_worker=500"), "found"),
        # as the preset "cluster" does, on a machine that has none and does not grow
        (
            ("--set", "train.gpus_per_worker=99", "train.autoscaling=true", "train.max_concurrent=8"),
            "the one of this machine does not",
        ),
    ],
)
def test_wrong_words_say_what_was_expected(home, words, message):
    status, output = run_study(home, *SMOKE, *words)
    assert status == 2, output
    assert "error:" in output
    assert message in " ".join(output.split())
    assert "Traceback" not in output


def test_drift_is_refused_with_the_field_named(home):
    assert run_study(home, *SMOKE)[0] == 0
    manifest = home / "corpora" / "bundled" / "manifest.json"
    changed = json.loads(manifest.read_text())
    changed["fingerprint"] = "0" * 16
    manifest.write_text(json.dumps(changed))
    status, output = run_study(home, *SMOKE)
    assert status == 2, output
    assert "corpus.fingerprint" in output
    assert "Traceback" not in output


def test_corpora_are_built_shown_and_verified(tmp_path):
    folder = tmp_path / "c"
    status, output = spektron("corpus", "build", "--source", "simulated:600", "--out", str(folder))
    assert status == 0, output
    assert spektron("corpus", "verify", str(folder))[0] == 0
    status, output = spektron("corpus", "info", str(folder))
    assert status == 0
    assert "simulated" in output
    shard = folder / "train-00000.parquet"
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    status, output = spektron("corpus", "verify", str(folder))
    assert status != 0
    assert "train-00000.parquet" in output
    assert "sha256" in output


def test_the_studies_are_listed_and_run_by_name(home):
    status, output = spektron("study", "list")
    assert status == 0
    assert "corpus_scaling" in output
    status, output = spektron("study", "run", "corpus_scaling", "--home", str(home), *SMOKE, "--plan")
    assert status == 0, output
    status, output = spektron("study", "run", "nothing")
    assert status == 2
    assert "corpus_scaling" in output
