"""The folder a corpus is built in, and how it gets its name: complete, at once, and by one builder at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spektron.core.errors import CorpusError
from spektron.core.storage import Storage
from spektron.corpus.manifest import MANIFEST_NAME, REPORT_NAME, Manifest

__all__ = ["WORK_NAME", "building_folder", "publish"]

# Folder, below the one the corpus is built in, of what is gone when it is built.
WORK_NAME = "_building"


@contextmanager
def building_folder(out: Storage) -> Iterator[Storage]:
    """Yield the folder to build `out` in; what an interrupted build left there is still there.

    On a disk it is a hidden folder beside `out`, and two builds of one `out` at once are refused by a lock that dies
    with its process. An object store knows no renaming and no locks: there the corpus is built in place, and is none
    from the start of the build until its manifest is written, so that one to be replaced is gone at once. Two builds of
    one thing at once write the same bytes.
    """
    if not out.is_local:
        out.remove(MANIFEST_NAME)
        yield out
        return
    folder = out.path.with_name(f".{out.path.name}.building")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(out.path):
        _undo_halfway(out.path)
        folder.mkdir(exist_ok=True)
        yield Storage.at(folder)


def publish(folder: Storage, out: Storage, manifest: Manifest) -> None:
    """Write the manifest, which makes a corpus of a folder, and give the folder its name.

    A corpus that had the name before is removed only once the new one stands.
    """
    files = {shard.file for shard in manifest.shards}
    folder.remove_folder(WORK_NAME)
    folder.write_bytes(MANIFEST_NAME, manifest.to_json().encode())
    if out.is_local:
        _rename(folder.path, out.path)
        return
    # What a corpus that stood here before had more of is no part of this one.
    for name in folder.names():
        if name.endswith(".parquet") and name not in {*files, REPORT_NAME}:
            folder.remove(name)


def discard(folder: Storage) -> None:
    """Remove what was built."""
    if folder.is_local:
        shutil.rmtree(folder.path, ignore_errors=True)
    else:
        folder.remove_folder(WORK_NAME)


def _rename(folder: Path, out: Path) -> None:
    _sync(folder)
    old = _replaced(out)
    if out.exists():
        out.rename(old)
    try:
        folder.rename(out)
    except OSError:
        _undo_halfway(out)
        raise
    _sync(out.parent)
    shutil.rmtree(old, ignore_errors=True)


def _undo_halfway(out: Path) -> None:
    """Give a corpus its name back if it lost it to one that was killed before it could take it."""
    old = _replaced(out)
    if old.exists() and not out.exists():
        old.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _replaced(out: Path) -> Path:
    return out.with_name(f".{out.name}.replaced")


@contextmanager
def _lock(out: Path) -> Iterator[None]:
    path = out.with_name(f".{out.name}.building.lock")
    while True:
        with path.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CorpusError(
                    f"expected no other build of {out}, found one running (it holds {path})",
                    "wait for it to end, or give another --out",
                ) from None
            # Between opening and locking, the file may have been removed by the one who held it: that lock is no lock.
            if not path.exists() or not os.path.samestat(os.fstat(file.fileno()), path.stat()):
                continue
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
