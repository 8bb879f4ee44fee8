"""Spectra of one instrument as its files hold them: text tables, JCAMP-DX, Parquet.

The readers are those that corpora are built with, without what a corpus does to a spectrum: channels stay as measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import ConfigError
from spektron.corpus.sources._csv.layout import Layout, sheet_of
from spektron.corpus.sources._csv.records import read_columns, read_rows, read_xy
from spektron.corpus.sources._csv.stated import stated_in
from spektron.corpus.sources._csv.text import Decimal, encoding_of, read_lines
from spektron.corpus.sources._damage import DAMAGED, UnfitFile
from spektron.corpus.sources._folder import files_below, printable
from spektron.corpus.sources._jcamp import JcampError, curve_of, read_blocks
from spektron.datasets._pairs.parquet import read_parquet
from spektron.datasets._pairs.raw import RawSpectrum
from spektron.datasets._pairs.repairs import NothingUsable, Repairs, named

__all__ = ["FileForm", "read_instrument"]

_TEXT = r".+\.(csv|txt|tsv|dat|asc|dpt|xy)"
_JCAMP = r".+\.(jdx|dx|jcm|jcamp)"
_PARQUET = r".+\.parquet"
_ENDINGS = "*.csv, *.txt, *.tsv, *.dat, *.asc, *.dpt, *.xy, *.jdx, *.dx, *.jcm or *.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileForm:
    """What text tables do not say of themselves.

    Attributes
    ----------
    layout : str
        ``rows`` (the first row is the axis), ``columns``, ``xy`` (one spectrum a file), or ``auto`` to find out.
    decimal : str
        ``point``, ``comma``, or ``auto``.
    """

    layout: Layout | Literal["auto"] = "auto"
    decimal: Decimal | Literal["auto"] = "auto"


def read_instrument(path: Path, form: FileForm, repairs: Repairs, leave_out: Path | None = None) -> list[RawSpectrum]:
    """Read a file, or every file of a known ending below a folder.

    Parameters
    ----------
    path : Path
    form : FileForm
    repairs : Repairs
        Files and records that cannot be read are added, by name.
    leave_out : Path, optional
        A table of reference values that lies in the same folder.

    Raises
    ------
    ConfigError
        Where nothing is there.
    NothingUsable
        Where nothing can be read.
    """
    spectra: list[RawSpectrum] = []
    unread: list[tuple[str, str]] = []
    unfit: list[tuple[str, str]] = []
    for file in _files(path, leave_out):
        read, refused = _read(file, form)
        spectra += read
        (unfit if read else unread).extend(refused)
    repairs.leave_out("files that cannot be read", unread, unread=True)
    repairs.leave_out("records that cannot be read", unfit)
    if not spectra:
        found = named((why for _, why in unread), 2)
        raise NothingUsable.after(
            repairs,
            f"{repairs.side}: expected spectra in {path}, found none that can be read: {found}",
            "a table has wavelengths in its first row and one sample a row, or one sample a file in two columns; "
            "layout= and decimal= say what cannot be told",
        )
    return spectra


def _read(file: Path, form: FileForm) -> tuple[list[RawSpectrum], list[tuple[str, str]]]:
    """A file's spectra; and its records that cannot be read, or the file, each with what is wrong."""
    spectra: list[RawSpectrum] = []
    refused: list[tuple[str, str]] = []
    try:
        for spectrum in _records(file, form):
            if spectrum.problem:
                refused.append((spectrum.sample_id or spectrum.where, f"{spectrum.where}: {spectrum.problem}"))
            else:
                spectra.append(spectrum)
        if not spectra and not refused:
            raise UnfitFile("no-spectrum", "expected spectra below the axis, found none")
    except UnfitFile as error:
        refused.append((printable(file.stem), f"{printable(file.name)}: {error.detail}"))
    except (JcampError, *DAMAGED) as error:
        why = f"{printable(file.name)}: {type(error).__name__}: {printable(str(error)[:200])}"
        refused.append((printable(file.stem), why))
    return spectra, refused


def _files(path: Path, leave_out: Path | None) -> list[Path]:
    if path.is_file():
        if not re.fullmatch(f"{_TEXT}|{_JCAMP}|{_PARQUET}", path.name, re.IGNORECASE | re.DOTALL):
            raise ConfigError(f"expected {_ENDINGS}, found {path}", "save it as one of these")
        return [path]
    if not path.is_dir():
        raise ConfigError(f"expected a file or a folder of spectra at {path}, found nothing", "look at its name")
    pattern = re.compile(f"{_TEXT}|{_JCAMP}|{_PARQUET}", re.IGNORECASE | re.DOTALL)
    files = files_below(path, lambda name: pattern.fullmatch(name) is not None)
    other = None if leave_out is None else leave_out.resolve()
    if found := [file for file in files if file.is_file() and file.resolve() != other]:
        return found
    raise ConfigError(f"expected {_ENDINGS} below {path}, found none", "give the folder that holds the spectra")


def _records(path: Path, form: FileForm) -> Iterator[RawSpectrum]:
    if re.fullmatch(_PARQUET, path.name, re.IGNORECASE | re.DOTALL):
        return read_parquet(path)
    if re.fullmatch(_JCAMP, path.name, re.IGNORECASE | re.DOTALL):
        return _jcamp(path)
    return _text(path, form)


def _text(path: Path, form: FileForm) -> Iterator[RawSpectrum]:
    encoding, name = encoding_of(path), printable(path.stem)
    sheet = sheet_of(read_lines(path, encoding), form.layout, form.decimal)
    stated = stated_in(sheet, x_unit="", modality="", intensity_unit="")
    if sheet.layout == "xy":
        records = iter([read_xy(read_lines(path, encoding), sheet)])
    else:
        read = read_rows if sheet.layout == "rows" else read_columns
        records = read(read_lines(path, encoding), sheet, 0, -1)
    for record in records:
        sample_id = name if sheet.layout == "xy" else record.name.strip()
        where = printable(path.name) + ("" if sheet.layout == "xy" else f", {sheet.layout[:-1]} {record.number + 1}")
        yield RawSpectrum(
            sample_id=sample_id,
            x=record.x,
            y=record.y,
            x_unit=stated.x_unit,
            intensity_unit=stated.intensity_unit,
            where=where,
            problem=record.problem or ("" if sample_id else "expected the sample's name, found none"),
        )


def _jcamp(path: Path) -> Iterator[RawSpectrum]:
    """One block: the file names the sample. Several: their titles do."""
    blocks = list(read_blocks(path))
    for block in blocks:
        x = y = _NOTHING
        problem = ""
        if block.error is not None or block.table is None:
            problem = str(block.error or "expected a curve, found none")
        else:
            try:
                curve = curve_of(block)
                x, y = curve.x, curve.y
            except JcampError as error:
                problem = str(error)
        title = " ".join(block.headers.text("TITLE").split())[:100]
        sample_id = printable(path.stem if len(blocks) == 1 else title)
        yield RawSpectrum(
            sample_id=sample_id,
            x=x,
            y=y,
            x_unit=block.headers.text("XUNITS"),
            intensity_unit=block.headers.text("YUNITS"),
            where=f"{printable(path.name)}, line {block.line}",
            problem=problem or ("" if sample_id else "expected a title that names the sample, found none"),
        )


_NOTHING: NDArray[np.float64] = np.empty(0)
