"""What the driver writes down while trials run; Tune's calls are made by hand, everything behind them is real."""

from __future__ import annotations

import io
import time

import pytest
from ray.tune.experiment import Trial as TuneTrial
from rich.console import Console

from spektron.report import StudyProgress
from spektron.study.journal import Journal
from spektron.study.ledger import Ledger, Record
from spektron.study.scribe import HEARTBEAT_S, Scribe
from spektron.study.trainable import FINISHED_KEY
from tests.study.test_plan import plan_of
from tests.study.test_search import searcher_of


class QuietTrial(TuneTrial):
    """One that left no traceback; to look for its file Tune asks a cluster."""

    error_file = None


class Driver:
    """A scribe with a real journal and searcher, and Tune's side of it."""

    def __init__(self, folder, ledger=None):
        self.plan = plan_of(**{"train.cpus_per_worker": 2})
        self.ledger = ledger or Ledger(self.plan.fingerprint)
        self.folder = folder
        self.searcher, _ = searcher_of(self.plan, str(folder / "optuna.journal"), self.ledger)
        self.journal = Journal(folder / "p", "nobody")
        progress = StudyProgress(total=6, reused=0, slots=1, metric="loss", console=Console(file=io.StringIO()))
        self.scribe = Scribe(self.plan, self.journal, self.searcher, self.ledger, progress, {"source_hash": "new"})

    def trial(self):
        tune_trial = QuietTrial("toy", stub=True)
        assert isinstance(self.searcher.suggest(tune_trial.trial_id), dict)
        return tune_trial

    def call(self, name, tune_trial, **values):
        getattr(self.scribe, name)(iteration=0, trials=[tune_trial], trial=tune_trial, **values)

    def kinds(self):
        return [event["kind"] for event in self.journal.events()]

    def read(self):
        ledger = Ledger(self.plan.fingerprint)
        ledger.read_journals(self.folder)
        return ledger


@pytest.fixture
def driver(tmp_path):
    return Driver(tmp_path)


def test_cost_and_code_of_earlier_tries_are_added_to_this_ones(tmp_path):
    ledger = Ledger()
    for trial in plan_of().trials:
        ledger.records[trial.fingerprint] = Record(wall_s=100.0, cpu_s=800.0, gpu_s=100.0, source_hashes=["old"])
    driver = Driver(tmp_path, ledger)
    trial = driver.trial()
    driver.call("on_trial_start", trial)
    time.sleep(0.05)
    driver.call("on_trial_result", trial, result={"loss": 0.5, FINISHED_KEY: 1})
    (end,) = driver.scribe.ended.values()
    seconds = end["wall_s"] - 100.0
    assert 0.05 <= seconds < 5.0
    assert end["cpu_s"] == pytest.approx(800.0 + 2 * seconds)
    assert end["gpu_s"] == 100.0
    assert end["source_hashes"] == ["new", "old"]
    (record,) = driver.read().records.values()
    assert record.result == {key: end[key] for key in record.result}


def test_running_trials_are_noted_now_and_then(driver, monkeypatch):
    """So a try that is killed without a report is still paid for, to within a heartbeat."""
    clock = [1000.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    driver.scribe._last_heartbeat = clock[0]
    driver.scribe.on_step_end(iteration=0, trials=[])
    trial = driver.trial()
    driver.call("on_trial_start", trial)
    for _ in range(1000):  # Tune's loop, ten times a second
        clock[0] += 0.1
        driver.scribe.on_step_end(iteration=0, trials=[])
    assert driver.kinds() == ["trial-started", *["trials-running"] * int(100 / HEARTBEAT_S)]
    (record,) = driver.read().records.values()
    assert 100.0 - HEARTBEAT_S <= record.wall_s <= 100.0
    assert record.cpu_s == pytest.approx(2 * record.wall_s)


def test_a_trial_whose_actor_died_before_it_started_is_journaled_whole(driver):
    driver.call("on_trial_error", driver.trial())
    assert driver.kinds() == ["trial-started", "trial-ended"]
    assert [record.status for record in driver.read().records.values()] == ["failed"]


def test_a_second_try_in_one_driver_goes_on_under_the_same_clock(driver):
    trial = driver.trial()
    driver.call("on_trial_start", trial)
    time.sleep(0.05)
    driver.call("on_trial_start", trial)
    driver.scribe.interrupt()
    (record,) = driver.read().records.values()
    assert record.wall_s >= 0.05
    assert record.status == "interrupted"
