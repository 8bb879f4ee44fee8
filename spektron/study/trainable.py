"""What Ray Tune runs on a node: the study's trial function, with a context made there."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spektron.core.errors import SpektronError
from spektron.core.provenance import hardware
from spektron.core.settings import Settings
from spektron.core.storage import Storage
from spektron.study.study import Placement, Study

__all__ = ["FAILED_KEY", "FINISHED_KEY", "HARDWARE_KEY", "make_trainable"]

# Marks the report that ends a trial by itself; a trial whose last report lacks it was stopped by a scheduler.
FINISHED_KEY = "spektron_finished"
FAILED_KEY = "spektron_failed"
HARDWARE_KEY = "spektron_hardware"


@dataclass(frozen=True, kw_only=True)
class _Context:
    """`spektron.study.study.TrialContext`, on the node."""

    config: Settings
    corpus_dir: Storage
    checkpoint_dir: Path
    split: str
    placement: Placement

    def report(self, step: int, metrics: Mapping[str, float], checkpoint: Path | None = None) -> None:
        from ray import tune

        tune.report({**metrics, "step": step})


def make_trainable(
    study: Study[Any], config_type: type[Settings], corpus_dir: Storage, trials_dir: Path, placement: Placement
) -> Callable[[dict[str, Any]], None]:
    """A function trainable; `trials_dir` must be reachable from every node that may run one trial's tries."""
    trial, split = study.trial, study.split  # and not the study, whose analysis need not reach the nodes

    def run_trial(payload: dict[str, Any]) -> None:
        from ray import tune

        context = _Context(
            config=config_type.model_validate(payload["config"]),
            corpus_dir=corpus_dir,
            checkpoint_dir=trials_dir / payload["fingerprint"],
            split=split,
            placement=placement,
        )
        try:
            metrics = trial(context)
        except SpektronError:
            # It would fail again: told, not raised, so that Tune does not spend its retries on it.
            tune.report({FAILED_KEY: traceback.format_exc()})
            return
        tune.report({**metrics, FINISHED_KEY: 1, HARDWARE_KEY: hardware()})

    return run_trial
