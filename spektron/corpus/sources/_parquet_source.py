"""Computed IR spectra of molecules in Parquet files: what `uspto` and `multimodal` share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from spektron.corpus.sources._file_source import MoleculeFiles
from spektron.corpus.sources._molecule import compound_of_smiles
from spektron.corpus.sources._parquet import Layout, Row, TableFile
from spektron.corpus.sources.base import PART_RECORDS, Reject
from spektron.spectra import AxisUnit, Spectrum, SpectrumRejected, spectrum_from_xy

__all__ = ["MoleculeParquet"]


class MoleculeParquet(MoleculeFiles):
    """Base of sources with one molecule a row; parts are runs of row groups.

    A subclass states `layout` and `method`, and overrides `_axis`, which gives positions and intensities in cm⁻¹ and
    what was mended, and raises `SpectrumRejected`.
    """

    layout: ClassVar[Layout]
    method: ClassVar[str]

    def _ranges(self, path: Path) -> Iterator[tuple[int, int]]:
        table = TableFile(path, self.layout)
        groups, num_rows, first = table.groups(), 0, 0
        table.close()
        for group, rows in enumerate(groups):
            num_rows += rows
            if num_rows >= PART_RECORDS or group == len(groups) - 1:
                yield first, group + 1
                num_rows, first = 0, group + 1

    def _records(self, path: Path, start: int, stop: int) -> Iterator[Spectrum | Reject]:
        table = TableFile(path, self.layout)
        try:
            first_row = sum(table.groups()[:start])
            for number, row in enumerate(table.rows(start, stop), start=first_row):
                yield self._record(path, row, number)
        finally:
            table.close()

    def _record(self, path: Path, row: Row, number: int) -> Spectrum | Reject:
        given = row.texts.get("id", "")
        sample_id = given or f"{self._relative(path).rsplit('.', 1)[0]}/row-{number:06d}"
        repairs = () if given or "id" not in self.layout.texts else ("id-from-row",)
        compound_id, unreadable = compound_of_smiles(row.texts["smiles"], self.names, f"{self.name}/{sample_id}")
        formula = row.texts.get("molecular_formula", "")
        try:
            x, y, mended = self._axis(row)
            return spectrum_from_xy(
                x,
                y,
                unit=AxisUnit.CM1,
                modality="IR",
                spectrum_id=f"{self.name}/{sample_id}",
                source=self.name,
                compound_id=compound_id,
                kind="computed",
                intensity_unit="arbitrary",
                repairs=(*repairs, *unreadable, *mended),
                metadata={"method": self.method} | ({"formula": formula} if formula else {}),
            )
        except SpectrumRejected as error:
            return self._refuse(sample_id, error.reason, error.detail)

    def _axis(self, row: Row) -> tuple[NDArray[Any], NDArray[Any], tuple[str, ...]]:
        raise NotImplementedError
