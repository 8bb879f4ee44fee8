"""Lines of a big text file that several readers share by byte ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["Line", "first_line", "lines_between"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line without its end.

    Attributes
    ----------
    start : int
        Its first byte's place in the file.
    text : bytes
        At most `longest` bytes of it.
    complete : bool
        Whether its end was met; not where the line is longer than that, or the file ends within it.
    """

    start: int
    text: bytes
    complete: bool


def first_line(path: Path, longest: int) -> tuple[Line, int]:
    """Read the first line and say where the second begins; the file's size where there is none."""
    with path.open("rb") as handle:
        line = _next_line(handle, longest)
        return line, handle.tell()


def lines_between(path: Path, start: int, stop: int, longest: int) -> Iterator[Line]:
    """Yield the lines that begin at or after `start` and before `stop`; a line belongs where it begins."""
    with path.open("rb") as handle:
        if start:
            handle.seek(start - 1)
            _next_line(handle, longest)
        while handle.tell() < stop:
            line = _next_line(handle, longest)
            if handle.tell() == line.start:  # the file has become shorter
                return
            yield line


def _next_line(handle: IO[bytes], longest: int) -> Line:
    start = handle.tell()
    text = handle.readline(longest + 2)  # with the two characters that may end it
    complete = text.endswith(b"\n")
    rest = text
    while rest and not rest.endswith(b"\n"):
        rest = handle.readline(longest)
    return Line(start=start, text=text.rstrip(b"\r\n")[:longest], complete=complete)
