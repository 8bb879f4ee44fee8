"""Two methods over many tasks and splits: how far apart they are, and in how many tasks the one is better.

Splits of one task share samples, and tasks of one set share spectra, so their errors are not independent; whole tasks
are resampled, with all their splits. Where tasks are combinations (a parent, a child and a property), parents, children
and properties are resampled, each for itself, and a combination counts as often as its parts were drawn, multiplied
(the pigeonhole bootstrap: Owen 2007). As if tasks were independent, intervals of 95 % of 3 instruments and 4 properties
cover 58 to 63 % where half of the variance is of parents, children or properties; these cover 89 to 95 % there, and all
where tasks are independent. Of 2 instruments and 3 properties there is too little to resample: 80 to 85 %, and 94 %.
What is left unsaid is another set of samples: the interval is of these.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spektron.core.errors import ConfigError

__all__ = ["Band", "TasksCompared", "compare_tasks", "within_task_bands"]

TaskT = TypeVar("TaskT", bound=Hashable)
Parts = Callable[[TaskT], tuple[Hashable, ...]]
"""What a task is a combination of, as many parts for each."""
_RESAMPLES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksCompared:
    """One method against another.

    Attributes
    ----------
    ratio : float
        Geometric mean over tasks of the geometric mean over splits of error / other's error; 0.95 is 5 % less.
    low, high : float
        Ends of its interval, by a bootstrap of tasks, or of what they are combinations of (percentiles); NaN for one
        task, of which nothing can be resampled.
    num_tasks : int
    num_better : int
        Tasks with a ratio below 1.
    sign_p : float
        Of the sign test over tasks as if they were independent, two-sided; ties are left out.
    wilcoxon_p : float
        Of Wilcoxon's signed-rank test of the tasks' log ratios, likewise; 1 where all are 0.
    confidence : float
    """

    ratio: float
    low: float
    high: float
    num_tasks: int
    num_better: int
    sign_p: float
    wilcoxon_p: float
    confidence: float

    @property
    def differs(self) -> bool:
        """Whether there is an interval, and 1 lies outside."""
        return self.low > 1 or self.high < 1


def compare_tasks(
    errors: Mapping[TaskT, NDArray[np.float64]],
    others: Mapping[TaskT, NDArray[np.float64]],
    *,
    parts: Parts[TaskT] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> TasksCompared:
    """Compare errors task by task and split by split.

    Parameters
    ----------
    errors, others : mapping
        Task → errors of its splits, finite and above 0; entry i of both is of the same split.
    parts : callable, optional
        What a task is a combination of. Without it tasks are resampled as they are.
    confidence : float
    seed : int
        Of the bootstrap.

    Raises
    ------
    ConfigError
        For other tasks or numbers of splits on one side, no task, or errors that are not above 0.
    """
    if set(errors) != set(others) or not errors:
        missing = sorted(map(str, set(errors) ^ set(others)))
        raise ConfigError(
            f"expected the same tasks on both sides, found on one side only: {', '.join(missing) or 'none'}"
        )
    logs = np.array([_log_ratio(task, errors[task], others[task]) for task in errors])
    resampled = _shares(list(errors), parts, seed) @ logs
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.exp(np.quantile(resampled, tails)) if len(logs) > 1 else (np.nan, np.nan)
    better, decided = int((logs < 0).sum()), int((logs != 0).sum())
    return TasksCompared(
        ratio=float(np.exp(logs.mean())),
        low=float(low),
        high=float(high),
        num_tasks=len(logs),
        num_better=better,
        sign_p=float(stats.binomtest(better, decided).pvalue) if decided else 1.0,
        wilcoxon_p=float(stats.wilcoxon(logs).pvalue) if decided else 1.0,
        confidence=confidence,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Geometric mean of a method's ratio over tasks, and the ends of its interval."""

    ratio: float
    low: float
    high: float


def within_task_bands(
    errors: Mapping[str, Mapping[TaskT, NDArray[np.float64]]],
    others: Mapping[TaskT, NDArray[np.float64]],
    *,
    parts: Parts[TaskT] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Band]:
    """Intervals of several methods that may be compared by eye: what all methods find hard in a task is taken away.

    Parameters
    ----------
    errors : mapping
        Method → task → errors of its splits, the same tasks and splits for all; at least two methods.
    others : mapping
        Task → errors that all are divided by.
    parts : callable, optional
        As `compare_tasks`.
    confidence : float
    seed : int
        Of the bootstrap.

    Raises
    ------
    ConfigError
        For fewer than two methods, and as `compare_tasks`.

    Notes
    -----
    Within-subject intervals, tasks being the subjects (Cousineau 2005), widened by √(M / (M − 1)) for M methods:
    taking their mean away takes some of each method's own variation too (Morey 2008).
    """
    if len(errors) < 2:
        raise ConfigError(f"expected at least two methods to compare, found {len(errors)}")
    tasks = list(others)
    for method, of_task in errors.items():
        if set(of_task) != set(tasks):
            raise ConfigError(f"{method}: expected errors in {len(tasks)} tasks, found {len(of_task)}, or others")
    logs = np.array([[_log_ratio(task, each[task], others[task]) for task in tasks] for each in errors.values()])
    means = logs.mean(axis=1)
    own = (logs - logs.mean(axis=0)) * np.sqrt(len(logs) / (len(logs) - 1))
    shares = _shares(tasks, parts, seed)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    found = {}
    for method, mean, row in zip(errors, means, own, strict=True):
        low, high = np.exp(mean + np.quantile(shares @ row, tails) - row.mean())
        found[method] = Band(ratio=float(np.exp(mean)), low=float(low), high=float(high))
    return found


def _shares(tasks: Sequence[TaskT], parts: Parts[TaskT] | None, seed: int) -> NDArray[np.float64]:
    """How much each task counts in every resample, shape (resamples, tasks); rows add up to 1."""
    rng = np.random.default_rng(seed)
    named = [(task,) if parts is None else parts(task) for task in tasks]
    counts = np.ones((_RESAMPLES, len(tasks)))
    for part in zip(*named, strict=True):
        levels, level = np.unique(np.array([str(one) for one in part]), return_inverse=True)
        drawn = rng.multinomial(len(levels), np.full(len(levels), 1 / len(levels)), _RESAMPLES)
        counts *= drawn[:, level]
    # Where not all combinations are tasks, a resample may have none of them; it says nothing.
    counts = counts[counts.any(axis=1)]
    shares: NDArray[np.float64] = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _log_ratio(task: Hashable, above: NDArray[np.float64], below: NDArray[np.float64]) -> float:
    if above.shape != below.shape or above.ndim != 1 or not len(above):
        raise ConfigError(f"{task}: expected as many splits on both sides, found {above.shape} and {below.shape}")
    for values in (above, below):
        if not ((values > 0) & np.isfinite(values)).all():
            raise ConfigError(f"{task}: expected finite errors above 0, found {values.min():g} to {values.max():g}")
    return float(np.log(above / below).mean())
