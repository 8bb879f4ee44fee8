"""Where in a text table the axis is, decided from its first lines, or refused by name where two readings fit.

``xy``: two columns, position and intensity. ``rows``: the first row is the axis, each further one a spectrum.
``columns``: the first column is the axis, each further one a spectrum. An axis rises or falls throughout; a run of
0, 1, 2, … counts rows or columns and is none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.sources._csv.text import NOTATIONS, Decimal, Notation
from spektron.corpus.sources._csv.wide import headed_axis, num_names_of, numbers_or_nan, wide_layout
from spektron.corpus.sources._damage import UnfitFile
from spektron.spectra.convert import MIN_POINTS

__all__ = ["Layout", "Sheet", "sheet_of"]

Layout = Literal["xy", "rows", "columns"]

# Lines looked at, and characters of them: enough for an axis of `MIN_POINTS` below a page of headings.
_SNIFFED_LINES, _SNIFFED_CHARACTERS = 400, 8 * 2**20
# Cells before the numbers of a row that may name it.
_MOST_NAMES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What the first lines of a file say about all of it.

    Attributes
    ----------
    notation : Notation
        Of its cells.
    layout : str
        ``xy``, ``rows`` or ``columns``.
    head : tuple of str
        Lines before the first row of numbers, as they are.
    headings : tuple of str
        Cells above the columns; empty where there are none.
    num_names : int
        In ``rows``: cells before the numbers.
    width : int
        Cells of most rows.
    axis : ndarray, shape (points,)
        In ``rows``: the axis. Empty otherwise.
    columns : tuple of int
        In ``xy``: the columns of position and intensity.
    unit : str
        In ``rows``: the unit that is written behind each position; empty where none is.
    """

    notation: Notation
    layout: Layout
    head: tuple[str, ...]
    headings: tuple[str, ...]
    num_names: int
    width: int
    axis: NDArray[np.float64]
    columns: tuple[int, int] = (0, 1)
    unit: str = ""

    def is_comment(self, line: str) -> bool:
        """Whether a line below the headings says nothing of a spectrum; a row may well be named ``#1``."""
        return line.startswith("#") and not (
            self.layout == "rows" and _is_row(self.notation, self.notation.cells(line))
        )


def sheet_of(
    lines: Iterable[str],
    layout: Layout | Literal["auto"],
    decimal: Decimal | Literal["auto"],
    names: tuple[str, str] = ("", ""),
) -> Sheet:
    """Look at the first lines of a file.

    Parameters
    ----------
    lines : iterable of str
        Of `read_lines`; no more than `_SNIFFED_LINES` are taken.
    layout, decimal : str
        What is known; ``auto`` where nothing is.
    names : tuple of str
        Headings of the columns of position and intensity, where a table has several; a file without them is looked at
        as if none were given.

    Raises
    ------
    UnfitFile
        ``no-spectrum`` where no rows of numbers are met, ``ambiguous-layout`` where several readings fit, ``no-axis``
        where rows and columns are only counted.
    """
    sniffed = _sniffed(lines)
    if all(names) and (named := _named_columns(sniffed, names, decimal)) is not None:
        return named
    notation, first = _notation(sniffed, decimal)
    rows = [notation.cells(line) for line in sniffed[first:]]
    width = max(Counter(map(len, rows)).items(), key=lambda item: (item[1], item[0]))[0]
    head = sniffed[:first]
    above = next((cells for line in reversed(head) if len(cells := notation.cells(line)) == width), [])
    _require_decimals(notation, rows, len(above) == width, decimal)
    headed = None
    if layout in ("auto", "rows") and above and head and notation.cells(head[-1]) == above and head[-1][0] != "#":
        headed = headed_axis(notation, above, MIN_POINTS if layout == "auto" else 2)
    if layout == "auto":
        layout = "xy" if width == 2 else wide_layout(notation, rows, above, headed)
    num_names, axis = num_names_of(notation, rows[0]), np.empty(0)
    if layout == "rows" and headed is not None:
        head, axis, num_names, above = head[:-1], headed.axis, headed.num_names, above[: headed.num_names]
    elif layout == "rows":
        axis, above = numbers_or_nan(notation, rows[0][num_names:]), rows[0][:num_names]
    elif num_names:  # headings that are numbers but for the first one: samples 1, 2, 3
        head, above = sniffed[: first + 1], rows[0]
    return Sheet(
        notation=notation,
        layout=layout,
        head=tuple(head),
        headings=tuple(above),
        num_names=num_names,
        width=width,
        axis=axis,
        unit=headed.unit if headed is not None and layout == "rows" else "",
    )


