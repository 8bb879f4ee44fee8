"""Comparing what was measured twice under the same conditions: pairs, their intervals, and many comparisons at once."""

from spektron.compare.paired import Paired, holm, paired_change, paired_difference
from spektron.compare.tasks import Band, TasksCompared, compare_tasks, within_task_bands

__all__ = [
    "Band",
    "Paired",
    "TasksCompared",
    "compare_tasks",
    "holm",
    "paired_change",
    "paired_difference",
    "within_task_bands",
]
