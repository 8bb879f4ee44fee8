"""Decoding a corpus to batches: the two paths of ``Corpus.stream`` against a plain read of the same shards.

    python benchmarks/decode.py [--num-spectra 50000] [--seconds 5] [--rounds 3]

Builds a random corpus in a temporary folder and removes it. Plain reads stand beside the two paths, because
"plain" decides the ratio: ``read_table`` of each shard, decoded by numpy as views, is the baseline; ``iter_batches`` is
the loop that most people write; ``mapped`` is the fastest there is (memory-mapped row groups, nothing copied), and with
instruments it also reads the texts that name them, here a title of its own for every row: the worst case. The streams'
batches own their memory, the plain reads' do not. Sides are measured in turn and the best round of each
counts, since other work on the machine only ever slows a side down. Target: the streaming path at half the baseline.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus.schema import BATCH_COLUMNS, INSTRUMENT_COLUMNS, decode
from spektron.corpus.sources import Part
from spektron.corpus.streaming.reading import read_slices, split_slices
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS, Spectrum, SpectrumBatch

BATCH_SIZE = 256
# Until the pages of the object store that a stream uses have been written once, it is several times slower.
WARM_UP_BATCHES = 400


class RandomSource:
    """Noise: as large as spectra and as hard to compress."""

    name = "random"

    def __init__(self, num_spectra: int) -> None:
        self._num_spectra = num_spectra

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "config": {"num_spectra": self._num_spectra}, "licences": {}}

    def parts(self) -> list[Part]:
        return [Part("", 0, self._num_spectra)]

    def read(self, part: Part) -> Iterator[Spectrum]:
        rng = np.random.default_rng(0)
        for i in range(self._num_spectra):
            yield Spectrum(
                spectrum_id=f"random/{i}",
                source=self.name,
                compound_id=str(i),
                modality=MODALITIES[i % len(MODALITIES)],
                instrument="Bruker Tensor 37 FTIR",
                metadata={"title": f"sample {i}", "detector": "MCT"},
                wavenumber_start_cm1=400.0,
                wavenumber_stop_cm1=4000.0,
                intensity=rng.standard_normal(NUM_POINTS, dtype=np.float32),
            )


def read_table(corpus: Corpus) -> int:
    tables = (pq.read_table(path, columns=BATCH_COLUMNS) for path in _train_shards(corpus))
    chunks = (chunk for table in tables for chunk in table.to_batches())
    return sum(len(batch) for chunk in chunks for batch in _batches(decode(chunk)))


def iter_batches(corpus: Corpus) -> int:
    files = map(pq.ParquetFile, _train_shards(corpus))
    chunks = (chunk for file in files for chunk in file.iter_batches(BATCH_SIZE, columns=BATCH_COLUMNS))
    return sum(len(decode(chunk)) for chunk in chunks)


def mapped(corpus: Corpus) -> int:
    slices = split_slices(corpus.folder, corpus.manifest, "train", corpus.num_spectra())
    chunks = (chunk for table in read_slices(slices) for chunk in table.to_batches())
    return sum(len(batch) for chunk in chunks for batch in _batches(decode(chunk)))


def mapped_instruments(corpus: Corpus) -> int:
    slices = split_slices(corpus.folder, corpus.manifest, "train", corpus.num_spectra())
    tables = read_slices(slices, [*BATCH_COLUMNS, *INSTRUMENT_COLUMNS])
    return sum(len(batch) for table in tables for chunk in table.to_batches() for batch in _batches(decode(chunk)))


def _train_shards(corpus: Corpus) -> list[Path]:
    return [corpus.folder.path / shard.file for shard in corpus.manifest.shards if shard.split == "train"]


def _batches(rows: SpectrumBatch) -> Iterator[SpectrumBatch]:
    return (rows.take(slice(first, first + BATCH_SIZE)) for first in range(0, len(rows), BATCH_SIZE))


def plain(corpus: Corpus, read: Callable[[Corpus], int]) -> float:
    """Rows per second of one read of all train shards."""
    begin = time.perf_counter()
    return read(corpus) / (time.perf_counter() - begin)


def stream(corpus: Corpus, resident_bytes: int, seconds: float) -> tuple[float, float]:
    """Seconds to the first batch, and rows per second in steady state."""
    begin = time.perf_counter()
    batches = corpus.stream(num_spectra=None, batch_size=BATCH_SIZE, seed=0, resident_bytes=resident_bytes)
    batches = chain([next(batches)], batches)
    first = time.perf_counter() - begin
    for _ in range(WARM_UP_BATCHES):
        next(batches)
    begin, rows = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        rows += len(next(batches))
    return first, rows / (time.perf_counter() - begin)


def measure(corpus: Corpus, seconds: float, rounds: int) -> dict[str, tuple[float, float]]:
    """Side → (seconds to the first batch in the last round, best rows per second), sides in turn."""
    sides: dict[str, Callable[[], tuple[float, float]]] = {
        "plain, read_table": lambda: (0.0, plain(corpus, read_table)),
        "plain, iter_batches": lambda: (0.0, plain(corpus, iter_batches)),
        "plain, mapped": lambda: (0.0, plain(corpus, mapped)),
        "plain, mapped, with instruments": lambda: (0.0, plain(corpus, mapped_instruments)),
        "stream, Ray Data": lambda: stream(corpus, 0, seconds),
        "stream, resident": lambda: stream(corpus, 2**40, seconds),
    }
    results: dict[str, tuple[float, float]] = {}
    for _ in range(rounds):
        for name, side in sides.items():
            first, speed = side()
            results[name] = first, max(speed, results.get(name, (0.0, 0.0))[1])
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num-spectra", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()

    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    import ray

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "corpus"
        begin = time.perf_counter()
        build_corpus([RandomSource(arguments.num_spectra)], out, BuildConfig(name="random"))
        build_speed = arguments.num_spectra / (time.perf_counter() - begin)
        ray.init(
            address="local",
            num_cpus=2,
            object_store_memory=2**30,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
        )
        results = measure(Corpus.open(out), arguments.seconds, arguments.rounds)
        ray.shutdown()

    baseline = results["plain, read_table"][1]
    table = Table(
        title=f"{arguments.num_spectra:,} spectra, batches of {BATCH_SIZE}; built at {build_speed:,.0f} rows/s"
    )
    for column in ("side", "first batch, s", "rows/s", "ratio to read_table"):
        table.add_column(column, justify="left" if column == "side" else "right")
    for name, (first, speed) in results.items():
        table.add_row(name, f"{first:.1f}" if first else "", f"{speed:,.0f}", f"{speed / baseline:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
