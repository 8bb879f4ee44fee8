"""The trial function of studies of prediction intervals: one way to make them, one set, one split."""

from __future__ import annotations

from collections import defaultdict
from statistics import mean

import numpy as np

from spektron.study.study import TrialContext
from spektron.study.threads import limited_threads
from spektron.transfer.coverage import CoverageConfig, task_intervals

__all__ = ["coverage_trial"]


def coverage_trial(context: TrialContext) -> dict[str, float]:
    """Make intervals in every task with every number of standards.

    Returns
    -------
    dict
        ``coverage/<task>/n<standards>/c<percent>``: share of test samples inside. ``width/<task>/n<standards>`` and
        ``score/…``: mean width and interval score at 90 %, over the deviation of the test samples' property; left out
        where intervals are infinite. ``miss``: calibration error, the mean distance of a direction's coverage, over all
        its properties, from what was asked for, over directions, numbers of standards and confidences.
    """
    config: CoverageConfig = context.config
    metrics: dict[str, float] = {}
    covered: dict[tuple[str, int, float], list[float]] = defaultdict(list)
    with limited_threads(context.placement.threads_per_worker, network=config.is_network):
        for found in task_intervals(config):
            at = f"{found.task.name}/n{found.num_standards}"
            for confidence, quality in found.quality.items():
                metrics[f"coverage/{at}/c{confidence:.0%}".rstrip("%")] = quality.coverage
                covered[found.task.direction, found.num_standards, confidence].append(quality.coverage)
            spread = float(found.task.test_y.std(ddof=1))
            if np.isfinite(found.quality[0.9].width):
                metrics[f"width/{at}"] = found.quality[0.9].width / spread
                metrics[f"score/{at}"] = found.quality[0.9].score / spread
    return {**metrics, "miss": mean(abs(mean(each) - confidence) for (_, _, confidence), each in covered.items())}
