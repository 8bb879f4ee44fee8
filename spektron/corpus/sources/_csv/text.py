"""Lines and cells of a table that somebody saved as text: encoding, delimiter and decimal sign."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.sources._damage import UnfitFile

__all__ = ["NOTATIONS", "Decimal", "Notation", "encoding_of", "read_lines"]

Decimal = Literal["point", "comma"]

# A spectrum written as one line has 100,000 points of 25 characters at most; a hundred times the usual 50 kB.
_LONGEST_LINE = 4 * 2**20
_BLOCK_BYTES = 2**20
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like that of UTF-16
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_MISSING = {"", "nan", "na", "n/a", "null", "-", "#n/a"}
_EXPONENT = r"(?:[eE][+-]?\d{1,4})?"
_NUMBERS = {
    "point": re.compile(rf"[+-]?(?:\d{{1,40}}(?:\.\d{{0,40}})?|\.\d{{1,40}}){_EXPONENT}", re.ASCII),
    "comma": re.compile(rf"[+-]?(?:\d{{1,40}}(?:,\d{{1,40}})?|,\d{{1,40}}){_EXPONENT}", re.ASCII),
}
_QUOTED_COMMA = re.compile(r'"[+-]?\d{0,40},\d{1,40}(?:[eE][+-]?\d{1,4})?"', re.ASCII)


@dataclass(frozen=True, slots=True)
class Notation:
    """How a file parts its cells and writes its numbers.

    Attributes
    ----------
    delimiter : str
        ``,``, ``;``, tab, or a space, which stands for any run of blanks.
    decimal : str
        ``point`` or ``comma``.
    """

    delimiter: str
    decimal: Decimal

    def cells(self, line: str) -> list[str]:
        """Cells of a line, quotes taken off; empty ones at the end of a line that ends in a delimiter are cut."""
        if self.delimiter == " ":
            return line.split()
        if '"' not in line:
            cells = [cell.strip() for cell in line.split(self.delimiter)]
        else:
            try:
                cells = [cell.strip() for cell in next(csv.reader([line], delimiter=self.delimiter))]
            except csv.Error:  # a field of more than 128 kB in quotes
                cells = [line]
        while len(cells) > 1 and not cells[-1]:
            cells.pop()
        return cells

    def may_hold(self, lines: Sequence[str]) -> bool:
        """Whether lines can be written so at all: decimal commas between commas stand in quotes."""
        return (self.delimiter, self.decimal) != (",", "comma") or any(map(_QUOTED_COMMA.search, lines))

    def is_number(self, cell: str) -> bool:
        """Whether a cell is a number in this notation; a missing one is none."""
        return _NUMBERS[self.decimal].fullmatch(cell) is not None

    def number(self, cell: str) -> float | None:
        """Read one cell: NaN where it is missing, None where it is neither that nor a number."""
        if self.is_number(cell):
            return float(cell.replace(",", "."))
        return np.nan if cell.casefold() in _MISSING else None

    def numbers(self, cells: Sequence[str]) -> NDArray[np.float64] | None:
        """Read cells as numbers, missing ones as NaN; None where one is neither.

        Returns
        -------
        ndarray or None, shape (cells,)
        """
        try:  # numbers throughout, as nearly always: ten times as fast as one by one
            if self.decimal == "point" and not any("_" in cell for cell in cells):  # to Python 1_000 is a number
                return np.array(cells, dtype=np.float64)
        except ValueError:
            pass
        values = [self.number(cell) for cell in cells]
        return None if None in values else np.array(values, dtype=np.float64)


# In the order in which they are tried; of two that fit equally well the first counts.
NOTATIONS = (
    Notation(";", "comma"),
    Notation(";", "point"),
    Notation("\t", "comma"),
    Notation("\t", "point"),
    Notation(",", "point"),
    Notation(",", "comma"),
    Notation(" ", "comma"),
    Notation(" ", "point"),
)


def encoding_of(path: Path) -> str:
    """Encoding by the mark at the beginning, else UTF-8 where all of it is, else cp1252.

    The first letter that tells may be the name of the last sample; a gigabyte is looked through in a second.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as handle:
        block = handle.read(_BLOCK_BYTES)
        for mark, encoding in _BYTE_ORDER_MARKS:
            if block.startswith(mark):
                return encoding
        try:
            while block:
                decoder.decode(block)
                block = handle.read(_BLOCK_BYTES)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def read_lines(path: Path, encoding: str) -> Iterator[str]:
    """Yield lines without their ends (LF, CRLF or CR) and without blanks around them.

    Raises
    ------
    UnfitFile
        ``too-large`` for a line of more than 4 MiB, ``unreadable-file`` where null characters show that it is no text.
    """
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline=None) as text:
        number = 0
        while line := text.readline(_LONGEST_LINE):
            number += 1
            if len(line) == _LONGEST_LINE and not line.endswith("\n"):
                raise UnfitFile("too-large", f"line {number}: expected up to {_LONGEST_LINE} characters, found more")
            if "\0" in line:
                raise UnfitFile("unreadable-file", f"line {number}: expected text, found a null character")
            yield line.strip(" \n\ufeff")
