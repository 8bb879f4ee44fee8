"""Sources of many small files, with a few big ones among them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from spektron.core.errors import CorpusError, SpektronError
from spektron.core.identity import fingerprint
from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._file_source import FileSource
from spektron.corpus.sources.base import PART_RECORDS, Part, Reject
from spektron.spectra import Spectrum

__all__ = ["SmallFiles"]

# A part ends at so many bytes of small files, and a file of more may be divided.
_PART_BYTES = 64 * 2**20
# Start and stop of the part that stands for a big file that is read under an earlier name, or cannot be divided.
_WHOLE = (0, -1)


class SmallFiles(FileSource):
    """Base of those sources: a part is a run of small files, or a range of one big one.

    A subclass says in `_is_big` which files are divided, and in `_ranges` how; it reads a small file whole and a part
    of a big one in `_records`. What `UnfitFile` and `damages` refuse is one file, or what is left of it; the next one
    is read all the same.
    """

    def parts(self) -> Sequence[Part]:
        """Runs of up to `PART_RECORDS` small files or 64 MiB, and ranges of big ones, in the order of their names.

        Raises
        ------
        ConfigError
            Where the folder is missing or holds none of these files.
        """
        parts: list[Part] = []
        seen: set[str] = set()
        start, num_bytes = 0, 0
        files = self.require_files()
        for place, path in enumerate(files):
            real = os.path.realpath(path)
            if self._is_big(path):
                parts += [self._run(files, start, place)] if start < place else []
                ranges = [_WHOLE] if real in seen else self._ranges_of(path)
                file = path.relative_to(self.folder).as_posix()
                parts += [Part(file, first, stop) for first, stop in ranges]
                start, num_bytes = place + 1, 0
            else:
                num_bytes += size_of(path)
                if place + 1 - start >= PART_RECORDS or num_bytes >= _PART_BYTES:
                    parts.append(self._run(files, start, place + 1))
                    start, num_bytes = place + 1, 0
            seen.add(real)
        return [*parts, self._run(files, start, len(files))] if start < len(files) else parts

    def read(self, part: Part) -> Iterator[Spectrum | Reject]:
        """Yield every record of some files, or of a range of one, kept or refused.

        Raises
        ------
        CorpusError
            Where files came or went since the parts were listed.
        """
        files = self.require_files()
        if part.names and part.names != self._run(files, part.start, part.stop).names:
            raise CorpusError(
                f"expected the files below {self.folder} that were there when the build began, found others",
                "let nothing write there, and build again: what was read is kept where it still holds",
            )
        first_names: dict[str, Path] = {}
        for place, path in enumerate(files):
            first = first_names.setdefault(os.path.realpath(path), path)
            if part.file and path.relative_to(self.folder).as_posix() == part.file:
                yield from self._read_file(path, first, part.start, part.stop)
            elif not part.file and part.start <= place < part.stop:
                yield from self._read_file(path, first, *_WHOLE)

    def read_file(self, path: Path) -> Iterator[Spectrum | Reject]:
        """Yield every record of one file below the folder, whatever its name, kept or refused."""
        for start, stop in self._ranges_of(path) if self._is_big(path) else [_WHOLE]:
            yield from self._read_file(path, path, start, stop)

    def _run(self, files: list[Path], start: int, stop: int) -> Part:
        return Part("", start, stop, fingerprint([ascii(self._relative(path)) for path in files[start:stop]]))

    def _is_big(self, path: Path) -> bool:
        """Whether a file is divided into parts of its own."""
        return size_of(path) > _PART_BYTES

    def _ranges_of(self, path: Path) -> list[tuple[int, int]]:
        unfit: tuple[type[Exception], ...] = (UnfitFile, *self.damages)
        try:
            return list(self._ranges(path)) or [_WHOLE]
        except SpektronError:  # a package that is missing is no file's fault
            raise
        except unfit:
            return [_WHOLE]

    def _read_file(self, path: Path, first: Path, start: int, stop: int) -> Iterator[Spectrum | Reject]:
        if first is not path:
            yield self._refuse_file(path, "duplicate-file", f"the same file as {self._relative(first)}")
            return
        num_read = 0
        try:
            if not path.is_file():  # opening a named pipe would wait for ever
                raise UnfitFile("unreadable-file", "expected a regular file, found none, or a link to none")
            for item in self._records(path, start, stop):
                yield item
                num_read += 1
        except SpektronError:
            raise
        except UnfitFile as error:
            yield self._refuse_file(path, error.reason, error.detail)
        except self.damages as error:
            detail = f"after {num_read} records: {type(error).__name__}"
            yield self._refuse_file(path, "unreadable-file", detail)


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where it cannot be asked."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
