"""Journal to MLflow, with a real store: exactly one run a trial, whatever is delivered how often."""

from __future__ import annotations

import dataclasses
import json

import pytest

from spektron.core.errors import DriftError, TrackingError
from spektron.study.delivery import Delivery
from spektron.study.journal import Journal
from spektron.study.ledger import Ledger
from spektron.study.mlflow_store import MlflowStore
from spektron.study.runner import _open_parent
from spektron.study.scribe import trial_tags
from spektron.study.tags import CORPUS, KIND, MAX_TAG_CHARS, PLAN, RESULT, TRIAL, result_in, result_tags
from tests.study.test_plan import plan_of
from tests.study.toy import CORPUS as TOY


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


def write_study(journal, plan, num_trials=2, end="FINISHED", code="abc"):
    _open_parent(plan, journal, MlflowStore("unused", "toy@1"))
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
            tags=trial_tags(plan, {"source_hash": code}),
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
            source_hashes=[code],
        )


def deliver(journal, store):
    warnings: list[str] = []
    delivery = Delivery(journal, store, warnings.append)
    delivery.start()
    return delivery.finish(), warnings


def trial_runs(store, plan=None):
    """Runs of trials, in the plan's order if there is one: two may start in one millisecond, MLflow's finest."""
    runs = [run for run in store.runs() if run.data.tags[KIND] == "trial"]
    if plan is None:
        return runs
    order = [trial.fingerprint for trial in plan.trials]
    return sorted(runs, key=lambda run: order.index(run.data.tags[TRIAL]))


def test_a_study_becomes_a_parent_with_one_nested_run_a_trial(tmp_path, store):
    plan = plan_of()
    with Journal(tmp_path, store.tracking_uri) as journal:
        write_study(journal, plan)
        assert deliver(journal, store) == (0, [])
    parent = store.run_id(PLAN, plan.fingerprint)
    runs = trial_runs(store, plan)
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


def again(store):
    """The same store, as the next process sees it."""
    return MlflowStore(store.tracking_uri, store._experiment, store._artifact_root)


def ledger_of(store, plan):
    ledger = Ledger(plan.fingerprint)
    store = again(store)
    store.connect()
    return ledger, ledger.read_mlflow(store)


def test_mlflow_alone_brings_back_the_trials_of_a_corpus_of_many_sets(tmp_path, store):
    counts = {f"table/set_{i:03d}": {"RAMAN": {"train": 100, "validation": 5, "test": 5}} for i in range(500)}
    plan = plan_of(corpus=dataclasses.replace(TOY, summary={"counts": counts}))
    with Journal(tmp_path, store.tracking_uri) as journal:
        write_study(journal, plan)
        assert deliver(journal, store) == (0, [])
    ledger, warnings = ledger_of(store, plan)
    assert warnings == []
    assert ledger.points == {trial.fingerprint: trial.params for trial in plan.trials[:2]}
    record = ledger.finished(plan.trials[0].fingerprint)
    assert record is not None
    assert record.result == {
        "params": plan.trials[0].params,
        "metrics": {"loss": 0.2},
        "wall_s": 2.0,
        "cpu_s": 2.0,
        "gpu_s": 0.0,
        "source_hashes": ["abc"],
    }
    with pytest.raises(DriftError, match=r"corpus\.fingerprint: expected 0123456789abcdef, found e+\n"):
        ledger.check_corpus(dataclasses.replace(TOY, fingerprint="e" * 16))


@pytest.mark.parametrize("tag", [CORPUS, RESULT])
def test_a_run_whose_tags_cannot_be_read_is_passed_over_with_a_warning(tmp_path, store, tag):
    plan = plan_of()
    with Journal(tmp_path, store.tracking_uri) as journal:
        write_study(journal, plan)
        deliver(journal, store)
    broken, _ = trial_runs(store, plan)
    store._client.set_tag(broken.info.run_id, tag, '{"cut')
    ledger, (warning,) = ledger_of(store, plan)
    assert list(ledger.records) == [plan.trials[1].fingerprint]
    assert "1 finished trials" in warning
    assert broken.info.run_id in warning


