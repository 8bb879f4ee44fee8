"""Where the points of a block lie: what its headers say, held to what its table says.

The standard defines the points of (X++(Y..Y)) by FIRSTX, LASTX and NPOINTS, and writes an abscissa at each line's
beginning as a check that none was lost. Real files err in each of them, so that the headers are taken at their word
only where the lines do not contradict it:

1. FIRSTX and LASTX, divided by the number of points read. DELTAX is not needed: 16 of 71 files of one archive do not
   have it, and others round it so that it misses LASTX by several points (0.2410 for 0.24106 over 14,106 points).
2. LASTX and FIRSTX the other way round, where the lines run in that direction.
3. FIRSTX and DELTAX, where LASTX is missing or the lines contradict it.

An abscissa may miss by one and a half points, or by its own last digit where that is more: the lines of NIST's
quantitative gas spectra are one point off their headers, and whole numbers are what is left of an abscissa that a
writer cut short. Lines made by adding up a DELTAX that was rounded may drift as far as that takes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.sources._jcamp.block import Block, Headers, JcampError, Table
from spektron.corpus.sources._jcamp.numbers import quantum_of

__all__ = ["Curve", "curve_of"]

Floats = NDArray[np.float64]

# Points by which the abscissa of a line may miss.
_MISS = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Positions and intensities in the units that the headers name.

    Attributes
    ----------
    x, y : ndarray, shape (points,)
        In the order of the file; `y` is NaN where the file says that nothing was measured.
    repairs : tuple of str
        What was mended: keys of `spektron.spectra.convert.REPAIRS`.
    """

    x: Floats
    y: Floats
    repairs: tuple[str, ...]


def curve_of(block: Block) -> Curve:
    """Scale and place the points of a block.

    Raises
    ------
    JcampError
        Where the table was damaged, the number of points is not the one stated, or lines and headers disagree on where
        the points lie.
    """
    assert block.table is not None
    table = block.table
    if not len(table.y):
        raise JcampError(block.line, "expected points, found an empty table", "length")
    place = _paired if table.paired else _stepped
    with np.errstate(over="ignore", invalid="ignore"):  # absurd factors make infinities, which the gate refuses
        x, repairs = place(block, table, _factor(block, "XFACTOR"))
        y = table.y * _factor(block, "YFACTOR")
    if not block.ended:
        repairs = (*repairs, "end-record-missing")
    return Curve(x=x, y=y, repairs=repairs)


def _paired(block: Block, table: Table, factor: float) -> tuple[Floats, tuple[str, ...]]:
    x = table.x * factor
    if _stated_points(block) in (None, len(x)):
        return x, ()
    first, last = block.headers.number("FIRSTX"), block.headers.number("LASTX")
    near = float(np.abs(np.diff(x)).max(initial=0.0)) / 2
    told = first is not None and last is not None and max(abs(x[0] - first), abs(x[-1] - last)) <= near
    if block.ended and told:
        return x, ("num-points-corrected",)
    raise _length_error(block, len(x))


def _stepped(block: Block, table: Table, factor: float) -> tuple[Floats, tuple[str, ...]]:
    num = len(table.y)
    ends = _Ends.of(block.headers, otherwise_first=float(table.x[0]) * factor)
    repairs: tuple[str, ...] = ()
    if _stated_points(block) not in (None, num):
        if not ends.agree(num):
            raise _length_error(block, num)
        repairs = ("num-points-corrected",)
    problem = JcampError(block.line, "expected LASTX or DELTAX to say where the points lie, found neither")
    for place, (x, how) in enumerate(ends.axes(num)):
        if (missed := _x_check(x, table, factor, ends.drift(x))) is None:
            return x, (*repairs, *how)
        problem = missed if place == 0 else problem
    raise problem


def _x_check(x: Floats, table: Table, factor: float, drift: float) -> JcampError | None:
    """Compare an axis with the abscissas that open the lines; returns the first that is not on it."""
    told, expected = table.x * factor, x[np.minimum(table.at, len(x) - 1)]
    step = abs(x[-1] - x[0]) / max(len(x) - 1, 1)
    allowed = np.maximum(_MISS * step, table.x_quantum * abs(factor)) + drift * table.at
    fits = np.abs(expected - told) <= allowed
    if fits.all():
        return None
    first = int(np.argmin(fits))
    return JcampError(
        int(table.line_number[first]),
        f"X-check: expected the line to begin at {expected[first]:.10g}, found {told[first]:.10g}",
    )


@dataclass(frozen=True, slots=True)
class _Ends:
    """What the headers say about an axis of equal steps."""

    first: float
    last: float | None
    step: float | None
    step_quantum: float

    @classmethod
    def of(cls, headers: Headers, otherwise_first: float) -> _Ends:
        """Read them; a FIRSTX that is not there is where the first line begins."""
        first = headers.number("FIRSTX")
        step = headers.number("DELTAX")
        return cls(
            first=otherwise_first if first is None else first,
            last=headers.number("LASTX"),
            step=step or None,
            step_quantum=quantum_of(headers.text("DELTAX").replace(",", ".")),
        )

    def agree(self, num: int) -> bool:
        """Whether FIRSTX, LASTX and DELTAX alone make `num` points, to half a point over all of them."""
        if self.last is None or self.step is None:
            return False
        return abs(abs(self.step) * (num - 1) - abs(self.last - self.first)) <= abs(self.step) / 2

    def axes(self, num: int) -> Iterator[tuple[Floats, tuple[str, ...]]]:
        """Axes that they may mean, the likeliest first, each with the repairs that taking it makes."""
        if self.last is not None:
            exact = self.step is None or abs(abs(self.step) * (num - 1) - abs(self.last - self.first)) <= abs(self.step)
            how = () if exact else ("axis-step-from-ends",)
            yield np.linspace(self.first, self.last, num), how
            yield np.linspace(self.last, self.first, num), ("axis-ends-swapped", *how)
        if self.step is not None:
            yield self.first + self.step * np.arange(num, dtype=np.float64), ("axis-end-from-step",)

    def drift(self, x: Floats) -> float:
        """Error a point of lines that were made by adding up DELTAX, where that is the axis's own step but rounded."""
        if self.step is None or len(x) < 2:
            return 0.0
        miss = abs(abs(self.step) - abs(x[1] - x[0]))
        return float(miss) if miss <= self.step_quantum else 0.0


def _stated_points(block: Block) -> int | None:
    try:
        stated = block.headers.whole_number("NPOINTS")
    except ValueError as error:
        raise JcampError(block.line, str(error)) from error
    return None if stated is None else round(stated)


def _factor(block: Block, label: str) -> float:
    try:
        factor = block.headers.whole_number(label)
    except ValueError as error:
        raise JcampError(block.line, str(error)) from error
    if factor == 0:
        raise JcampError(block.line, f"expected a {label} other than zero, found 0")
    return 1.0 if factor is None else factor


def _length_error(block: Block, found: int) -> JcampError:
    note = "" if block.ended else "; the block is not closed by ##END="
    return JcampError(
        block.line, f"expected the {_stated_points(block)} points that NPOINTS states, found {found}{note}", "length"
    )
