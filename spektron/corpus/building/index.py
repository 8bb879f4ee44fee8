"""The index of a build: one small row for every spectrum that was read, all in memory, in the order of the sources.

About 0.3 KB a spectrum: 120 MiB for 400,000, 3 GiB for ten million. It is the only thing that grows with the corpus.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spektron.core.storage import Storage
from spektron.corpus.building.runs import INDEX_SCHEMA, PartAccount, run_name
from spektron.corpus.building.shards import RunRows

__all__ = ["Index", "load_index"]


@dataclass(frozen=True, slots=True)
class Index:
    """All rows, an earlier one before a later one.

    Attributes
    ----------
    table : pyarrow.Table
        Columns of `INDEX_SCHEMA`, each of one chunk.
    rows : RunRows
        Where each lies.
    """

    table: pa.Table
    rows: RunRows

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def texts(self, name: str) -> pa.Array:
        """A column as it is stored, one chunk."""
        return _one_chunk(self.table[name])

    def codes(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        """A column of words as numbers, and the words in alphabetical order: equal words, equal numbers."""
        column = self.texts(name)
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        words = column.dictionary.to_pylist()
        order = sorted(range(len(words)), key=words.__getitem__)
        place = np.empty(len(words), dtype=np.int64)
        place[order] = np.arange(len(words))
        return place[column.indices.to_numpy()], [words[i] for i in order]

    def numbers(self, name: str) -> NDArray[np.generic]:
        """A column of numbers."""
        values: NDArray[np.generic] = self.texts(name).to_numpy()
        return values

    def digests(self) -> NDArray[np.void]:
        """Digests of the spectra's numbers, as opaque values that can be compared and sorted."""
        column = self.texts("digest")
        width = column.type.byte_width
        flat = np.frombuffer(column.buffers()[1], dtype=f"V{width}", count=len(column) + column.offset)
        return flat[column.offset :]

    def keys(self) -> NDArray[np.uint64]:
        """Sketches, shape (rows, NUM_KEYS)."""
        column = self.texts("keys")
        keys: NDArray[np.uint64] = column.flatten().to_numpy().reshape(len(column), -1)
        return keys


def load_index(work: Storage, accounts: Sequence[PartAccount]) -> Index:
    """Read the index of every run.

    Parameters
    ----------
    work : Storage
    accounts : sequence of PartAccount
        In the order of the parts.
    """
    tables, part, run, row = [], [], [], []
    for account in accounts:
        for number, num_rows in enumerate(account.runs):
            tables.append(_read(work, run_name(account.part, number, "index")))
            part.append(np.full(num_rows, account.part, dtype=np.int32))
            run.append(np.full(num_rows, number, dtype=np.int32))
            row.append(np.arange(num_rows, dtype=np.int32))
    table = pa.concat_tables(tables) if tables else INDEX_SCHEMA.empty_table()
    rows = RunRows(*(np.concatenate([*arrays, np.empty(0, np.int32)]) for arrays in (part, run, row)))
    order = np.lexsort((_one_chunk(table["place"]).to_numpy(), rows.part))
    table = table.unify_dictionaries().combine_chunks().take(order)
    return Index(table, RunRows(rows.part[order], rows.run[order], rows.row[order]))


def taken(rows: RunRows, places: NDArray[np.intp]) -> RunRows:
    """Some of the rows, in the order of `places`."""
    return RunRows(rows.part[places], rows.run[places], rows.row[places])


def _read(work: Storage, name: str) -> pa.Table:
    with work.open(name) as file:
        return pa.ipc.open_file(file).read_all()


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    chunks = list(_chunks(column))
    return chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)


def _chunks(column: pa.ChunkedArray) -> Iterator[pa.Array]:
    if not column.num_chunks:
        yield pa.array([], column.type)
    yield from column.chunks
