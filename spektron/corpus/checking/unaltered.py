"""Seeing, before anything is computed from a corpus, that its shards are the ones that were built.

What a trial is called holds the corpus's fingerprint, so a trial made from other bytes would be kept under a name that
lies. Hashing 400,000 spectra takes two seconds once; a file whose size and time of change are as they were when it was
last hashed is not hashed again.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from spektron.core.errors import CorpusError
from spektron.core.files import sha256_file, write_text
from spektron.corpus.corpus import Corpus
from spektron.corpus.manifest import rebuild_command

__all__ = ["require_unaltered"]

_THREADS = 4


def require_unaltered(corpus: Corpus, cache: Path) -> None:
    """Compare the sha256 of every shard with the manifest's.

    Of a corpus in an object store only sizes are compared, by `Corpus.open`: to hash it is to fetch it.

    Parameters
    ----------
    corpus : Corpus
    cache : Path
        File that keeps what was hashed; damaged or missing, everything is hashed.

    Raises
    ------
    CorpusError
        Naming each altered shard with its expected and found sha256.
    """
    if not corpus.folder.is_local:
        return
    folder, known = corpus.folder.path, _read(cache)
    with ThreadPoolExecutor(_THREADS) as threads:
        found = list(threads.map(lambda shard: _entry(folder / shard.file, known), corpus.manifest.shards))
    altered = [
        f"{shard.file}: expected sha256 {shard.sha256}, found {sha256}"
        for shard, (_, sha256) in zip(corpus.manifest.shards, found, strict=True)
        if sha256 != shard.sha256
    ]
    if altered:
        raise CorpusError(
            f"{corpus.folder}: {len(altered)} of {len(corpus.manifest.shards)} shards were altered: "
            + "; ".join(altered[:5]),
            f"copy them again, or build the corpus again: {rebuild_command(corpus.folder)}",
        )
    fresh = {str(folder / shard.file): entry for shard, entry in zip(corpus.manifest.shards, found, strict=True)}
    if fresh.items() - known.items():
        write_text(cache, json.dumps(known | fresh, indent=1) + "\n")


def _entry(path: Path, known: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """Size and time of change as text, and sha256."""
    status = path.stat()
    stamp = f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"
    if (before := known.get(str(path))) and before[0] == stamp:
        return before
    return stamp, sha256_file(path)


def _read(cache: Path) -> dict[str, tuple[str, str]]:
    try:
        entries = json.loads(cache.read_text(encoding="utf-8"))
        return {str(path): (str(stamp), str(sha256)) for path, (stamp, sha256) in entries.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
