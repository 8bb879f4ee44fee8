"""What the ledger makes of journals: whose code, at what cost, in which plan."""

from __future__ import annotations

import json

import pytest

from spektron.study.ledger import Ledger


def started(time, trial="t", code="old", cpus=4.0, gpus=1.0):
    tags = {"spektron.source_hash": code}
    return {
        "kind": "trial-started",
        "time": time,
        "trial": trial,
        "params": {"x": 0},
        "corpus": {},
        "cpus": cpus,
        "gpus": gpus,
        "tags": tags,
    }


def metrics(time, trial="t"):
    return {"kind": "trial-metrics", "time": time, "trial": trial, "step": 1, "metrics": {"loss": 1.0}}


def running(time, *trials):
    return {"kind": "trials-running", "time": time, "trials": list(trials or ["t"])}


def ended(time, status="FINISHED", plan="p", **values):
    cost = {"wall_s": 100.0, "cpu_s": 400.0, "gpu_s": 100.0}
    rest = {"metrics": {"loss": 0.5}, "params": {"x": 0}, "source_hashes": ["old"], "error": "why", **cost, **values}
    return {"kind": "trial-ended", "time": time, "trial": "t", "plan": plan, "status": status, **rest}


def ledger_of(folder, *journals, plan="p"):
    """The ledger of plans "p", "q", … with these events."""
    for name, events in zip("pqr", journals, strict=False):
        path = folder / name / "journal.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
    ledger = Ledger(plan)
    ledger.read_journals(folder)
    return ledger


@pytest.mark.parametrize(
    ("heard", "seconds"),
    [
        ([], 0.0),
        ([running(1030), running(1060)], 60.0),  # killed before it reported
        ([running(1030), metrics(1050), running(1060), running(1090)], 90.0),  # and after
        ([metrics(1050), metrics(1080)], 80.0),
        ([metrics(1050), metrics(1040), running(1060)], 60.0),  # a clock that went back
    ],
)
def test_a_try_that_was_killed_costs_what_it_reserved_until_it_was_last_heard_of(tmp_path, heard, seconds):
    record = ledger_of(tmp_path, [started(1000), *heard]).records["t"]
    assert (record.status, record.wall_s, record.cpu_s, record.gpu_s) == (
        "interrupted",
        seconds,
        4 * seconds,
        seconds,
    )


def test_each_try_costs_what_it_reserved_itself_and_the_time_between_tries_nothing(tmp_path):
    tries = [started(1000), running(1010), started(5000, cpus=1.0, gpus=0.0), running(5100)]
    record = ledger_of(tmp_path, tries).records["t"]
    assert (record.wall_s, record.cpu_s, record.gpu_s) == (110.0, 140.0, 10.0)


def test_a_trial_that_failed_and_is_tried_again_keeps_the_cost_of_its_failure(tmp_path):
    record = ledger_of(tmp_path, [started(0), ended(100, "FAILED"), started(200), running(210)]).records["t"]
    assert (record.status, record.wall_s, record.cpu_s, record.gpu_s) == ("interrupted", 110.0, 440.0, 110.0)


def test_tries_in_several_plans_are_one_story(tmp_path):
    """Whichever file was written to last: the end, which holds the sum, comes last in time."""
    later = [started(200), ended(300, wall_s=150.0)]
    earlier = [started(0), running(50)]
    for journals in ([earlier, later], [later, earlier]):
        record = ledger_of(tmp_path, *journals).records["t"]
        assert (record.status, record.wall_s) == ("finished", 150.0)


def test_the_code_of_every_try_is_kept(tmp_path):
    assert ledger_of(tmp_path, [started(0), started(10, code="new")]).records["t"].source_hashes == ["new", "old"]


def test_only_the_plans_own_trials_are_its_points(tmp_path):
    mine, other = [started(0), ended(1)], [started(0), ended(1, plan="q")]
    assert ledger_of(tmp_path, mine).points == {"t": {"x": 0}}
    assert ledger_of(tmp_path, other).points == {}


def test_reading_again_takes_in_only_what_is_new(tmp_path):
    ledger = ledger_of(tmp_path, [started(0), running(10)])
    with (tmp_path / "p" / "journal.jsonl").open("a") as file:
        file.write(json.dumps(running(15)) + "\n")
    ledger.read_journals(tmp_path)
    assert ledger.records["t"].wall_s == 15.0
