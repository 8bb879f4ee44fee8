"""Anybody's own text files: two columns, or wide tables with one spectrum a row or a column.

Delimiter, decimal sign and layout are told from the file, and what two readings fit is refused by name: then a setting
says which (`spektron.corpus.sources._csv.layout`). Unit and modality are what the file's headings state, and the
settings where it states none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import field_validator, model_validator

from spektron.corpus.sources._compound import compound_of
from spektron.corpus.sources._csv.layout import Layout, Sheet, sheet_of
from spektron.corpus.sources._csv.records import Record, column_ranges, read_columns, read_rows, read_xy, row_ranges
from spektron.corpus.sources._csv.stated import Stated, stated_in
from spektron.corpus.sources._csv.text import Decimal, encoding_of, read_lines
from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._folder import printable
from spektron.corpus.sources._laser_line import above_laser_line
from spektron.corpus.sources._small_files import SmallFiles
from spektron.corpus.sources.base import Reject
from spektron.spectra import Spectrum, SpectrumRejected, parse_unit, spectrum_from_xy
from spektron.spectra.intensity import IntensityScale, parse_intensity_unit, stored_intensity

__all__ = ["Csv"]


class Csv(SmallFiles):
    """Spectra from text files of one's own, ``*.csv``, ``*.txt``, ``*.tsv``, ``*.dat``, ``*.asc``, ``*.dpt``, ``*.xy``.

    A spectrum is named by its file; in wide tables by its row's or column's name too, or its number where it has none.
    """

    source_name: ClassVar[str] = "csv"
    file_names: ClassVar[str] = r".+\.(csv|txt|tsv|dat|asc|dpt|xy)"
    file_example: ClassVar[str] = "*.csv, *.txt, *.tsv, *.dat, *.asc, *.dpt or *.xy"
    licence: ClassVar[str] = "not stated"
    citation: ClassVar[str] = "not stated"
    damages: ClassVar[tuple[type[Exception], ...]] = (OSError, UnicodeError)

    x_unit: str = ""
    """Unit of the axis where a file states none: ``cm-1``, ``nm`` or ``um``."""

    modality: Literal["", "IR", "RAMAN", "NIR"] = ""
    """Modality where a file states none."""

    intensity_unit: str = ""
    """What intensities are where a file says nothing: ``absorbance``, ``%T``, ``reflectance``, ``counts``, …"""

    layout: Layout | Literal["auto"] = "auto"
    """Where the axis is: ``xy``, ``rows`` (first row), ``columns`` (first column), or ``auto`` to find out."""

    decimal: Decimal | Literal["auto"] = "auto"
    """Decimal sign, ``point`` or ``comma``, or ``auto`` to find out."""

    @field_validator("modality", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.strip().upper() if isinstance(value, str) else value

    @field_validator("x_unit")
    @classmethod
    def _known_unit(cls, value: str) -> str:
        return parse_unit(value).value if value.strip() else ""

    @field_validator("intensity_unit")
    @classmethod
    def _known_scale(cls, value: str) -> str:
        if value.strip() and value != "arbitrary" and parse_intensity_unit(value) is IntensityScale.ARBITRARY:
            raise ValueError("expected absorbance, transmittance, %T, reflectance, kubelka-munk, counts or arbitrary")
        return value

    x_column: str = ""
    """Heading of the column of positions, in files of several quantities (``Raman Shift``)."""

    y_column: str = ""
    """Heading of the column of intensities beside it (``Dark Subtracted #1``)."""

    @model_validator(mode="after")
    def _both_columns(self) -> Self:
        if bool(self.x_column) != bool(self.y_column):
            raise ValueError("expected x_column and y_column, found one of them")
        return self

    def _ranges(self, path: Path) -> Iterator[tuple[int, int]]:
        sheet = self._sheet(path)
        if sheet.layout != "xy":
            divide = row_ranges if sheet.layout == "rows" else column_ranges
            yield from divide(path, sheet)

    def _records(self, path: Path, start: int, stop: int) -> Iterator[Spectrum | Reject]:
        sheet = self._sheet(path)
        stated = stated_in(sheet, x_unit=self.x_unit, modality=self.modality, intensity_unit=self.intensity_unit)
        encoding, name = encoding_of(path), printable(path.relative_to(self.folder).with_suffix("").as_posix())
        lines = read_lines(path, encoding)
        if sheet.layout == "xy":
            yield self._spectrum(read_xy(lines, sheet), name, self.name, stated)
            return
        source = f"{self.name}/{name}"
        records = (read_rows if sheet.layout == "rows" else read_columns)(lines, sheet, start, stop)
        num_read = 0
        for record in records:
            yield self._spectrum(record, record.name, source, stated)
            num_read += 1
        if not num_read and stop < start:
            raise UnfitFile("no-spectrum", "expected spectra below the axis, found none")

    def _sheet(self, path: Path) -> Sheet:
        return sheet_of(read_lines(path, encoding_of(path)), self.layout, self.decimal, (self.x_column, self.y_column))

    def _spectrum(self, record: Record, sample_id: str, source: str, stated: Stated) -> Spectrum | Reject:
        repairs: tuple[str, ...] = ()
        if not sample_id:
            sample_id, repairs = f"{'row' if stated.by_row else 'column'}-{record.number:06d}", ("id-from-row",)
        compound = compound_of(source, sample_id, record.texts)
        try:
            modality = stated.modality_of(record.texts.get("modality", ""))
            unit = stated.unit()
            if record.problem:
                raise SpectrumRejected("damaged-record", record.problem)
            x, y, cut = above_laser_line(record.x, record.y, unit, modality)
            y, intensity_unit, mended = stored_intensity(y, stated.intensity_unit, modality)
            return spectrum_from_xy(
                x,
                y,
                unit=unit,
                modality=modality,
                spectrum_id=f"{source}/{sample_id}",
                source=source,
                compound_id=compound.id,
                aliases=compound.aliases,
                instrument=record.texts.get("instrument", ""),
                intensity_unit=intensity_unit,
                repairs=(*repairs, *compound.repairs, *cut, *mended),
            )
        except SpectrumRejected as error:
            return Reject(source=source, sample_id=sample_id, reason=error.reason, detail=printable(error.detail))
