"""A file that R wrote, unpacked forwards and never held: bytes on the way, and arrays by their places."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.sources._damage import UnfitFile

__all__ = ["DAMAGED", "Span", "Stream", "as_floats", "read_spans"]

# What damage or malice makes the parser raise: it checks by assertions, indices and enumerations.
DAMAGED = (
    AssertionError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NameError,  # the parser's own, on a builtin function without a name
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    zlib.error,
)

# No library is larger: 16 GiB are a million spectra of 2,000 points, and take some minutes to step over.
_MOST_BYTES = 16 * 2**30
_CHUNK = 2**20
_INTEGER_NA = -(2**31)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Where an array lies: first byte of the unpacked file, kind (``i4`` or ``f8``, big-endian), number of values."""

    start: int
    kind: str
    length: int

    @property
    def num_bytes(self) -> int:
        """Its size."""
        return self.length * np.dtype(self.kind).itemsize

    def columns(self, num_rows: int) -> list[Span]:
        """Divide a matrix, which R stores column by column."""
        width = num_rows * np.dtype(self.kind).itemsize
        count = self.length // num_rows if num_rows else 0
        return [Span(self.start + column * width, self.kind, num_rows) for column in range(count)]


class Stream:
    """An unpacked file read forwards; EOFError where it ends too early."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise UnfitFile("unreadable-file", "expected a regular file, found none, or a link to none")
        self._raw = path.open("rb")
        self._file = self._unpacked(self._raw)
        self.place = 0

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._raw.close()

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        data = self._file.read(size) if 0 <= size <= _MOST_BYTES else b""
        self.place += len(data)
        if len(data) != size:
            raise EOFError(f"expected {size} bytes at {self.place}, found {len(data)}")
        return data

    def skip_to(self, place: int) -> None:
        """Step over what lies before `place`."""
        if place > _MOST_BYTES:
            raise UnfitFile("too-large", f"expected up to {_MOST_BYTES} bytes unpacked, found {place}")
        while self.place < place:
            self.read(min(_CHUNK, place - self.place))

    @staticmethod
    def _unpacked(raw: IO[bytes]) -> IO[bytes]:
        magic = raw.read(6)
        raw.seek(0)
        if magic.startswith(b"\x1f\x8b"):
            return cast("IO[bytes]", gzip.GzipFile(fileobj=raw, mode="rb"))
        if magic.startswith(b"BZh"):
            return cast("IO[bytes]", bz2.BZ2File(raw, mode="rb"))
        return raw


def read_spans(path: Path, spans: Sequence[Span]) -> Iterator[NDArray[np.float64]]:
    """Read arrays, one at a time, in the order of their places; missing integers become NaN.

    Raises
    ------
    EOFError, OSError, zlib.error
        Where the file ends or is damaged before the next one.
    """
    with Stream(path) as stream:
        for span in sorted(spans):
            stream.skip_to(span.start)
            yield as_floats(stream.read(span.num_bytes), span.kind)


def as_floats(raw: bytes, kind: str) -> NDArray[np.float64]:
    """Numbers as R writes them; missing integers become NaN, as missing reals are already."""
    stored = np.frombuffer(raw, dtype=f">{kind}")
    values = stored.astype(np.float64)
    if kind == "i4":
        values[stored == _INTEGER_NA] = np.nan
    return values
