"""Which of a wide table's first row and first column is its axis; where both may be, plausibility or a refusal.

Samples are often named by rising numbers, so that an axis of names and one of positions both rise. Names count
upwards by ones, with gaps; positions lie in the range of the unit that the corner states, and their steps are even.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.sources._csv.text import Notation
from spektron.corpus.sources._damage import UnfitFile
from spektron.spectra import AxisUnit, SpectrumRejected, parse_unit
from spektron.spectra.convert import MIN_POINTS

__all__ = ["Headed", "headed_axis", "num_names_of", "numbers_or_nan", "wide_layout"]

Array = NDArray[np.float64]

# "X1100" as R writes it, "wl_1100", "1100 nm".
_HEADING = re.compile(r"(?P<before>[A-Za-z_.]{0,12}[ _.-]?)(?P<number>\d+(?:[.,]\d+)?)\s*(?P<after>\D.*)?", re.ASCII)
# Fewer positions than this rise by chance, whatever is said beside them.
_LEAST = 3
# Where spectra are measured: far ultraviolet to terahertz.
_RANGES = {AxisUnit.NM: (150.0, 30_000.0), AxisUnit.UM: (0.15, 1000.0), AxisUnit.CM1: (5.0, 60_000.0)}
_ANY_RANGE = (0.15, 60_000.0)
# Neighbouring steps of an axis agree within rounding (1 and 2 for 1.9), but for some; those of names need not.
_STEP_RATIO, _EVEN = 2.001, 0.9
# Of an axis's steps that may go astray before it is taken for something else.
_ASTRAY = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Headed:
    """Positions in the headings of columns, in words.

    Attributes
    ----------
    num_names : int
        Columns before them.
    axis : ndarray, shape (points,)
    unit : str
        Written behind each of them; empty where none is.
    """

    num_names: int
    axis: Array
    unit: str


def headed_axis(notation: Notation, cells: list[str], least: int) -> Headed | None:
    """Read headings such as ``X1100`` or ``1100 nm``; None where they are none.

    Parameters
    ----------
    notation : Notation
    cells : list of str
        Headings.
    least : int
        Positions that are needed where no unit is written behind them: ``S1`` to ``S9`` are samples.
    """
    found = [_HEADING.fullmatch(cell) for cell in cells]
    if not found or (last := found[-1]) is None:
        return None
    words = (last["before"], last["after"])
    num_names = (
        next(
            (
                place
                for place in range(len(found) - 1, -1, -1)
                if (m := found[place]) is None or words != (m["before"], m["after"])
            ),
            -1,
        )
        + 1
    )
    axis = numbers_or_nan(notation, [m["number"] for m in found[num_names:] if m is not None])
    unit = words[1] or ""
    if unit and _unit_of(unit) is None:
        return None
    return Headed(num_names=num_names, axis=axis, unit=unit) if _is_axis(axis, _LEAST if unit else least) else None


def wide_layout(
    notation: Notation, rows: list[list[str]], above: list[str], headed: Headed | None
) -> Literal["rows", "columns"]:
    """Say ``rows`` or ``columns``.

    Parameters
    ----------
    notation : Notation
    rows : list of list of str
        Cells of the first lines, from the first row of numbers on.
    above : list of str
        Headings over it, if any.
    headed : Headed or None
        Positions in these headings.

    Raises
    ------
    UnfitFile
        ``ambiguous-layout`` where both may be the axis or none is, ``no-axis`` where both are only counted.
    """
    names = num_names_of(notation, rows[0])
    if headed is not None:
        corner, across, down = above[0] if headed.num_names else "", headed.axis, [row[0] for row in rows]
    else:
        corner, across = rows[0][0] if names else "", numbers_or_nan(notation, rows[0][names:])
        down = [row[0] for row in (rows[1:] if names else rows)]
    column = numbers_or_nan(notation, down)
    if _counts(across) and _counts(column):
        raise UnfitFile("no-axis", "expected an axis in the first row or column, found both only counted")
    in_row = headed is not None or _is_axis(across, MIN_POINTS)
    in_column = _is_axis(column, min(MIN_POINTS, max(len(rows) - 1, _LEAST)))
    if in_row and in_column and above and not names and headed is None:  # a row of a table with headings, by chance
        return "columns"
    unit = _unit_of(headed.unit if headed is not None and headed.unit else corner)
    # A row of a few numbers may rise by chance, and not below a corner that names it.
    heads = headed is not None or (names > 0 and not above)
    if in_column and (in_row or (heads and _is_axis(across, _LEAST))):
        return _likelier(across, column, unit)
    if in_column and heads and len(astray := _astray(across)):
        if _is_clear(column, unit):
            return "columns"
        raise UnfitFile("ambiguous-layout", _where_astray("row", across, astray))
    if in_row or (heads and unit is not None and _is_axis(across, _LEAST) and np.isnan(column).all()):
        return "rows"
    if in_column:
        return "columns"
    raise UnfitFile("ambiguous-layout", _no_axis(across, column, rows[0], down))


def num_names_of(notation: Notation, cells: list[str]) -> int:
    """Cells before the first number."""
    return next((place for place, cell in enumerate(cells) if notation.is_number(cell)), len(cells))


def numbers_or_nan(notation: Notation, cells: list[str]) -> Array:
    """Numbers of cells; NaN for all of them where one is none."""
    numbers = notation.numbers(cells)
    return np.full(len(cells), np.nan) if numbers is None else numbers


def _likelier(across: Array, column: Array, unit: AxisUnit | None) -> Literal["rows", "columns"]:
    clear = _is_clear(across, unit), _is_clear(column, unit)
    within = _is_within(across, unit), _is_within(column, unit)
    for row, other in (clear, within) if unit is not None else (clear,):
        if row != other:
            return "rows" if row else "columns"
    raise UnfitFile(
        "ambiguous-layout",
        f"the first row ({_ends(across)}) and the first column ({_ends(column)}) may both be the axis: say layout=rows "
        "where each further row is a spectrum, layout=columns where each further column is one",
    )


def _is_clear(values: Array, unit: AxisUnit | None) -> bool:
    """Whether numbers are hardly anything but positions: many, in range, evenly apart, and not counted by ones."""
    if len(values) < MIN_POINTS or not _is_within(values, unit):
        return False
    steps = np.abs(np.diff(values))
    if (values == np.round(values)).all() and np.median(steps) == 1.0:
        return False
    ratio = np.maximum(steps[1:], steps[:-1]) / np.minimum(steps[1:], steps[:-1])
    return bool((ratio < _STEP_RATIO).mean() >= _EVEN)


def _is_within(values: Array, unit: AxisUnit | None) -> bool:
    low, high = _ANY_RANGE if unit is None else _RANGES[unit]
    return bool(values.min() >= low and values.max() <= high)


def _is_axis(values: Array, least: int) -> bool:
    if len(values) < least or not np.isfinite(values).all() or _counts(values):
        return False
    steps = np.diff(values)
    return bool((steps > 0).all() or (steps < 0).all())


def _astray(values: Array) -> NDArray[np.intp]:
    """Steps against the direction of nearly all others; none where there is no such direction."""
    if len(values) < MIN_POINTS or not np.isfinite(values).all():
        return np.empty(0, dtype=np.intp)
    steps = np.diff(values)
    against = steps <= 0 if values[-1] > values[0] else steps >= 0
    return np.flatnonzero(against) if against.mean() <= _ASTRAY else np.empty(0, dtype=np.intp)


def _counts(values: Array) -> bool:
    return len(values) > 0 and values[0] in (0.0, 1.0) and bool((values == values[0] + np.arange(len(values))).all())


def _no_axis(across: Array, column: Array, first: list[str], down: list[str]) -> str:
    for what, values in (("row", across), ("column", column)):
        if len(astray := _astray(values)):
            return _where_astray(what, values, astray)
    if _counts(across):
        return f"expected positions in the first row, found {_ends(across)}, which only count the channels: write them"
    if _is_axis(across, _LEAST):
        return (
            f"expected an axis of {MIN_POINTS} positions or more, found {len(across)} in the first row "
            f"({_ends(across)}): say layout=rows if they are one"
        )
    return (
        "expected an axis in the first row or column, found none: the row begins with "
        f"{', '.join(cell[:20] for cell in first[:3])}, the column with {', '.join(cell[:20] for cell in down[:3])}; "
        "give the table a first row of positions"
    )


def _where_astray(what: str, values: Array, astray: NDArray[np.intp]) -> str:
    at = int(astray[0])
    return (
        f"expected positions that rise or fall throughout the first {what} ({_ends(values)}), found "
        f"{values[at]:.8g} before {values[at + 1]:.8g}, the first of {len(astray)} such places: mend the axis"
    )


def _ends(values: Array) -> str:
    return f"{values[0]:.8g} to {values[-1]:.8g}"


def _unit_of(text: str) -> AxisUnit | None:
    try:
        return parse_unit(text)
    except SpectrumRejected:
        return None
