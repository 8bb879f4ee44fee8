"""Rows of one Parquet file of spectra, a batch at a time, whatever its exact column types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

__all__ = ["DAMAGED", "TEXT_COLUMNS", "Row", "TableFile", "UnfitFile"]

TEXT_COLUMNS = (
    "sample_id",
    "compound_id",
    "inchikey",
    "cas",
    "label",
    "rruffid",
    "modality",
    "x_unit",
    "instrument",
)

# What a damaged file makes pyarrow raise, on opening or later; a text that is no UTF-8 is the last.
DAMAGED = (OSError, pa.ArrowException, UnicodeDecodeError)

# 256 spectra of 3,500 points in float64 are 14 MB: bounded whatever the file's size, and 1 % overhead per batch.
_ROWS_PER_BATCH = 256


class UnfitFile(ValueError):
    """A file that can be read but holds no spectra: reason and detail for its `Reject`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One spectrum as its publisher wrote it; `texts` has every name of `TEXT_COLUMNS`, empty where absent."""

    x: NDArray[Any]
    y: NDArray[Any]
    texts: dict[str, str]


class TableFile:
    """An open Parquet file of spectra.

    Raises
    ------
    UnfitFile
        Where ``x`` or ``y`` is missing or no list of numbers, or no row is there.
    OSError, pyarrow.ArrowException, UnicodeDecodeError
        Where the file is damaged, here or while rows are read.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():  # opening a named pipe would wait for ever
            raise FileNotFoundError("no regular file, or a link to none")
        # An open file, not a name: pyarrow takes names such as "s3:..." for addresses, and only UTF-8 ones.
        self._handle = path.open("rb")
        try:
            self._file = pq.ParquetFile(self._handle)
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
        columns = ["x", "y", *(name for name in TEXT_COLUMNS if name in self._schema.names)]
        groups = list(range(first_group, stop_group))
        for batch in self._file.iter_batches(_ROWS_PER_BATCH, row_groups=groups, columns=columns, use_threads=False):
            xs, ys = _lists(batch.column("x")), _lists(batch.column("y"))
            texts = {name: _texts(batch, name) for name in TEXT_COLUMNS}
            for i in range(batch.num_rows):
                yield Row(x=xs[i], y=ys[i], texts={name: values[i] for name, values in texts.items()})

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._handle.close()

    def _check(self) -> None:
        for name in ("x", "y"):
            if self._schema.names.count(name) != 1:
                found = ", ".join(self._schema.names) or "none"
                raise UnfitFile("missing-column", f"expected one column {name!r}, found columns {found}")
            if not _is_number_list(kind := self._schema.field(name).type):
                raise UnfitFile("missing-column", f"expected column {name!r} to hold lists of numbers, found {kind}")
        if self._file.metadata.num_rows == 0:
            raise UnfitFile("unreadable-file", "expected at least one row, found none")


def _is_number_list(kind: pa.DataType) -> bool:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(is_list and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)))


def _lists(column: pa.Array) -> list[NDArray[Any]]:
    """Return lists as arrays without a Python object per number; null numbers become NaN, a null list is empty."""
    # `flatten` leaves null lists out, so lengths (null → 0) and not offsets say where each list lies.
    values = column.flatten().to_numpy(zero_copy_only=False)
    lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    return np.split(values, np.cumsum(lengths)[:-1])


def _texts(batch: pa.RecordBatch, name: str) -> list[str]:
    """Values as trimmed text on one line; absent columns and nulls are empty."""
    if name not in batch.schema.names:
        return [""] * batch.num_rows
    return ["" if value is None else " ".join(str(value).split()) for value in batch.column(name).to_pylist()]