@pytest.mark.parametrize("num_metrics", [1, 400, 1000])
def test_a_result_longer_than_a_tag_comes_back_whole(tmp_path, store, num_metrics):
    plan = plan_of()
    metrics = {f"loss_{i}": i / 3 for i in range(num_metrics)}
    with Journal(tmp_path, store.tracking_uri) as journal:
        write_study(journal, plan, num_trials=1)
        (end,) = [event for event in journal.events() if event["kind"] == "trial-ended"]
        journal.adopt({**end, "metrics": metrics})
        assert deliver(journal, store) == (0, [])
    (run,) = trial_runs(store)
    assert run.info.status == "FINISHED"
    assert all(len(text) <= MAX_TAG_CHARS for text in run.data.tags.values())
    ledger, warnings = ledger_of(store, plan)
    assert warnings == []
    assert ledger.finished(plan.trials[0].fingerprint).metrics == metrics


def test_a_result_that_fills_its_last_tag_is_read_to_its_end():
    for length in (0, 1, MAX_TAG_CHARS - 1, MAX_TAG_CHARS, MAX_TAG_CHARS + 1, 2 * MAX_TAG_CHARS, 3 * MAX_TAG_CHARS):
        text = "".join(chr(97 + place % 26) for place in range(length))
        assert result_in(result_tags(text)) == text
    with pytest.raises(KeyError):
        result_in({name: text for name, text in result_tags("a" * 3 * MAX_TAG_CHARS).items() if not name.endswith("2")})


@pytest.mark.parametrize("orphan", ["trial-ended", "trial-metrics", "study-ended"])
def test_an_event_without_its_start_is_named_and_holds_up_nothing(tmp_path, store, orphan):
    plan = plan_of()
    with Journal(tmp_path, store.tracking_uri) as journal:
        cost = {"wall_s": 1.0, "cpu_s": 1.0, "gpu_s": 0.0}
        lost = {"trial": "lost", "plan": "lost", "status": "FAILED", "step": 1, "metrics": {"loss": 1.0}}
        journal.append(orphan, **lost, **cost, tags={})
        write_study(journal, plan)
        waiting, (warning,) = deliver(journal, store)
    assert waiting == 0
    assert "lost" in warning
    assert len(trial_runs(store)) == 2


def test_a_deleted_experiment_is_named_and_gets_everything_when_it_is_restored(tmp_path, store):
    plan = plan_of()
    with Journal(tmp_path, store.tracking_uri) as journal:
        write_study(journal, plan, num_trials=1)
        deliver(journal, store)
        store._client.delete_experiment(store._experiment_id)
        with pytest.raises(TrackingError, match="deleted") as caught:
            again(store).connect()
        assert f"mlflow experiments restore --experiment-id {store._experiment_id}" in caught.value.hint
        write_study(journal, plan, num_trials=2)
        for deleted in (store, again(store)):  # while the study runs, and before it starts
            waiting, (warning,) = deliver(journal, deleted)
            assert waiting == 11
            assert "experiments restore" in warning
        store._client.restore_experiment(store._experiment_id)
        assert deliver(journal, store) == (0, [])
    assert [run.info.status for run in trial_runs(store)] == ["FINISHED", "FINISHED"]


def test_the_same_content_by_another_name_is_told_whole(tmp_path, store):
    plan = plan_of()
    renamed = plan_of(corpus=dataclasses.replace(TOY, name="other"))
    with Journal(tmp_path, store.tracking_uri) as journal:
        for each in (plan, renamed):
            write_study(journal, each, num_trials=1)
            assert deliver(journal, store) == (0, [])
    (parent,) = [run for run in store.runs() if run.data.tags[KIND] == "study"]
    assert json.loads(parent.data.tags[CORPUS])["name"] == "other"
    assert {given.dataset.name for given in parent.inputs.dataset_inputs} == {"toy", "other"}
