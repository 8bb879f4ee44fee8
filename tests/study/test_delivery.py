"""Journal to MLflow, with a real store: exactly one run a trial, whatever is delivered how often."""

from __future__ import annotations

import json

import pytest

from spektron.core.errors import TrackingError
from spektron.study.delivery import Delivery
from spektron.study.journal import Journal
from spektron.study.mlflow_store import MlflowStore
from spektron.study.scribe import trial_tags
from spektron.study.tags import KIND, PLAN, TRIAL
from tests.study.test_plan import plan_of


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """One migrated database for the module: making its tables takes seconds."""
    folder = tmp_path_factory.mktemp("mlflow")
    return folder


@pytest.fixture
def store(database, request):
    store = MlflowStore(f"sqlite:///{database}/mlflow.db", request.node.name, database / "artifacts")
    store.connect()
    return store


def write_study(journal, plan, num_trials=2, end="FINISHED"):
    journal.append(
        "study-started",
        plan=plan.fingerprint,
        name=plan.name,
        corpus=plan.corpus.values,
        params={"study": "toy@1"},
        tags={"mlflow.note.content": "why"},
    )
    for trial in plan.trials[:num_trials]:
        journal.append(
            "trial-started",
            plan=plan.fingerprint,
            trial=trial.fingerprint,
            label=trial.label,
            params=trial.params,
            config=trial.config,
            corpus=plan.corpus.values,
            cpus=1.0,
            gpus=0.0,
            tags=trial_tags(plan, {"git_commit": "abc"}),
        )
        for step in (1, 2, 3):
            journal.append("trial-metrics", trial=trial.fingerprint, step=step, metrics={"loss": 1 / step})
        journal.append(
            "trial-ended",
            plan=plan.fingerprint,
            trial=trial.fingerprint,
            status=end,
            error="",
            params=dict(trial.params),
            metrics={"loss": 0.2},
            wall_s=2.0,
            cpu_s=2.0,
            gpu_s=0.0,
        )


def deliver(journal, store):
    warnings: list[str] = []
    delivery = Delivery(journal, store, warnings.append)
    delivery.start()
    return delivery.finish(), warnings


def trial_runs(store):
    return [run for run in store.runs() if run.data.tags[KIND] == "trial"]


def test_a_study_becomes_a_parent_with_one_nested_run_a_trial(tmp_path, store):
    plan = plan_of()
    with Journal(tmp_path, store.tracking_uri) as journal:
        write_study(journal, plan)
        assert deliver(journal, store) == (0, [])
    parent = store.run_id(PLAN, plan.fingerprint)
    runs = trial_runs(store)
    assert len(runs) == 2
    for run, trial in zip(runs, plan.trials, strict=False):
        assert run.data.tags["mlflow.parentRunId"] == parent
        assert run.data.tags[TRIAL] == trial.fingerprint
        assert run.info.status == "FINISHED"
        assert run.data.params["x"] == json.dumps(trial.config["x"]).removesuffix(".0")
        assert run.data.metrics["loss"] == pytest.approx(1 / 3)
        assert run.inputs.dataset_inputs[0].dataset.digest == plan.corpus.fingerprint
        history = store._client.get_metric_history(run.info.run_id, "loss")
        assert [point.step for point in history] == [1, 2, 3]


def test_delivering_everything_again_changes_nothing(tmp_path, store):
    plan = plan_of()
    with Journal(tmp_path, store.tracking_uri) as journal:
        write_study(journal, plan)
        deliver(journal, store)
        journal.mark_delivered(0)
        fresh = MlflowStore(store.tracking_uri, store._experiment, store._artifact_root)
        assert deliver(journal, fresh) == (0, [])
    runs = trial_runs(store)
    assert len(runs) == 2
    assert all(run.info.status == "FINISHED" for run in runs)
    assert len(store._client.get_metric_history(runs[0].info.run_id, "loss")) == 3


def test_a_half_made_run_is_adopted(tmp_path, store):
    """A driver died between creating the run and noting that it had."""
    plan = plan_of()
    trial = plan.trials[0]
    store.ensure_run(TRIAL, trial.fingerprint, name="x", tags={KIND: "trial"}, params={}, start_ms=1)
    fresh = MlflowStore(store.tracking_uri, store._experiment, store._artifact_root)
    with Journal(tmp_path, store.tracking_uri) as journal:
        write_study(journal, plan, num_trials=1)
        deliver(journal, fresh)
    (run,) = trial_runs(store)
    assert run.info.status == "FINISHED"


def test_a_store_that_is_away_keeps_nothing_from_being_delivered_later(tmp_path, store):
    plan = plan_of()
    away = MlflowStore("http://127.0.0.1:9", store._experiment)
    with Journal(tmp_path, store.tracking_uri) as journal:
        write_study(journal, plan)
        waiting, warnings = deliver(journal, away)
        assert waiting == 11
        assert len(warnings) == 1
        assert "the study goes on" in warnings[0]
        assert deliver(journal, store) == (0, [])
    assert len(trial_runs(store)) == 2


def test_an_unreachable_store_is_named():
    with pytest.raises(TrackingError, match=r"http://127\.0\.0\.1:9"):
        MlflowStore("http://127.0.0.1:9", "toy@1").connect()
