"""Near-duplicates: what is found, what is joined wrongly, and what it costs at scale.

Run ``python benchmarks/near_duplicates.py`` (about 6 minutes; ``--rows 50000`` for one). The first table plants copies
of real spectra, made from their publishers' own points, among all of them (``--library``; left out where it is
missing): the share that met under a key, and that was found with the limit within one source and across sources; by
modality and for two noisy sets, across. The second plants copies among simulated spectra, one in twenty-one rows, and
measures time, candidates and memory. Times are CPU seconds of one thread; memory is what Python and NumPy allocate at
most beyond the keys.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table as Printed

from spektron.corpus.neighbours.near import NUM_KEYS, candidate_pairs, near_duplicates, near_duplicates_among, sketch
from spektron.corpus.sources import Table, read_all
from spektron.spectra import MODALITIES, NUM_POINTS, AxisUnit, Spectrum, spectrum_from_xy
from spektron.spectra.simulate import simulate_block
from spektron.spectra.spectrum import SpectrumBatch

Curve = tuple[np.ndarray, np.ndarray]
_LIBRARY = Path(__file__).parents[2] / "shared/data/library"
_PAIRS_AT_A_TIME = 4096


def cropped(x: np.ndarray, y: np.ndarray, low: float, high: float) -> Curve:
    kept = (x >= x[0] + low * np.ptp(x)) & (x <= x[-1] - high * np.ptp(x))
    return x[kept], y[kept]


def resampled(x: np.ndarray, y: np.ndarray, step_cm1: float) -> Curve:
    grid = step_cm1 * np.arange(np.ceil(x[0] / step_cm1), np.floor(x[-1] / step_cm1) + 1)
    return grid, np.interp(grid, x, y)


def rounded(x: np.ndarray, y: np.ndarray, decimals: int) -> Curve:
    return x, np.round((y - y.min()) / np.ptp(y), decimals)


PROCESSINGS: dict[str, Callable[[np.ndarray, np.ndarray], Curve]] = {
    "scale and offset": lambda x, y: (x, 37.5 * y + 12.0 * np.ptp(y)),
    "percent, float16": lambda x, y: (x, (100 * (y - y.min()) / np.ptp(y)).astype(np.float16).astype(float)),
    "4 decimals": lambda x, y: rounded(x, y, 4),
    "3 decimals": lambda x, y: rounded(x, y, 3),
    "lowest 10 % cut": lambda x, y: cropped(x, y, 0.1, 0.0),
    "highest 20 % cut": lambda x, y: cropped(x, y, 0.0, 0.2),
    "10 % cut at both ends": lambda x, y: cropped(x, y, 0.1, 0.1),
    "every 1 cm⁻¹": lambda x, y: resampled(x, y, 1.0),
    "every 2 cm⁻¹": lambda x, y: resampled(x, y, 2.0),
    "every 4 cm⁻¹": lambda x, y: resampled(x, y, 4.0),
    "every 5 cm⁻¹": lambda x, y: resampled(x, y, 5.0),
    "every 8 cm⁻¹": lambda x, y: resampled(x, y, 8.0),
    "5 cm⁻¹, cut, 3 decimals": lambda x, y: rounded(*resampled(*cropped(x, y, 0.04, 0.08), 5.0), 3),
}


def curve_of(spectrum: Spectrum) -> Curve:
    axis = np.linspace(spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1, NUM_POINTS)
    return axis, spectrum.intensity.astype(np.float64)


def published_curves(library: Path, spectra: list[Spectrum]) -> dict[str, Curve]:
    """The publishers' own points, of the sets whose axis is in cm⁻¹: resampling those is not resampling ours."""
    published = {}
    for file in sorted(library.glob("*/spectra.parquet")):
        columns = pq.read_table(file, columns=["sample_id", "x", "y"]).to_pydict()
        for name, x, y in zip(*columns.values(), strict=True):
            published[f"table/{file.parent.name}/{name}"] = np.array(x, dtype=float), np.array(y, dtype=float)
    curves = {}
    for spectrum in spectra:
        x, y = published.get(spectrum.spectrum_id, curve_of(spectrum))
        order = np.argsort(x)
        x, y = x[order], y[order]
        start, stop = spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1
        if not (x[0] <= start + 1e-6 and stop - 1e-6 <= x[-1]):  # in nm
            continue
        inside = (x >= start - 1e-6) & (x <= stop + 1e-6) & np.isfinite(y)
        curves[spectrum.spectrum_id] = x[inside], y[inside]
    return curves


