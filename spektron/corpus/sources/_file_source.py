"""What sources of a few big published files share: finding them, naming them, and refusing one without the rest."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from spektron.core.errors import ConfigError, SpektronError
from spektron.core.files import sha256_file
from spektron.core.settings import Settings
from spektron.corpus.sources._damage import DAMAGED, UnfitFile
from spektron.corpus.sources._folder import files_below, printable
from spektron.corpus.sources._molecule import CompoundNames, names_available
from spektron.corpus.sources.base import Part, Reject
from spektron.spectra import Spectrum

__all__ = ["FileSource", "MoleculeFiles"]

# Start and stop of the parts that stand for a whole file: one that is read under an earlier name, and one that cannot
# be opened, whose reason is found again when it is read.
_SECOND_NAME = (0, 0)
_UNREADABLE = (0, -1)


class FileSource(Settings):
    """Base of the sources that are files of one kind below a folder.

    A subclass states `source_name`, `file_names`, `file_example`, `licence` and `citation`, and says in `_ranges` and
    `_records` how one file is divided and read. Both may raise `UnfitFile` and what `damages` names: the file, or
    what is left of the part, is then one `Reject`.
    """

    source_name: ClassVar[str]
    file_names: ClassVar[str]
    """Regular expression for the whole name of a file, in any case."""
    file_example: ClassVar[str]
    licence: ClassVar[str]
    citation: ClassVar[str]
    damages: ClassVar[tuple[type[Exception], ...]] = DAMAGED

    folder: Path
    """Folder that holds the publisher's files, at any depth. Never bears identity."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source_name

    def parts(self) -> Sequence[Part]:
        """Parts of all files in the order of their names; a file that cannot be opened is one part.

        Raises
        ------
        ConfigError
            Where the folder is missing or holds none of these files.
        """
        parts: list[Part] = []
        unfit: tuple[type[Exception], ...] = (UnfitFile, *self.damages)
        seen: set[str] = set()
        for path in self.require_files():
            file = path.relative_to(self.folder).as_posix()
            try:
                ranges = [_SECOND_NAME] if os.path.realpath(path) in seen else list(self._ranges(path))
            except SpektronError:  # a package that is missing is no file's fault
                raise
            except unfit:
                ranges = [_UNREADABLE]
            parts += [Part(file, start, stop) for start, stop in ranges]
            seen.add(os.path.realpath(path))
        return parts

    def read(self, part: Part) -> Iterator[Spectrum | Reject]:
        """Yield every record of a part, kept or refused."""
        path = self.folder / part.file
        if (part.start, part.stop) == _SECOND_NAME:
            first = next(other for other in self.require_files() if os.path.realpath(other) == os.path.realpath(path))
            yield self._refuse_file(path, "duplicate-file", f"the same file as {self._relative(first)}")
            return
        num_read = 0
        try:
            if (part.start, part.stop) == _UNREADABLE:
                list(self._ranges(path))
                yield self._refuse_file(path, "unreadable-file", "could not be opened when the parts were listed")
                return
            for item in self._records(path, part.start, part.stop):
                yield item
                num_read += 1
        except SpektronError:
            raise
        except UnfitFile as error:
            yield self._refuse_file(path, error.reason, error.detail)
        except self.damages as error:
            reading = " ".join(str(error).replace(str(path), self._relative(path)).split())
            yield self._refuse_file(path, "unreadable-file", f"after {num_read} of {part}: {printable(reading[:300])}")

    def describe(self) -> dict[str, Any]:
        """Settings, names and sha256 of the files, and the licence."""
        hashes = {}
        for path in self.require_files():
            try:
                hashes[self._relative(path)] = sha256_file(path) if path.is_file() else "no regular file"
            except OSError as error:
                hashes[self._relative(path)] = f"unreadable: {type(error).__name__}"
        settings = self.model_dump(mode="json", exclude={"folder"})
        licences = {self.name: {"licence": self.licence, "citation": self.citation}}
        return {"name": self.name, "config": {**settings, "files": hashes}, "licences": licences}

    def require_files(self) -> list[Path]:
        """List the files, in the order they are read.

        Raises
        ------
        ConfigError
            Where the folder is missing or holds none of these files.
        """
        if not self.folder.is_dir():
            raise ConfigError(
                f"expected a folder of {self.file_example}, found {'a file' if self.folder.exists() else 'nothing'} "
                f"at {self.folder}",
                f"give an existing folder: --source {self.name}:FOLDER",
            )
        wanted = re.compile(self.file_names, flags=re.IGNORECASE | re.DOTALL)
        if not (files := list(files_below(self.folder, lambda name: wanted.fullmatch(name) is not None))):
            raise ConfigError(
                f"expected files {self.file_example} below {self.folder}, found none",
                "give the folder that the publisher's files were downloaded to, under their own names",
            )
        return files

    def _ranges(self, path: Path) -> Iterator[tuple[int, int]]:
        """Starts and stops of a file's parts, found without reading its data; start < stop, start ≥ 0."""
        raise NotImplementedError

    def _records(self, path: Path, start: int, stop: int) -> Iterator[Spectrum | Reject]:
        """Read one part of a file."""
        raise NotImplementedError

    def _refuse(self, sample_id: str, reason: str, detail: str) -> Reject:
        return Reject(source=self.name, sample_id=sample_id, reason=reason, detail=detail)

    def _refuse_file(self, path: Path, reason: str, detail: str) -> Reject:
        return self._refuse(self._relative(path), reason, detail)

    def _relative(self, path: Path) -> str:
        return printable(path.relative_to(self.folder).as_posix())


class MoleculeFiles(FileSource):
    """Base of those whose records give a structure as SMILES."""

    names: CompoundNames = Field(default_factory=names_available)
    """How a compound is named: ``inchikey`` (needs RDKit wherever it is read) or ``smiles``, the text as it stands.
    Bears identity, because it decides what stays on one side of a split."""
