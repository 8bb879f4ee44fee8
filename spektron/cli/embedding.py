"""Spectra of any readable source through a model, into one table."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from spektron.corpus.sources import open_source
from spektron.corpus.sources.base import Reject, read_all
from spektron.model import OutsideRangeWarning, Pretrained
from spektron.spectra.spectrum import MODALITIES, Spectrum, SpectrumBatch

__all__ = ["embed_sources"]

# Spectra in memory at a time; the table of embeddings is 32 times smaller than they are.
_ROWS = 1024


def embed_sources(folder: Path, words: Sequence[str], out: Path) -> tuple[int, int, list[Reject]]:
    """Embed all that the sources hold and write a table, in the order in which they are read.

    Parameters
    ----------
    folder : Path
        A model's folder.
    words : sequence of str
        Sources, as `spektron.corpus.sources.open_source` takes them.
    out : Path
        ``.parquet`` (the embedding as one column of lists) or ``.csv`` (a column for each of its numbers).

    Returns
    -------
    int, int, list of Reject
        Spectra embedded, those beyond the trained range, and every record that is none.
    """
    model = Pretrained.from_pretrained(folder)
    rejects: list[Reject] = []
    tables = [_embedded(model, rows) for rows in _in_rows(_spectra(words, rejects))]
    if not tables:
        return 0, 0, rejects
    table = pa.concat_tables(tables)
    if out.suffix == ".csv":
        numbers = np.array(table["embedding"].to_pylist(), dtype=np.float32)
        table = table.drop_columns("embedding")
        for place in range(numbers.shape[1]):
            table = table.append_column(f"embedding_{place}", pa.array(numbers[:, place]))
        pyarrow.csv.write_csv(table, out)
    else:
        pyarrow.parquet.write_table(table, out)
    return len(table), sum(table["outside"].to_pylist()), rejects


def _spectra(words: Sequence[str], rejects: list[Reject]) -> Iterator[Spectrum]:
    for word in words:
        for item in read_all(open_source(word)):
            if isinstance(item, Reject):
                rejects.append(item)
            else:
                yield item


def _in_rows(spectra: Iterator[Spectrum]) -> Iterator[list[Spectrum]]:
    while rows := list(islice(spectra, _ROWS)):
        yield rows


def _embedded(model: Pretrained, rows: Sequence[Spectrum]) -> pa.Table:
    batch = SpectrumBatch(
        intensity=np.stack([row.intensity for row in rows]),
        wavenumber_start_cm1=np.array([row.wavenumber_start_cm1 for row in rows], np.float32),
        wavenumber_stop_cm1=np.array([row.wavenumber_stop_cm1 for row in rows], np.float32),
        modality=np.array([MODALITIES.index(row.modality) for row in rows], np.int64),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideRangeWarning)  # a column says it, row by row
        found = model.embed(batch)
    return pa.table(
        {
            "spectrum_id": [row.spectrum_id for row in rows],
            "source": [row.source for row in rows],
            "modality": [row.modality for row in rows],
            "outside": found.outside,
            "embedding": pa.array(found.values.tolist(), pa.list_(pa.float32(), model.dim)),
        }
    )
