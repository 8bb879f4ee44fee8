"""Paired comparisons of a few repeats: the mean difference, Student's interval, and Holm's correction for many arms.

A seed fixes initial weights, the order of the data and the masks, so two arms under one seed share most of what varies;
their difference within each seed is what is looked at, never the two means. With 2 to 5 pairs no bootstrap has enough
resamples to reach its coverage (at 5 pairs there are 126 different ones), while Student's t is exact where differences
are near normal; its intervals are wide at 2 pairs (12.7 standard errors), as they must be.

The interval is of the seeds: what another training run would give on this corpus and these held-out spectra. What other
held-out spectra would give it does not say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spektron.core.errors import ConfigError

__all__ = ["Paired", "holm", "paired_change", "paired_difference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """How one arm differs from another.

    Attributes
    ----------
    value : float
        Mean difference, or relative change (0.1 is 10 % more); NaN without a pair.
    low, high : float or None
        Ends of the interval; None with fewer than two pairs, which know nothing of their spread.
    p_value : float or None
        Two-sided, of no difference at all; None with fewer than two pairs.
    num_pairs : int
    confidence : float
    """

    value: float
    low: float | None
    high: float | None
    p_value: float | None
    num_pairs: int
    confidence: float


def paired_difference(arm: Sequence[float], reference: Sequence[float], *, confidence: float = 0.95) -> Paired:
    """Compare two arms by their mean difference, ``arm − reference``, pair by pair.

    Parameters
    ----------
    arm, reference : sequence of float
        Equally long; entry i of both comes from the same seed (or split).
    confidence : float
        Coverage of the interval.

    Raises
    ------
    ConfigError
        For sequences of different length.
    """
    return _student(_array(arm, "arm") - _array(reference, "reference", len(arm)), confidence)


def paired_change(arm: Sequence[float], reference: Sequence[float], *, confidence: float = 0.95) -> Paired:
    """Compare two arms by the geometric mean of their ratios, less 1: −0.1 is 10 % less.

    For errors, whose spread grows with their size: the logarithms are compared, so that halving and doubling are
    equally far from no change.

    Raises
    ------
    ConfigError
        For sequences of different length, or a value that is not above 0.
    """
    above, below = _array(arm, "arm"), _array(reference, "reference", len(arm))
    for values in (above, below):
        if not (values > 0).all():
            raise ConfigError(
                f"a relative change needs values above 0, found {values.min():g}", "compare differences instead"
            )
    logs = _student(np.log(above) - np.log(below), confidence)
    value, low, high = (None if end is None else math.expm1(end) for end in (logs.value, logs.low, logs.high))
    assert value is not None
    return Paired(
        value=value, low=low, high=high, p_value=logs.p_value, num_pairs=logs.num_pairs, confidence=confidence
    )


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values of one family so that the chance of any false alarm keeps its level (Holm 1979).

    Parameters
    ----------
    p_values : sequence of float or None
        None where a comparison has none; it is not counted.

    Returns
    -------
    list
        In the same order, each at most 1; ascending wherever the given ones are.
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - rank)))
        adjusted[place] = highest
    return adjusted


def _student(differences: NDArray[np.float64], confidence: float) -> Paired:
    count = len(differences)
    mean = float(differences.mean()) if count else math.nan
    if count < 2:
        return Paired(value=mean, low=None, high=None, p_value=None, num_pairs=count, confidence=confidence)
    error = float(differences.std(ddof=1)) / math.sqrt(count)
    half = error * float(stats.t.ppf((1 + confidence) / 2, count - 1))
    # Arms that are one and the same computation differ by exactly nothing, with certainty.
    p_value = 2 * float(stats.t.sf(abs(mean) / error, count - 1)) if error else float(mean == 0.0)
    return Paired(
        value=mean, low=mean - half, high=mean + half, p_value=p_value, num_pairs=count, confidence=confidence
    )


def _array(values: Sequence[float], name: str, length: int | None = None) -> NDArray[np.float64]:
    if length is not None and len(values) != length:
        raise ConfigError(
            f"{name}: expected {length} values, one for each of the other arm's, found {len(values)}",
            "leave out what has no partner",
        )
    return np.asarray(values, dtype=np.float64)
