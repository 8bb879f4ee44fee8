"""The IR half of the IR-NMR set of 177,461 patent molecules: ``IR_data_chunk001_of_009.parquet`` and eight siblings.

Anharmonic spectra from the autocorrelation of the dipole moment along molecular dynamics. Columns ``id``, ``smiles``,
``Frequency(cm^-1)`` and ``ir_spectra``; every row has an axis of its own, of about 12,000 points, from zero to whatever
the time step allows. Two ends of it are no spectrum and are cut:

- below 50 cm⁻¹ stands what is left of the dipole's mean and drift in the transform of a finite trajectory; it is
  often the highest point of all, and every statistic of the spectrum would be its (``dc-artefact-cut``);
- above 4,500 cm⁻¹ there are no vibrations (the highest fundamental of all, H₂, lies at 4,161), only the transform's
  own noise up to its Nyquist frequency, and 2048 points are better spent below (``beyond-vibrations-cut``).

Publishers write such a file as one row group of 20,000 rows; it is then one part.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from spektron.corpus.sources._parquet import Layout, Row
from spektron.corpus.sources._parquet_source import MoleculeParquet

__all__ = ["Uspto"]


class Uspto(MoleculeParquet):
    """Spectra of the published ``IR_data_chunk*.parquet`` below a folder."""

    source_name: ClassVar[str] = "uspto"
    file_names: ClassVar[str] = r"IR_data_chunk.*\.parquet"
    file_example: ClassVar[str] = "IR_data_chunk001_of_009.parquet"
    licence: ClassVar[str] = "CDLA-Permissive-2.0"
    citation: ClassVar[str] = (
        "Zipoli F., Alberts M., Laino T., IR-NMR multimodal computational spectra dataset for 177K patent-extracted "
        "organic molecules, Sci. Data 12 (2025), doi:10.1038/s41597-025-05729-8; data doi:10.5281/zenodo.16417648"
    )
    layout: ClassVar[Layout] = Layout(x="Frequency(cm^-1)", y="ir_spectra", texts=("id", "smiles"))
    method: ClassVar[str] = "molecular dynamics, dipole autocorrelation (anharmonic)"

    start_cm1: float = Field(default=50.0, ge=10.0, lt=4500.0)
    """Points below are cut, in cm⁻¹."""
    stop_cm1: float = Field(default=4500.0, gt=50.0, le=8000.0)
    """Points above are cut, in cm⁻¹."""

    def _axis(self, row: Row) -> tuple[NDArray[Any], NDArray[Any], tuple[str, ...]]:
        if len(row.x) != len(row.y):
            return row.x, row.y, ()
        below, above = row.x < self.start_cm1, row.x > self.stop_cm1
        cuts = (("dc-artefact-cut", below), ("beyond-vibrations-cut", above))
        inside = np.asarray(~(below | above))
        return row.x[inside], row.y[inside], tuple(repair for repair, cut in cuts if cut.any())
