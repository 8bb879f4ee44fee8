"""Suggestions for Ray Tune from Optuna's ask and tell, on storage that outlives the driver.

Ray's own ``OptunaSearch`` keeps its study in memory, tells trials that were stopped early as complete (so that a
sampler mixes fidelities) and leaves a trial with a NaN metric running for ever. Here a stopped trial is PRUNED with
its intermediate values, NaN is FAIL, and what a dead driver left RUNNING is asked again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from ray.tune.search import Searcher

from spektron.study.ledger import Ledger, Record
from spektron.study.space import Choice, grid_points, grid_values, suggest
from spektron.study.storage import FINGERPRINT, RESULT, finished_in
from spektron.study.study import StudySettings
from spektron.study.trial import Trial

__all__ = ["OptunaSearcher"]

_MAX_REPEATS = 1000  # suggestions in a row that are already done or running before a search is called exhausted


class OptunaSearcher(Searcher):  # type: ignore[misc]
    """Ray Tune's view of one Optuna study.

    Parameters
    ----------
    study : optuna.Study
        On persistent storage.
    settings : StudySettings
        Space and number of trials.
    trial_at : callable
        Point → `Trial`.
    ledger : Ledger
        Finished trials are told to Optuna, never run; those that another plan finished are added to its `points`.
    metric, direction : str
        What a trial is told with.
    """

    def __init__(
        self,
        study: optuna.Study,
        settings: StudySettings[Any],
        trial_at: Callable[[Mapping[str, Any]], Trial],
        ledger: Ledger,
        metric: str,
        direction: str,
    ) -> None:
        super().__init__(metric=metric, mode="min" if direction == "minimize" else "max")
        self._study = study
        self._space = settings.space
        self._num_trials = settings.num_trials
        self._trial_at = trial_at
        self._ledger = ledger
        self._running: dict[str, tuple[optuna.Trial, Trial]] = {}  # Tune's trial id → what was asked
        # Fingerprints that this search is done with: complete, pruned, or failed in this run.
        self._settled = {fingerprint for fingerprint, _ in finished_in(study)}
        self._wanted: set[str] | None = None
        if settings.search == "grid":
            self._wanted = {trial_at(point).fingerprint for point in grid_points(settings.space)}
        self._recover()

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles searchers for ``Tuner.restore``, which is never used; the storage is the state."""
        return {}

    @property
    def num_settled(self) -> int:
        """Trials this search is done with."""
        return len(self._settled)

    def trial(self, tune_id: str) -> Trial:
        """The trial behind one of Tune's ids."""
        return self._running[tune_id][1]

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """The next point that is neither done nor running, or `Searcher.FINISHED`."""
        for _ in range(_MAX_REPEATS):
            if self.exhausted:
                break
            asked = self._study.ask()
            trial = self._trial_at(suggest(asked, self._space))
            asked.set_user_attr(FINGERPRINT, trial.fingerprint)
            if record := self._ledger.finished(trial.fingerprint):
                self._tell_known(asked, trial, record)
            elif trial.fingerprint in self._settled | self._active():
                self._study.tell(asked, state=TrialState.FAIL)
            else:
                self._running[trial_id] = (asked, trial)
                return {"fingerprint": trial.fingerprint, "config": dict(trial.config)}
        return str(Searcher.FINISHED)

    def on_trial_result(self, trial_id: str, result: Mapping[str, Any]) -> None:
        """Keep an intermediate value, for pruned trials and for looking at."""
        value = result.get(self.metric)
        if trial_id in self._running and isinstance(value, int | float) and math.isfinite(value):
            self._running[trial_id][0].report(float(value), step=int(result.get("step", 0)))

    def on_trial_complete(self, trial_id: str, result: Mapping[str, Any] | None = None, error: bool = False) -> None:
        """Nothing: the driver calls `tell` or `prune`, after the journal has the end of the trial."""

    def tell(self, tune_id: str, result: Mapping[str, Any] | None) -> None:
        """Tell Optuna how a trial ended.

        `result` is the end's ``params, metrics, wall_s, cpu_s, gpu_s``; None for a trial that failed.
        """
        asked, trial = self._running.pop(tune_id)
        self._settled.add(trial.fingerprint)
        if result is None:
            self._study.tell(asked, state=TrialState.FAIL)
            return
        asked.set_user_attr(RESULT, json.dumps(result))
        self._study.tell(asked, float(result["metrics"][self.metric]))

    def prune(self, tune_id: str) -> None:
        """Tell Optuna that a scheduler stopped a trial early; its intermediate values stay."""
        asked, trial = self._running.pop(tune_id)
        self._settled.add(trial.fingerprint)
        self._study.tell(asked, state=TrialState.PRUNED)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the storage is the state."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: the storage is the state."""

    @property
    def exhausted(self) -> bool:
        """Whether every point is done or running."""
        taken = self._settled | self._active()
        return self._wanted <= taken if self._wanted is not None else len(taken) >= (self._num_trials or 0)

    def _active(self) -> set[str]:
        return {trial.fingerprint for _, trial in self._running.values()}

    def _tell_known(self, asked: optuna.Trial, trial: Trial, record: Record) -> None:
        asked.set_user_attr(RESULT, json.dumps(record.result))
        self._study.tell(asked, float(record.metrics[self.metric]))
        self._settled.add(trial.fingerprint)
        self._ledger.points.setdefault(trial.fingerprint, trial.params)

    def _recover(self) -> None:
        """Close what a dead driver left RUNNING, and put it and what failed back in front of the queue.

        So with finished trials of a search that the storage has lost: nothing but its sampler could name them again.
        """
        again: dict[str, FrozenTrial] = {}
        queued = set()
        for trial in self._study.get_trials(deepcopy=False):
            fingerprint = trial.user_attrs.get(FINGERPRINT)
            if trial.state == TrialState.RUNNING:
                self._study.tell(trial.number, state=TrialState.FAIL)
            if trial.state == TrialState.WAITING:
                queued.add(str(trial.system_attrs.get("fixed_params")))
            elif trial.state == TrialState.PRUNED and fingerprint:
                self._settled.add(fingerprint)
            elif trial.state in (TrialState.RUNNING, TrialState.FAIL) and fingerprint:
                again[fingerprint] = trial
        for fingerprint, trial in again.items():
            if fingerprint not in self._settled and str(trial.params) not in queued:
                self._enqueue(trial)
        if self._wanted is not None:
            return
        for fingerprint, params in self._ledger.points.items():
            if fingerprint not in self._settled | again.keys() and str(point := _stored(params)) not in queued:
                self._study.enqueue_trial(point)

    def _enqueue(self, trial: FrozenTrial) -> None:
        """Queue a point again, keeping its place in the grid (``Study.enqueue_trial`` would lose it)."""
        grid = {key: trial.system_attrs[key] for key in ("grid_id", "search_space") if key in trial.system_attrs}
        self._study.add_trial(
            optuna.trial.create_trial(state=TrialState.WAITING, system_attrs={"fixed_params": trial.params, **grid})
        )


def _stored(point: Mapping[str, Any]) -> dict[str, Any]:
    """A point as Optuna stores it: a grid of one."""
    return {path: values[0] for path, values in grid_values({k: Choice(values=(v,)) for k, v in point.items()}).items()}
