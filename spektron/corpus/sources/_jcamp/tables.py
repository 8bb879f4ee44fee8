"""From the lines of a table to its numbers, with the checks that the compressed forms carry."""

from __future__ import annotations

import math
from array import array
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.sources._jcamp.block import JcampError, Table
from spektron.corpus.sources._jcamp.lines import Line
from spektron.corpus.sources._jcamp.numbers import Kind, plain_numbers, quantum_of, tokens

__all__ = ["MOST_POINTS", "Pairs", "Steps", "TableReader"]

# The longest real spectrum known here has 56,417 points.
MOST_POINTS = 2**20
# Ordinates that a character of a table may stand for. DUP makes 10^9 points of ten characters; real tables stay near 1,
# with runs of one value of some dozens inside. With this, time and memory stay linear in what is read.
_POINTS_PER_CHARACTER = 64
_POINTS_AT_ONCE = 4096


class TableReader(Protocol):
    """What takes a table's lines one by one; both methods raise `JcampError`."""

    def feed(self, line: Line) -> None:
        """Take one line."""
        ...

    def finish(self) -> Table:
        """What was read."""
        ...


class Steps:
    """Reads (X++(Y..Y)): each line opens with the abscissa of its first ordinate.

    A line after one that ended in a difference repeats the last ordinate, as a check, and its abscissa is that one's.

    Parameters
    ----------
    decimal_comma : bool
        Whether numbers are written 401,12; else a comma separates two numbers.
    """

    def __init__(self, decimal_comma: bool) -> None:
        self._decimal_comma = decimal_comma
        self._y = array("d")
        self._x, self._quantum = array("d"), array("d")
        self._at, self._line_number = array("q"), array("q")
        self._room = _POINTS_AT_ONCE
        self._ends_in_step = False

    def feed(self, line: Line) -> None:
        """Take one line.

        Raises
        ------
        JcampError
            Where it holds anything but numbers, its first ordinate is not the last one of the line before (the
            Y-check of DIF), or it stands for more points than any real table does.
        """
        text = line.text.replace(",", ".") if self._decimal_comma else line.text
        if not text.strip():
            return
        self._room = min(MOST_POINTS, self._room + _POINTS_PER_CHARACTER * len(text))
        ends_in_step = False
        try:
            if (numbers := plain_numbers(text, paired=False)) is not None:
                x, values = numbers[0] if numbers else math.nan, numbers[1:]
            else:
                (kind, x), *codes = tokens(text)
                if kind is not Kind.VALUE or not math.isfinite(x):
                    raise ValueError("expected an abscissa at the beginning of the line, found none")
                values, ends_in_step = _expanded(codes, self._room - len(self._y))
            self._append(x, quantum_of(text), values, ends_in_step, line.number)
        except ValueError as error:
            raise JcampError(line.number, str(error)) from error
        except _TooManyError:
            raise JcampError(line.number, _bomb(len(self._y)), "size") from None

    def finish(self) -> Table:
        """What was read."""
        return Table(
            y=_floats(self._y),
            x=_floats(self._x),
            x_quantum=_floats(self._quantum),
            at=np.array(self._at, dtype=np.int64),
            line_number=np.array(self._line_number, dtype=np.int64),
            paired=False,
        )

    def _append(self, x: float, quantum: float, values: list[float], ends_in_step: bool, number: int) -> None:
        at = len(self._y)
        if self._ends_in_step and values:
            _check(self._y[-1], values[0])
            at, values = at - 1, values[1:]
        if at + len(values) > self._room:
            raise _TooManyError
        self._x.append(x)
        self._quantum.append(quantum)
        self._at.append(at)
        self._line_number.append(number)
        self._y.extend(values)
        self._ends_in_step = ends_in_step


class Pairs:
    """Reads (XY..XY): abscissa and ordinate in turn, whatever stands between them.

    Parameters
    ----------
    decimal_comma : bool
        As for `Steps`.
    """

    def __init__(self, decimal_comma: bool) -> None:
        self._decimal_comma = decimal_comma
        self._numbers = array("d")
        self._line_number = array("q")

    def feed(self, line: Line) -> None:
        """Take one line.

        Raises
        ------
        JcampError
            Where it holds anything but pairs of numbers, or more of them than any real table.
        """
        text = line.text.replace(",", ".") if self._decimal_comma else line.text
        if (numbers := plain_numbers(text, paired=True)) is None:
            raise JcampError(line.number, f"expected pairs of numbers, found {text.strip()[:60]!r}")
        if len(numbers) % 2:
            raise JcampError(line.number, f"expected pairs of numbers, found {len(numbers)} numbers")
        if (len(self._numbers) + len(numbers)) // 2 > MOST_POINTS:
            raise JcampError(line.number, _bomb(len(self._numbers) // 2), "size")
        self._numbers.extend(numbers)
        self._line_number.extend([line.number] * (len(numbers) // 2))

    def finish(self) -> Table:
        """What was read."""
        numbers = _floats(self._numbers)
        return Table(
            y=numbers[1::2],
            x=numbers[::2],
            x_quantum=np.zeros(len(numbers) // 2),
            at=np.arange(len(numbers) // 2),
            line_number=np.array(self._line_number, dtype=np.int64),
            paired=True,
        )


class _TooManyError(Exception):
    """More points than there is room for."""


def _expanded(codes: list[tuple[Kind, float]], room: int) -> tuple[list[float], bool]:
    """Ordinates that a line stands for, and whether the last of them was given as a difference."""
    values: list[float] = []
    step: float | None = None
    for kind, number in codes:
        if kind is Kind.VALUE:
            step = None
            values.append(number)
        elif not values:
            raise ValueError("expected an ordinate before a difference or a repetition, found none")
        elif kind is Kind.STEP:
            step = number
            values.append(values[-1] + number)
        else:
            more = _repetitions(number)
            if len(values) + more > room:
                raise _TooManyError
            if step is None:
                values.extend([values[-1]] * more)
            else:
                values.extend([values[-1] + step * i for i in range(1, more + 1)])
    return values, step is not None


def _repetitions(number: float) -> int:
    """How many more times; a repetition counts the ordinate that it repeats."""
    if number < 1 or not number.is_integer():
        raise ValueError(f"expected a count of repetitions, found {number:g}")
    return int(number) - 1


def _check(last: float, repeated: float) -> None:
    # Exact for the whole numbers that these forms are meant for; decimal ones have been added up in binary.
    if not abs(repeated - last) <= 1e-9 * max(1.0, abs(last)):
        raise ValueError(f"Y-check: expected the line to repeat {last:.15g}, found {repeated:.15g}")


def _bomb(num_points: int) -> str:
    return (
        f"expected up to {MOST_POINTS} points, and {_POINTS_PER_CHARACTER} for each character of the table, "
        f"found more after {num_points}"
    )


def _floats(numbers: array[float]) -> NDArray[np.float64]:
    return np.array(numbers, dtype=np.float64)
