"""The folder a corpus is built in, and how it gets its name: complete, at once, and by one builder at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spektron.core.errors import CorpusError

__all__ = ["building_folder", "publish"]


@contextmanager
def building_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder beside `out`, on the same disk; whatever is left of it afterwards is removed.

    A build that was killed leaves its folder behind; the next one of the same `out` removes it. Two at once are refused
    by a lock that dies with its process.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with _lock(out):
        for orphan in out.parent.glob(f".{_escaped(out.name)}.building-*"):
            shutil.rmtree(orphan, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.building-", dir=out.parent))
        try:
            folder.chmod(0o755)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, out: Path) -> None:
    """Give the finished folder its name; a corpus that had it before is removed only once the new one stands."""
    for file in folder.iterdir():
        _sync(file)
    _sync(folder)
    old: Path | None = None
    if out.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{out.name}.building-", dir=out.parent)) / "replaced"
        out.rename(old)
    folder.rename(out)
    _sync(out.parent)
    if old is not None:
        shutil.rmtree(old.parent, ignore_errors=True)


@contextmanager
def _lock(out: Path) -> Iterator[None]:
    path = out.parent / f".{out.name}.building.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CorpusError(
                f"expected no other build of {out}, found one running (it holds {path})",
                "wait for it to end, or give another --out",
            ) from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _escaped(name: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)
