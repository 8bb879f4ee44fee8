"""Positions of one instrument: their unit, their direction, and the one axis that all of its spectra are brought to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import median_filter

from spektron.core.errors import ConfigError
from spektron.datasets._pairs.raw import RawSpectrum
from spektron.datasets._pairs.repairs import NothingUsable, Repairs, named
from spektron.spectra import AxisUnit, SpectrumRejected, parse_unit

__all__ = ["Array", "Curve", "Unit", "converted", "curves_of", "gaps_in", "on_one_axis", "parse_axis_unit"]

Unit = Literal["nm", "cm-1"]
Array = NDArray[np.float64]
Curve = tuple[str, Array, Array]
"""Sample, ascending positions, intensities."""

# Wavelengths in nm end here: beyond lies the mid-infrared, which is measured in cm⁻¹. Longest of a near-infrared
# instrument: 3,030 nm.
_LONGEST_NM = 3500.0
_LONGEST_UM = 30.0
# What no instrument gives, infinities among it; squares of such numbers are none.
_LARGEST = float(np.finfo(np.float32).max)
# Axes that differ by less than this part of a step are one.
_SAME = 1e-3
# Positions rounded to whole numbers have steps of 1 and 2 where the true one is 1.9; a gap or a misprint is more.
_UNEVEN = 1.6
# A step of this many usual ones is a stretch that nobody measured. What a curve through its ends misses, as a share of
# how samples of corn differ: .01 in the median and .17 at the worst place; across 20 steps .06 and .45.
_GAP_STEPS = 10.0
_ROW = re.compile(r", (row|column) \d+$")
# Of the usual axis's range that a spectrum on another one has to cover.
_COVERED = 0.9


def parse_axis_unit(text: str) -> Unit:
    """Read ``nm``, ``um`` or ``cm-1`` in anybody's spelling; micrometres are taken as nanometres after `curves_of`."""
    try:
        return "cm-1" if parse_unit(text) is AxisUnit.CM1 else "nm"
    except SpectrumRejected as error:
        raise ConfigError(f"axis_unit: {error.detail}", 'say axis_unit="nm" or axis_unit="cm-1"') from error


def curves_of(spectra: Sequence[RawSpectrum], axis_unit: str | None, repairs: Repairs) -> tuple[list[Curve], Unit]:
    """Turn positions to ascend, all in one unit; spectra whose axis turns back or repeats are left out.

    Parameters
    ----------
    spectra : sequence of RawSpectrum
    axis_unit : str or None
        Where files state none.
    repairs : Repairs

    Raises
    ------
    ConfigError
        Where the unit is stated twice and differently, or not at all and cannot be told from the range.
    NothingUsable
        Where no spectrum is left.
    """
    unit = _unit(spectra, axis_unit, repairs)
    curves: list[Curve] = []
    turned, num_absurd = 0, 0
    unfit: list[tuple[str, str]] = []
    for spectrum in spectra:
        x = spectrum.x * 1000.0 if unit is AxisUnit.UM else spectrum.x
        absurd = np.abs(spectrum.y) > _LARGEST
        num_absurd += int(absurd.sum())
        y = np.where(absurd, np.nan, spectrum.y)
        if problem := _problem(x, y):
            unfit.append((spectrum.sample_id, f"{spectrum.where}: {problem}"))
            continue
        descending = bool(x[0] > x[-1])
        turned += descending
        way = slice(None, None, -1) if descending else slice(None)
        curves.append((spectrum.sample_id, x[way], y[way]))
    repairs.leave_out("spectra without a usable axis", unfit)
    if not curves:
        raise NothingUsable.after(
            repairs,
            f"{repairs.side}: expected spectra with an axis, found none: {named(map(' in '.join, unfit), 2)}",
        )
    repairs.note("values too large for float32, taken as not measured", num_absurd)
    repairs.note("spectra with a descending axis, turned round", turned)
    if unit is AxisUnit.UM:
        repairs.note("spectra with an axis in µm, taken to nm", len(curves))
    return curves, "cm-1" if unit is AxisUnit.CM1 else "nm"


def on_one_axis(curves: Sequence[Curve], unit: Unit, repairs: Repairs) -> tuple[list[str], Array, Array]:
    """Bring all spectra to the axis that most of them have.

    Returns
    -------
    ids : list of str
    axis : ndarray, shape (channels,)
        Ascending, in `unit`.
    spectra : ndarray, shape (samples, channels)
        NaN where nothing was measured.
    """
    groups: dict[int, int] = {}  # curve → the first with the same axis
    first: list[int] = []
    for place, (_, x, _) in enumerate(curves):
        match = next((known for known in first if _same(curves[known][1], x)), None)
        if match is None:
            first.append(place)
        groups[place] = place if match is None else match
    usual = Counter(groups.values()).most_common(1)[0][0]
    axis = curves[usual][1]
    ids, rows, moved = [], [], 0
    short: list[tuple[str, str]] = []
    for place, (sample_id, x, y) in enumerate(curves):
        if groups[place] != usual:
            covered = (min(x[-1], axis[-1]) - max(x[0], axis[0])) / (axis[-1] - axis[0])
            if covered < _COVERED:
                short.append((sample_id, f"{x[0]:.6g} to {x[-1]:.6g} {unit}"))
                continue
            y, moved = _interpolated(x, y, axis), moved + 1
        ids.append(sample_id)
        rows.append(y)
    span = f"{axis[0]:.6g} to {axis[-1]:.6g} {unit}, {len(axis)} channels"
    uneven = _uneven(axis)
    repairs.note("steps of the axis that are uneven", len(uneven), f"{unit}: " + named(f"{x:g}" for x in axis[uneven]))
    repairs.note("spectra on another axis than most, interpolated onto it", moved, span)
    repairs.leave_out(f"spectra that lack more than a tenth of {span}", short)
    return ids, axis, np.array(rows)


