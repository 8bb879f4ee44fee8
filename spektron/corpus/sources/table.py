"""A folder of Parquet files with one spectrum a row: ``x``, ``y``, a modality and a unit.

Columns ``x`` and ``y`` are lists of numbers. ``modality``, ``x_unit`` and ``y_unit`` are columns, fields of the JSON
under the schema metadata key ``spektron``, or stated by the README.md beside the file, asked in this order. Further
columns are optional: ``sample_id``, ``instrument``, and what names a compound (`spektron.corpus.sources._compound`).

Every row is kept or refused by name, every file that cannot be read is named, and the rest goes on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from spektron.core.errors import ConfigError
from spektron.core.files import sha256_file
from spektron.core.settings import Settings
from spektron.corpus.sources._compound import compound_of
from spektron.corpus.sources._damage import DAMAGED, UnfitFile
from spektron.corpus.sources._folder import parquet_files, printable, set_name
from spektron.corpus.sources._parquet import Row, TableFile
from spektron.corpus.sources._published import cut_to_detector_range
from spektron.corpus.sources._set_metadata import SetMetadata
from spektron.corpus.sources.base import PART_RECORDS, Part, Reject
from spektron.spectra import Spectrum, SpectrumRejected, parse_modality, parse_unit, spectrum_from_xy
from spektron.spectra.intensity import stored_intensity

__all__ = ["Table"]


# Start and stop of the part that stands for a link to a file that is read under an earlier name.
_SECOND_NAME = (0, 0)


class Table(Settings):
    """Spectra from files of one's own."""

    folder: Path
    """Folder whose ``*.parquet`` files are read, at any depth. Never bears identity."""

    @property
    def name(self) -> str:
        """The source's name."""
        return "table"

    def parts(self) -> Sequence[Part]:
        """Runs of row groups, in the order of the files' relative names; a file that cannot be opened is one part."""
        parts: list[Part] = []
        seen: set[str] = set()
        for path in self.require_files():
            again = os.path.realpath(path) in seen
            parts += [Part(self._file(path), *_SECOND_NAME)] if again else self._parts_of(path)
            seen.add(os.path.realpath(path))
        return parts

    def read(self, part: Part) -> Iterator[Spectrum | Reject]:
        """Yield every row of some row groups of one file."""
        path = self.folder / part.file
        if (part.start, part.stop) == _SECOND_NAME:
            first = next(other for other in self.require_files() if os.path.realpath(other) == os.path.realpath(path))
            yield self._refuse_file(path, "duplicate-file", f"the same file as {self._relative(first)}")
            return
        yield from self._read_groups(path, part)

    def describe(self) -> dict[str, Any]:
        """Names and sha256 of the files, and each set's licence as its publisher states it."""
        hashes, licences = {}, {}
        for path in self.require_files():
            if not path.is_file():  # hashing a named pipe would wait for ever
                hashes[self._relative(path)] = "no regular file"
                continue
            try:
                hashes[self._relative(path)] = sha256_file(path)
                licences[set_name(self.folder, path)] = _licence(path)
            except OSError as error:
                hashes[self._relative(path)] = f"unreadable: {type(error).__name__}"
        return {"name": self.name, "config": {"files": hashes}, "licences": licences}

    def require_files(self) -> list[Path]:
        """List the files, in the order they are read.

        Raises
        ------
        ConfigError
            Where the folder is missing or holds no Parquet file.
        """
        if not self.folder.is_dir():
            raise ConfigError(
                f"expected a folder of Parquet files, found {'a file' if self.folder.exists() else 'nothing'} "
                f"at {self.folder}",
                "give an existing folder: --source table:/path/to/folder",
            )
        if not (files := list(parquet_files(self.folder))):
            raise ConfigError(
                f"expected *.parquet files below {self.folder}, found none",
                "give the folder that holds <set>/spectra.parquet",
            )
        return files

    def _parts_of(self, path: Path) -> Iterator[Part]:
        try:
            table = TableFile(path)
        except (UnfitFile, *DAMAGED):
            yield Part(self._file(path), 0, 1)
            return
        groups, num_rows, first = table.groups(), 0, 0
        table.close()
        for group, rows in enumerate(groups):
            num_rows += rows
            if num_rows >= PART_RECORDS or group == len(groups) - 1:
                yield Part(self._file(path), first, group + 1)
                num_rows, first = 0, group + 1

    def _read_groups(self, path: Path, part: Part) -> Iterator[Spectrum | Reject]:
        num_read = 0
        try:
            table = TableFile(path)
            try:
                first_row = sum(table.groups()[: part.start])
                metadata = SetMetadata.of(path, table.metadata)
                for row in table.rows(part.start, part.stop):
                    yield self._read_row(set_name(self.folder, path), row, first_row + num_read, metadata)
                    num_read += 1
            finally:
                table.close()
        except UnfitFile as error:
            yield self._refuse_file(path, error.reason, error.detail)
        except DAMAGED as error:
            reading = " ".join(str(error).replace(str(path), self._relative(path)).split())
            yield self._refuse_file(path, "unreadable-file", f"after {num_read} rows: {reading[:300]}")

    def _read_row(self, set_: str, row: Row, number: int, metadata: SetMetadata) -> Spectrum | Reject:
        sample_id, repairs = row.texts["sample_id"], []
        if not sample_id:
            sample_id, repairs = f"row-{number:06d}", ["id-from-row"]
        source = f"{self.name}/{set_}"
        compound = compound_of(set_, sample_id, row.texts)
        try:
            unit, from_readme = metadata.find("x_unit", row.texts["x_unit"])
            modality, modality_from_readme = metadata.find("modality", row.texts["modality"])
            repairs += ["unit-from-readme"] * from_readme + ["modality-from-readme"] * modality_from_readme
            axis_unit, modality = parse_unit(unit), parse_modality(modality)
            y_unit, _ = metadata.find("y_unit", row.texts["y_unit"])
            x, y, cut = cut_to_detector_range(set_, row.x, row.y)
            y, intensity_unit, conversions = stored_intensity(y, y_unit, modality)
            return spectrum_from_xy(
                x,
                y,
                unit=axis_unit,
                modality=modality,
                intensity_unit=intensity_unit,
                spectrum_id=f"{source}/{sample_id}",
                source=source,
                compound_id=compound.id,
                aliases=compound.aliases,
                instrument=row.texts["instrument"],
                repairs=(*repairs, *compound.repairs, *cut, *conversions),
            )
        except SpectrumRejected as error:
            note = f" ({metadata.note})" if metadata.note and error.reason in _FROM_METADATA else ""
            return Reject(source=source, sample_id=sample_id, reason=error.reason, detail=error.detail + note)

    def _refuse_file(self, path: Path, reason: str, detail: str) -> Reject:
        return Reject(
            source=f"{self.name}/{set_name(self.folder, path)}",
            sample_id=self._relative(path),
            reason=reason,
            detail=detail,
        )

    def _file(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _relative(self, path: Path) -> str:
        return printable(self._file(path))


# Refusals that better metadata would have prevented.
_FROM_METADATA = {"no-axis-unit", "unknown-modality"}


def _licence(path: Path) -> dict[str, str]:
    try:
        table = TableFile(path)
    except (UnfitFile, *DAMAGED):
        return {"licence": "not stated", "citation": "not stated"}
    metadata = SetMetadata.of(path, table.metadata)
    table.close()
    return {
        "licence": metadata.find("licence")[0] or "not stated",
        "citation": metadata.find("source")[0] or "not stated",
    }
