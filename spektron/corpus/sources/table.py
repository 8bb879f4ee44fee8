"""A folder of Parquet files with one spectrum a row: ``x``, ``y``, a modality and a unit.

Columns ``x`` and ``y`` are lists of numbers. ``modality`` and ``x_unit`` are columns, fields of the JSON under the
schema metadata key ``spektron``, or stated by the README.md beside the file, asked in this order. Further columns are
optional: ``sample_id``, ``instrument``, and what names a compound (`spektron.corpus.sources._compound`).

Every row is kept or refused by name, every file that cannot be read is named, and the rest goes on. A name that a
publisher used twice is kept with a suffix (``~2``) and counted: dropping a measurement for its name would lose data,
and what two rows of one name have in common, the compound, is the same for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spektron.core.errors import ConfigError
from spektron.core.files import sha256_file
from spektron.core.settings import Settings
from spektron.corpus.sources._compound import compound_of
from spektron.corpus.sources._folder import parquet_files, printable, set_name
from spektron.corpus.sources._parquet import DAMAGED, Row, TableFile, UnfitFile
from spektron.corpus.sources._published import cut_to_detector_range
from spektron.corpus.sources._set_metadata import SetMetadata
from spektron.corpus.sources.base import Reject
from spektron.spectra import Spectrum, SpectrumRejected, parse_modality, parse_unit, spectrum_from_xy

__all__ = ["Table"]


class Table(Settings):
    """Spectra from files of one's own."""

    folder: Path
    """Folder whose ``*.parquet`` files are read, at any depth. Never bears identity."""

    @property
    def name(self) -> str:
        """The source's name."""
        return "table"

    def read(self) -> Iterator[Spectrum | Reject]:
        """Yield every row of every file, in the order of the files' relative names.

        Raises
        ------
        ConfigError
            Where the folder is missing or holds no Parquet file.
        """
        taken_ids: set[str] = set()
        seen_files: dict[Path, Path] = {}
        for path in self.require_files():
            if (first := seen_files.setdefault(path.resolve(), path)) != path:
                yield self._refuse_file(path, "duplicate-file", f"the same file as {self._relative(first)}")
                continue
            yield from self._read_file(path, taken_ids)

    def describe(self) -> dict[str, Any]:
        """Names and sha256 of the files, and each set's licence as its publisher states it."""
        hashes, licences = {}, {}
        for path in self.require_files():
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

    def _read_file(self, path: Path, taken_ids: set[str]) -> Iterator[Spectrum | Reject]:
        num_read = 0
        try:
            table = TableFile(path)
            try:
                metadata = SetMetadata.of(path, table.metadata)
                for row in table.rows():
                    yield self._read_row(set_name(self.folder, path), row, num_read, metadata, taken_ids)
                    num_read += 1
            finally:
                table.close()
        except UnfitFile as error:
            yield self._refuse_file(path, error.reason, error.detail)
        except DAMAGED as error:
            reading = " ".join(str(error).replace(str(path), self._relative(path)).split())
            yield self._refuse_file(path, "unreadable-file", f"after {num_read} rows: {reading[:300]}")

    def _read_row(
        self, set_: str, row: Row, number: int, metadata: SetMetadata, taken_ids: set[str]
    ) -> Spectrum | Reject:
        sample_id, repairs = row.texts["sample_id"], []
        if not sample_id:
            sample_id, repairs = f"row-{number:06d}", ["id-from-row"]
        source = f"{self.name}/{set_}"
        spectrum_id = _untaken(f"{source}/{sample_id}", taken_ids)
        if spectrum_id != f"{source}/{sample_id}":
            repairs.append("duplicate-id")
        try:
            unit, from_readme = metadata.find("x_unit", row.texts["x_unit"])
            modality, modality_from_readme = metadata.find("modality", row.texts["modality"])
            repairs += ["unit-from-readme"] * from_readme + ["modality-from-readme"] * modality_from_readme
            x, y, cut = cut_to_detector_range(set_, row.x, row.y)
            return spectrum_from_xy(
                x,
                y,
                unit=parse_unit(unit),
                modality=parse_modality(modality),
                spectrum_id=spectrum_id,
                source=source,
                compound_id=compound_of(set_, sample_id, row.texts),
                instrument=row.texts["instrument"],
                repairs=(*repairs, *cut),
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

    def _relative(self, path: Path) -> str:
        return printable(path.relative_to(self.folder).as_posix())


# Refusals that better metadata would have prevented.
_FROM_METADATA = {"no-axis-unit", "unknown-modality"}


def _untaken(spectrum_id: str, taken: set[str]) -> str:
    """Return the id, or the id with the lowest number from 2 that no earlier row has; it is taken from now on."""
    candidate, number = spectrum_id, 1
    while candidate in taken:
        number += 1
        candidate = f"{spectrum_id}~{number}"
    taken.add(candidate)
    return candidate


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
