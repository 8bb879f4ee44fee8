"""Lines of a text whose encoding and line ends nobody states."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import IO, NamedTuple

__all__ = ["LONGEST_LINE", "Line", "read_lines"]

# The standard ends lines at 80 characters; the longest real table written as one line would hold 56,417 points of
# about 10 characters.
LONGEST_LINE = 2**20

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    # Without a mark the first label gives the byte order away.
    (b"#\0#\0", "utf-16-le"),
    (b"\0#\0#", "utf-16-be"),
)


class Line(NamedTuple):
    """One line without its end.

    Attributes
    ----------
    number : int
        From 1.
    text : str
        At most `LONGEST_LINE` characters of it, without its comment.
    whole : bool
        False where the line is longer than that.
    closed : bool
        False for a last line that the file ends within.
    """

    number: int
    text: str
    whole: bool = True
    closed: bool = True


def read_lines(stream: IO[bytes]) -> Iterator[Line]:
    """Yield the lines of a text, comments (``$$`` to the end of the line) cut off.

    Line ends are LF, CRLF or CR. The encoding is UTF-16 where the first bytes say so, else UTF-8, and Latin-1 for a
    line that is no UTF-8: never an error, because all that is ever computed with is ASCII.
    """
    head = stream.read(4)
    stream.seek(0)
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), "utf-8")
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    text = io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline=None)
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        rest, whole = line, True
        while not rest.endswith("\n") and (more := text.readline(LONGEST_LINE)):
            rest, whole = more, False
        yield Line(number, _readable(line.rstrip("\n")).partition("$$")[0], whole, rest.endswith("\n"))
    text.detach()


def _readable(line: str) -> str:
    if line.isascii() or not any("\udc80" <= char <= "\udcff" for char in line):
        return line
    return line.encode("utf-8", errors="surrogateescape").decode("latin-1")
