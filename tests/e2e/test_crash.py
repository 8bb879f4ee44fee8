"""kill -9 of the driver, and the same command again."""

from __future__ import annotations

import pytest

from tests.e2e.driver import (
    SMOKE,
    assert_each_trial_once,
    events,
    finished_trials,
    kill_9,
    run_study,
    start_study,
    wait_for,
)

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ray")]


def count(home, kind):
    return sum(1 for event in events(home) if event["kind"] == kind)


MOMENTS = {
    "a trial has just started": lambda home: count(home, "trial-started") >= 1,
    "a trial is half way": lambda home: count(home, "trial-metrics") >= 1,
    "a trial has just ended": lambda home: len(finished_trials(home)) >= 1,
}


def test_three_kills_and_every_trial_is_finished_exactly_once(home):
    for name, moment in MOMENTS.items():
        driver = start_study(home, *SMOKE)
        wait_for(lambda moment=moment: moment(home), driver)
        kill_9(driver)
        assert len(finished_trials(home)) < 4, f"too late: {name}"
    status, output = run_study(home, *SMOKE)
    assert status == 0, output
    assert_each_trial_once(home, f"sqlite:///{home}/mlflow.db", num_trials=4)
    tries = [event["trial"] for event in events(home) if event["kind"] == "trial-started"]
    assert len(tries) > 4, "no trial was interrupted, so nothing was tested"


def test_an_interrupted_study_marks_its_runs_and_goes_on(home):
    """Ctrl-C and ``ray job stop`` are no crash: runs are KILLED until the next run takes them up again."""
    import signal

    driver = start_study(home, *SMOKE)
    wait_for(lambda: count(home, "trial-metrics") >= 1, driver)
    driver.send_signal(signal.SIGTERM)
    output, _ = driver.communicate(timeout=120)
    assert driver.returncode == 130, output
    assert "goes on where this one was" in output
    status, output = run_study(home, *SMOKE)
    assert status == 0, output
    assert_each_trial_once(home, f"sqlite:///{home}/mlflow.db", num_trials=4)
    status, output = run_study(home, *SMOKE)
    assert status == 0
    assert sorted(finished_trials(home).values()) == [1] * 4, "a finished study ran a trial again"
