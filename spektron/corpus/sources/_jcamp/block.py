"""What a block of a JCAMP-DX file holds: headers, and at most one table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Block", "Headers", "JcampError", "Table", "label_of"]

# What a block may keep of its headers: real ones have up to 60 labels. More is left out, so that no file fills the
# memory.
_MOST_LABELS = 1000
_LONGEST_VALUE = 4000

_NUMBER = re.compile(r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[EeDd][+-]?[0-9]{1,3})?")
# A number, and a unit behind a space: letters, so that 1/1000 and 0.0O1 are none.
_WHOLE = re.compile(rf"({_NUMBER.pattern})(?:\s+\(?[A-Za-z%µ][^=]*)?", flags=re.DOTALL)
_EXPONENT = str.maketrans("Dd", "EE")  # of Fortran
# Headers that are numbers: how they are written tells how those of the table are.
_NUMERIC = ("FIRSTX", "LASTX", "DELTAX", "XFACTOR", "YFACTOR", "FIRSTY", "MAXX", "MINX", "MAXY", "MINY", "RESOLUTION")


class JcampError(ValueError):
    """A block, or a file, that cannot be read as JCAMP-DX.

    Parameters
    ----------
    line : int
        Number of the line where it shows, from 1.
    problem : str
        What was expected and what was found.
    kind : str
        ``damaged``, ``length`` (the number of points is not the one stated) or ``size`` (a bomb).
    """

    def __init__(self, line: int, problem: str, kind: str = "damaged") -> None:
        super().__init__(line, problem, kind)
        self.line = line
        self.problem = problem
        self.kind = kind

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}"


def label_of(text: str) -> str:
    """Spell a label as the standard compares them: ``Data Type``, ``DATATYPE`` and ``data_type`` are one."""
    return re.sub(r"[\s\-/_]+", "", text).upper()[:100]


class Headers:
    """Labelled data records of a block, by their labels as `label_of` spells them; of two, the first that says anything
    counts."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def add(self, label: str, value: str) -> None:
        """Keep a record; what is beyond any real header is left out."""
        if (label in self._values or len(self._values) < _MOST_LABELS) and not self._values.get(label):
            self._values[label] = value.strip()[:_LONGEST_VALUE]

    def extend(self, label: str, more: str) -> None:
        """Add a continuation line to a record."""
        if label in self._values and len(old := self._values[label]) < _LONGEST_VALUE:
            self._values[label] = f"{old}\n{more.strip()}".strip()[:_LONGEST_VALUE]

    def text(self, *labels: str) -> str:
        """The first of these labels that says anything, on one line; empty where none does."""
        return next((" ".join(found.split()) for label in labels if (found := self._values.get(label, ""))), "")

    def lines(self, label: str) -> list[str]:
        """A value's own lines."""
        return self._values.get(label, "").split("\n")

    def number(self, label: str) -> float | None:
        """The number a value begins with; None where it does not, or is not finite."""
        found = _NUMBER.match(self._numeric(label))
        value = float(found[0].translate(_EXPONENT)) if found else np.inf
        return value if np.isfinite(value) else None

    def whole_number(self, label: str) -> float | None:
        """The number that a value is, but for a unit or a comment behind it; None where the label is absent.

        Raises
        ------
        ValueError
            Where it is there and is none: a factor must not be guessed.
        """
        if label not in self._values:
            return None
        text = self._numeric(label)
        value = float(found[1].translate(_EXPONENT)) if (found := _WHOLE.fullmatch(text)) else np.inf
        if not np.isfinite(value):
            raise ValueError(f"expected {label} to be a number, found {text[:40]!r}")
        return value

    def _numeric(self, label: str) -> str:
        text = self._values.get(label, "").partition("$$")[0].strip()
        return text.replace(",", ".", 1) if self.decimal_comma else text

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers are written 401,12: some of the headers are, and none is written 401.12."""
        numbers = " ".join(self._values.get(label, "") for label in _NUMERIC)
        return bool(re.search(r"[0-9],[0-9]", numbers)) and not re.search(r"[0-9]\.[0-9]", numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Numbers of a table as they stand there, not yet multiplied by their factors.

    Attributes
    ----------
    y : ndarray, shape (points,)
        Ordinates; NaN where the file says ``?``.
    x : ndarray, shape (points,) or (lines,)
        One abscissa for every ordinate, or the one that opens each line.
    x_quantum : ndarray, shape as `x`
        Value of the last digit written of each.
    at : ndarray of int, shape as `x`
        Index of the ordinate to which each abscissa belongs.
    line_number : ndarray of int, shape as `x`
        Where each abscissa stands in the file.
    paired : bool
        Whether every ordinate has its abscissa, (XY..XY), or only the first of a line, (X++(Y..Y)).
    """

    y: NDArray[np.float64]
    x: NDArray[np.float64]
    x_quantum: NDArray[np.float64]
    at: NDArray[np.int64]
    line_number: NDArray[np.int64]
    paired: bool


@dataclass(slots=True, kw_only=True)
class Block:
    """One block of a file, or what is left of it.

    Attributes
    ----------
    number : int
        Its place among the blocks that hold no other blocks, from 1.
    line : int
        Where it begins.
    headers : Headers
        Its records.
    form : str
        Label of its table (``XYDATA``, ``XYPOINTS``, ``PEAKTABLE``, ``NTUPLES``, ...); empty without one.
    table : Table or None
        None without one, where it is of a form that is no curve, or where it is damaged.
    error : JcampError or None
        Why it is damaged.
    ended : bool
        Whether ``##END=`` closes it.
    """

    number: int
    line: int
    headers: Headers = field(default_factory=Headers)
    form: str = ""
    table: Table | None = None
    error: JcampError | None = None
    ended: bool = False