def _sniffed(lines: Iterable[str]) -> list[str]:
    found, num_characters = [], 0
    for line in islice(lines, _SNIFFED_LINES):
        if line.strip():
            found.append(line)
            num_characters += len(line)
        if num_characters > _SNIFFED_CHARACTERS:
            break
    return found


def _notation(lines: list[str], decimal: Decimal | Literal["auto"]) -> tuple[Notation, int]:
    """The notation in which most lines are rows of numbers, and the first of these rows."""
    best: tuple[int, int] = (0, 0)
    found: tuple[Notation, int] | None = None
    for notation in NOTATIONS:
        if decimal not in ("auto", notation.decimal) or not notation.may_hold(lines):
            continue
        rows = [place for place, line in enumerate(lines) if _is_row(notation, notation.cells(line))]
        # Where no number has a decimal comma, points are what later ones may have.
        commas = sum("," in line for line in lines) if notation.decimal == "comma" else 0
        score = (len(rows), 1 if notation.decimal == "point" or commas else 0)
        if rows and score > best:
            best, found = score, (notation, rows[0])
    if found is None:
        shown = repr(lines[0][:80]) if lines else "nothing"
        raise UnfitFile("no-spectrum", f"expected rows of at least two numbers, found {shown}")
    return found


def _named_columns(lines: list[str], names: tuple[str, str], decimal: Decimal | Literal["auto"]) -> Sheet | None:
    """A table of many quantities, of which two are asked for by their headings."""
    best, found = 0, None
    for notation in NOTATIONS:
        if decimal not in ("auto", notation.decimal):
            continue
        for place, line in enumerate(lines):
            headings = [cell.casefold() for cell in notation.cells(line)]
            if all(name.strip().casefold() in headings for name in names):
                x, y = (headings.index(name.strip().casefold()) for name in names)
                below = [notation.cells(row) for row in lines[place + 1 :]]
                rows = sum(len(row) > max(x, y) and all(map(notation.is_number, (row[x], row[y]))) for row in below)
                if rows > best:
                    best, found = rows, (notation, place, (x, y), len(headings))
                break
    if found is None:
        return None
    notation, place, columns, width = found
    return Sheet(
        notation=notation,
        layout="xy",
        head=tuple(lines[: place + 1]),
        headings=names,
        num_names=0,
        width=width,
        axis=np.empty(0),
        columns=columns,
    )


def _is_row(notation: Notation, cells: list[str]) -> bool:
    """Whether a line is names, if any, and then numbers, missing ones among them."""
    names = num_names_of(notation, cells)
    numbers = cells[names:]
    if len(numbers) < 2 or names > _MOST_NAMES:
        return False
    sample = numbers if len(numbers) <= 64 else [*numbers[:32], *numbers[-32:]]
    return sum(map(notation.is_number, sample)) >= 2 and notation.numbers(sample) is not None


def _require_decimals(notation: Notation, rows: list[list[str]], headed: bool, stated: str) -> None:
    """Refuse where commas may be decimal signs or something else, and nothing tells which."""
    if stated != "auto":
        return
    cells = [cell for row in rows[:50] for cell in row[:200] if notation.is_number(cell)]
    if notation.decimal == "comma":
        commas = [cell.lstrip("+-") for cell in cells if "," in cell]
        if commas and all(re.fullmatch(r"[1-9]\d{0,2},\d{3}", cell) for cell in commas):
            raise UnfitFile(
                "ambiguous-layout", f"is {commas[0]!r} a decimal comma? say decimal=comma, or mend the file"
            )
    whole = notation.delimiter == "," and not headed and all(cell.lstrip("+-").isdecimal() for cell in cells)
    if whole and len(rows[0]) > 2 and len(rows[0]) % 2 == 0:
        raise UnfitFile(
            "ambiguous-layout",
            f"{','.join(rows[0][:4])!r}: decimal commas, or whole numbers? say decimal=point or mend it",
        )
