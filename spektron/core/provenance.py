"""Where a result comes from: code, environment, hardware. Recorded beside results, never part of their identity."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
from functools import cache
from pathlib import Path

import psutil

import spektron

__all__ = ["gpu_names", "hardware", "provenance"]

# Untracked code and settings are small; a folder of data that nobody ignored must not hold up the start of a study.
_MAX_FILE_BYTES = 2**20
_MAX_ALL_BYTES = 64 * 2**20

# Versions that change numbers or formats. The whole environment is covered by the lock hash.
_PACKAGES = ("ray", "torch", "numpy", "scipy", "optuna", "mlflow", "pyarrow", "scikit-learn", "chemotools")


@cache
def provenance() -> dict[str, str]:
    """Git commit, hash of what is not committed, lock hash, versions and hardware, as flat text tags."""
    root = Path(spektron.__file__).resolve().parents[1]
    commit = (_git(root, "rev-parse", "HEAD") or b"").decode() or os.environ.get("SPEKTRON_GIT_COMMIT", "unknown")
    dirty_diff, unhashed = _dirty_diff(root)
    return {
        "git_commit": commit,
        "git_dirty_diff": dirty_diff,
        "git_unhashed": unhashed,
        "source_hash": _source_hash(),
        "lock_hash": _lock_hash(),
        "python": platform.python_version(),
        **hardware(),
        "spektron": spektron.__version__,
        **{name: _version(name) for name in _PACKAGES},
    }


@cache
def hardware() -> dict[str, str]:
    """What this process runs on; asked on the driver and, for each trial, where the trial ran."""
    return {
        "host_platform": platform.platform(),
        "cpu": _cpu_name(),
        "cpu_count": str(os.cpu_count() or 0),
        "memory_gib": f"{psutil.virtual_memory().total / 2**30:.0f}",
        "gpu": ", ".join(gpu_names()) or "none",
    }


def gpu_names() -> list[str]:
    """Models of the NVIDIA GPUs, from the driver's own files: no CUDA library need be loaded for it."""
    files = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [line.split(":", 1)[1].strip() for line in lines if line.startswith("Model")]


def _dirty_diff(root: Path) -> tuple[str, str]:
    """Hash of what `root` holds beside its commit, and what of it could not be hashed.

    An untracked file can change a result as well as a changed one, so its name and content count; of one that is too
    large to read at every start, the name.
    """
    diff, listed = _git(root, "diff", "HEAD"), _git(root, "ls-files", "-oz", "--exclude-standard")
    if diff is None or listed is None:
        return "unknown", "unknown"
    names = [os.fsdecode(name) for name in sorted(listed.split(b"\0")) if name]
    digest = hashlib.sha256(diff)
    left_bytes, unhashed = _MAX_ALL_BYTES, []
    for name in names:
        content = _content(root / name, min(_MAX_FILE_BYTES, left_bytes))
        digest.update(os.fsencode(name) + b"\0" + hashlib.sha256(content or b"").digest())
        if content is None:
            unhashed.append(name)
        else:
            left_bytes -= len(content)
    told = f"{len(unhashed)} untracked files by name only, the first {unhashed[0]}" if unhashed else "none"
    return digest.hexdigest()[:16] if diff or names else "clean", told


def _content(path: Path, limit_bytes: int) -> bytes | None:
    """A file's bytes; None if they are too many, or cannot be read."""
    try:
        return path.read_bytes() if path.is_file() and path.stat().st_size <= limit_bytes else None
    except OSError:
        return None


def _git(root: Path, *words: str) -> bytes | None:
    """Ask git, only where the package's own checkout is the repository (a wheel inside another one is not)."""
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):  # no git here, or a disk too slow to wait for
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _source_hash() -> str:
    """Hash of the package's own files: known also where a job runs from a copy without a repository."""
    package = Path(spektron.__file__).resolve().parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _lock_hash() -> str:
    """Hash of every installed distribution and its version: what is really there, not what was asked for."""
    installed = sorted(
        {f"{d.metadata['Name']}=={d.version}".lower() for d in importlib.metadata.distributions() if d.metadata["Name"]}
    )
    return hashlib.sha256("\n".join(installed).encode()).hexdigest()[:16]


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"
