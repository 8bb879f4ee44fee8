"""Small files of the computed sources in their publishers' own formats, a few of their records broken."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SMILES = ("CCO", "c1ccccc1O", "CC(=O)Nc1ccc(O)cc1", "N[C@@H](C)C(=O)O", "OC(=O)CC(O)=O", "C1CCCCC1", "ClCCl", "CC#N")


def modes(seed: int, num_atoms: int = 9) -> dict[str, Any]:
    """A record as the publisher's own code writes it: 3 N - 6 modes, displacements and all."""
    rng = np.random.default_rng(seed)
    num = 3 * num_atoms - 6
    return {
        "coord": rng.normal(0.0, 3.0, (num_atoms, 3)).round(6).tolist(),
        "atoms": rng.choice([1, 6, 7, 8], num_atoms).tolist(),
        "freq": np.sort(rng.uniform(60.0, 3800.0, num)).round(4).tolist(),
        "IR Inten": rng.exponential(30.0, num).round(4).tolist(),
        "Raman Activ": rng.exponential(40.0, num).round(4).tolist(),
        "vib coord": rng.normal(0.0, 0.1, (num, num_atoms, 3)).round(2).tolist(),
    }


def packed(record: Any) -> bytes:
    return zlib.compress(record if isinstance(record, bytes) else json.dumps(record).encode())


def write_database(path: Path, rows: Iterable[tuple[int, Any, Any]], columns: str | None = None) -> Path:
    """Write rows of rowid, SMILES and blob; the other columns are what they are in the published files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    more = "Eg real, Homo real, Lumo real, isotropic_pol real, heat_capacity real, Dtotal real, database_tag text"
    connection.execute(
        f"CREATE TABLE molecule ({columns or f'id integer primary key, SMILES text, blob_data, {more}'})"
    )
    connection.executemany("INSERT INTO molecule (id, SMILES, blob_data) VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return path


def write_chembl(folder: Path, molecules: int = 12) -> Path:
    """Two databases; of the first `molecules` rows seven are broken, each in its own way."""
    records: list[Any] = [packed(modes(i)) for i in range(molecules)]
    imaginary = modes(1)
    imaginary["freq"][:2] = [-211.4, -30.2]
    records[1] = packed(imaginary)
    records[2] = None
    records[3] = b"not zlib"
    records[4] = packed(modes(4))[:-20]
    records[5] = packed(modes(5) | {"IR Inten": [1.0]})
    records[6] = packed({key: value for key, value in modes(6).items() if key != "Raman Activ"})
    records[7] = packed(json.dumps(modes(7) | {"freq": [float("nan")] * 21}).encode())
    records[8] = packed(modes(8) | {"IR Inten": [0.0] * 21})
    smiles = [SMILES[i % len(SMILES)] for i in range(molecules)]
    smiles[9], smiles[10] = "C1CC", None
    rows = [(i + 1, smiles[i], records[i]) for i in range(molecules)]
    write_database(folder / "Raman-ChEMBL-part1.db", rows)
    write_database(folder / "Raman-ChEMBL-part2.db", [(7, "OCC", packed(modes(99)))])
    return folder


def power_spectrum(seed: int, axis_cm1: np.ndarray) -> np.ndarray:
    """Bands, and the artefact at zero that is higher than all of them."""
    rng = np.random.default_rng(seed)
    bands = [(c, h) for c, h in zip(rng.uniform(300, 3600, 20), rng.exponential(1.0, 20))]
    curve = sum(h / (1.0 + ((axis_cm1 - c) / 12.0) ** 2) for c, h in bands)
    return np.asarray(curve) + 500.0 * np.exp(-axis_cm1 / 8.0)


def write_uspto(folder: Path, rows: int = 10, row_group_size: int = 4) -> Path:
    """One file of `rows` spectra of 2,401 points to 12,000 cm-1, three of them broken, and one that is no Parquet."""
    axis = np.arange(2401) * 5.0
    axes, curves = [axis] * rows, [power_spectrum(i, axis) for i in range(rows)]
    curves[2] = curves[2][:-1]
    axes[3] = axis[::-1]
    curves[4] = np.where(np.abs(axis - 1000.0) < 20.0, np.nan, curves[4])
    curves[5] = np.zeros_like(axis)
    table = pa.table(
        {
            "id": list(range(100, 100 + rows)),
            "smiles": [SMILES[i % len(SMILES)] for i in range(rows)],
            "Frequency(cm^-1)": axes,
            "ir_spectra": curves,
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / "IR_data_chunk001_of_009.parquet", row_group_size=row_group_size)
    (folder / "IR_data_chunk002_of_009.parquet").write_bytes(b"PAR1 and no more")
    return folder


def write_multimodal(folder: Path, rows: int = 6) -> Path:
    """Two chunks, with columns that are not read; one row is too short and one is null."""
    axis = np.linspace(400.0, 4000.0, 1800)
    for chunk in range(2):
        curves: list[Any] = [(power_spectrum(100 * chunk + i, axis) - 0.2).tolist() for i in range(rows)]
        curves[1], curves[2] = curves[1][:-1], None
        table = pa.table(
            {
                "molecular_formula": ["C2H6O"] * rows,
                "smiles": [SMILES[(chunk + i) % len(SMILES)] for i in range(rows)],
                "ir_spectra": pa.array(curves, type=pa.list_(pa.float32())),
                "h_nmr_spectra": [[0.0] * 10] * rows,
            }
        )
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / f"aligned_chunk_{chunk}.parquet")
    return folder


def write_qm9s(folder: Path, rows: int = 8, *, cut: bool = True) -> Path:
    """Both files, 3,501 columns; row 3 is short, row 4 holds a word, and the last line is cut in the middle."""
    axis = np.arange(500.0, 4001.0)
    folder.mkdir(parents=True, exist_ok=True)
    for name, seed in (("ir_boraden.csv", 0), ("raman_boraden.csv", 1000)):
        lines = ["," + ",".join(map(str, axis))]
        for i in range(rows):
            values = [repr(float(value)) for value in power_spectrum(seed + i, axis)]
            if i == 3:
                values = values[:-1]
            if i == 4:
                values[17] = "word"
            lines.append(f"{i}," + ",".join(values))
        text = "\n".join(lines) + "\n"
        (folder / name).write_text(text[: len(text) - 30_000] if cut else text)
    return folder
