from __future__ import annotations

import math

import pytest
from optuna.trial import TrialState
from ray.tune.search import Searcher

from spektron.core.errors import StudyError
from spektron.study.ledger import Ledger, Record
from spektron.study.search import OptunaSearcher
from spektron.study.space import Float
from spektron.study.storage import finished_in, open_storage, open_study
from tests.study.test_plan import plan_of


@pytest.fixture(params=["journal", "sqlite"])
def storage_url(request, tmp_path):
    return str(tmp_path / "optuna.journal") if request.param == "journal" else f"sqlite:///{tmp_path}/optuna.db"


def searcher_of(plan, url, ledger=None):
    study = open_study(open_storage(url), plan.fingerprint, plan.study.direction, plan.settings)
    searcher = OptunaSearcher(study, plan.settings, plan.trial_at, ledger or Ledger(), "loss", plan.study.direction)
    return searcher, study


def result(value):
    cost = {"wall_s": 1.0, "cpu_s": 1.0, "gpu_s": 0.0}
    return {"params": {}, "metrics": {"loss": value}, **cost, "source_hashes": ["abc"]}


def drain(searcher, limit=100):
    """Run everything that is left; return the fingerprints in order."""
    seen = []
    for i in range(limit):
        suggestion = searcher.suggest(f"drain-{i}")
        if suggestion == Searcher.FINISHED:
            return seen
        seen.append(suggestion["fingerprint"])
        params = dict(searcher.trial(f"drain-{i}").params)
        searcher.tell(f"drain-{i}", {**result(0.5), "params": params})
    raise AssertionError("the search does not end")


def test_a_grid_visits_every_point_once(storage_url):
    plan = plan_of()
    searcher, _ = searcher_of(plan, storage_url)
    seen = drain(searcher)
    assert sorted(seen) == sorted(trial.fingerprint for trial in plan.trials)


def test_points_that_run_are_not_given_twice(storage_url):
    searcher, _ = searcher_of(plan_of(), storage_url)
    running = [searcher.suggest(f"t{i}")["fingerprint"] for i in range(6)]
    assert len(set(running)) == 6
    assert searcher.suggest("t6") == Searcher.FINISHED


def test_what_the_ledger_knows_is_told_and_not_run(storage_url):
    plan, ledger = plan_of(), Ledger()
    for trial in plan.trials[:4]:
        ledger.records[trial.fingerprint] = Record(status="finished", params=trial.params, metrics={"loss": 0.25})
    searcher, study = searcher_of(plan, storage_url, ledger)
    assert sorted(drain(searcher)) == sorted(trial.fingerprint for trial in plan.trials[4:])
    assert len(dict(finished_in(study))) == 6


@pytest.mark.parametrize("killed", [1, 2, 5])
def test_a_dead_drivers_trials_are_asked_again_exactly_once(storage_url, killed):
    plan = plan_of()
    first, _ = searcher_of(plan, storage_url)
    done = [first.suggest(f"a{i}")["fingerprint"] for i in range(6 - killed)]
    for i in range(6 - killed):
        first.tell(f"a{i}", result(0.1))
    lost = [first.suggest(f"b{i}")["fingerprint"] for i in range(killed)]
    second, study = searcher_of(plan, storage_url)  # the first is gone without a word
    assert sorted(drain(second)) == sorted(lost)
    assert not study.get_trials(states=(TrialState.RUNNING, TrialState.WAITING))
    assert set(dict(finished_in(study))) == {*done, *lost}


def test_a_failed_point_is_tried_again_by_the_next_run_and_not_by_this_one(storage_url):
    plan = plan_of()
    searcher, _ = searcher_of(plan, storage_url)
    failed = searcher.suggest("a")["fingerprint"]
    searcher.tell("a", None)
    assert failed not in drain(searcher)
    again, _ = searcher_of(plan, storage_url)
    assert drain(again) == [failed]


def test_a_pruned_point_keeps_its_values_and_is_not_run_again(storage_url):
    plan = plan_of()
    searcher, study = searcher_of(plan, storage_url)
    pruned = searcher.suggest("a")["fingerprint"]
    searcher.on_trial_result("a", {"loss": 3.0, "step": 10})
    searcher.on_trial_result("a", {"loss": math.nan, "step": 20})
    searcher.prune("a")
    (trial,) = study.get_trials(states=(TrialState.PRUNED,))
    assert trial.intermediate_values == {10: 3.0}
    again, _ = searcher_of(plan, storage_url)
    assert pruned not in drain(again)


def test_a_search_draws_its_number_of_trials_and_goes_on_after_a_crash(storage_url):
    plan = plan_of(search="tpe", num_trials=5, **{"space.x": Float(low=-1, high=1).model_dump()})
    first, _ = searcher_of(plan, storage_url)
    for i in range(3):
        first.suggest(f"a{i}")
    first.tell("a0", result(0.3))
    second, study = searcher_of(plan, storage_url)
    assert len(drain(second)) == 4
    assert len(study.get_trials(states=(TrialState.COMPLETE,))) == 5


@pytest.mark.parametrize("search", ["random", "tpe"])
def test_trials_of_another_plan_that_a_search_comes_upon_are_points_of_this_one(storage_url, search):
    space = {"space.x": Float(low=-1, high=1).model_dump()}
    ledger = Ledger()
    short = plan_of(search=search, num_trials=3, **space)
    searcher, study = searcher_of(short, storage_url, ledger)
    drain(searcher)
    ledger.read_optuna(short.fingerprint, finished_in(study))
    assert len(ledger.records) == 3
    assert ledger.points == {}
    longer, _ = searcher_of(plan_of(search=search, num_trials=5, **space), storage_url, ledger)
    ran = drain(longer)
    assert len(ran) == 2
    assert set(ledger.points) == set(ledger.records)


@pytest.mark.parametrize("search", ["random", "tpe"])
def test_a_search_whose_storage_is_lost_runs_none_of_its_finished_trials_again(tmp_path, search):
    """Trials of several at a time, whose points no sampler could draw again from its seed."""
    axes = {"space.x": Float(low=-1, high=1).model_dump(), "space.seed": [3, 4]}
    plan = plan_of(search=search, num_trials=15, **axes)
    ledger = Ledger(plan.fingerprint)
    for i in range(15):
        trial = plan.trial_at({"x": i / 15, "seed": 3 + i % 2})
        ledger.read_optuna(plan.fingerprint, [(trial.fingerprint, {**result(0.5), "params": trial.params})])
    for _ in range(2):  # and again, after a crash before anything was asked
        again, _ = searcher_of(plan, str(tmp_path / "new"), ledger)
    assert drain(again) == []
    assert again.num_settled == 15


def test_unreachable_storage_is_named():
    with pytest.raises(StudyError, match=r"127\.0\.0\.1:1"):
        open_storage("postgresql://user@127.0.0.1:1/optuna")
