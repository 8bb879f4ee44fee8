"""How a reader says that a file, and not one record of it, cannot be had."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["DAMAGED", "UnfitFile"]

# What a damaged file makes pyarrow raise, on opening or later; a text that is no UTF-8 is the last.
DAMAGED = (OSError, pa.ArrowException, UnicodeDecodeError)


class UnfitFile(ValueError):
    """A file that can be read but holds no spectra: reason and detail for its `Reject`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return self.detail
