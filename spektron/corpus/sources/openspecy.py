"""Libraries of OpenSpecy: Raman and infrared spectra of microplastics and what is met beside them, ``*.rds``.

A library is a list of ``wavenumber`` (cm⁻¹), ``spectra`` (a table with one spectrum a column, or a matrix) and
``metadata`` (a table with one spectrum a row). A spectrum is missing (NA) outside its own range. Parts are runs of
columns.

A file that was cut short is lost as a whole: R writes the names of columns and all metadata, the modality among them,
behind the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.sources._compound import cas_of
from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._folder import set_name
from spektron.corpus.sources._laser_line import above_laser_line
from spektron.corpus.sources._rds.columns import attribute_of, names_of, parse_rds, texts_of
from spektron.corpus.sources._rds.stream import DAMAGED, Span, read_spans
from spektron.corpus.sources._rruff_record import mineral_key
from spektron.corpus.sources._small_files import SmallFiles
from spektron.corpus.sources.base import PART_RECORDS, Reject
from spektron.spectra import AxisUnit, Spectrum, SpectrumRejected, parse_modality, spectrum_from_xy
from spektron.spectra.intensity import stored_intensity

__all__ = ["Openspecy"]

Floats = NDArray[np.float64]

# The longest axis of a library, 4000 to 100 cm⁻¹ at an interferometer's 0.1 cm⁻¹, has 39,000 points.
_MOST_POINTS = 1_000_000
_MOST_COLUMNS = 1_000_000  # of a matrix: more than all of the format's libraries

# Metadata of the corpus → names of OpenSpecy's columns that hold it, folded by `_folded`.
_METADATA = {
    "laser_nm": "laserlightused",
    "resolution_cm1": "spectralresolution",
    "accessory": "instrumentaccessories",
    "technique": "instrumentmode",
    "processing": "dataprocessingprocedure",
    "quality": "levelofconfidenceinidentification",
    "state": "materialform",
    "title": "spectrumidentity",
}
_IN_NUMBERS = {"laser_nm", "resolution_cm1"}


class Openspecy(SmallFiles):
    """Spectra of the ``.rds`` files below a folder."""

    source_name: ClassVar[str] = "openspecy"
    file_names: ClassVar[str] = r".+\.rds"
    file_example: ClassVar[str] = "*.rds (raw, nobaseline, derivative, medoid, …)"
    licence: ClassVar[str] = "as each spectrum's metadata states: CC BY-NC by default"
    citation: ClassVar[str] = (
        "Cowger W., Steinmetz Z., Gray A. et al., Microplastic spectral classification needs an open source community: "
        "Open Specy to the rescue!, Anal. Chem. 93 (2021) 7543-7548, doi:10.1021/acs.analchem.1c00123; "
        "data doi:10.17605/OSF.IO/X7DPZ"
    )
    damages: ClassVar[tuple[type[Exception], ...]] = DAMAGED

    def _is_big(self, path: Path) -> bool:
        return True  # a few kilobytes may unpack to thousands of columns

    def _ranges(self, path: Path) -> Iterator[tuple[int, int]]:
        num_columns = len(_library(path).columns)
        for start in range(0, num_columns, PART_RECORDS):
            yield start, min(start + PART_RECORDS, num_columns)

    def _records(self, path: Path, start: int, stop: int) -> Iterator[Spectrum | Reject]:
        library = _library(path)
        stop = stop if start < stop else len(library.columns)
        source = f"{self.name}/{set_name(self.folder, path)}"
        columns = library.columns[start:stop]
        stored = (column for column in read_spans(path, [c for c in columns if isinstance(c, Span)]))
        for place, column in enumerate(columns, start=start):
            y = next(stored) if isinstance(column, Span) else column
            yield _spectrum(library, place, y, source)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Library:
    """What is known of a file without its spectra.

    Attributes
    ----------
    wavenumber : ndarray, shape (points,)
        In cm⁻¹.
    columns : list of Span or ndarray, shape (points,)
        Where each spectrum lies; short ones are here.
    names : list of str
        Of the columns; empty where none are given.
    metadata : dict of str to list of str
        Folded name of a column → one text for each spectrum.
    """

    wavenumber: Floats
    columns: list[Span | Floats]
    names: list[str]
    metadata: dict[str, list[str]]

    def text(self, column: str, place: int) -> str:
        """What a column says of a spectrum; empty where it says nothing."""
        texts = self.metadata.get(column, [])
        return texts[place] if place < len(texts) and texts[place].casefold() not in ("na", "nan", "null") else ""


def _library(path: Path) -> _Library:
    if not path.is_file():
        raise UnfitFile("unreadable-file", "expected a regular file, found none, or a link to none")
    stat = path.stat()
    return _parsed(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1)
def _parsed(path: Path, size: int, mtime_ns: int) -> _Library:
    """Read all but the spectra; kept for the parts of one file, which are read one after the other."""
    root = parse_rds(path)
    members = dict(zip(names_of(root), root.value, strict=False)) if isinstance(root.value, list) else {}
    if missing := {"wavenumber", "spectra", "metadata"} - set(members):
        found = ", ".join(members) or "none"
        raise UnfitFile("missing-column", f"expected {', '.join(sorted(missing))}, found {found}"[:300])
    wavenumber = _numbers(path, members["wavenumber"])
    columns = _columns(members["spectra"], len(wavenumber))
    table = members["metadata"]
    fields = zip(map(_folded, names_of(table)), table.value, strict=False) if isinstance(table.value, list) else ()
    metadata = {name: _texts(path, column) for name, column in fields}
    return _Library(wavenumber=wavenumber, columns=columns, names=_column_names(members["spectra"]), metadata=metadata)


def _column_names(spectra: Any) -> list[str]:
    """Names of a table's columns, or of a matrix'."""
    if (found := attribute_of(spectra, "dimnames")) is not None and isinstance(found.value, list):
        return texts_of(found.value[-1]) if found.value else []
    return names_of(spectra)


def _columns(spectra: Any, num_points: int) -> list[Span | Floats]:
    if isinstance(spectra.value, list):
        columns = [column.value for column in spectra.value]
    elif (shape := attribute_of(spectra, "dim")) is not None and isinstance(spectra.value, Span):
        num_rows = int(shape.value[0])
        if num_rows != num_points or spectra.value.length // max(num_rows, 1) > _MOST_COLUMNS:
            found = f"{num_rows} rows in {spectra.value.length} numbers"
            raise UnfitFile("damaged-record", f"expected {num_points} rows, as wavenumbers, found {found}")
        columns = list(spectra.value.columns(num_rows))
    else:
        columns = [spectra.value]
    for column in columns:
        if not isinstance(column, Span | np.ndarray):
            raise UnfitFile("missing-column", "expected spectra as columns of numbers, found another type")
        if isinstance(column, Span) and column.length > _MOST_POINTS:
            raise UnfitFile("too-large", f"expected up to {_MOST_POINTS} points, found {column.length}")
    if not columns or not num_points:
        raise UnfitFile("no-spectrum", f"expected spectra, found {len(columns)} of {num_points} points")
    return columns


def _numbers(path: Path, node: Any) -> Floats:
    if isinstance(node.value, np.ndarray):
        return node.value.astype(np.float64)
    if not isinstance(node.value, Span):
        raise UnfitFile("missing-column", "expected numbers as wavenumber or as a factor, found another type")
    if node.value.length > _MOST_POINTS:
        raise UnfitFile("too-large", f"expected up to {_MOST_POINTS} numbers, found {node.value.length}")
    return next(read_spans(path, [node.value]))


def _texts(path: Path, column: Any) -> list[str]:
    """One text for each spectrum; numbers other than a factor's codes are left out."""
    if isinstance(column.value, list):
        return texts_of(column)
    if not (levels := names_of(column, "levels")):
        return []
    codes = np.nan_to_num(_numbers(path, column))
    return [levels[int(code) - 1] if 1 <= code <= len(levels) else "" for code in codes]


