"""The content fingerprint: what a corpus says, not how Parquet wrote it."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from spektron.core.identity import FINGERPRINT_HEX
from spektron.corpus.schema import SPLITS

__all__ = ["CONTENT_COLUMNS", "DIGEST_BYTES", "ContentHash", "digests"]

# 128 bits: two different spectra of a billion share one with probability 1e-21.
DIGEST_BYTES = 16

# What a model or a mixture may read of a row besides its numbers. Source and instrument are labels: renaming an
# instrument leaves every trial valid.
CONTENT_COLUMNS = ("spectrum_id", "compound_id", "kind", "intensity_unit", "metadata")


def digests(
    modality: Sequence[str],
    start_cm1: NDArray[np.float64],
    stop_cm1: NDArray[np.float64],
    intensity: NDArray[np.float32],
) -> list[bytes]:
    """Digest of each spectrum's numbers: modality, axis and intensities.

    Parameters
    ----------
    modality : sequence of str
    start_cm1, stop_cm1 : ndarray, shape (rows,)
    intensity : ndarray, shape (rows, NUM_POINTS)

    Returns
    -------
    list of bytes
        `DIGEST_BYTES` each: equal for the same spectrum under another name.
    """
    rows = np.ascontiguousarray(intensity, dtype="<f4")
    found = []
    for name, start, stop, row in zip(modality, start_cm1.tolist(), stop_cm1.tolist(), rows, strict=True):
        digest = hashlib.sha256(name.encode() + struct.pack("<dd", start, stop))
        digest.update(row)
        found.append(digest.digest()[:DIGEST_BYTES])
    return found


class ContentHash:
    """SHA-256 over the rows of each split in rank order, and over the splits in the order of `SPLITS`.

    A row is the texts of `CONTENT_COLUMNS` (UTF-8, each after its length as little-endian uint32) and the digest of
    its numbers.
    """

    def __init__(self) -> None:
        self._splits = {split: hashlib.sha256() for split in SPLITS}

    def update(self, split: str, texts: Sequence[Iterable[str]], numbers: Iterable[bytes]) -> None:
        """Add rows that follow all earlier ones of their split.

        Parameters
        ----------
        split : str
        texts : sequence of iterable of str
            The columns of `CONTENT_COLUMNS`.
        numbers : iterable of bytes
            As `digests`.
        """
        update = self._splits[split].update
        for *row, digest in zip(*texts, numbers, strict=True):
            update(_frame(row) + digest)

    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits, as every fingerprint of the project."""
        found = "".join(f"{split}:{self._splits[split].hexdigest()};" for split in SPLITS)
        return hashlib.sha256(found.encode()).hexdigest()[:FINGERPRINT_HEX]


def _frame(texts: Sequence[str]) -> bytes:
    encoded = [text.encode() for text in texts]
    return b"".join(struct.pack("<I", len(data)) + data for data in encoded)
