"""Instruments' own files: Bruker OPUS (``*.0``, ``*.1``, …), Galactic SPC (``*.spc``), Renishaw WiRE (``*.wdf``).

Each is read by a package of its own; ``pip install 'spektron[vendor]'`` brings them. A file is one spectrum or a
series; the sample's name, where the file has one, names the compound, else the file does: all spectra of a map stay
together.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from spektron.corpus.sources._compound import compound_of
from spektron.corpus.sources._folder import printable
from spektron.corpus.sources._laser_line import above_laser_line
from spektron.corpus.sources._small_files import SmallFiles
from spektron.corpus.sources._vendor.opus import read_opus
from spektron.corpus.sources._vendor.scan import Scan, by_range
from spektron.corpus.sources._vendor.spc import read_spc
from spektron.corpus.sources._vendor.wdf import num_spectra, read_wdf
from spektron.corpus.sources.base import PART_RECORDS, Reject
from spektron.spectra import Spectrum, SpectrumRejected, parse_modality, parse_unit, spectrum_from_xy
from spektron.spectra.intensity import stored_intensity

__all__ = ["Vendor"]

# OPUS and SPC files are read whole; series of hours have some tens of megabytes.
_LARGEST_FILE = 256 * 2**20


class Vendor(SmallFiles):
    """Spectra from instruments' own files below a folder."""

    source_name: ClassVar[str] = "vendor"
    file_names: ClassVar[str] = r".+\.([0-9]{1,4}|spc|wdf)"
    file_example: ClassVar[str] = "*.0 (OPUS), *.spc or *.wdf"
    licence: ClassVar[str] = "not stated"
    citation: ClassVar[str] = "not stated"
    damages: ClassVar[tuple[type[Exception], ...]] = (OSError,)

    modality: Literal["", "IR", "RAMAN", "NIR"] = ""
    """Modality where a file states none, as most SPC files do."""

    def _ranges(self, path: Path) -> Iterator[tuple[int, int]]:
        if _kind(path) == "wdf":
            num = num_spectra(path)
            for start in range(0, num, PART_RECORDS):
                yield start, min(start + PART_RECORDS, num)

    def _records(self, path: Path, start: int, stop: int) -> Iterator[Spectrum | Reject]:
        scans = {
            "wdf": lambda: read_wdf(path, start, stop),
            "spc": lambda: read_spc(path, _LARGEST_FILE),
            "opus": lambda: read_opus(path, _LARGEST_FILE),
        }
        for scan in scans[_kind(path)]():
            yield self._spectrum(path, scan)

    def _spectrum(self, path: Path, scan: Scan) -> Spectrum | Reject:
        file = printable(path.relative_to(self.folder).as_posix())
        sample_id = f"{file}/{scan.name}" if scan.name else file
        try:
            unit = parse_unit(scan.x_unit)
            modality, told = by_range(parse_modality(scan.modality or self.modality), scan.x, unit)
            x, y, cut = above_laser_line(scan.x, scan.y, unit, modality)
            y, intensity_unit, mended = stored_intensity(y, scan.intensity_unit, modality)
            return spectrum_from_xy(
                x,
                y,
                unit=unit,
                modality=modality,
                spectrum_id=f"{self.name}/{sample_id}",
                source=self.name,
                compound_id=compound_of(self.name, file, {"label": scan.label}).id,
                instrument=scan.instrument,
                intensity_unit=intensity_unit,
                repairs=(*told, *cut, *mended),
                metadata=scan.metadata,
            )
        except SpectrumRejected as error:
            return self._refuse(sample_id, error.reason, printable(error.detail))


def _kind(path: Path) -> str:
    suffix = path.suffix.casefold().lstrip(".")
    return suffix if suffix in ("spc", "wdf") else "opus"
