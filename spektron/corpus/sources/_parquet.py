"""Rows of one Parquet file of spectra, a batch at a time, whatever its exact column types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._folder import printable

__all__ = ["TEXT_COLUMNS", "Layout", "Row", "TableFile"]

TEXT_COLUMNS = (
    "sample_id",
    "compound_id",
    "inchikey",
    "cas",
    "label",
    "rruffid",
    "modality",
    "x_unit",
    "y_unit",
    "instrument",
)

# Points of two columns that a batch holds, about: 16 MB in float64, whatever the file's size, and 1 % overhead a batch.
_POINTS_PER_BATCH = 1_000_000
_MAX_ROWS_PER_BATCH = 256
# A list of more points is no spectrum (the longest published one has 56,417): 2 GB of zeros pack into a kilobyte of
# Parquet. The footer states a row group's mean, which is refused before anything is unpacked.
_MAX_POINTS = 100_000
# Longer texts are no names.
_MAX_TEXT_CHARS = 1_000
# Column chunks are read through a buffer, not whole: publishers write 20,000 spectra as one row group of 900 MB.
_BUFFER_BYTES = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Names of the columns of a kind of file.

    Attributes
    ----------
    x : str or None
        Lists of positions; None where the publisher writes no axis.
    y : str
        Lists of intensities.
    texts : tuple of str
        Columns of any type that are read as text where they are there.
    """

    x: str | None = "x"
    y: str = "y"
    texts: tuple[str, ...] = TEXT_COLUMNS

    @property
    def lists(self) -> tuple[str, ...]:
        """The columns without which there is no spectrum."""
        return (self.y,) if self.x is None else (self.x, self.y)


_TABLE = Layout()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One spectrum as its publisher wrote it; `x` is empty without an axis, `texts` has every name of the layout."""

    x: NDArray[Any]
    y: NDArray[Any]
    texts: dict[str, str]


class TableFile:
    """An open Parquet file of spectra.

    Raises
    ------
    UnfitFile
        Where a column of the layout is there twice, ``x`` or ``y`` is missing or no list of numbers, its lists are
        far too long, or no row is there.
    OSError, pyarrow.ArrowException, UnicodeDecodeError
        Where the file is damaged, here or while rows are read.
    """

    def __init__(self, path: Path, layout: Layout = _TABLE) -> None:
        if not path.is_file():  # opening a named pipe would wait for ever
            raise FileNotFoundError("no regular file, or a link to none")
        # An open file, not a name: pyarrow takes names such as "s3:..." for addresses, and only UTF-8 ones.
        self._layout = layout
        self._handle = path.open("rb")
        try:
            self._file = pq.ParquetFile(self._handle, buffer_size=_BUFFER_BYTES, pre_buffer=False)
            self._schema: pa.Schema = self._file.schema_arrow
            self._check()
        except BaseException:
            self._handle.close()
            raise

    @property
    def metadata(self) -> dict[bytes, bytes] | None:
        """Key-value metadata of the schema."""
        metadata: dict[bytes, bytes] | None = self._schema.metadata
        return metadata

    def groups(self) -> list[int]:
        """Rows of each row group."""
        metadata = self._file.metadata
        return [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]

    def rows(self, first_group: int, stop_group: int) -> Iterator[Row]:
        """Yield the rows of some row groups in order."""
        layout = self._layout
        columns = [*layout.lists, *(name for name in layout.texts if name in self._schema.names)]
        for group in range(first_group, stop_group):
            batches = self._file.iter_batches(
                self._rows_at_once(group), row_groups=[group], columns=columns, use_threads=False
            )
            for batch in batches:
                ys = _lists(batch.column(layout.y))
                xs = [_NO_AXIS] * len(ys) if layout.x is None else _lists(batch.column(layout.x))
                texts = {name: _texts(batch, name) for name in layout.texts}
                for i in range(batch.num_rows):
                    yield Row(x=xs[i], y=ys[i], texts={name: values[i] for name, values in texts.items()})

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._handle.close()

    def _check(self) -> None:
        names = self._schema.names
        for name in self._layout.lists:
            if names.count(name) != 1:
                found = ", ".join(names) or "none"
                raise UnfitFile("missing-column", f"expected one column {name!r}, found columns {found[:300]}")
            if not _is_number_list(kind := self._schema.field(name).type):
                raise UnfitFile("missing-column", f"expected column {name!r} to hold lists of numbers, found {kind}")
        for name in self._layout.texts:
            if names.count(name) > 1:
                raise UnfitFile("missing-column", f"expected one column {name!r}, found {names.count(name)}")
        if self._file.metadata.num_rows == 0:
            raise UnfitFile("unreadable-file", "expected at least one row, found none")
        longest = max(map(self._mean_points, range(self._file.metadata.num_row_groups))) / len(self._layout.lists)
        if longest > _MAX_POINTS:
            raise UnfitFile("too-large", f"expected up to {_MAX_POINTS} points a row, found {longest:.0f}")

    def _rows_at_once(self, group: int) -> int:
        return max(1, min(_MAX_ROWS_PER_BATCH, int(_POINTS_PER_BATCH / max(self._mean_points(group), 1.0))))

    def _mean_points(self, group: int) -> float:
        """Mean number of points of a row, over the columns that hold lists, as the file's footer states it."""
        metadata = self._file.metadata.row_group(group)
        columns = [metadata.column(i) for i in range(metadata.num_columns)]
        lists = [c for c in columns if c.path_in_schema.startswith(tuple(f"{name}." for name in self._layout.lists))]
        return float(sum(c.num_values for c in lists) / max(metadata.num_rows, 1))


_NO_AXIS = np.empty(0)


def _is_number_list(kind: pa.DataType) -> bool:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(is_list and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)))


def _lists(column: pa.Array) -> list[NDArray[Any]]:
    """Return lists as arrays without a Python object per number; null numbers become NaN, a null list is empty."""
    # `flatten` leaves null lists out, so lengths (null → 0) and not offsets say where each list lies.
    lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    if (longest := int(lengths.max(initial=0))) > _MAX_POINTS:
        raise UnfitFile("too-large", f"expected up to {_MAX_POINTS} points a row, found {longest}")
    values = column.flatten().to_numpy(zero_copy_only=False)
    return np.split(values, np.cumsum(lengths)[:-1])


def _texts(batch: pa.RecordBatch, name: str) -> list[str]:
    """Values as trimmed text on one line, without control characters; absent columns and nulls are empty."""
    if name not in batch.schema.names:
        return [""] * batch.num_rows
    column = batch.column(name)
    if pa.types.is_dictionary(column.type):  # as Parquet packs a text of megabytes that all rows share
        kept = _cut(column.dictionary)
        return ["" if i is None else kept[i] for i in column.indices.to_pylist()]
    return _cut(column)


def _cut(column: pa.Array) -> list[str]:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.utf8_slice_codeunits(column, 0, _MAX_TEXT_CHARS)  # before Python makes an object of each
    values = ("" if value is None else str(value)[:_MAX_TEXT_CHARS] for value in column.to_pylist())
    return [printable(" ".join(value.split())) for value in values]
