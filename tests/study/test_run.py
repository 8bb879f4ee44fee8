"""The engine with real Ray Tune, a real journal, Optuna storage and MLflow database; bodies are cheap."""

from __future__ import annotations

import shutil

import pytest

from spektron.core.storage import Storage
from spektron.study.places import Places
from spektron.study.runner import look_up, run_plan
from spektron.study.tags import KIND
from tests.study.toy import CORPUS, toy_study

pytestmark = pytest.mark.ray


def run(home, study, **values):
    places = Places.under(home)
    settings = study.with_preset("smoke", {"train.max_concurrent": 3, **values})
    plan, ledger, store, _ = look_up(study, settings, CORPUS, places)
    return run_plan(plan, ledger, store, places, Storage.at(home)), store


def test_failures_and_nan_are_named_and_the_rest_is_answered(tmp_path, ray_cluster):
    outcome, store = run(tmp_path, toy_study(fail_at=1.0, nan_at=2.0))
    assert sorted(result.metrics["loss"] for result in outcome.results) == [0.0, 0.01]
    assert outcome.undelivered == 0
    reasons = outcome.failed
    assert set(reasons) == {f"x={x} seed={seed}" for x in (1.0, 2.0) for seed in (0, 1)}
    assert "RuntimeError: this point fails" in reasons["x=1.0 seed=0"]
    assert "expected a finite loss, found nan" in reasons["x=2.0 seed=0"]
    runs = {r.info.run_name: r for r in store.runs() if r.data.tags[KIND] == "trial"}
    assert len(runs) == 6
    assert runs["x=1.0 seed=0"].info.status == "FAILED"
    assert "this point fails" in runs["x=1.0 seed=0"].data.tags["spektron.error"]
    assert "cpu" in str(runs["x=0.0 seed=0"].data.tags)
    # the next run tries what failed again, and nothing else
    again, store = run(tmp_path, toy_study(fail_at=1.0, nan_at=2.0))
    assert [result.reused for result in again.results] == [True, True]
    assert len(again.failed) == 4
    assert sum(1 for r in store.runs() if r.data.tags[KIND] == "trial") == 6


def test_a_trial_that_is_refused_before_it_reports_fails_alone(tmp_path, ray_cluster):
    outcome, store = run(tmp_path, toy_study(refuse_at=1.0, silent_at=2.0))
    assert sorted(result.metrics["loss"] for result in outcome.results) == [0.0, 0.01]
    assert set(outcome.failed) == {f"x={x} seed={seed}" for x in (1.0, 2.0) for seed in (0, 1)}
    assert outcome.failed["x=1.0 seed=0"].startswith("ConfigError: this point is refused\n  hint: choose another")
    assert "expected a finite loss, found None" in outcome.failed["x=2.0 seed=1"]
    assert len(list(tmp_path.glob("studies/*/*/errors/*.txt"))) == 2
    runs = {r.info.run_name: r.info.status for r in store.runs() if r.data.tags[KIND] == "trial"}
    assert runs["x=1.0 seed=0"] == "FAILED"
    assert runs["x=0.0 seed=0"] == "FINISHED"


def test_a_search_over_a_range_runs_its_number_of_trials(tmp_path, ray_cluster):
    space = {"kind": "float", "low": -1.0, "high": 1.0}
    outcome, _ = run(tmp_path, toy_study(), search="tpe", num_trials=5, **{"space.x": space, "space.seed": [0]})
    assert len(outcome.results) == 5
    assert outcome.failed == {}
    assert len({result.params["x"] for result in outcome.results}) == 5
    # asked for more, it goes on from what it has
    outcome, _ = run(tmp_path, toy_study(), search="tpe", num_trials=8, **{"space.x": space, "space.seed": [0]})
    assert [result.reused for result in outcome.results].count(True) == 5
    assert len({result.params["x"] for result in outcome.results}) == 8
    # with nothing left but MLflow, nothing runs again
    shutil.rmtree(tmp_path / "studies")
    (tmp_path / "optuna.journal").unlink()
    outcome, _ = run(tmp_path, toy_study(), search="tpe", num_trials=8, **{"space.x": space, "space.seed": [0]})
    assert [result.reused for result in outcome.results] == [True] * 8
