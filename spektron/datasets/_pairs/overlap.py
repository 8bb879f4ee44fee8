"""The child's spectra on the parent's axis, where both measured; nothing is extrapolated."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from spektron.core.errors import SpectrumError
from spektron.datasets._pairs.axis import Array, Unit, converted, gaps_in
from spektron.datasets._pairs.clean import Instrument
from spektron.datasets._pairs.repairs import Repairs, named

__all__ = ["Overlap", "on_channels", "overlap_of", "resampled"]

# Fewer channels than this are no spectrum to learn from.
_LEAST_CHANNELS = 5
# Axes that differ by less than this part of a step are one.
_SAME = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Where both instruments measured.

    Attributes
    ----------
    low, high : float
        Ends, in `unit`.
    unit : str
        The parent's.
    num_channels : int
        The parent's channels in it that can be used on both.
    parent_range, child_range : tuple of float
        What each measured, in `unit`.
    gaps : tuple of (float, float)
        Stretches in between that are left out: the used channels before and after each.
    resampled : bool
        Whether channels of the child that are used are others than the parent's.
    """

    low: float
    high: float
    unit: Unit
    num_channels: int
    parent_range: tuple[float, float]
    child_range: tuple[float, float]
    gaps: tuple[tuple[float, float], ...]
    resampled: bool

    @property
    def share(self) -> float:
        """Of the parent's range, what is left out in between not counted."""
        left_out = sum(stop - start for start, stop in self.gaps)
        return (self.high - self.low - left_out) / (self.parent_range[1] - self.parent_range[0])

    def __str__(self) -> str:
        how = "the child interpolated onto the parent's channels" if self.resampled else "on the same channels"
        gaps = named((f"{start:.6g} to {stop:.6g}" for start, stop in self.gaps), 3)
        return (
            f"{self.low:.6g} to {self.high:.6g} {self.unit}{f' without {gaps}' if gaps else ''}, {self.share:.0%} of "
            f"the parent's range, {self.num_channels} channels, {how}"
        )


def overlap_of(parent: Instrument, child: Instrument, repairs: Repairs) -> tuple[Overlap, NDArray[np.intp]]:
    """Find the parent's channels that can be used.

    Returns
    -------
    overlap : Overlap
    channels : ndarray, shape (num_channels,)
        Places in the parent's axis.

    Raises
    ------
    SpectrumError
        Where the instruments have fewer than 5 channels in common.
    """
    theirs = np.sort(converted(child.axis, child.unit, parent.unit))
    slack = _SAME * np.diff(parent.axis).min()
    inside = (parent.axis >= theirs[0] - slack) & (parent.axis <= theirs[-1] + slack)
    ends = {
        "parent_range": (float(parent.axis[0]), float(parent.axis[-1])),
        "child_range": (float(theirs[0]), float(theirs[-1])),
    }
    if inside.sum() < _LEAST_CHANNELS:
        raise SpectrumError(
            f"expected two instruments that measure the same range, found the parent at {parent.axis[0]:.6g} to "
            f"{parent.axis[-1]:.6g} {parent.unit} and the child at {theirs[0]:.6g} to {theirs[-1]:.6g} {parent.unit}, "
            f"{int(inside.sum())} channels in common",
            "see whether both files are in the unit that they state, and read the right way round: axis_unit= "
            'says the unit, layout="rows" or layout="columns" where a table has its axis',
        )
    usable = inside & parent.usable & _reached(parent, child)
    repairs.note("channels of the parent that the child did not measure, cut", int((~inside).sum()))
    repairs.note("channels that one of the instruments cannot use, left out", int((inside & ~usable).sum()))
    channels = np.flatnonzero(usable)
    if len(channels) < _LEAST_CHANNELS:
        raise SpectrumError(f"expected at least {_LEAST_CHANNELS} channels that both can use, found {len(channels)}")
    overlap = Overlap(
        low=float(parent.axis[channels[0]]),
        high=float(parent.axis[channels[-1]]),
        unit=parent.unit,
        num_channels=len(channels),
        gaps=tuple(
            (float(parent.axis[before]), float(parent.axis[after]))
            for before, after in pairwise(channels)
            if after - before > 1
        ),
        resampled=not on_channels(theirs, parent.axis[channels]),
        **ends,
    )
    return overlap, channels


def resampled(axis: Array, unit: Unit, spectra: Array, new_axis: Array, new_unit: Unit) -> Array:
    """Bring spectra to other channels by a monotone cubic (PCHIP) between measured points.

    Where the new channels are wider apart, each takes the mean over its own cell, which ends half way to its
    neighbours: sampling alone would throw measurements away and let noise through.

    Parameters
    ----------
    axis : ndarray, shape (points,)
        Ascending, in `unit`.
    spectra : ndarray, shape (samples, points)
    new_axis : ndarray, shape (channels,)
        Ascending, in `new_unit`, within the range of `axis`.

    Returns
    -------
    ndarray, shape (samples, channels)
    """
    x, y = converted(axis, unit, new_unit), spectra
    if x[0] > x[-1]:
        x, y = x[::-1], y[:, ::-1]
    if on_channels(x, new_axis):
        return y[:, np.searchsorted(x, new_axis - _SAME * np.diff(x).min())]
    curve = PchipInterpolator(x, y, axis=1)
    clipped = np.clip(new_axis, x[0], x[-1])
    if np.median(np.diff(x)) >= np.median(np.diff(new_axis)):
        sampled: Array = curve(clipped)
        return sampled
    middle = 0.5 * (new_axis[1:] + new_axis[:-1])
    widest = 0.5 * float(np.median(np.diff(new_axis)))  # a hole in the axis is no part of a cell
    low = np.maximum(np.concatenate([[-np.inf], middle]), clipped - widest)
    high = np.minimum(np.concatenate([middle, [np.inf]]), clipped + widest)
    edges = np.clip(np.stack([low, high]), x[0], x[-1])
    area = curve.antiderivative()(edges)
    mean: Array = (area[:, 1] - area[:, 0]) / (edges[1] - edges[0])
    return mean


def _reached(parent: Instrument, child: Instrument) -> NDArray[np.bool_]:
    """The parent's channels that lie in no gap of the child and beside none of its unusable channels."""
    x, usable = converted(child.axis, child.unit, parent.unit), child.usable
    if x[0] > x[-1]:
        x, usable = x[::-1], usable[::-1]
    gaps = gaps_in(child.axis)
    bad = (gaps if child.unit == parent.unit else gaps[::-1]) | ~usable[1:] | ~usable[:-1]
    slack = _SAME * np.diff(x).min()
    left = np.clip(np.searchsorted(x, parent.axis - slack, side="right") - 1, 0, len(bad) - 1)
    right = np.clip(np.searchsorted(x, parent.axis + slack, side="left") - 1, 0, len(bad) - 1)
    at = np.clip(np.searchsorted(x, parent.axis - slack), 0, len(x) - 1)
    exact = np.abs(x[at] - parent.axis) <= slack
    between = ~(bad[left] | bad[right])
    reached: NDArray[np.bool_] = np.where(exact, usable[at], between)
    return reached


def on_channels(x: Array, new_axis: Array) -> bool:
    """Whether all new channels are among the old ones."""
    slack = _SAME * float(np.diff(x).min())
    places = np.clip(np.searchsorted(x, new_axis - slack), 0, len(x) - 1)
    return bool((np.abs(x[places] - new_axis) <= slack).all())
