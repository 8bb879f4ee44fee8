"""What the study engine costs: 20 trials whose body is two seconds of sleep, against body seconds / slots.

Counted from the first trial's start to the last trial's end, journal, Optuna and MLflow included (start-up is not:
Ray's own is 6 s). Target: at most 1.15 times the ideal. Bare Ray Tune with reused actors, in the same run, is the
baseline.

    python benchmarks/engine.py
"""

import json
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from spektron.core.settings import Settings
from spektron.core.storage import Storage
from spektron.study import Findings, Preset, Study, StudySettings
from spektron.study.places import Places
from spektron.study.runner import look_up, run_plan
from spektron.study.space import Choice
from spektron.study.trial import CorpusIdentity

NUM_TRIALS, BODY_S, SLOTS = 20, 2.0, 2


class SleepConfig(Settings):
    """A trial that sleeps."""

    seconds: float = BODY_S
    seed: int = 0


def sleep_trial(context) -> dict[str, float]:
    """Sleep in four parts, reporting each, as training would."""
    for step in range(1, 5):
        time.sleep(context.config.seconds / 4)
        if step < 4:
            context.report(step, {"loss": 1.0 / step})
    return {"loss": 0.25}


def sleep_study() -> Study[SleepConfig]:
    """Twenty seeds of one point."""
    return Study(
        name="engine_overhead",
        version=1,
        question="What does the engine cost?",
        prediction="At most 15 % over the bodies of the trials.",
        settings=StudySettings[SleepConfig](
            config=SleepConfig(), space={"seed": Choice(values=tuple(range(NUM_TRIALS)))}
        ),
        trial=sleep_trial,
        metric="loss",
        direction="minimize",
        presets={"bench": Preset(expect="half a minute", values={"train.max_concurrent": SLOTS})},
        analysis=lambda results, settings, corpus: Findings(status="not_applicable", verdict="A benchmark."),
    )


def engine_seconds(home: Path) -> float:
    """Run the study and read start and end from its journal."""
    study = sleep_study()
    corpus = CorpusIdentity(name="none", fingerprint="0" * 16, num_train=1, summary={})
    places = Places.under(home)
    plan, ledger, store, _ = look_up(study, study.with_preset("bench"), corpus, places)
    outcome = run_plan(plan, ledger, store, places, Storage.at(home))
    assert len(outcome.results) == NUM_TRIALS, outcome.failed
    assert outcome.undelivered == 0
    events = [json.loads(line) for line in (places.plan_dir(plan) / "journal.jsonl").read_text().splitlines()]
    starts = [event["time"] for event in events if event["kind"] == "trial-started"]
    ends = [event["time"] for event in events if event["kind"] == "trial-ended"]
    return max(ends) - min(starts)


def bare_tune_seconds(home: Path) -> float:
    """The same bodies under bare Ray Tune with reused actors."""
    import ray
    from ray import tune

    times: dict[str, list[float]] = {"start": [], "end": []}

    class Clock(tune.Callback):
        def on_trial_start(self, iteration, trials, trial, **info):
            times["start"].append(time.time())

        def on_trial_complete(self, iteration, trials, trial, **info):
            times["end"].append(time.time())

    def body(config):
        for step in range(1, 5):
            time.sleep(BODY_S / 4)
            tune.report({"loss": 1.0 / step})

    ray.init(address="local", num_cpus=3, include_dashboard=False, log_to_driver=False)
    tune.Tuner(
        tune.with_resources(body, {"CPU": 1}),
        param_space={"seed": tune.grid_search(list(range(NUM_TRIALS)))},
        tune_config=tune.TuneConfig(max_concurrent_trials=SLOTS, reuse_actors=True),
        run_config=tune.RunConfig(storage_path=str(home / "bare"), callbacks=[Clock()], verbose=0),
    ).fit()
    ray.shutdown()
    return max(times["end"]) - min(times["start"])


def main() -> None:
    """Print one table of ratios."""
    ideal = NUM_TRIALS * BODY_S / SLOTS
    with tempfile.TemporaryDirectory() as folder:
        ours = engine_seconds(Path(folder) / "home")
        bare = bare_tune_seconds(Path(folder))
    table = RichTable(
        title=f"{NUM_TRIALS} trials of {BODY_S:g} s on {SLOTS} slots", caption="target: engine ≤ 1.15 × ideal"
    )
    for heading in ("what", "seconds", "× ideal"):
        table.add_column(heading)
    for name, seconds in (("ideal", ideal), ("bare Tune, reused actors", bare), ("study engine", ours)):
        table.add_row(name, f"{seconds:.1f}", f"{seconds / ideal:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
