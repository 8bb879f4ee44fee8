"""Writing files so that a crash or a full disk never leaves half of one under its final name."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spektron.core.errors import ResourceError

__all__ = ["atomic_path", "disk_errors", "require_free_bytes", "sha256_file", "size_text", "write_text"]


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn "no space left" below this into a `ResourceError` that names the folder and what is free."""
    try:
        yield
    except Exception as error:
        # safetensors is written in Rust and gives the system's error as text alone.
        told = f"os error {errno.ENOSPC}" in str(error)
        if not told and not (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
            raise
        free = shutil.disk_usage(_existing(path)).free
        raise ResourceError(
            f"the disk is full: writing {path} failed with {free / 2**20:.0f} MiB free",
            "free some space, or choose another disk with --home or --out; then run the same command again",
        ) from error


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is synced and renamed to `path`, otherwise removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        with disk_errors(path):
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in UTF-8, all of it or nothing."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def require_free_bytes(path: Path, needed_bytes: int, what: str) -> None:
    """Raise `ResourceError` before work starts that would not fit on the disk of `path`."""
    free = shutil.disk_usage(_existing(path)).free
    if free < needed_bytes:
        raise ResourceError(
            f"{what} needs about {needed_bytes / 2**20:.0f} MiB on the disk of {path}, "
            f"found {free / 2**20:.0f} MiB free",
            "free some space, or choose another disk with --home or --out",
        )


def size_text(num_bytes: int) -> str:
    """``23 KiB``, ``1,204 MiB``: in the unit in which there is something to tell."""
    return f"{num_bytes / 2**20:,.0f} MiB" if num_bytes >= 10 * 2**20 else f"{num_bytes / 2**10:,.0f} KiB"


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _existing(path: Path) -> Path:
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
