"""Comparing what was measured twice under the same conditions: pairs, their intervals, and many comparisons at once."""

from spektron.compare.paired import Paired, holm, paired_change, paired_difference

__all__ = ["Paired", "holm", "paired_change", "paired_difference"]
