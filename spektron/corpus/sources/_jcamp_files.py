"""What the sources of JCAMP-DX files share: many small files, each of one block or several."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from spektron.corpus.sources._file_source import FileSource
from spektron.corpus.sources._folder import printable
from spektron.corpus.sources._jcamp import Block, Headers, JcampError, read_blocks
from spektron.corpus.sources._jcamp_spectrum import cas_of, name_of, spectrum_of_block
from spektron.corpus.sources.base import PART_RECORDS, Part, Reject
from spektron.spectra import Spectrum, SpectrumRejected

__all__ = ["JcampFiles"]

# A file of many blocks counts by its size: 64 MiB are about 2,000 spectra of 3,500 points, written plainly.
_PART_BYTES = 64 * 2**20


class JcampFiles(FileSource):
    """Base of those sources: a part is a run of files in the order of their names.

    A spectrum is named by its file and the place of its block among those that hold data, from 1.
    """

    file_names: ClassVar[str] = r".+\.(jdx|dx|jcm|jcamp)"
    wavenumber_resolution: ClassVar[bool] = False

    def parts(self) -> Sequence[Part]:
        """Runs of files, of up to `PART_RECORDS` files or 64 MiB.

        Raises
        ------
        ConfigError
            Where the folder is missing or holds none of these files.
        """
        parts: list[Part] = []
        start, num_bytes = 0, 0
        files = self.require_files()
        for stop, path in enumerate(files, start=1):
            num_bytes += _size(path)
            if stop - start == PART_RECORDS or num_bytes >= _PART_BYTES or stop == len(files):
                parts.append(Part("", start, stop))
                start, num_bytes = stop, 0
        return parts

    def read(self, part: Part) -> Iterator[Spectrum | Reject]:
        """Yield every block of some files, kept or refused."""
        first_names: dict[str, Path] = {}
        for place, path in enumerate(self.require_files()[: part.stop]):
            first = first_names.setdefault(os.path.realpath(path), path)
            if place < part.start:
                continue
            if first is not path:
                yield self._refuse_file(path, "duplicate-file", f"the same file as {self._relative(first)}")
            else:
                yield from self._read_file(path)

    def _read_file(self, path: Path) -> Iterator[Spectrum | Reject]:
        if not path.is_file():  # opening a named pipe would wait for ever
            yield self._refuse_file(path, "unreadable-file", "expected a regular file, found none")
            return
        num_blocks = 0
        try:
            for block in read_blocks(path):
                yield self._read_block(path, block)
                num_blocks += 1
        except JcampError as error:
            yield self._refuse_file(path, "unreadable-file", f"after {num_blocks} blocks: {error}")
        except OSError as error:
            yield self._refuse_file(path, "unreadable-file", f"after {num_blocks} blocks: {type(error).__name__}")
        else:
            if not num_blocks:
                yield self._refuse_file(path, "unreadable-file", "expected a block that holds data, found none")

    def _read_block(self, path: Path, block: Block) -> Spectrum | Reject:
        sample_id = f"{self._relative(path)}/{block.number}"
        try:
            return spectrum_of_block(
                block,
                spectrum_id=f"{self.name}/{sample_id}",
                source=self.name,
                compound_id=self._compound(path, block.headers),
                wavenumber_resolution=self.wavenumber_resolution,
            )
        except SpectrumRejected as error:
            return self._refuse(sample_id, error.reason, printable(error.detail))

    def _compound(self, path: Path, headers: Headers) -> str:
        """CAS registry number where it is given and its check digit right, else the name, else the file."""
        if cas := cas_of(headers.text("CASREGISTRYNO")):
            return f"cas/{cas}"
        return f"{self.name}/{name_of(headers) or self._relative(path)}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
