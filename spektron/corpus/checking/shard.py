"""What one shard of a corpus holds, and what is wrong with it alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spektron.core.errors import CorpusError
from spektron.core.storage import Storage
from spektron.corpus.content import CONTENT_COLUMNS, digests
from spektron.corpus.manifest import Shard
from spektron.corpus.schema import intensity_matrix
from spektron.corpus.streaming.reading import open_shard, shard_errors
from spektron.spectra.spectrum import MODALITIES

__all__ = ["Looked", "look_at"]

_BLOCK_BYTES = 2**24


@dataclass
class Looked:
    """What one shard holds, and what is wrong with it alone."""

    shard: Shard
    problems: list[str] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=lambda: [[] for _ in CONTENT_COLUMNS])
    digests: list[bytes] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    axis: dict[str, tuple[float, float]] = field(default_factory=dict)
    is_read: bool = False


def look_at(folder: Storage, shard: Shard, rows_per_group: int) -> Looked:
    """Hash a shard's bytes and look at each of its rows."""
    looked = Looked(shard)
    try:
        size, sha256 = _sha256(folder, shard.file)
    except OSError as error:
        looked.problems.append(f"{shard.file}: expected sha256 {shard.sha256}, found no readable file ({error})")
        return looked
    if sha256 != shard.sha256:
        looked.problems.append(
            f"{shard.file}: expected {shard.bytes} bytes with sha256 {shard.sha256}, found {size} bytes with {sha256}"
        )
    try:
        file = open_shard(folder, shard.file)
        for group in range(file.num_row_groups):
            with shard_errors(folder, shard.file):
                table = file.read_row_group(group, use_threads=False)
            _look_at_rows(looked, table)
    except CorpusError as error:
        looked.problems.append(f"{shard.file}: {error.message}")
        return looked
    if len(looked.ranks) != shard.rows or size != shard.bytes:
        looked.problems.append(
            f"{shard.file}: expected {shard.rows} rows and {shard.bytes} bytes, found {len(looked.ranks)} and {size}"
        )
    groups = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    if set(groups[:-1]) - {rows_per_group} or groups[-1] > rows_per_group:
        looked.problems.append(f"{shard.file}: expected row groups of {rows_per_group} rows, found {groups[:5]} …")
    looked.is_read = True
    return looked


def _look_at_rows(looked: Looked, table: pa.Table) -> None:
    texts = [table[name].to_pylist() for name in CONTENT_COLUMNS]
    modality = table["modality"].to_pylist()
    start, stop = (table[f"wavenumber_{end}_cm1"].to_numpy() for end in ("start", "stop"))
    intensity = np.concatenate([intensity_matrix(chunk) for chunk in table["intensity"].chunks])
    bad = {
        "intensities that are not finite": ~_are_finite(intensity),
        "an axis that does not ascend": ~(start < stop),
        "an unknown modality": ~np.isin(modality, MODALITIES),
    }
    for what, rows in bad.items():
        looked.problems += [f"{looked.shard.file}: {texts[0][row]} has {what}" for row in np.flatnonzero(rows)]
    looked.counts.update(zip(table["source"].to_pylist(), modality, strict=True))
    looked.kinds.update(table["kind"].to_pylist())
    for name in set(modality):
        mine = np.array(modality) == name
        low, high = looked.axis.get(name, (np.inf, -np.inf))
        looked.axis[name] = min(low, float(start[mine].min())), max(high, float(stop[mine].max()))
    looked.digests += digests(modality, start, stop, intensity)
    looked.groups += table["split_group"].to_pylist()
    looked.ranks += table["rank"].to_pylist()
    for column, more in zip(looked.texts, texts, strict=True):
        column += more


def _are_finite(intensity: NDArray[np.float32]) -> NDArray[np.bool_]:
    # A sum is finite only if every term is; an overflow of finite terms is looked at again, point by point.
    with np.errstate(over="ignore", invalid="ignore"):
        finite: NDArray[np.bool_] = np.isfinite(intensity.sum(axis=1))
    if not finite.all():
        finite[~finite] = np.isfinite(intensity[~finite]).all(axis=1)
    return finite


def _sha256(folder: Storage, name: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with folder.open(name, mapped=True) as file:
        while block := file.read_buffer(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()
