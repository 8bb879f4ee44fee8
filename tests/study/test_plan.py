from __future__ import annotations

import dataclasses
import io
import os

import pytest
from rich.console import Console

from spektron.core.errors import ConfigError, DriftError, TrackingError
from spektron.study.command import _expected_slots
from spektron.study.ledger import Ledger, Record
from spektron.study.plan import make_plan, plan_table
from spektron.study.space import Float
from spektron.study.sqlite_file import require_openable
from studies.patch_scales import STUDY as PATCH_SCALES
from tests.study.toy import CORPUS, toy_study


def plan_of(study=None, corpus=CORPUS, **values):
    study = study or toy_study()
    return make_plan(study, study.with_preset("smoke", values), corpus)


def fingerprints(plan):
    return {trial.fingerprint for trial in plan.trials}


def test_a_plan_runs_nothing_and_is_the_same_every_time():
    assert plan_of().fingerprint == plan_of().fingerprint
    assert len(fingerprints(plan_of())) == 6


@pytest.mark.parametrize(
    "values",
    [
        {"train.num_workers": 2},
        {"train.cpus_per_worker": 0.5},
        {"train.gpus_per_worker": 1},
        {"train.max_concurrent": 1},
        {"cost.cpu_hour": 0.04},
    ],
)
def test_placement_and_prices_never_bear_identity(values):
    assert fingerprints(plan_of(**values)) == fingerprints(plan_of())
    assert plan_of(**values).fingerprint == plan_of().fingerprint


def test_configuration_corpus_split_version_and_seed_all_bear_identity():
    base = fingerprints(plan_of())
    others = [
        plan_of(**{"config.steps": 4}),
        plan_of(corpus=dataclasses.replace(CORPUS, fingerprint="f" * 16)),
        plan_of(toy_study(version=2)),
        plan_of(dataclasses.replace(toy_study(), split="test")),
        plan_of(**{"space.seed": [7, 8]}),
    ]
    assert all(not base & fingerprints(plan) for plan in others)


def test_a_larger_grid_shares_its_trials_with_the_smaller_one():
    larger = plan_of(**{"space.x": [0, 1, 2, 3]})
    assert fingerprints(plan_of()) < fingerprints(larger)
    assert larger.fingerprint != plan_of().fingerprint


def test_the_name_of_a_corpus_does_not_bear_identity():
    assert fingerprints(plan_of(corpus=dataclasses.replace(CORPUS, name="other"))) == fingerprints(plan_of())


@pytest.mark.parametrize("values", [{"space.x": []}, {"space.z": [1]}, {"config.nothing": 1}, {"space.x": ["a"]}])
def test_wrong_settings_fail_before_anything_runs(values):
    with pytest.raises(ConfigError):
        plan_of(**values)


def test_a_search_needs_a_number_of_trials():
    with pytest.raises(ConfigError, match="number of trials"):
        plan_of(search="tpe", **{"space.x": Float(low=0, high=1).model_dump()})


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(ConfigError, match="smoke"):
        toy_study().with_preset("laptop")


def test_the_table_says_what_is_done_and_what_the_rest_may_cost():
    plan, ledger = plan_of(), Ledger()
    first = plan.trials[0]
    ledger.records[first.fingerprint] = Record(status="finished", metrics={"loss": 0.5}, wall_s=10.0)
    table = plan_table(plan, ledger, slots=2)
    assert [row["state"] for row in table.rows].count("finished") == 1
    assert "6 trials, 1 in the ledger, 5 to run, 2 at a time" in table.note
    assert "25 s of wall time" in table.note


def test_the_table_does_not_guess_how_wide_a_cluster_is():
    plan, ledger = plan_of(), Ledger()
    ledger.records[plan.trials[0].fingerprint] = Record(status="finished", metrics={"loss": 0.5}, wall_s=10.0)
    note = plan_table(plan, ledger, slots=None).note
    assert "as many at a time as the cluster holds" in note
    assert "Expected: 50 s of trial time" in note


@pytest.mark.parametrize(
    ("values", "slots"),
    [
        ({}, 2),
        ({"train.num_workers": 2}, 1),
        ({"train.max_concurrent": 1}, 1),
        ({"train.cpus_per_worker": 0.5}, 4),
        ({"train.cpus_per_worker": 64}, None),
    ],
)
def test_a_plan_tells_as_many_at_a_time_as_a_run_has(monkeypatch, values, slots):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    told = io.StringIO()
    assert _expected_slots(plan_of(**values).settings.train, Console(file=told)) == slots
    assert ("not on this machine" in told.getvalue()) == (slots is None)


def test_a_plan_for_a_cluster_leaves_its_width_open(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert _expected_slots(plan_of().settings.train, Console(file=io.StringIO())) is None
    assert _expected_slots(plan_of(**{"train.max_concurrent": 3}).settings.train, Console(file=io.StringIO())) == 3


def test_drift_names_the_field():
    plan, ledger = plan_of(), Ledger()
    old = {"name": "toy", "fingerprint": "e" * 16, "summary": {"num_spectra": {"train": 99}}}
    ledger.records[plan.trials[0].fingerprint] = Record(status="finished", corpus=old)
    with pytest.raises(DriftError, match=r"corpus\.num_spectra\.train: expected 99, found 100") as caught:
        ledger.check_corpus(CORPUS)
    assert "corpus.fingerprint" in caught.value.message
    assert "--name" in caught.value.hint


def test_another_corpus_by_another_name_is_no_drift():
    ledger = Ledger()
    ledger.records["x"] = Record(status="finished", corpus={"name": "other", "fingerprint": "e" * 16, "summary": {}})
    ledger.check_corpus(CORPUS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"config.seed": 3}, r"config\.seed, which its space overrides"),
        ({"space": {}}, "at least one axis"),
        ({"space.seed": "abc"}, "a list of values"),
        ({"space.seed": [True]}, "expected a number, found True"),
    ],
)
def test_settings_that_would_change_nothing_or_mean_nothing_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        toy_study().with_preset("smoke", values)


def test_a_database_that_cannot_be_opened_is_told_at_once(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(TrackingError, match="expected a database file"):
        require_openable(f"sqlite:///{tmp_path}/file/mlflow.db")
    require_openable(f"sqlite:///{tmp_path}/new/mlflow.db")
    require_openable("http://127.0.0.1:9")


def test_points_of_one_configuration_are_one_trial():
    """Seven subsets of scales × three merges × seeds: with one scale there is nothing to merge."""
    plan = make_plan(PATCH_SCALES, PATCH_SCALES.with_preset("laptop"), CORPUS)
    assert len(plan.trials) == plan.num_trials == (3 + 4 * 3) * 5
    assert len(fingerprints(plan)) == plan.num_trials
    alone = [trial.config["encoder"] for trial in plan.trials if len(trial.config["encoder"]["scales"]) == 1]
    assert {encoder["merge"] for encoder in alone} == {"concat"}
