"""What a build costs in time and memory as the corpus grows.

First write the files, in lots of 50,000 spectra (8 lots are 4 GB), then build from 1, 2, 4 and 8 of them::

    for lot in 0 1 2 3 4 5 6 7; do python benchmarks/source_files.py --num 50000 --lot $lot --out FILES/$lot; done
    python benchmarks/build.py FILES --workers 2

Each build is the command a user would type, in a process of its own. Memory is the largest unique set (what would be
freed if the process ended) of any one worker, and of the driver, looked at five times a second.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from spektron.corpus import Corpus

_EVERY_S = 0.2
_MIB = 2**20


@dataclass
class Memory:
    """Largest unique set of the driver and of any one worker, in bytes."""

    driver: int = 0
    worker: int = 0
    _seen: dict[int, bool] = field(default_factory=dict)

    def look(self, driver: psutil.Process) -> None:
        """Look once."""
        self.driver = max(self.driver, _unique_bytes(driver))
        for child in driver.children(recursive=True):
            if self._is_worker(child):
                self.worker = max(self.worker, _unique_bytes(child))

    def _is_worker(self, process: psutil.Process) -> bool:
        """Ray's worker processes call themselves ``ray::`` and what they do."""
        try:
            return " ".join(process.cmdline()).startswith("ray::")
        except psutil.Error:
            return False


def _unique_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().uss)
    except psutil.Error:
        return 0


def build(lots: list[Path], out: Path, workers: int) -> tuple[float, Memory]:
    """Build from some lots; return seconds and memory."""
    sources = [f"{name}:{lot / name}" for lot in lots for name in ("chembl", "uspto", "nist", "rruff")]
    command = [sys.executable, "-m", "spektron.cli", "corpus", "build", "--source", *sources, "--out", str(out)]
    begun, memory = time.perf_counter(), Memory()
    with subprocess.Popen([*command, "--workers", str(workers)], stdout=subprocess.DEVNULL) as process:
        driver = psutil.Process(process.pid)
        while process.poll() is None:
            memory.look(driver)
            time.sleep(_EVERY_S)
    if process.returncode:
        raise SystemExit(f"the build of {len(lots)} lots failed with {process.returncode}")
    return time.perf_counter() - begun, memory


def main() -> None:
    """Build each size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, help="folder of lots 0, 1, 2, …")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--lots", type=int, nargs="*", default=[1, 2, 4, 8], help="how many lots each build takes")
    parser.add_argument("--keep", type=Path, help="where to leave the last corpus")
    arguments = parser.parse_args()
    lots = sorted((path for path in arguments.files.iterdir() if path.is_dir()), key=lambda path: path.name)
    table = Table(title=f"Builds with {arguments.workers} workers")
    for name in ("records", "kept", "seconds", "records/s", "worker, MiB", "driver, MiB"):
        table.add_column(name, justify="right")
    console = Console()
    for num in arguments.lots:
        with tempfile.TemporaryDirectory(dir=arguments.files) as folder:
            out = Path(folder) / "corpus"
            seconds, memory = build(lots[:num], out, arguments.workers)
            records = Corpus.open(out).manifest.records.values()
            read, kept = (sum(record[name] for record in records) for name in ("read", "kept"))
            if arguments.keep and num == arguments.lots[-1]:
                shutil.move(out, arguments.keep)
        row = [read, kept, seconds, read / seconds, memory.worker / _MIB, memory.driver / _MIB]
        table.add_row(*(f"{value:,.0f}" for value in row))
        console.print(f"{read:,} records in {seconds:,.0f} s")
    console.print(table)


if __name__ == "__main__":
    main()
