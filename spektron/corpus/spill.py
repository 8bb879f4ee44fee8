"""A sort that never holds the corpus: rows go to files by the first bits of their rank; each file is sorted alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa

from spektron.corpus.schema import INTENSITY_BYTES, intensity_array
from spektron.corpus.split import RANK_BITS
from spektron.spectra.spectrum import NUM_POINTS, Spectrum

__all__ = ["NUM_BUCKETS", "Spill"]

# One bucket is sorted in memory at a time: 50 MiB of 400K rows, 1.3 GiB of ten million.
NUM_BUCKETS = 64
_BUCKET_SHIFT = RANK_BITS - 6
# 64 buckets x 64 rows x 8 KiB: 32 MiB wait in memory for their file.
_ROWS_PER_FLUSH = 64

_COLUMNS = ["spectrum_id", "compound_id", "source", "instrument", "modality"]
_SPILL_SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in _COLUMNS),
        pa.field("wavenumber_start_cm1", pa.float64()),
        pa.field("wavenumber_stop_cm1", pa.float64()),
        pa.field("rank", pa.int64()),
        pa.field("intensity", pa.binary(INTENSITY_BYTES)),
    ]
)


class Spill:
    """Rows on their way to be sorted, in `NUM_BUCKETS` Arrow files; a context manager that closes them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._files = ExitStack()
        self._buckets: dict[int, _Bucket] = {}

    def __enter__(self) -> Spill:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        # Closing flushes, which fails again on a full disk; the first error is the one to tell.
        try:
            self._files.close()
        except OSError:
            if error is None:
                raise

    def add(self, spectrum: Spectrum, rank: int) -> None:
        """Take one row; it is copied."""
        place = rank >> _BUCKET_SHIFT
        if place not in self._buckets:
            self._buckets[place] = _Bucket(self._files, self._path(place))
        self._buckets[place].add(spectrum, rank)

    def finish(self) -> None:
        """Write what waits and close the files; call it before `sorted_buckets`."""
        for bucket in self._buckets.values():
            bucket.flush()
        self._files.close()

    def sorted_buckets(self) -> Iterator[pa.Table]:
        """Yield all rows in (rank, spectrum_id) order, a bucket at a time; each file is removed once it was read."""
        for place in sorted(self._buckets):
            with pa.memory_map(str(self._path(place))) as file:
                table = pa.ipc.open_stream(file).read_all()
                yield table.sort_by([("rank", "ascending"), ("spectrum_id", "ascending")])
            del table
            self._path(place).unlink()

    def _path(self, place: int) -> Path:
        return self._folder / f"{place:02d}.arrow"


class _Bucket:
    """One file and the rows that wait for it."""

    def __init__(self, files: ExitStack, path: Path) -> None:
        # Given a path, a writer that failed would keep its file open.
        file = files.enter_context(pa.OSFile(str(path), "wb"))
        self._writer = files.enter_context(pa.ipc.new_stream(file, _SPILL_SCHEMA))
        self._rows: list[dict[str, Any]] = []
        self._intensity = np.empty((_ROWS_PER_FLUSH, NUM_POINTS), dtype=np.float32)

    def add(self, spectrum: Spectrum, rank: int) -> None:
        self._intensity[len(self._rows)] = spectrum.intensity
        row = {name: getattr(spectrum, name) for name in _SPILL_SCHEMA.names[:-2]}
        self._rows.append(row | {"rank": rank})
        if len(self._rows) == _ROWS_PER_FLUSH:
            self.flush()

    def flush(self) -> None:
        if not self._rows:
            return
        columns = [
            pa.array([row[field.name] for row in self._rows], field.type)
            for field in _SPILL_SCHEMA
            if field.name != "intensity"
        ]
        intensity = intensity_array(self._intensity[: len(self._rows)])
        self._writer.write_batch(pa.RecordBatch.from_arrays([*columns, intensity], schema=_SPILL_SCHEMA))
        self._rows.clear()
