"""The IR spectra of the multimodal set of 794,000 patent molecules: ``aligned_chunk_0.parquet`` to ``…_244.parquet``.

Columns ``smiles``, ``molecular_formula`` and ``ir_spectra`` (further ones, NMR and MS, are not read). A spectrum is
1,800 numbers without an axis; the authors' own code puts them on ``linspace(400, 4000, 1800)`` cm⁻¹. A list of another
length has no place on that axis and is refused (``no-axis``). Records have no names: file and row stand for one.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.sources._parquet import Layout, Row
from spektron.corpus.sources._parquet_source import MoleculeParquet
from spektron.spectra import SpectrumRejected

__all__ = ["Multimodal"]

_AXIS_CM1 = np.linspace(400.0, 4000.0, 1800)


class Multimodal(MoleculeParquet):
    """Spectra of the published ``aligned_chunk_*.parquet`` below a folder."""

    source_name: ClassVar[str] = "multimodal"
    file_names: ClassVar[str] = r"aligned_chunk_.*\.parquet"
    file_example: ClassVar[str] = "aligned_chunk_0.parquet"
    licence: ClassVar[str] = "CDLA-Sharing-1.0"
    citation: ClassVar[str] = (
        "Alberts M., Schilter O., Zipoli F., Hartrampf N., Laino T., Unraveling molecular structure: a multimodal "
        "spectroscopic dataset for chemistry, NeurIPS Datasets and Benchmarks (2024), arXiv:2407.17492; data "
        "doi:10.5281/zenodo.14770232"
    )
    layout: ClassVar[Layout] = Layout(x=None, y="ir_spectra", texts=("smiles", "molecular_formula"))
    method: ClassVar[str] = "molecular dynamics, dipole autocorrelation (anharmonic)"

    def _axis(self, row: Row) -> tuple[NDArray[Any], NDArray[Any], tuple[str, ...]]:
        if not len(row.y):
            raise SpectrumRejected("no-spectrum", "expected 1800 intensities, found none")
        if len(row.y) != len(_AXIS_CM1):
            raise SpectrumRejected(
                "no-axis", f"expected {len(_AXIS_CM1)} intensities, whose axis is known, found {len(row.y)}"
            )
        return _AXIS_CM1, row.y, ()
