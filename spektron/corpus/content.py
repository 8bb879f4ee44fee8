"""The content fingerprint: what a corpus says, not how Parquet wrote it."""

from __future__ import annotations

import hashlib
import struct

import pyarrow as pa

from spektron.core.identity import FINGERPRINT_HEX
from spektron.corpus.schema import SPLITS, intensity_matrix

__all__ = ["ContentHash"]

_NAMES = ("spectrum_id", "compound_id", "modality")


class ContentHash:
    """SHA-256 over the rows of each split in rank order, and over the splits in the order of `SPLITS`.

    A row is its ids and modality (UTF-8, each after its length as little-endian uint32), both ends of its axis
    (float64) and its 8192 bytes of intensities. Source and instrument are labels: renaming an instrument leaves every
    trial valid.
    """

    def __init__(self) -> None:
        self._splits = {split: hashlib.sha256() for split in SPLITS}

    def update(self, split: str, table: pa.Table) -> None:
        """Add rows that follow all earlier ones of their split."""
        update = self._splits[split].update
        for batch in table.to_batches():
            names = [batch.column(name).to_pylist() for name in _NAMES]
            starts = batch.column("wavenumber_start_cm1").to_pylist()
            stops = batch.column("wavenumber_stop_cm1").to_pylist()
            rows = intensity_matrix(batch.column("intensity"))
            for *texts, start, stop, intensity in zip(*names, starts, stops, rows, strict=True):
                update(_frame(texts) + struct.pack("<dd", start, stop))
                update(intensity)

    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits, as every fingerprint of the project."""
        digests = "".join(f"{split}:{self._splits[split].hexdigest()};" for split in SPLITS)
        return hashlib.sha256(digests.encode()).hexdigest()[:FINGERPRINT_HEX]


def _frame(texts: list[str]) -> bytes:
    encoded = [text.encode() for text in texts]
    return b"".join(struct.pack("<I", len(data)) + data for data in encoded)