def copy_of(spectrum: Spectrum, processing: str, curve: Curve | None = None) -> Spectrum:
    x, y = PROCESSINGS[processing](*(curve or curve_of(spectrum)))
    again = spectrum_from_xy(
        x, y, unit=AxisUnit.CM1, modality=spectrum.modality, spectrum_id="", source="", compound_id=""
    )
    return replace(again, spectrum_id=f"{spectrum.spectrum_id}, {processing}", source=spectrum.source)


def batch_of(spectra: list[Spectrum]) -> SpectrumBatch:
    return SpectrumBatch(
        intensity=np.stack([s.intensity for s in spectra]),
        wavenumber_start_cm1=np.array([s.wavenumber_start_cm1 for s in spectra], dtype=np.float32),
        wavenumber_stop_cm1=np.array([s.wavenumber_stop_cm1 for s in spectra], dtype=np.float32),
        modality=np.array([MODALITIES.index(s.modality) for s in spectra]),
    )


def keys_of(batch: SpectrumBatch) -> np.ndarray:
    return sketch(batch.modality, batch.wavenumber_start_cm1, batch.wavenumber_stop_cm1, batch.intensity)


def confirmed(batch: SpectrumBatch, pairs: np.ndarray, across: bool = False) -> np.ndarray:
    blocks = np.array_split(pairs, -(-len(pairs) // _PAIRS_AT_A_TIME) or 1)
    same = [near_duplicates(batch.take(block[:, 0]), batch.take(block[:, 1]), across=across) for block in blocks]
    return pairs[np.concatenate(same)]


def print_real(library: Path, num_each: int = 30) -> None:
    rng = np.random.default_rng(0)
    originals = [item for item in read_all(Table(folder=library)) if isinstance(item, Spectrum)]
    sets: dict[str, list[int]] = {}
    for row, spectrum in enumerate(originals):
        sets.setdefault(spectrum.source, []).append(row)
    chosen = [int(row) for rows in sets.values() for row in rng.permutation(rows)[:num_each]]
    table = Printed(title=f"Copies of {len(chosen)} real spectra of {len(sets)} sets among all {len(originals):,}")
    for name in ("processing", "met", "in one source", "across", *MODALITIES, "RRUFF", "fermentation"):
        table.add_column(name, justify="left" if name == "processing" else "right")
    curves = published_curves(library, [originals[row] for row in chosen])
    for processing in PROCESSINGS:
        table.add_row(processing, *_recall(originals, chosen, curves, processing))
    Console(width=130).print(table)
    batch = batch_of(originals)
    pairs = np.concatenate([block.pairs for block in candidate_pairs(keys_of(batch))])
    joined = Counter(originals[i].source.split("/")[1] for i, _ in confirmed(batch, pairs))
    Console(width=130).print("Joined among the originals themselves:", dict(joined))


def _recall(originals: list[Spectrum], chosen: list[int], curves: dict[str, Curve], processing: str) -> Iterator[str]:
    copied = [copy_of(originals[row], processing, curves.get(originals[row].spectrum_id)) for row in chosen]
    batch = batch_of(originals + copied)
    pairs = np.concatenate([block.pairs for block in candidate_pairs(keys_of(batch))])
    planted = {(row, len(originals) + place) for place, row in enumerate(chosen)}
    met = pairs[[tuple(pair) in planted for pair in pairs.tolist()]]
    found = {int(row) for row, _ in confirmed(batch, met, across=True)}
    for num in (len(met), len(confirmed(batch, met)), len(found)):
        yield f"{num / len(chosen):.3f}"
    groups = [[row for row in chosen if originals[row].modality == modality] for modality in MODALITIES]
    groups += [[row for row in chosen if name in originals[row].source] for name in ("rruff", "fermentation")]
    for rows in groups:
        yield f"{sum(row in found for row in rows) / max(len(rows), 1):.3f}"


class Planted:
    """Simulated spectra with copies at the end of each block, on disk."""

    def __init__(self, num_rows: int, folder: str) -> None:
        self.intensity = np.memmap(f"{folder}/rows", dtype=np.float32, mode="w+", shape=(num_rows, NUM_POINTS))
        self.start, self.stop = np.zeros(num_rows, np.float32), np.zeros(num_rows, np.float32)
        self.modality = np.zeros(num_rows, np.int64)
        self.copies: dict[tuple[int, int], str] = {}
        row, names = 0, list(PROCESSINGS)
        for block in range(num_rows):
            spectra = _simulated(block)
            for place in range(0, len(spectra), 20):
                name = names[len(self.copies) % len(names)]
                self.copies[row + place, row + len(spectra)] = name
                spectra.append(copy_of(spectra[place], name))
            for spectrum in spectra[: num_rows - row]:
                self._put(row, spectrum)
                row += 1
            if row == num_rows:
                break
        self.copies = {pair: name for pair, name in self.copies.items() if pair[1] < num_rows}

    def _put(self, row: int, spectrum: Spectrum) -> None:
        self.intensity[row] = spectrum.intensity
        self.start[row], self.stop[row] = spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1
        self.modality[row] = MODALITIES.index(spectrum.modality)

    def batch(self, rows: np.ndarray | slice) -> SpectrumBatch:
        return SpectrumBatch(
            intensity=np.asarray(self.intensity[rows]),
            wavenumber_start_cm1=self.start[rows],
            wavenumber_stop_cm1=self.stop[rows],
            modality=self.modality[rows],
        )


def _simulated(block: int) -> list[Spectrum]:
    made = simulate_block(0, block, MODALITIES)
    return [
        Spectrum(
            spectrum_id=f"{block}-{row}",
            source="simulated",
            compound_id="",
            modality=made.modality[row],
            instrument="",
            wavenumber_start_cm1=float(made.wavenumber_start_cm1[row]),
            wavenumber_stop_cm1=float(made.wavenumber_stop_cm1[row]),
            intensity=made.intensity[row],
        )
        for row in range(len(made.modality))
    ]


def measure(num_rows: int) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        planted = Planted(num_rows, folder)
        begun = time.process_time()
        keys = np.concatenate([keys_of(planted.batch(slice(low, low + 4096))) for low in range(0, num_rows, 4096)])
        sketching = time.process_time() - begun
        tracemalloc.start()
        begun = time.process_time()
        num_left_out, check = 0, []
        for block in candidate_pairs(keys):
            num_left_out += block.num_left_out
            check.append(block.pairs)
        pairing = time.process_time() - begun
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        pairs = np.unique(np.concatenate(check), axis=0)
        begun = time.process_time()
        found: list[np.ndarray] = []
        for low in range(0, len(pairs), _PAIRS_AT_A_TIME):
            some = pairs[low : low + _PAIRS_AT_A_TIME]
            rows, inverse = np.unique(some, return_inverse=True)
            found.append(some[near_duplicates_among(planted.batch(rows), inverse.reshape(-1, 2), across=True)])
        checking = time.process_time() - begun
        joined = {(int(i), int(j)) for i, j in np.concatenate(found)}
        missed = Counter(name for pair, name in planted.copies.items() if pair not in joined)
        Console(width=130).print(f"{num_rows:,} rows: missed", dict(missed))
    return [
        f"{num_rows:,}",
        f"{1 - missed.total() / len(planted.copies):.4f}",
        f"{len(joined - set(planted.copies)):,}",
        f"{len(pairs) / num_rows:.1f}",
        f"{num_left_out / num_rows:.2f}",
        f"{1e6 * sketching / num_rows:.0f}",
        f"{1e6 * pairing / num_rows:.0f}",
        f"{1e6 * checking / num_rows:.0f}",
        f"{num_rows * NUM_KEYS * 8 / 2**20:.0f}",
        f"{peak / 2**20:.0f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[50_000, 200_000])
    parser.add_argument("--library", type=Path, default=_LIBRARY)
    arguments = parser.parse_args()
    if arguments.library.is_dir():
        print_real(arguments.library)
    table = Printed(title="Simulated IR, RAMAN and NIR with one copy in twenty-one rows")
    columns = "rows|copies found|others joined|candidates a row|left out a row|sketch, µs a row|pairs, µs a row"
    for name in (columns + "|check, µs a row|keys, MiB|pairing's peak, MiB").split("|"):
        table.add_column(name, justify="right")
    for num_rows in arguments.rows:
        table.add_row(*measure(num_rows))
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