def _spectrum(library: _Library, place: int, y: Floats, source: str) -> Spectrum | Reject:
    name = library.names[place] if place < len(library.names) else ""
    sample_id, repairs = (name, ()) if name else (f"spectrum-{place:06d}", ("id-from-row",))
    try:
        modality = parse_modality(library.text("spectrumtype", place))
        compound_id, *aliases = _compounds(library, place, f"{source}/{sample_id}")
        x, y, cut = above_laser_line(library.wavenumber, y, AxisUnit.CM1, modality)
        intensity, unit, mended = stored_intensity(y, library.text("intensityunits", place), modality)
        return spectrum_from_xy(
            x,
            intensity,
            unit=AxisUnit.CM1,
            modality=modality,
            spectrum_id=f"{source}/{sample_id}",
            source=source,
            compound_id=compound_id,
            aliases=tuple(aliases),
            instrument=library.text("instrumentused", place),
            intensity_unit=unit,
            repairs=(*repairs, *cut, *mended),
            metadata=_metadata(library, place),
        )
    except SpectrumRejected as error:
        return Reject(source=source, sample_id=sample_id, reason=error.reason, detail=error.detail)


def _compounds(library: _Library, place: int, otherwise: str) -> list[str]:
    """Names of the compound, the first of all that apply its id.

    CAS number; RRUFF's mineral where the spectrum is a copy of theirs, else the identity; the spectrum itself.
    """
    cas = cas_of(library.text("casnumber", place))
    names = [f"cas/{cas}"] if cas else []
    identity = library.text("spectrumidentity", place)
    origin = " ".join(library.text(field, place) for field in ("organization", "citation", "filename", "otherinfo"))
    if identity and "rruff" in origin.casefold() and (key := mineral_key(identity)):
        names.append(f"rruff/{key}")
    elif identity:
        names.append(f"openspecy/{identity.casefold()}")
    return names or [otherwise]


def _metadata(library: _Library, place: int) -> dict[str, str]:
    found = {key: library.text(column, place)[:300] for key, column in _METADATA.items()}
    return {
        key: value
        for key, value in found.items()
        if value and (key not in _IN_NUMBERS or value.replace(".", "", 1).isdecimal())
    }


def _folded(name: str) -> str:
    """``SpectrumType``, ``spectrum_type`` and ``spectrum type`` are one column."""
    return "".join(char for char in name.casefold() if char.isalnum())
