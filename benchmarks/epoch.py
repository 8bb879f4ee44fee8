"""Reading a large corpus: one whole epoch of the stream, parts of it, and verifying it.

Run ``python benchmarks/epoch.py CORPUS``, with the corpus of ``benchmarks/build.py --keep CORPUS``. All in one run:
rows per second of the stream against plain pyarrow reads of the same shards; the consumer's resident memory over the
epoch; bytes that reach the process from the disk for the first n rows, the page cache emptied of the shards before; and
`verify` against ``sha256sum``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import ray
from rich.console import Console
from rich.table import Table

from spektron.corpus import Corpus, verify_corpus
from spektron.corpus.schema import BATCH_COLUMNS, INTENSITY_BYTES, decode

BATCH_SIZE = 256
_MIB = 2**20
# Until the pages of the object store that a stream uses have been written once, it is several times slower.
_WARM_UP_BATCHES = 400


def iter_batches(shards: list[Path]) -> int:
    """Plain read, batch by batch."""
    files = map(pq.ParquetFile, shards)
    chunks = (chunk for file in files for chunk in file.iter_batches(BATCH_SIZE, columns=BATCH_COLUMNS))
    return sum(len(decode(chunk)) for chunk in chunks)


def read_table(shards: list[Path]) -> int:
    """Plain read, shard by shard."""
    tables = (pq.read_table(path, columns=BATCH_COLUMNS) for path in shards)
    return sum(len(decode(batch)) for table in tables for batch in table.to_batches())


def seconds_of(run: Callable[[], object], repeats: int = 2) -> float:
    """Least wall seconds of some runs."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return min(times)


def stream_epoch(corpus: Corpus) -> tuple[float, list[int]]:
    """Rows per second over one epoch after the warm-up, and resident bytes at its tenths."""
    batches = corpus.stream(num_spectra=None, batch_size=BATCH_SIZE, seed=0, resident_bytes=0)
    for _ in islice(batches, _WARM_UP_BATCHES):
        pass
    num_batches, process, resident = corpus.num_spectra() // BATCH_SIZE, psutil.Process(), []
    begun = time.perf_counter()
    for place, batch in enumerate(islice(batches, num_batches)):
        assert batch.intensity[0, 0] == batch.intensity[0, 0]  # touched
        if place % max(num_batches // 10, 1) == 0:
            resident.append(_private_bytes(process))
    rate = num_batches * BATCH_SIZE / (time.perf_counter() - begun)
    batches.close()  # type: ignore[attr-defined]
    return rate, resident


def _private_bytes(process: psutil.Process) -> int:
    """Resident memory without the pages of shared files and of Ray's object store."""
    memory = process.memory_info()
    return int(memory.rss - memory.shared)


def bytes_read(corpus: Corpus, shards: list[Path], num_rows: int) -> int:
    """Bytes that come from the disk for the first rows."""
    for path in shards:
        handle = os.open(path, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)
    before = psutil.Process().io_counters().read_bytes
    corpus.read("train", num_rows)
    return int(psutil.Process().io_counters().read_bytes - before)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    corpus = Corpus.open(parser.parse_args().corpus)
    manifest, console = corpus.manifest, Console()
    shards = [corpus.folder.path / shard.file for shard in manifest.shards if shard.split == "train"]
    every = [corpus.folder.path / shard.file for shard in manifest.shards]
    sha256sum = seconds_of(
        lambda: subprocess.run(["sha256sum", *map(str, every)], stdout=subprocess.DEVNULL, check=True)
    )
    verify = seconds_of(lambda: verify_corpus(corpus.folder).require_ok())
    table = Table(title=f"Verifying {sum(manifest.num_spectra.values()):,} spectra")
    for name in ("", "seconds", "MiB/s", "of sha256sum"):
        table.add_column(name, justify="left" if not name else "right")
    size = sum(path.stat().st_size for path in every) / _MIB
    for label, seconds in (("sha256sum, one process", sha256sum), ("spektron corpus verify", verify)):
        table.add_row(label, f"{seconds:.1f}", f"{size / seconds:,.0f}", f"{sha256sum / seconds:.2f}")
    console.print(table)

    rows = corpus.num_spectra()
    plain = {"plain, iter_batches(256)": rows / seconds_of(lambda: iter_batches(shards))}
    plain["plain, read_table per shard"] = rows / seconds_of(lambda: read_table(shards))
    ray.init(address="local", num_cpus=3, object_store_memory=2**30, include_dashboard=False, logging_level="ERROR")
    rate, resident = stream_epoch(corpus)
    ray.shutdown()
    table = Table(title=f"One epoch of {rows:,} spectra")
    for name in ("", "rows/s", "of iter_batches", "of read_table"):
        table.add_column(name, justify="left" if not name else "right")
    for label, value in (*plain.items(), ("stream through Ray Data", rate)):
        table.add_row(label, f"{value:,.0f}", *(f"{value / other:.2f}" for other in plain.values()))
    console.print(table)
    console.print(
        "consumer's own memory over the epoch, MiB: " + " ".join(f"{value / _MIB:,.0f}" for value in resident)
    )

    table = Table(title="Bytes read from disk for the first n spectra")
    for name in ("n", "MiB", "of their own size"):
        table.add_column(name, justify="right")
    for num_rows in (1000, 4000, 16_000, 64_000):
        if num_rows <= rows:
            read = bytes_read(corpus, shards, num_rows)
            table.add_row(f"{num_rows:,}", f"{read / _MIB:,.0f}", f"{read / (num_rows * INTENSITY_BYTES):.2f}")
    console.print(table)


if __name__ == "__main__":
    main()
