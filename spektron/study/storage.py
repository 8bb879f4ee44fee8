"""Optuna's storage, which outlives the driver: opening it, and the study of one plan in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import BaseSampler, GridSampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from spektron.core.errors import StudyError
from spektron.study.space import grid_values
from spektron.study.study import StudySettings

__all__ = ["FINGERPRINT", "RESULT", "finished_in", "open_storage", "open_study"]

# User attributes of an Optuna trial.
FINGERPRINT = "spektron.trial"
RESULT = "spektron.result"

optuna.logging.set_verbosity(optuna.logging.WARNING)
logging.getLogger("optuna").setLevel(logging.WARNING)


def open_storage(url: str) -> BaseStorage:
    """Open Optuna storage: an RDB URL (``postgresql://…``, ``sqlite:///…``) or the path of a journal file.

    Raises
    ------
    StudyError
        When the database cannot be reached.
    """
    try:
        if "://" in url:
            return RDBStorage(url)
        Path(url).parent.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(url))
    except Exception as error:
        raise StudyError(
            f"expected Optuna storage at {url}, found {type(error).__name__}: {str(error).splitlines()[0]}",
            "pass --storage with an RDB URL or the path of a journal file",
        ) from error


def open_study(storage: BaseStorage, name: str, direction: str, settings: StudySettings[Any]) -> optuna.Study:
    """The Optuna study of one plan, created or found by the plan's name."""
    return optuna.create_study(
        storage=storage, study_name=name, direction=direction, sampler=_sampler(settings), load_if_exists=True
    )


def finished_in(study: optuna.Study) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Fingerprint and result of every trial the storage holds as complete."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        if FINGERPRINT in trial.user_attrs and RESULT in trial.user_attrs:
            yield trial.user_attrs[FINGERPRINT], json.loads(trial.user_attrs[RESULT])


class _Grid(GridSampler):  # type: ignore[misc]
    """Optuna's grid, for ask and tell: the end of the grid is ours to notice, not an error of ``Study.stop``."""

    def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
        """Do nothing: the base class calls ``study.stop()``, which raises outside ``study.optimize``."""


def _sampler(settings: StudySettings[Any]) -> BaseSampler:
    match settings.search:
        case "grid":
            return _Grid(grid_values(settings.space), seed=settings.search_seed)
        case "tpe":
            return TPESampler(seed=settings.search_seed, multivariate=True, constant_liar=True)
        case "random":
            return RandomSampler(seed=settings.search_seed)
