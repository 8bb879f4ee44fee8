"""Raman-ChEMBL: computed IR and Raman of 220,000 drug-like molecules, ``Raman-ChEMBL-part1.db`` and ``…part2.db``.

SQLite, table ``molecule``, one row a molecule; ``blob_data`` is zlib-compressed JSON with frequencies, IR intensities
(km/mol) and Raman activities (Å⁴/amu) of its harmonic modes. They are drawn as bands of one width, which a computation
does not give and a study may vary: it bears identity.

A blob is never unpickled: one public reader of these files does so where JSON fails, and a pickle may run anything.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from spektron.corpus.sources._damage import DAMAGED
from spektron.corpus.sources._file_source import MoleculeFiles
from spektron.corpus.sources._modes import MAX_BLOB_BYTES, Modes, decode_modes
from spektron.corpus.sources._molecule import compound_of_smiles
from spektron.corpus.sources._rowids import LostRows, RowidTable
from spektron.corpus.sources.base import PART_RECORDS, Reject
from spektron.spectra import NUM_POINTS, AxisUnit, Spectrum, SpectrumRejected, spectrum_from_xy
from spektron.spectra.sticks import Lorentzian, Voigt, broaden

__all__ = ["Chembl"]

_UNITS = {"IR": "km/mol per cm-1", "RAMAN": "A^4/amu per cm-1"}
# 64 curves are 1 MiB, and their modes are drawn at full speed.
_MOLECULES_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Molecule:
    sample_id: str
    compound_id: str
    modes: Modes
    repairs: tuple[str, ...]


class Chembl(MoleculeFiles):
    """Spectra of the published databases below a folder: IR, then Raman, of each molecule."""

    source_name: ClassVar[str] = "chembl"
    file_names: ClassVar[str] = r".*\.db"
    file_example: ClassVar[str] = "Raman-ChEMBL-part1.db"
    licence: ClassVar[str] = "CC BY 4.0 by its paper, CC BY-NC-ND 4.0 by others: ask before redistributing"
    citation: ClassVar[str] = (
        "Liang J., Ling J., Xu L., Zhu X., A dataset of Raman and infrared spectra as an extension to the ChEMBL, "
        "Sci. Data 12 (2025) 939, doi:10.1038/s41597-025-05289-x; data doi:10.6084/m9.figshare.28593698, "
        "doi:10.6084/m9.figshare.28594295"
    )
    damages: ClassVar[tuple[type[Exception], ...]] = (*DAMAGED, sqlite3.Error)

    hwhm_cm1: float = Field(default=5.0, gt=0.0, le=500.0)
    """Half width at half maximum of the Lorentzian bands, in cm⁻¹: 10 across, as in liquids and solids."""
    sigma_cm1: float = Field(default=0.0, ge=0.0, le=500.0)
    """Standard deviation of a Gaussian that bands are convolved with (Voigt bands), in cm⁻¹; 0 for none."""
    start_cm1: float = Field(default=100.0, ge=10.0, le=5000.0)
    """First point of every spectrum, in cm⁻¹."""
    stop_cm1: float = Field(default=4000.0, ge=10.0, le=5000.0)
    """Last point; harmonic O-H stretches lie at 3,600 to 3,900 cm⁻¹."""

    @model_validator(mode="after")
    def _drawable(self) -> Self:
        if self.start_cm1 >= self.stop_cm1:
            raise ValueError(f"expected start_cm1 < stop_cm1, found {self.start_cm1:g} and {self.stop_cm1:g}")
        if self.hwhm_cm1 < (narrowest := (self.stop_cm1 - self.start_cm1) / NUM_POINTS / 100.0):
            raise ValueError(f"expected hwhm_cm1 of at least {narrowest:.2g}, found {self.hwhm_cm1:g}")
        return self

    def _ranges(self, path: Path) -> Iterator[tuple[int, int]]:
        with self._open(path) as table:
            yield from table.ranges(PART_RECORDS // 2)  # two spectra a row

    def _records(self, path: Path, start: int, stop: int) -> Iterator[Spectrum | Reject]:
        with self._open(path) as table:
            smiles = f"substr({table.columns['smiles']}, 1, 1001)" if "smiles" in table.columns else "NULL"
            blob = table.columns["blob_data"]
            bounded = f"CASE WHEN length({blob}) <= {MAX_BLOB_BYTES} THEN {blob} END"
            waiting: list[_Molecule | Reject] = []
            for row in table.rows(f"{smiles}, typeof({blob}), length({blob}), {bounded}", start, stop):
                waiting.append(self._lost(path, row) if isinstance(row, LostRows) else self._molecule(path, row))
                if len(waiting) == _MOLECULES_AT_ONCE:
                    yield from self._drawn(waiting)
                    waiting = []
            yield from self._drawn(waiting)

    def _open(self, path: Path) -> RowidTable:
        return RowidTable(path, "molecule", required=("blob_data",))

    def _lost(self, path: Path, rows: LostRows) -> Reject:
        which = f"{rows.first} and after" if rows.last is None else f"{rows.first} to {rows.last}"
        detail = f"rowids {which} cannot be read, {_how_many(rows)}: {rows.problem}"
        return self._refuse(f"{self._relative(path)}/{rows.first}", "damaged-record", detail)

    def _molecule(self, path: Path, row: tuple[Any, ...]) -> _Molecule | Reject:
        rowid, given, kind, size, blob = row
        sample_id = f"{self._relative(path).rsplit('.', 1)[0]}/{rowid}"
        try:
            modes = decode_modes(_require_blob(kind, size, blob))
        except SpectrumRejected as error:
            return self._refuse(sample_id, error.reason, error.detail)
        smiles = given.decode("utf-8", "backslashreplace") if isinstance(given, bytes) else str(given or "")
        compound_id, unreadable = compound_of_smiles(smiles, self.names, f"{self.name}/{sample_id}")
        repairs = (*unreadable, *modes.repairs)
        return _Molecule(sample_id=sample_id, compound_id=compound_id, modes=modes, repairs=repairs)

    def _drawn(self, waiting: list[_Molecule | Reject]) -> Iterator[Spectrum | Reject]:
        molecules = [item for item in waiting if isinstance(item, _Molecule)]
        drawn = {modality: self._curves(molecules, modality) for modality in _UNITS}
        row = 0
        for item in waiting:
            if isinstance(item, Reject):
                yield item
                continue
            for modality, (curves, num_imaginary) in drawn.items():
                yield self._spectrum(item, modality, curves[row], int(num_imaginary[row]))
            row += 1

    def _curves(self, molecules: list[_Molecule], modality: str) -> tuple[Any, Any]:
        none = np.empty(0)
        strengths = [molecule.modes.strength[modality] for molecule in molecules]
        usable = [not isinstance(strength, SpectrumRejected) for strength in strengths]
        frequency = [m.modes.frequency_cm1 if ok else none for m, ok in zip(molecules, usable, strict=True)]
        strength = [none if isinstance(strength, SpectrumRejected) else strength for strength in strengths]
        curves = broaden(
            np.concatenate([none, *frequency]),
            np.concatenate([none, *strength]),
            np.cumsum([0, *map(len, frequency)]),
            start_cm1=self.start_cm1,
            stop_cm1=self.stop_cm1,
            profile=Voigt(self.sigma_cm1, self.hwhm_cm1) if self.sigma_cm1 else Lorentzian(self.hwhm_cm1),
        )
        return curves.intensity, curves.num_imaginary

    def _spectrum(self, molecule: _Molecule, modality: str, curve: Any, num_imaginary: int) -> Spectrum | Reject:
        strength = molecule.modes.strength[modality]
        sample_id = f"{molecule.sample_id}/{modality}"
        try:
            if isinstance(strength, SpectrumRejected):
                raise strength
            return spectrum_from_xy(
                np.linspace(self.start_cm1, self.stop_cm1, NUM_POINTS),
                curve,
                unit=AxisUnit.CM1,
                modality=modality,
                spectrum_id=f"{self.name}/{sample_id}",
                source=self.name,
                compound_id=molecule.compound_id,
                kind="computed",
                intensity_unit=_UNITS[modality],
                repairs=(*molecule.repairs, *(("imaginary-modes-dropped",) if num_imaginary else ())),
                metadata={"method": f"DFT (Gaussian 09), harmonic, bands of half width {self.hwhm_cm1:g} cm-1"},
            )
        except SpectrumRejected as error:
            return self._refuse(sample_id, error.reason, error.detail)


def _require_blob(kind: bytes, size: int | None, blob: bytes | None) -> bytes:
    """Return a row's blob, or refuse what stands in its place."""
    if kind == b"null":
        raise SpectrumRejected("no-spectrum", "expected a compressed record, found NULL")
    if kind != b"blob":
        raise SpectrumRejected("damaged-record", f"expected a compressed record, found SQLite {kind.decode()}")
    if blob is None:
        raise SpectrumRejected("too-large", f"expected up to {MAX_BLOB_BYTES} bytes, found {size}")
    return blob


def _how_many(rows: LostRows) -> str:
    return "an unknown number of records" if rows.last is None else f"up to {rows.last - rows.first + 1} records"
