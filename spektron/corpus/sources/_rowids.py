"""Rows of a SQLite table in the order of their rowids, from a file that may be damaged, cut short or hostile.

Nothing is written and no lock taken: the file is opened read-only and immutable. A file cut short is refused by SQLite
as a whole unless ``writable_schema`` is on, which on a read-only connection lets it be read as far as it goes. Where a
page is damaged, each rowid behind it is sought on its own: a seek touches three or four pages, so all rows whose
own pages are there come out, and the rest is named by its rowids.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._folder import printable

__all__ = ["LostRows", "RowidTable"]

# Stop of a range whose end the damage hides: the largest rowid there is.
_TO_THE_END = 2**63 - 1
_FIRST = -(2**63)

# Longest text or blob that SQLite will hand over; what is longer is an error of its row.
_MAX_VALUE_BYTES = 64 * 2**20
# Rowids tried one by one past the last that could be read where the end is hidden, and strides tried for the next
# range: a page of pointers covers some 450 rows, so damage seldom reaches farther than that.
_TRIED_BEYOND = 8192
_STRIDES_BEYOND = 512
# A row takes 8 bytes or more: a file that yields more ranges than that repeats itself.
_MIN_ROW_BYTES = 8


@dataclass(frozen=True, slots=True)
class LostRows:
    """Rowids behind damaged pages, `first` to `last`; `last` is None where no more can be told."""

    first: int
    last: int | None
    problem: str


class RowidTable:
    """A table of a SQLite file, read by rowid.

    Raises
    ------
    UnfitFile
        Where the file has no such table, the table no column that is required, or the newest rows are still in another
        file beside it.
    sqlite3.Error, OSError
        Where not even the file's first pages can be read.
    """

    def __init__(self, path: Path, table: str, required: tuple[str, ...]) -> None:
        if not path.is_file():  # opening a named pipe would wait for ever
            raise FileNotFoundError("no regular file, or a link to none")
        self._size_bytes = path.stat().st_size
        if not self._size_bytes:
            raise UnfitFile("unreadable-file", "the file is empty")
        _require_settled(path)
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            self._connection.text_factory = bytes  # a text that is no UTF-8 is its row's problem
            self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
            for pragma in ("trusted_schema=OFF", "writable_schema=ON", "cell_size_check=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._table = _quoted(self._name_of(table))
            self.columns = self._columns(required)
            self._rowid = self._rowid_name()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ranges(self, stride: int) -> Iterator[tuple[int, int]]:
        """Yield starts and stops of ranges of up to about `stride` rowids, at the price of one seek each.

        Gaps between rowids are skipped, so that there are never more ranges than rows.
        """
        start = self._first()
        for _ in range(1 + self._size_bytes // _MIN_ROW_BYTES):
            if start is None:
                return
            stop, start_of_next = self._next_range(start, stride)
            yield start, stop
            start = start_of_next
        raise UnfitFile("unreadable-file", "it has more rows than its bytes can hold: its pages lead in a circle")

    def rows(self, select: str, start: int, stop: int) -> Iterator[tuple[Any, ...] | LostRows]:
        """Yield the rowid and the columns `select` of the rows from `start` to before `stop`, in order."""
        query = f"SELECT {self._rowid}, {select} FROM {self._table} WHERE {self._rowid}"
        last = start - 1
        try:
            below = "<=" if stop == _TO_THE_END else "<"
            for row in self._connection.execute(f"{query} >= ? AND {self._rowid} {below} ?", (start, stop)):
                if not last < row[0] <= stop:
                    raise sqlite3.DatabaseError("rows out of order")
                last = row[0]
                yield row
        except sqlite3.Error as error:
            yield from self._one_by_one(f"{query} = ?", last + 1, stop, str(error))

    def _one_by_one(self, query: str, start: int, stop: int, problem: str) -> Iterator[tuple[Any, ...] | LostRows]:
        lost = None
        for rowid in range(start, min(stop, start + _TRIED_BEYOND) if stop == _TO_THE_END else stop):
            row = None
            try:
                row = self._connection.execute(query, (rowid,)).fetchone()
            except sqlite3.Error:
                lost = rowid if lost is None else lost
                continue
            if lost is not None:
                yield LostRows(lost, rowid - 1, problem)
                lost = None
            if row is not None:
                yield row
        if lost is not None:
            yield LostRows(lost, None if stop == _TO_THE_END else stop - 1, problem)

    def _first(self) -> int | None:
        try:
            return self._rowid_from(_FIRST)
        except sqlite3.Error:
            return 1  # where every program begins to count

    def _next_range(self, start: int, stride: int) -> tuple[int, int | None]:
        """Stop of the range that begins at `start`, and the start of the one after it.

        Where the next start is behind damage, the range reaches to the first stride that is not, or to the end.
        """
        for stop in range(start + stride, min(start + _STRIDES_BEYOND * stride, _TO_THE_END), stride):
            with suppress(sqlite3.Error):
                return stop, self._rowid_from(stop)
        return _TO_THE_END, None

    def _rowid_from(self, rowid: int) -> int | None:
        """First rowid from one on."""
        query = f"SELECT min({self._rowid}) FROM {self._table} WHERE {self._rowid} >= ?"
        found: int | None = self._connection.execute(query, (rowid,)).fetchone()[0]
        if found is not None and found < rowid:
            raise sqlite3.DatabaseError("rows out of order")
        return found

    def _name_of(self, table: str) -> str:
        # A view or virtual table has no pages of its own: its rows would be whatever its text computes.
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND lower(name) = ?"
        if not (found := self._connection.execute(query, (table,)).fetchone()):
            raise UnfitFile("missing-column", f"expected a table {table!r}, found none in this file")
        return os.fsdecode(found[0])

    def _columns(self, required: tuple[str, ...]) -> dict[str, str]:
        """Columns by their names in lower case, quoted; generated ones do not count."""
        rows = self._connection.execute(f"PRAGMA table_info({self._table})").fetchall()
        columns = {os.fsdecode(row[1]).casefold(): _quoted(os.fsdecode(row[1])) for row in rows}
        for name in required:
            if name.casefold() not in columns:
                found = ", ".join(columns) or "none"
                raise UnfitFile("missing-column", f"expected a column {name!r}, found {found[:300]}")
        return columns

    def _rowid_name(self) -> str:
        for name in (name for name in ("rowid", "_rowid_", "oid") if name not in self.columns):
            with suppress(sqlite3.OperationalError):  # a table may be made without
                self._connection.execute(f"SELECT {name} FROM {self._table} LIMIT 0")
                return name
        raise UnfitFile("missing-column", "expected a table with rowids, found none or columns of all their names")


def _require_settled(path: Path) -> None:
    """Refuse a database that is being written, or whose writer was killed: read alone, it lacks rows or has halves."""
    real = path.resolve()
    for ending in ("-wal", "-journal"):
        beside = real.with_name(real.name + ending)
        try:
            with beside.open("rb") as file:
                begins = file.read(8)
        except OSError:
            continue
        if begins.strip(b"\0"):  # the head of one that is kept for the next change is zeros
            raise UnfitFile(
                "unreadable-file",
                f"expected a database that is closed, found changes of it in {printable(beside.name)}: open it once "
                "with sqlite3 and run PRAGMA wal_checkpoint(TRUNCATE), or copy it with .backup",
            )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
