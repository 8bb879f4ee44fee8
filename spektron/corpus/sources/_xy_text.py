"""Two columns of numbers below lines of text, whoever wrote them: encodings, line ends, delimiters, decimal signs.

A text has labels (``##KEY=value``), remarks (``#Key=value``), other lines before the first row, and rows of two
numbers. One notation holds for all rows: numbers with a point, parted by commas, semicolons or blanks; or numbers
with a decimal comma, parted by semicolons or blanks. A line among the rows that is neither a row, a label nor a
remark makes the text damaged: a point would be missing there.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spektron.spectra import SpectrumRejected

__all__ = ["XyText", "decode", "parse_xy"]

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like that of UTF-16
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_NAN = r"nan|[+-]?inf(?:inity)?"
_POINT = r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,4})?"
_COMMA = r"[+-]?(?:\d{1,40}(?:,\d{0,40})?|,\d{1,40})(?:[eE][+-]?\d{1,4})?"
# A row in each notation. Each part is bounded, and what parts two numbers cannot be part of one: no backtracking.
_ROWS = tuple(
    re.compile(rf"({number}){apart}({number}|{_NAN})[ \t]*{last}", re.IGNORECASE | re.ASCII)
    for number, apart, last in (
        (_POINT, r"[ \t]*,[ \t]*", ",?"),
        (_POINT, r"[ \t]*;[ \t]*", ";?"),
        (_POINT, r"[ \t]+", ""),
        (_COMMA, r"[ \t]*;[ \t]*", ";?"),
        (_COMMA, r"[ \t]+", ""),
    )
)
_FIRST_OF_ROW = "+-.,0123456789"
# The same over all lines at once, four times as fast as line by line.
_TABLES = tuple(re.compile(rf"^{row.pattern}$", row.flags | re.MULTILINE) for row in _ROWS)
_LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class XyText:
    """A text, taken apart.

    Attributes
    ----------
    labels : dict
        ``##KEY=value`` → value, by the key in upper case; the first that is not empty counts.
    remarks : dict
        ``#Key=value`` → value, by the key in lower case, likewise.
    preamble : tuple of str
        Other lines before the first row.
    x, y : ndarray, shape (points,), float64
        As written.
    """

    labels: dict[str, str]
    remarks: dict[str, str]
    preamble: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]


def decode(raw: bytes) -> str:
    """Read bytes as text with LF line ends: by their mark, else as UTF-8, else as cp1252.

    Raises
    ------
    SpectrumRejected
        ``damaged-record`` where null characters show that it is no text.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            text = raw.decode(encoding, errors="replace").removeprefix("\ufeff")
            break
    else:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
    if "\0" in text:
        raise SpectrumRejected("damaged-record", f"expected text, found a null character at {text.index(chr(0))}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_xy(text: str) -> XyText:
    """Take a text apart.

    Raises
    ------
    SpectrumRejected
        ``no-spectrum`` where no line is a row of two numbers, ``damaged-record`` where one among the rows is not.
    """
    labels: dict[str, str] = {}
    remarks: dict[str, str] = {}
    preamble: list[str] = []
    rows: list[str] = []
    for raw in text.split("\n"):
        line = raw.strip(" \t\ufeff")
        if not line:
            continue
        if line.startswith("#"):
            _note(line, labels, remarks)
        elif rows or (line[0] in _FIRST_OF_ROW and any(row.fullmatch(line) for row in _ROWS)):
            rows.append(line)
        else:
            preamble.append(_clean(line))
    if not rows:
        raise SpectrumRejected("no-spectrum", f"expected rows of two numbers, found {_kind(preamble, labels)}")
    x, y = _numbers(rows)
    return XyText(labels=labels, remarks=remarks, preamble=tuple(preamble), x=x, y=y)


def _note(line: str, labels: dict[str, str], remarks: dict[str, str]) -> None:
    is_label = line.startswith("##")
    key, _, value = line.lstrip("#").partition("=")
    found, name = (labels, _clean(key).upper()) if is_label else (remarks, _clean(key).casefold())
    if not found.get(name):
        found[name] = _clean(value)


def _numbers(rows: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read all rows in the one notation that fits them all."""
    furthest = 0
    for whole, pattern in zip(_TABLES, _ROWS, strict=True):
        pairs = whole.findall("\n".join(rows))
        if len(pairs) == len(rows):
            numbers = " ".join(map(" ".join, pairs)).replace(",", ".").split(" ")
            x, y = np.array(numbers, dtype=np.float64).reshape(-1, 2).T
            return x, y
        fits = next((place for place, row in enumerate(rows) if not pattern.fullmatch(row)), len(rows))
        furthest = max(furthest, fits)
    found = _clean(rows[furthest])[:80] if furthest < len(rows) else ""
    raise SpectrumRejected("damaged-record", f"expected two numbers in row {furthest + 1}, found {found!r}")


def _kind(preamble: list[str], labels: dict[str, str]) -> str:
    if not preamble:
        return "labels alone" if labels else "nothing"
    return f"{len(preamble)} other lines, the first {preamble[0][:80]!r}"


def _clean(text: str) -> str:
    """Fit for JSON and a terminal, on one line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_LONGEST_TEXT]
