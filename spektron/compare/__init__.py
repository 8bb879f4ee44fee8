"""Comparing what was measured twice under the same conditions: pairs, their intervals, and many comparisons at once."""

from spektron.compare.paired import Paired, holm, paired_change, paired_difference
from spektron.compare.tasks import TasksCompared, compare_tasks

__all__ = ["Paired", "TasksCompared", "compare_tasks", "holm", "paired_change", "paired_difference"]
