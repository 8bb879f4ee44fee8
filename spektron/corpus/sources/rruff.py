"""RRUFF: Raman and infrared spectra of minerals, zip archives of small texts as its project publishes them.

``{excellent,fair,poor,unrated}_{oriented,unoriented}.zip``, ``LR-Raman.zip`` (broad scans of low resolution) and
``infrared/RAW.zip``; plain ``*.txt`` files are read too. 38,056 Raman files of 2,508 minerals in July 2026.

Archives are read in place and never extracted. What an entry means is in `spektron.corpus.sources._rruff_record`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._folder import printable, set_name
from spektron.corpus.sources._rruff_record import spectrum_of_record
from spektron.corpus.sources._small_files import SmallFiles
from spektron.corpus.sources._zip import Archive, list_entries, read_entry
from spektron.corpus.sources.base import PART_RECORDS, Reject
from spektron.spectra import Spectrum, SpectrumRejected

__all__ = ["Rruff"]

# The largest files hold some ten thousand rows of 20 characters; ten times that is none of them.
_LONGEST_RECORD = 8 * 2**20


class Rruff(SmallFiles):
    """Spectra of the archives and texts below a folder.

    A spectrum is named by its archive and its entry: ``rruff/excellent_oriented/Corundum__R060020__…``.
    """

    source_name: ClassVar[str] = "rruff"
    file_names: ClassVar[str] = r".+\.(zip|txt)"
    file_example: ClassVar[str] = "excellent_oriented.zip, LR-Raman.zip, infrared/RAW.zip"
    licence: ClassVar[str] = "free to use; citation requested, and the owners and sources of samples acknowledged"
    citation: ClassVar[str] = (
        "Lafuente B., Downs R.T., Yang H., Stone N., The power of databases: the RRUFF project, in: Highlights in "
        "Mineralogical Crystallography, de Gruyter, Berlin (2015) 1-30, https://rruff.net"
    )

    def _is_big(self, path: Path) -> bool:
        return path.suffix.casefold() == ".zip"

    def _ranges(self, path: Path) -> Iterator[tuple[int, int]]:
        num_records = _num_records(list_entries(path))
        for start in range(0, num_records, PART_RECORDS):
            yield start, min(start + PART_RECORDS, num_records)

    def _records(self, path: Path, start: int, stop: int) -> Iterator[Spectrum | Reject]:
        if not self._is_big(path):
            with path.open("rb") as handle:
                raw = handle.read(_LONGEST_RECORD + 1)
            yield self._record(path, self.name, path.relative_to(self.folder).as_posix(), raw, ())
            return
        archive, source = list_entries(path), f"{self.name}/{set_name(self.folder, path)}"
        stop = stop if start < stop else _num_records(archive)
        repairs = ("archive-directory-rebuilt",) if archive.rebuilt else ()
        with path.open("rb") as handle:
            for entry in archive.entries[start:stop]:
                try:
                    raw = read_entry(handle, entry, _LONGEST_RECORD)
                except SpectrumRejected as error:
                    yield _refused(source, entry.name, error)
                else:
                    yield self._record(path, source, entry.name, raw, repairs)
        if archive.loss and start <= len(archive.entries) < stop:
            detail = f"lost: {printable(archive.loss)}; read by their own headers: {len(archive.entries)} entries"
            yield self._refuse_file(path, "unreadable-file", detail)
        elif not archive.entries:
            raise UnfitFile("unreadable-file", "expected spectra in the archive, found none")

    def _record(self, path: Path, source: str, name: str, raw: bytes, repairs: tuple[str, ...]) -> Spectrum | Reject:
        try:
            if not name.casefold().endswith(".txt"):
                raise SpectrumRejected("no-spectrum", "expected a text, *.txt, found another kind of file")
            if len(raw) > _LONGEST_RECORD:
                raise SpectrumRejected("too-large", f"expected up to {_LONGEST_RECORD} bytes, found more")
            where = path.relative_to(self.folder).as_posix()
            spectrum_id = f"{source}/{_name(name)}"
            return spectrum_of_record(
                raw, where=where, name=name, source=source, spectrum_id=spectrum_id, repairs=repairs
            )
        except SpectrumRejected as error:
            return _refused(source, name, error)


def _num_records(archive: Archive) -> int:
    """Entries, and one more for what is known to be lost."""
    return len(archive.entries) + bool(archive.loss)


def _name(entry: str) -> str:
    return printable(entry[: -len(".txt")] if entry.casefold().endswith(".txt") else entry)


def _refused(source: str, name: str, error: SpectrumRejected) -> Reject:
    return Reject(source=source, sample_id=_name(name) or "entry", reason=error.reason, detail=printable(error.detail))