def converted(axis: Array, unit: Unit, to: Unit) -> Array:
    """Positions in another unit, in the order given: 10⁷ / nm is cm⁻¹."""
    return axis if unit == to else 1e7 / axis


def gaps_in(axis: Array) -> NDArray[np.bool_]:
    """Which steps of an axis, in the unit that it was measured in, are stretches without a measurement.

    Parameters
    ----------
    axis : ndarray, shape (points,)
        Ascending.

    Returns
    -------
    ndarray of bool, shape (points - 1,)
    """
    steps = np.diff(axis)
    gaps: NDArray[np.bool_] = steps > _GAP_STEPS * np.median(steps)
    return gaps


def _unit(spectra: Sequence[RawSpectrum], axis_unit: str | None, repairs: Repairs) -> AxisUnit:
    texts: dict[str, str] = {}
    for spectrum in spectra:
        if spectrum.x_unit.strip():  # of a table's rows the heading states it
            texts.setdefault(spectrum.x_unit, _ROW.sub("", spectrum.where))
    stated: dict[AxisUnit, str] = {}
    for text, where in texts.items():
        try:
            stated.setdefault(parse_unit(text), f"{text} in {where}")
        except SpectrumRejected as error:
            raise ConfigError(f"{repairs.side}: {where}: {error.detail}", "mend the heading of the axis") from error
    if axis_unit is not None:
        parse_axis_unit(axis_unit)
        stated.setdefault(parse_unit(axis_unit), f"axis_unit={axis_unit}")
    if len(stated) > 1:
        raise ConfigError(
            f"{repairs.side}: expected one unit of the axis, found {named(stated.values())}",
            "give files of one unit, and an axis_unit that does not contradict what they state",
        )
    return next(iter(stated)) if stated else _by_range(spectra, repairs)


def _by_range(spectra: Sequence[RawSpectrum], repairs: Repairs) -> AxisUnit:
    ends = [float(np.nanmax(spectrum.x)) for spectrum in spectra if np.isfinite(spectrum.x).any()]
    largest, smallest = max(ends, default=0.0), min(ends, default=0.0)
    if smallest > _LONGEST_NM:
        repairs.note("spectra whose axis has no unit, taken for cm-1: it ends beyond any in nm", len(spectra))
        return AxisUnit.CM1
    if 0 < largest < _LONGEST_UM:
        repairs.note("spectra whose axis has no unit, taken for µm: it ends below any in nm or cm-1", len(spectra))
        return AxisUnit.UM
    raise ConfigError(
        f"{repairs.side}: expected the unit of the axis, found none in {spectra[0].where}; up to {largest:.6g} it may "
        "be nm or cm-1",
        'say axis_unit="nm" or axis_unit="cm-1", or head the first column of the table with "wavelength (nm)"',
    )


def _problem(x: Array, y: Array) -> str:
    if len(x) != len(y):
        return f"expected as many intensities as positions, found {len(y)} and {len(x)}"
    if len(x) < 2 or not np.isfinite(x).all() or x.min() <= 0:
        return "expected at least two finite positions above 0"
    steps = np.diff(x)
    if not ((steps > 0).all() or (steps < 0).all()):
        wrong = min(int((steps <= 0).sum()), int((steps >= 0).sum()))
        against = steps <= 0 if wrong == int((steps <= 0).sum()) else steps >= 0
        at = int(np.flatnonzero(against)[0])
        return (
            f"expected positions in one direction, found {wrong} of {len(steps)} steps that repeat or turn back, first "
            f"{x[at]:g} before {x[at + 1]:g}"
        )
    return ""


def _uneven(axis: Array) -> NDArray[np.intp]:
    """Places after which a step is far longer than those around it, or less than half as long."""
    steps = np.diff(axis)
    if len(steps) < 5:
        return np.empty(0, dtype=np.intp)
    around = median_filter(steps, size=5, mode="nearest")
    return np.flatnonzero((steps > _UNEVEN * around) | (steps < around / 2.0 * (1 - _SAME)))


def _same(one: Array, other: Array) -> bool:
    if one is other:
        return True
    return len(one) == len(other) and bool(np.abs(one - other).max() < _SAME * np.diff(one).min())


def _interpolated(x: Array, y: Array, axis: Array) -> Array:
    """Monotone between measured points; NaN beyond them, and beside points that are missing between them."""
    measured = np.isfinite(y)
    if measured.sum() < 2:
        return np.full(len(axis), np.nan)
    found = np.array(PchipInterpolator(x[measured], y[measured], extrapolate=False)(axis), dtype=np.float64)
    for place in np.flatnonzero(~measured).tolist():
        before, after = float(x[max(place - 1, 0)]), float(x[min(place + 1, len(x) - 1)])
        found[(axis > before) & (axis < after)] = np.nan
    return found
