"""Runs in which every trial is known already: everything real but Ray, which they do not start."""

from __future__ import annotations

import shutil

import pytest

from spektron.core.provenance import provenance
from spektron.core.storage import Storage
from spektron.study.journal import Journal
from spektron.study.mlflow_store import MlflowStore
from spektron.study.places import Places
from spektron.study.runner import look_up, run_plan
from spektron.study.tags import KIND, PLAN
from tests.study.test_delivery import write_study
from tests.study.test_plan import plan_of
from tests.study.toy import CORPUS, toy_study


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory):
    """A migrated database: making its tables takes seconds."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowStore(f"sqlite:///{path}", "other@1").connect()
    return path


@pytest.fixture
def places(tmp_path, empty_database):
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return Places.under(tmp_path)


def run(places, study=None, corpus=CORPUS, **values):
    study = study or toy_study()
    plan, ledger, store, warnings = look_up(study, study.with_preset("smoke", values), corpus, places)
    assert warnings == []
    return run_plan(plan, ledger, store, places, Storage.at(places.home)), store


def finish(places, plan, code="old"):
    with Journal(places.plan_dir(plan), places.tracking_uri) as journal:
        write_study(journal, plan, num_trials=6, code=code)


def warnings_of(outcome):
    assert outcome.report is not None
    return outcome.report.warnings


def test_trials_made_by_other_code_are_warned_of(places):
    finish(places, plan_of())
    outcome, _ = run(places)
    assert [result.reused for result in outcome.results] == [True] * 6
    (warning,) = warnings_of(outcome)
    assert "6 of 6 trials were made by other code" in warning
    assert f"source hash old; now {provenance()['source_hash']}" in warning


def test_trials_made_by_this_code_are_not(places):
    finish(places, plan_of(), code=provenance()["source_hash"])
    outcome, _ = run(places)
    assert warnings_of(outcome) == ()


def test_a_store_that_lost_what_it_was_told_is_told_again(places, empty_database):
    finish(places, plan_of())
    run(places)
    shutil.copy(empty_database, places.home / "mlflow.db")
    outcome, store = run(places)
    assert outcome.undelivered == 0
    assert sum(run.data.tags[KIND] == "trial" for run in again(store).runs()) == 6


def test_a_driver_that_ended_while_this_one_looked_is_not_repeated(places):
    """The look-up takes seconds; what was journaled meanwhile is read under the lock."""
    study = toy_study()
    plan, ledger, store, _ = look_up(study, study.with_preset("smoke"), CORPUS, places)
    finish(places, plan)
    outcome = run_plan(plan, ledger, store, places, Storage.at(places.home))
    assert [result.reused for result in outcome.results] == [True] * 6


def test_another_plans_trials_become_runs_of_a_store_that_lacks_them(places, empty_database):
    finish(places, plan_of())
    outcome, store = run(places, **{"space.x": [0, 1]})
    assert len(outcome.results) == 4
    store = again(store)
    trials = [run for run in store.runs() if run.data.tags[KIND] == "trial"]
    parent = store.run_id(PLAN, plan_of(**{"space.x": [0, 1]}).fingerprint)
    assert {run.data.tags["mlflow.parentRunId"] for run in trials} == {parent}
    assert len(trials) == 4


def again(store):
    """The store as the next process sees it."""
    fresh = MlflowStore(store.tracking_uri, store._experiment, store._artifact_root)
    fresh.connect()
    return fresh
