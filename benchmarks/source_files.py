"""Simulated spectra in their sources' own formats: what a build is measured on, without downloading 18 GB.

Run ``python benchmarks/source_files.py --num 400000 --out FOLDER``: ChEMBL's SQLite with zlib-compressed JSON, USPTO's
Parquet, NIST's JCAMP-DX and RRUFF's zips, in the paper's proportions. Sizes are the publishers', but for two things
that would only take disk: molecules have 22 atoms (60 modes), not 47, and USPTO's axis 4,000 points, not 12,000. Curves
come from the simulator; every molecule has a structure of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.progress import track

from spektron.spectra.simulate import BLOCK_SPECTRA, simulate_block

__all__ = ["SHARES", "write_sources"]

# Share of all spectra that each source gives; a molecule of ChEMBL gives two.
SHARES = {"chembl": 0.54, "uspto": 0.425, "nist": 0.0125, "rruff": 0.0225}
_NUM_ATOMS = 22
_USPTO_POINTS = 4000
# Pieces that can follow each other in any order, so that every number is a molecule with a SMILES of its own.
_PIECES = ("C", "CO", "CN", "C(=O)", "C(C)", "C(F)", "C(Cl)", "C(O)", "C(N)", "CS", "c1ccc(cc1)")
_FILE_ROWS = {"chembl": 20_000, "uspto": 20_000, "nist": 500, "rruff": 1500}


def write_sources(out: Path, num_spectra: int, number: int = 0, processes: int = 2) -> dict[str, int]:
    """Write all sources below `out`, the `number`-th lot of so many; return how many spectra each holds."""
    wanted = {name: round(share * num_spectra) for name, share in SHARES.items()}
    tasks = [task for name, num in wanted.items() for task in _tasks(out, name, num, number)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(task) for task in tasks]
        for future in track(as_completed(futures), total=len(futures), description="writing source files"):
            future.result()
    return wanted


def _tasks(out: Path, name: str, num: int, lot: int) -> Iterator[partial[None]]:
    write = {"chembl": _write_chembl, "uspto": _write_uspto, "nist": _write_nist, "rruff": _write_rruff}[name]
    records = -(-num // 2) if name == "chembl" else num
    (out / name).mkdir(parents=True, exist_ok=True)
    begin, end = lot * records, (lot + 1) * records
    for first in range(begin, end, _FILE_ROWS[name]):
        yield partial(write, out / name, first, min(first + _FILE_ROWS[name], end))


def smiles_of(number: int) -> str:
    """A structure for every number."""
    text = ""
    while number or not text:
        number, digit = divmod(number, len(_PIECES))
        text += _PIECES[digit]
    return f"C{text}C"


def _write_chembl(folder: Path, first: int, stop: int) -> None:
    path = folder / f"Raman-ChEMBL-part{first // _FILE_ROWS['chembl'] + 1}.db"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    energies = "Eg real, Homo real, Lumo real, isotropic_pol real, heat_capacity real, Dtotal real, database_tag text"
    connection.execute(f"CREATE TABLE molecule (id integer primary key, SMILES text, blob_data, {energies})")
    rows = ((i + 1, smiles_of(i), zlib.compress(_record(i), 6)) for i in range(first, stop))
    connection.executemany("INSERT INTO molecule (id, SMILES, blob_data) VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()


def _record(number: int) -> bytes:
    rng = np.random.default_rng([1, number])
    num = 3 * _NUM_ATOMS - 6
    record = {
        "coord": rng.normal(0.0, 3.0, (_NUM_ATOMS, 3)).round(6).tolist(),
        "atoms": rng.choice([1, 6, 7, 8], _NUM_ATOMS).tolist(),
        "freq": np.sort(rng.uniform(60.0, 3800.0, num)).round(4).tolist(),
        "IR Inten": rng.exponential(30.0, num).round(4).tolist(),
        "Raman Activ": rng.exponential(40.0, num).round(4).tolist(),
        "vib coord": rng.normal(0.0, 0.1, (num, _NUM_ATOMS, 3)).round(2).tolist(),
    }
    return json.dumps(record).encode()


def _curves(modality: str, seed: int, first: int, stop: int) -> Iterator[tuple[int, float, float, np.ndarray]]:
    """Number, axis ends and curve of simulated spectra."""
    for number in range(first, stop):
        if number == first or number % BLOCK_SPECTRA == 0:
            block = simulate_block(seed, number // BLOCK_SPECTRA, (modality,))
        row = number % BLOCK_SPECTRA
        yield number, block.wavenumber_start_cm1[row], block.wavenumber_stop_cm1[row], block.intensity[row]


def _write_uspto(folder: Path, first: int, stop: int) -> None:
    axis = np.linspace(0.0, 4500.0, _USPTO_POINTS)
    schema = pa.schema(
        [
            ("id", pa.int64()),
            ("smiles", pa.string()),
            ("Frequency(cm^-1)", pa.list_(pa.float64())),
            ("ir_spectra", pa.list_(pa.float32())),
        ]
    )
    path = folder / f"IR_data_chunk{first // _FILE_ROWS['uspto'] + 1:03d}_of_{999:03d}.parquet"
    with pq.ParquetWriter(path, schema, compression="snappy") as writer:
        rows: list[tuple[int, str, np.ndarray]] = []
        for number, start, end, curve in _curves("IR", 2, first, stop):
            wide = np.interp(axis, np.linspace(start, end, len(curve)), curve, left=0.0, right=0.0)
            rows.append(
                (number, smiles_of(10_000_000 + number), (wide + 50.0 * np.exp(-axis / 8.0)).astype(np.float32))
            )
            if len(rows) == 1000 or number == stop - 1:
                ids, smiles, curves = zip(*rows, strict=True)
                columns = [pa.array(ids), pa.array(smiles), pa.array([axis] * len(rows)), pa.array(list(curves))]
                writer.write_table(pa.table(columns, schema=schema))
                rows.clear()


def _write_nist(folder: Path, first: int, stop: int) -> None:
    for number, start, end, curve in _curves("IR", 3, first, stop):
        transmittance = np.clip(10.0**-curve, 0.0, 1.0)
        cas = f"{100 + number // 100}-{number % 100:02d}-{number % 10}"
        step = (end - start) / (len(curve) - 1)
        head = [
            f"##TITLE=COMPOUND {number}",
            "##JCAMP-DX=4.24",
            "##DATA TYPE=INFRARED SPECTRUM",
            "##OWNER=SIMULATED",
            f"##CAS REGISTRY NO={cas}",
            "##STATE=GAS",
            "##XUNITS=1/CM",
            "##YUNITS=TRANSMITTANCE",
            "##XFACTOR=1.0",
            "##YFACTOR=0.0001",
            f"##DELTAX={step:.6f}",
            f"##FIRSTX={start:.6f}",
            f"##LASTX={end:.6f}",
            f"##NPOINTS={len(curve)}",
            f"##FIRSTY={round(transmittance[0] * 1e4) * 1e-4:.6f}",
            "##XYDATA=(X++(Y..Y))",
        ]
        values = np.round(transmittance * 1e4).astype(int)
        lines = [
            f"{start + step * place:.6f} " + " ".join(map(str, values[place : place + 8]))
            for place in range(0, len(values), 8)
        ]
        (folder / f"{cas}-IR-0.jdx").write_text("\n".join([*head, *lines, "##END=", ""]))


def _write_rruff(folder: Path, first: int, stop: int) -> None:
    quality = ("excellent", "fair", "poor", "unrated")[first // _FILE_ROWS["rruff"] % 4]
    subfolder = folder / f"{first // _FILE_ROWS['rruff'] // 4:02d}"
    subfolder.mkdir(exist_ok=True)
    with zipfile.ZipFile(subfolder / f"{quality}_unoriented.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, start, end, curve in _curves("RAMAN", 4, first, stop):
            mineral, name = f"Mineral{number // 4}", f"R{number // 4:06d}"
            axis = np.linspace(start, end, len(curve))
            rows = "\n".join(f"{x:.4f}, {y:.5f}" for x, y in zip(axis, curve, strict=True))
            head = f"##NAMES={mineral}\n##RRUFFID={name}\n##OWNER=RRUFF\n##RAMAN WAVELENGTH=532\n"
            entry = f"{mineral}__{name}-{number % 4}__Raman__532__0__unoriented__Raman_Data_RAW__{number:032x}.txt"
            archive.writestr(entry, f"{head}\n{rows}\n##END=\n")


def main() -> None:
    """Write the files that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num", type=int, default=10_000, help="spectra in all")
    parser.add_argument("--lot", type=int, default=0, help="which lot of so many spectra; lots differ")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    arguments = parser.parse_args()
    for name, num in write_sources(arguments.out, arguments.num, arguments.lot).items():
        size = sum(path.stat().st_size for path in (arguments.out / name).rglob("*") if path.is_file())
        print(f"{name}: {num:,} spectra, {size / 2**20:,.0f} MiB")


if __name__ == "__main__":
    main()
