"""Parquet, in its two forms: lists ``x`` and ``y`` in each row, or a column for each position of the axis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._folder import printable
from spektron.corpus.sources._parquet import TableFile
from spektron.corpus.sources._set_metadata import SetMetadata
from spektron.datasets._pairs.raw import RawSpectrum
from spektron.spectra import SpectrumRejected, parse_unit

__all__ = ["read_parquet"]

_IDS = ("sample_id", "sample", "id", "name", "__index_level_0__")
# A wide table of more columns than any instrument has channels is something else.
_MOST_COLUMNS = 100_000


def read_parquet(path: Path) -> Iterator[RawSpectrum]:
    """Yield a spectrum for each row.

    Raises
    ------
    UnfitFile
        Where the columns are of neither form.
    OSError, pyarrow.ArrowException, UnicodeDecodeError
        Where the file is damaged.
    """
    with path.open("rb") as handle:
        schema = pq.read_schema(handle)
    metadata = SetMetadata.of(path, schema.metadata)
    if {"x", "y"} <= set(schema.names):
        yield from _lists(path, metadata)
    else:
        yield from _wide(path, schema, metadata)


def _lists(path: Path, metadata: SetMetadata) -> Iterator[RawSpectrum]:
    table = TableFile(path)
    try:
        for number, row in enumerate(table.rows(0, len(table.groups()))):
            yield RawSpectrum(
                sample_id=row.texts["sample_id"],
                x=np.asarray(row.x, dtype=np.float64),
                y=np.asarray(row.y, dtype=np.float64),
                x_unit=metadata.find("x_unit", row.texts["x_unit"])[0],
                intensity_unit=metadata.find("y_unit", row.texts["y_unit"])[0],
                where=f"{printable(path.name)}, row {number + 1}",
                problem="" if row.texts["sample_id"] else "expected a sample_id, found none",
            )
    finally:
        table.close()


def _wide(path: Path, schema: pa.Schema, metadata: SetMetadata) -> Iterator[RawSpectrum]:
    axis = {name: float(name) for name in schema.names if _is_position(name)}
    ids = next((name for name in _IDS if name in schema.names), None)
    others = [name for name in schema.names if name not in axis]
    ids = ids or (others[0] if others else None)
    if ids is None or len(axis) < 2 or len(schema.names) > _MOST_COLUMNS or len(set(schema.names)) < len(schema.names):
        raise UnfitFile(
            "missing-column",
            "expected lists x and y in each row, or a column of names and one for each position of the axis, found "
            f"{', '.join(schema.names[:8])[:200]}",
        )
    with path.open("rb") as handle:
        table = pq.read_table(handle, columns=[ids, *axis])
    x: NDArray[np.float64] = np.array(list(axis.values()))
    x_unit = metadata.find("x_unit")[0] or (ids if _is_unit(ids) else "")
    try:
        values = np.column_stack([table[name].to_numpy().astype(np.float64) for name in axis])
    except (TypeError, ValueError) as error:
        raise UnfitFile("missing-column", f"expected numbers in the columns of positions, found {error}") from error
    for number, (name, y) in enumerate(zip(table[ids].to_pylist(), values, strict=True)):
        sample_id = printable(" ".join(str("" if name is None else name).split()))
        yield RawSpectrum(
            sample_id=sample_id,
            x=x,
            y=y,
            x_unit=x_unit,
            intensity_unit=metadata.find("y_unit")[0],
            where=f"{printable(path.name)}, row {number + 1}",
            problem="" if sample_id else "expected the sample's name, found none",
        )


def _is_unit(name: str) -> bool:
    """Whether the column of names says what the others' are, as the corner of a text table may."""
    try:
        parse_unit(name)
    except SpectrumRejected:
        return False
    return True


def _is_position(name: str) -> bool:
    try:
        return bool(np.isfinite(float(name))) and "_" not in name
    except ValueError:
        return False
