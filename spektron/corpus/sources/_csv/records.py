"""Spectra of a text table, one by one, in its three layouts."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.sources._csv.layout import Sheet
from spektron.corpus.sources._csv.text import Notation
from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._folder import printable
from spektron.corpus.sources._parquet import TEXT_COLUMNS
from spektron.corpus.sources.base import PART_RECORDS

__all__ = ["Record", "column_ranges", "read_columns", "read_rows", "read_xy", "row_ranges"]

# A longer axis is none: an interferometer's finest has 400,000 points.
_MOST_POINTS = 1_000_000
# Numbers of a table of columns that are held at once: 256 MiB.
_MOST_NUMBERS = 32 * 2**20
_PART_BYTES = 64 * 2**20
_NO_END = 2**62
# Of a number and its delimiter, about: 4 to 18 in files that people keep.
_BYTES_PER_CELL = 10

# Headings of columns that hold a spectrum's name.
_NAMES = {"sample_id", "sample", "id", "name", "sample id", "sample name", "spectrum", "file", "filename"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One spectrum as written.

    Attributes
    ----------
    number : int
        Row or column of the table, from 0.
    name : str
        Empty where it has none.
    x, y : ndarray, shape (points,)
        Not of one length where the row has another number of cells than the axis.
    texts : dict
        Other cells of the row, by the names that `compound_of` knows.
    problem : str
        What keeps it from being read; empty where nothing does.
    """

    number: int
    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    texts: dict[str, str] = field(default_factory=dict)
    problem: str = ""


def read_xy(lines: Iterator[str], sheet: Sheet) -> Record:
    """Read a file of two columns, or two columns of a file; a row that is none makes the record damaged.

    Rows without a position are left out: pixels of a detector beyond its spectrograph's calibration.

    Raises
    ------
    UnfitFile
        ``too-large``.
    """
    x, y, problem = array("d"), array("d"), ""
    for number, line in _table(lines, sheet):
        cells = sheet.notation.cells(line)
        pair = [sheet.notation.number(cells[place]) for place in sheet.columns if place < len(cells)]
        if len(pair) != 2 or pair[0] is None or pair[1] is None:
            problem = f"expected two numbers in line {number} of the table, found {printable(line[:80])!r}"
            break
        if pair[0] == pair[0]:
            x.append(pair[0])
            y.append(pair[1])
        _require_length(len(x))
    return Record(number=0, name="", x=np.array(x), y=np.array(y), problem=problem)


def row_ranges(path: Path, sheet: Sheet) -> Iterator[tuple[int, int]]:
    """Divide the rows of a big table by their number, guessed from their width; the last range is open."""
    num_rows = path.stat().st_size // (_BYTES_PER_CELL * sheet.width)
    starts = range(0, max(num_rows, 1), PART_RECORDS)
    for start in starts:
        yield start, _NO_END if start == starts[-1] else start + PART_RECORDS


def read_rows(lines: Iterator[str], sheet: Sheet, start: int, stop: int) -> Iterator[Record]:
    """Yield some rows below the axis, one at a time; all where `stop` is less than `start`."""
    _require_length(len(sheet.axis))
    headings = [heading.casefold() for heading in sheet.headings]
    for number, line in _table(lines, sheet):
        row = number - 1  # the first one is the axis
        if row < start:
            continue
        if start <= stop <= row:
            return
        yield _row(row, line, headings, sheet)


def _row(number: int, line: str, headings: list[str], sheet: Sheet) -> Record:
    cells = sheet.notation.cells(line)
    names, rest = cells[: sheet.num_names], cells[sheet.num_names :]
    if line.endswith(sheet.notation.delimiter):  # the last ones are missing, and were cut off
        rest += [""] * (len(sheet.axis) - len(rest))
    numbers = sheet.notation.numbers(rest)
    named = dict(zip(headings, names, strict=False))
    name = next((text for key, text in named.items() if key in _NAMES), names[0] if names else "")
    problem = ""
    if numbers is None:
        heads = [*names, *map("{:g}".format, sheet.axis)]
        problem = f"expected numbers, {_found(dict(enumerate(rest, sheet.num_names)), heads, sheet.notation)}"
    return Record(
        number=number,
        name=printable(name),
        x=sheet.axis,
        y=np.empty(0) if numbers is None else numbers,
        texts={key: text for key, text in named.items() if key in TEXT_COLUMNS},
        problem=problem,
    )


def _found(cells: dict[int, str], heads: Sequence[str], notation: Notation) -> str:
    """The first cell that is no number: its text, its column counted from 1, and what heads that."""
    column, text = next((column, text) for column, text in cells.items() if notation.number(text) is None)
    head = f" ({heads[column]})" if column < len(heads) and heads[column] else ""
    return f"found {printable(text[:80])!r} in column {column + 1}{head}"


def column_ranges(path: Path, sheet: Sheet) -> Iterator[tuple[int, int]]:
    """Divide the columns of a big table into parts of about 64 MiB of text; they count from 1, the axis being 0."""
    width = min(PART_RECORDS, max(1, _PART_BYTES * sheet.width // max(path.stat().st_size, 1)))
    for start in range(1, sheet.width, width):
        yield start, min(start + width, sheet.width)


def read_columns(lines: Iterator[str], sheet: Sheet, start: int, stop: int) -> Iterator[Record]:
    """Yield some columns beside the axis; all where `stop` is less than `start`.

    Raises
    ------
    UnfitFile
        ``damaged-record`` where a row is not numbers, or has more of them than the others; ``too-large``.
    """
    start, stop = (start, stop) if start < stop else (1, sheet.width)
    positions, values = array("d"), array("d")
    for number, line in _table(lines, sheet):
        cells = sheet.notation.cells(line)
        chosen = cells[start:stop]
        numbers = sheet.notation.numbers([cells[0], *chosen, *[""] * (stop - start - len(chosen))])
        if numbers is None or len(cells) > sheet.width:
            found = f"found {len(cells)}"
            if numbers is None:
                found = _found({0: cells[0], **dict(enumerate(chosen, start))}, sheet.headings, sheet.notation)
            expected = f"expected up to {sheet.width} numbers in line {number} of the table"
            raise UnfitFile("damaged-record", f"{expected}, {found}")
        positions.append(numbers[0])
        values.frombytes(numbers[1:].tobytes())
        _require_length(len(positions))
        if len(values) > _MOST_NUMBERS:
            raise UnfitFile("too-large", f"expected a table of up to {_MOST_NUMBERS} numbers, found more")
    x, table = np.array(positions), np.frombuffer(values, dtype=np.float64).reshape(len(positions), stop - start)
    for place in range(start, stop):
        name = sheet.headings[place] if place < len(sheet.headings) else ""
        yield Record(number=place, name=printable(name), x=x, y=table[:, place - start])


def _table(lines: Iterator[str], sheet: Sheet) -> Iterator[tuple[int, str]]:
    """Yield lines below the headings, numbered from 0, empty ones left out."""
    rows = (line for line in lines if line.strip())
    for _ in sheet.head:
        next(rows, None)
    yield from enumerate(line for line in rows if not sheet.is_comment(line))


def _require_length(num_points: int) -> None:
    if num_points > _MOST_POINTS:
        raise UnfitFile("too-large", f"expected up to {_MOST_POINTS} points, found more")
