"""One row of a corpus with all that is known of it."""

from __future__ import annotations

import json
from typing import Any

from spektron.core.errors import ConfigError
from spektron.corpus.corpus import Corpus
from spektron.corpus.schema import SCHEMA, intensity_matrix
from spektron.corpus.streaming.reading import read_slices, split_slices
from spektron.spectra.spectrum import Spectrum

__all__ = ["read_spectrum"]

_NAMES = ("spectrum_id", "source", "compound_id", "kind", "modality", "instrument", "intensity_unit")


def read_spectrum(corpus: Corpus, split: str, row: int) -> Spectrum:
    """Read row `row` of a split, counted from 0 in rank order; the row group that holds it is all that is read.

    Raises
    ------
    ConfigError
        When there is no such split or row.
    CorpusError
        When a shard is missing or damaged.
    """
    available = corpus.num_spectra(split)
    if not 0 <= row < available:
        raise ConfigError(
            f"expected a row of the {split} split of {corpus.name!r}, from 0 to {available - 1}, found {row}",
            f"spektron corpus info {corpus.folder} counts the spectra of each split",
        )
    last = split_slices(corpus.folder, corpus.manifest, split, row + 1)[-1]
    row_in_group = len(last) - 1
    columns = [name for name in SCHEMA.names if name not in ("split_group", "rank")]
    (table,) = read_slices([last.cut(row_in_group, row_in_group + 1)], columns)
    values: dict[str, Any] = {name: table[name][0].as_py() for name in (*_NAMES, "metadata")}
    values["metadata"] = json.loads(values["metadata"] or "{}")
    return Spectrum(
        **values,
        wavenumber_start_cm1=table["wavenumber_start_cm1"][0].as_py(),
        wavenumber_stop_cm1=table["wavenumber_stop_cm1"][0].as_py(),
        intensity=intensity_matrix(table["intensity"].chunk(0))[0].copy(),
    )
