"""QM9S: IR and Raman of 129,817 small molecules, ``ir_boraden.csv`` and ``raman_boraden.csv`` (so spelled), 8 GB each.

A line is a molecule's number and 3,501 intensities; the first line gives the axis, 500 to 4000 cm⁻¹ in steps of 1.
The files hold no structures, so the number, which is the same in both, names the compound. Parts are ranges of bytes,
listed without reading: a line belongs to the part that it begins in. A file cut short loses its last line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._file_source import FileSource
from spektron.corpus.sources._lines import Line, first_line, lines_between
from spektron.corpus.sources.base import PART_RECORDS, Reject
from spektron.spectra import AxisUnit, Spectrum, SpectrumRejected, spectrum_from_xy

__all__ = ["Qm9s"]

# A published line has 64 kB: 3,501 numbers of 18 characters. Twenty times that is no spectrum.
_LINE_BYTES = 64_000
_LONGEST_LINE = 20 * _LINE_BYTES
_PART_BYTES = PART_RECORDS * _LINE_BYTES


class Qm9s(FileSource):
    """Spectra of the published files below a folder."""

    source_name: ClassVar[str] = "qm9s"
    file_names: ClassVar[str] = r"(ir|raman)_(boraden|broaden)\.csv"
    file_example: ClassVar[str] = "ir_boraden.csv and raman_boraden.csv"
    licence: ClassVar[str] = "as stated at figshare 24235333"
    citation: ClassVar[str] = (
        "Zou Z., Zhang Y., Liang L. et al., A deep learning model for predicting selected organic molecular spectra, "
        "Nat. Comput. Sci. 3 (2023) 957-964, doi:10.1038/s43588-023-00550-y; data doi:10.6084/m9.figshare.24235333"
    )

    def _ranges(self, path: Path) -> Iterator[tuple[int, int]]:
        _, begin = _axis(path)
        size = path.stat().st_size
        if begin >= size:
            raise UnfitFile("unreadable-file", "expected lines below the axis, found none")
        for start in range(begin, size, _PART_BYTES):
            yield start, min(start + _PART_BYTES, size)

    def _records(self, path: Path, start: int, stop: int) -> Iterator[Spectrum | Reject]:
        axis_cm1, _ = _axis(path)
        modality = "RAMAN" if path.name.casefold().startswith("raman") else "IR"
        for line in lines_between(path, start, stop, _LONGEST_LINE):
            if line.text.strip():
                yield self._record(path, line, axis_cm1, modality)

    def _record(self, path: Path, line: Line, axis_cm1: NDArray[np.float64], modality: str) -> Spectrum | Reject:
        number = line.text.split(b",", 1)[0].strip().decode("ascii", errors="backslashreplace")
        named = number.isdigit() and len(number) <= 12
        sample_id = f"{number}/{modality}" if named else f"{self._relative(path)}/byte-{line.start}"
        try:
            return spectrum_from_xy(
                axis_cm1,
                _intensities(line, len(axis_cm1)),
                unit=AxisUnit.CM1,
                modality=modality,
                spectrum_id=f"{self.name}/{sample_id}",
                source=self.name,
                compound_id=f"{self.name}/{number if named else sample_id}",
                kind="computed",
                intensity_unit="arbitrary",
                repairs=() if named else ("id-from-row",),
                metadata={"method": "DFT, harmonic, broadened by its publisher"},
            )
        except SpectrumRejected as error:
            return self._refuse(sample_id, error.reason, error.detail)


def _axis(path: Path) -> tuple[NDArray[np.float64], int]:
    """Read the axis, and where the first record begins."""
    if not path.is_file():  # opening a named pipe would wait for ever
        raise UnfitFile("unreadable-file", "no regular file, or a link to none")
    line, begin = first_line(path, _LONGEST_LINE)
    if not line.text:
        raise UnfitFile("unreadable-file", "the file is empty")
    try:
        return _numbers(line.text.split(b",")[1:]), begin
    except ValueError:
        raise UnfitFile("no-axis", f"expected wavenumbers in the first line, found {line.text[:80]!r}") from None


def _intensities(line: Line, num_points: int) -> NDArray[np.float64]:
    if not line.complete:
        size = f"more than {_LONGEST_LINE}" if len(line.text) >= _LONGEST_LINE else str(len(line.text))
        raise SpectrumRejected("damaged-record", f"the line does not end: {size} bytes at byte {line.start}")
    fields = line.text.split(b",")[1:]
    if len(fields) != num_points:
        raise SpectrumRejected("length-mismatch", f"expected {num_points} intensities, found {len(fields)}")
    try:
        return _numbers(fields)
    except ValueError:
        raise SpectrumRejected("damaged-record", f"expected numbers, found {line.text[:80]!r}") from None


def _numbers(fields: list[bytes]) -> NDArray[np.float64]:
    """Read fields as numbers; an empty one, as pandas writes what is missing, is NaN.

    Arrow reads 3,501 numbers in 0.2 ms, where `float` takes 1.1, and raises a `ValueError` for what is none.
    """
    texts = [field or b"nan" for field in fields] if b"" in fields else fields
    values = pa.array(texts, type=pa.binary()).cast(pa.string()).cast(pa.float64())
    return np.asarray(values.to_numpy(), dtype=np.float64)
