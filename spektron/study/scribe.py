"""The driver's pen: what Ray Tune tells goes to the journal, then to Optuna, then on the screen.

The order is the whole point. Once the journal has the end of a trial, a crash anywhere later loses nothing.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial as TuneTrial
from ray.tune.result import AUTO_RESULT_KEYS

from spektron.core.files import write_text
from spektron.report import StudyProgress
from spektron.study.journal import Journal
from spektron.study.ledger import Ledger, Record, result_of
from spektron.study.plan import Plan
from spektron.study.search import OptunaSearcher
from spektron.study.tags import PLAN
from spektron.study.trainable import FAILED_KEY, FINISHED_KEY, HARDWARE_KEY
from spektron.study.trial import Trial

__all__ = ["HEARTBEAT_S", "Scribe", "trial_tags"]

# What a kill can take from the cost at most; a line every half a minute is less than what trials report.
HEARTBEAT_S = 30.0

_NOT_METRICS = {
    *AUTO_RESULT_KEYS,
    FAILED_KEY,
    FINISHED_KEY,
    HARDWARE_KEY,
    "step",
    "checkpoint_path",
    "checkpoint_dir_name",
}


class Scribe(Callback):  # type: ignore[misc]
    """A Tune callback that keeps the journal, Optuna and the display.

    Parameters
    ----------
    plan, journal, searcher, ledger, progress
        Of this run.
    tags : mapping
        Provenance, written to every trial.
    """

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        searcher: OptunaSearcher,
        ledger: Ledger,
        progress: StudyProgress,
        tags: Mapping[str, str],
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._searcher = searcher
        self._ledger = ledger
        self._progress = progress
        self._tags = trial_tags(plan, tags)
        self._started: dict[str, float] = {}  # Tune's trial id → when, of the trials under way
        self._reported: dict[str, tuple[int, dict[str, float]]] = {}  # Tune's trial id → last step and its metrics
        self._last_heartbeat = time.time()
        self._over: set[str] = set()  # Tune's trial ids whose end is in the journal
        self.ended: dict[str, dict[str, Any]] = {}
        """Fingerprint → end event, of the trials this run has ended."""

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles callbacks for ``Tuner.restore``, which is never used; the journal is the state."""
        return {}

    def on_trial_start(self, iteration: int, trials: Sequence[TuneTrial], trial: TuneTrial, **info: Any) -> None:
        """Journal the start; a second try of the same trial goes on under the same clock."""
        self._start(trial)

    def on_step_end(self, iteration: int, trials: Sequence[TuneTrial], **info: Any) -> None:
        """Journal now and then which trials run, so that the cost of a try that is killed is known."""
        if self._started and time.time() - self._last_heartbeat >= HEARTBEAT_S:
            running = [self._searcher.trial(trial_id).fingerprint for trial_id in self._started]
            self._journal.append("trials-running", sync=False, trials=running)
            self._last_heartbeat = time.time()

    def _start(self, trial: TuneTrial) -> None:
        ours = self._searcher.trial(trial.trial_id)
        self._started.setdefault(trial.trial_id, time.time())
        placement = self._plan.settings.train
        self._journal.append(
            "trial-started",
            plan=self._plan.fingerprint,
            trial=ours.fingerprint,
            label=ours.label,
            params=ours.params,
            config=ours.config,
            corpus=self._plan.corpus.values,
            cpus=placement.cpus_per_trial,
            gpus=placement.gpus_per_trial,
            tags=self._tags,
        )
        self._progress.trial_started(ours.label)

    def on_trial_result(
        self, iteration: int, trials: Sequence[TuneTrial], trial: TuneTrial, result: Mapping[str, Any], **info: Any
    ) -> None:
        """Journal metrics; the report that carries the end mark ends the trial."""
        if trial.trial_id in self._over:
            return
        ours = self._searcher.trial(trial.trial_id)
        metrics = {key: float(v) for key, v in result.items() if key not in _NOT_METRICS and _is_number(v)}
        finite = {key: value for key, value in metrics.items() if math.isfinite(value)}
        if FAILED_KEY in result:
            self._fail_with(trial, ours, str(result[FAILED_KEY]))
            return
        if result.get(FINISHED_KEY):
            self._finish(trial, ours, metrics, result.get(HARDWARE_KEY, {}))
            return
        step = int(result.get("step", 0))
        self._journal.append("trial-metrics", sync=False, trial=ours.fingerprint, step=step, metrics=finite)
        self._reported[trial.trial_id] = (step, finite)
        steps = int(ours.config.get("steps", 0))
        self._progress.trial_progress(ours.label, step, steps, metrics.get(self._plan.study.metric, math.nan))

    def on_trial_complete(self, iteration: int, trials: Sequence[TuneTrial], trial: TuneTrial, **info: Any) -> None:
        """Tell a trial that ended without its end mark as stopped early."""
        if trial.trial_id in self._over:
            return
        ours = self._searcher.trial(trial.trial_id)
        self._end(trial, ours, "KILLED", error="stopped early by the scheduler")
        self._searcher.prune(trial.trial_id)
        self._progress.trial_stopped(ours.label)

    def on_trial_error(self, iteration: int, trials: Sequence[TuneTrial], trial: TuneTrial, **info: Any) -> None:
        """Journal a trial that failed for good."""
        if trial.trial_id in self._over:
            return
        if trial.trial_id not in self._started:
            self._start(trial)  # its actor died before Tune could tell
        ours = self._searcher.trial(trial.trial_id)
        # The local copy: Tune brings it to its storage only later.
        file = Path(trial.error_file) if trial.error_file else None
        traceback = file.read_text(encoding="utf-8") if file and file.exists() else ""
        self._fail_with(trial, ours, traceback)

    def interrupt(self) -> None:
        """Journal everything that still runs as stopped: the next run goes on from its checkpoint."""
        for trial_id in list(self._started):
            ours = self._searcher.trial(trial_id)
            self._journal.append(**self._ending(trial_id, ours, "KILLED", "the driver was stopped"))
            del self._started[trial_id]

    def _finish(self, trial: TuneTrial, ours: Trial, metrics: Mapping[str, float], hardware: Mapping[str, str]) -> None:
        value = metrics.get(self._plan.study.metric)
        if value is None or not math.isfinite(value):
            self._fail(trial, ours, f"expected a finite {self._plan.study.metric}, found {value}")
            return
        finite = {key: number for key, number in metrics.items() if math.isfinite(number)}
        step, reported = self._reported.get(trial.trial_id, (0, {}))
        if new := {key: number for key, number in finite.items() if reported.get(key) != number}:
            self._journal.append("trial-metrics", trial=ours.fingerprint, step=step, metrics=new)
        end = self._end(trial, ours, "FINISHED", metrics=finite, hardware=hardware)
        self._searcher.tell(trial.trial_id, result_of(end))
        self._progress.trial_finished(ours.label, value, end["wall_s"])

    def _fail_with(self, trial: TuneTrial, ours: Trial, traceback: str) -> None:
        path = self._journal.folder / "errors" / f"{ours.fingerprint}.txt"
        write_text(path, traceback)
        self._fail(trial, ours, f"{_reason(traceback)} (whole traceback: {path})")

    def _fail(self, trial: TuneTrial, ours: Trial, reason: str) -> None:
        self._end(trial, ours, "FAILED", error=reason)
        self._searcher.tell(trial.trial_id, None)
        self._progress.trial_failed(ours.label, reason)

    def _end(self, trial: TuneTrial, ours: Trial, status: str, **values: Any) -> dict[str, Any]:
        end = self._ending(trial.trial_id, ours, status, values.pop("error", "")) | values
        self._journal.append(**end)
        self.ended[ours.fingerprint] = end
        self._over.add(trial.trial_id)
        del self._started[trial.trial_id]
        return end

    def _ending(self, trial_id: str, ours: Trial, status: str, error: str) -> dict[str, Any]:
        """Cost is what was reserved, for as long as it was, by each try: that is what a cluster bills."""
        before = self._ledger.records.get(ours.fingerprint, Record())
        seconds = time.time() - self._started[trial_id]
        placement = self._plan.settings.train
        return {
            "kind": "trial-ended",
            "plan": self._plan.fingerprint,
            "trial": ours.fingerprint,
            "status": status,
            "error": error,
            "params": dict(ours.params),
            "metrics": {},
            "wall_s": before.wall_s + seconds,
            "cpu_s": before.cpu_s + seconds * placement.cpus_per_trial,
            "gpu_s": before.gpu_s + seconds * placement.gpus_per_trial,
            "source_hashes": sorted({*before.source_hashes, self._tags["spektron.source_hash"]}),
        }


def trial_tags(plan: Plan, provenance: Mapping[str, str]) -> dict[str, str]:
    """Tags of a trial's run: provenance, and what to search by."""
    return {
        **{f"spektron.{name}": value for name, value in provenance.items()},
        **plan.corpus.tag,
        "spektron.study": plan.study.address,
        PLAN: plan.fingerprint,
        "spektron.num_workers": str(plan.settings.train.num_workers),
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _reason(traceback: str) -> str:
    """What a person reads first of a worker's traceback: our error with its hint, or its last line."""
    if ours := list(re.finditer(r"^spektron\.[\w.]*\.(\w+Error: )", traceback, flags=re.MULTILINE)):
        return traceback[ours[-1].start(1) :].strip()
    lines = [line for line in traceback.strip().splitlines() if line and not line.startswith(" ")]
    return lines[-1] if lines else "unknown error"
