"""A build that is killed, again and again, is in the end the build that was not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from spektron.corpus import Corpus, verify_corpus
from spektron.corpus.sources import open_source
from tests.e2e.driver import ROOT, environment

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("build")]

# Enough parts and shards that ten kills all fall into the work; a build of twice as many only takes twice as long.
SOURCES = ("simulated:30000", "bundled")
NUM_PARTS = sum(len(list(open_source(source).parts())) for source in SOURCES)


def start(out: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "spektron.cli", "corpus", "build", "--source", *SOURCES, "--out", str(out), *words],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(out: Path, *words: str) -> None:
    process = start(out, *words)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()


def kill_when(out: Path, moment: Callable[[], bool], *words: str) -> None:
    """Start the build and kill it, with all it started, at a moment; a build that was faster fails the test."""
    process = start(out, *words)
    while not moment():
        assert process.poll() is None, "the build ended before it could be killed"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def after(moment: Callable[[], bool], delay_s: float, at_the_latest: Callable[[], bool]) -> Callable[[], bool]:
    """So many seconds after a moment, or at another if that comes first: a fast machine gets no further."""
    reached_at: list[float] = []

    def reached() -> bool:
        if not reached_at and moment():
            reached_at.append(time.monotonic())
        return at_the_latest() or (bool(reached_at) and time.monotonic() >= reached_at[0] + delay_s)

    return reached


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed") / "corpus"
    finish(out)
    return out


def test_ten_kills_change_nothing(undisturbed: Path, tmp_path: Path) -> None:
    out, work = tmp_path / "corpus", tmp_path / ".corpus.building"
    moments = random.Random(0)

    def some(pattern: str, num: int = 1) -> Callable[[], bool]:
        return lambda: len(list(work.glob(pattern))) >= num

    def parts(num: int) -> Callable[[], bool]:
        return some("_building/parts/*.json", min(num, NUM_PARTS))

    num_parts = [0]
    for turn in range(6):
        # Every second time after a first new part, so that a slow machine gets on too; a fast one gets no further than
        # the next, so that there is something left to kill.
        first = num_parts[-1] + turn % 2
        delay_s = moments.uniform(0.0, 1.0) if turn % 2 else moments.uniform(1.5, 4.5)
        kill_when(out, after(parts(first), delay_s, at_the_latest=parts(first + 1)))
        num_parts.append(len(list(work.glob("_building/parts/*.json"))))
    assert num_parts == sorted(num_parts), "what was read stays read"
    assert num_parts[-1] > 0

    kill_when(out, parts(NUM_PARTS))
    kill_when(out, some(".train-*.tmp"))
    kill_when(out, some("_building/shards/*.json", 2))
    kill_when(out, some("report.parquet"))
    assert not out.exists()

    finish(out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus"]
    assert (out / "manifest.json").read_bytes() == (undisturbed / "manifest.json").read_bytes()
    assert verify_corpus(out).ok


def test_four_workers_killed_give_the_same(undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "corpus"
    work = tmp_path / ".corpus.building"
    kill_when(out, lambda: len(list(work.glob("_building/parts/*.json"))) >= 2, "--workers", "4")
    finish(out, "--workers", "4")
    assert Corpus.open(out).manifest == Corpus.open(undisturbed).manifest
