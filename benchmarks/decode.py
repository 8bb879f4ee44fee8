"""Decoding a corpus to batches: the two paths of ``Corpus.stream`` against a plain read of the same shards.

    python benchmarks/decode.py [--num-spectra 50000] [--seconds 5] [--rounds 3]

Builds a random corpus in a temporary folder and removes it. The baseline is the fastest plain read there is: pyarrow row
groups, decoded by numpy as views that copy nothing. ``plain, owned`` copies each batch, as a stream must, because its
batches outlive the shared memory that they came from. Sides are measured in turn and the best round of each counts,
since other work on the machine only ever slows a side down. Target: the streaming path at half the baseline or more.
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
from rich.console import Console
from rich.table import Table

from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus.reading import read_slices, split_slices
from spektron.corpus.schema import decode
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS, Spectrum

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

    def read(self) -> Iterator[Spectrum]:
        rng = np.random.default_rng(0)
        for i in range(self._num_spectra):
            yield Spectrum(
                spectrum_id=f"random/{i}",
                source=self.name,
                compound_id=str(i),
                modality=MODALITIES[i % len(MODALITIES)],
                instrument="",
                wavenumber_start_cm1=400.0,
                wavenumber_stop_cm1=4000.0,
                intensity=rng.standard_normal(NUM_POINTS, dtype=np.float32),
            )


def plain(corpus: Corpus, *, owned: bool) -> float:
    """Rows per second of one plain read of all train shards in batches."""
    slices = split_slices(corpus.path, corpus.manifest, "train", corpus.num_spectra())
    begin, rows = time.perf_counter(), 0
    for table in read_slices(slices):
        for chunk in map(decode, table.to_batches()):
            for first in range(0, len(chunk), BATCH_SIZE):
                batch = chunk.take(slice(first, first + BATCH_SIZE))
                rows += len(batch.intensity.copy() if owned else batch.intensity)
    return rows / (time.perf_counter() - begin)


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
        "plain read, views": lambda: (0.0, plain(corpus, owned=False)),
        "plain read, owned": lambda: (0.0, plain(corpus, owned=True)),
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

    baseline = results["plain read, views"][1]
    table = Table(
        title=f"{arguments.num_spectra:,} spectra, batches of {BATCH_SIZE}; built at {build_speed:,.0f} rows/s"
    )
    for column in ("side", "first batch, s", "rows/s", "ratio to plain read"):
        table.add_column(column, justify="left" if column == "side" else "right")
    for name, (first, speed) in results.items():
        table.add_row(name, f"{first:.1f}" if first else "", f"{speed:,.0f}", f"{speed / baseline:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
