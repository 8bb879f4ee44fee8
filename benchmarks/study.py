"""`make study` from a warm `.venv`: wall time and memory of the laptop study, first and second run.

Memory is the sum over the driver and everything it started of what each process has for itself (USS), plus the shared
object store once, sampled every second. Targets: at most 8 minutes and 6 GiB; again within 40 s, running no trial.

    python benchmarks/study.py                       # the laptop preset
    python benchmarks/study.py --preset smoke        # to see that it works
"""

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table as RichTable

ROOT = Path(__file__).resolve().parents[1]
LIMITS = {"first run": (480.0, 6.0), "second run": (40.0, 6.0)}


class Memory(threading.Thread):
    """Samples the memory of a process and all its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process, self.peak_bytes, self.over = psutil.Process(pid), 0, threading.Event()
        self.seen: dict[int, psutil.Process] = {}

    def run(self) -> None:
        while not self.over.wait(1.0):
            self.peak_bytes = max(self.peak_bytes, self.sample())

    def sample(self) -> int:
        try:
            # Ray's processes are daemons: once seen as descendants they are followed for good.
            self.seen |= {p.pid: p for p in [self.process, *self.process.children(recursive=True)]}
        except psutil.NoSuchProcess:
            return 0
        total, shared = 0, 0
        for process in list(self.seen.values()):
            try:
                memory = process.memory_full_info()
            except psutil.Error:
                continue
            total += memory.uss
            shared = max(shared, memory.shared)
        return total + shared


def run_once(home: Path, words: list[str]) -> tuple[float, float, int]:
    """Wall seconds, peak GiB and trials started."""
    journals = list(home.glob("studies/*/*/journal.jsonl"))
    before = sum(path.read_text().count('"trial-started"') for path in journals)
    began = time.perf_counter()
    study = [sys.executable, "studies/corpus_scaling.py", "--home", str(home), *words]
    process = subprocess.Popen(study, cwd=ROOT)
    memory = Memory(process.pid)
    memory.start()
    status = process.wait()
    wall_s = time.perf_counter() - began
    memory.over.set()
    assert status == 0, f"the study ended with {status}"
    after = sum(p.read_text().count('"trial-started"') for p in home.glob("studies/*/*/journal.jsonl"))
    return wall_s, memory.peak_bytes / 2**30, after - before


def main() -> None:
    """Run the study twice in a fresh home and print one table."""
    home = Path(tempfile.mkdtemp(prefix="spektron-bench-"))
    table = RichTable(title="make study, warm .venv", caption="targets in brackets")
    for heading in ("", "wall s", "peak GiB", "trials run"):
        table.add_column(heading, justify="right")
    try:
        for name, (limit_s, limit_gib) in LIMITS.items():
            wall_s, gib, trials = run_once(home, sys.argv[1:])
            table.add_row(name, f"{wall_s:.0f} [≤ {limit_s:.0f}]", f"{gib:.2f} [≤ {limit_gib:.0f}]", str(trials))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    Console().print(table)


if __name__ == "__main__":
    main()
