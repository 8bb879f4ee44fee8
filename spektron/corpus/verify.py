"""Looking at every byte and every row of a corpus, and naming what is not as the manifest says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from spektron.core.errors import CorpusError
from spektron.core.files import sha256_file
from spektron.corpus.content import ContentHash
from spektron.corpus.manifest import Manifest, Shard, load_manifest
from spektron.corpus.reading import open_shard, shard_errors
from spektron.corpus.schema import intensity_matrix
from spektron.spectra.spectrum import MODALITIES

__all__ = ["VerifyReport", "verify_corpus"]

Progress = Callable[[str, int, int | None], None]

# Hashing releases the GIL; more threads than this wait for the disk.
_HASH_THREADS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What `verify_corpus` found.

    Attributes
    ----------
    path : Path
        The corpus.
    num_shards, num_spectra : int
        Shards named by the manifest, and rows read from those that could be read.
    problems : tuple of str
        Each names the shard or row, what was expected and what was found; empty if the corpus is whole.
    """

    path: Path
    num_shards: int
    num_spectra: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems

    def require_ok(self) -> None:
        """Raise `CorpusError` naming the problems, if there are any."""
        if self.problems:
            more = f"\n  … and {len(self.problems) - 20} more" if len(self.problems) > 20 else ""
            raise CorpusError(
                f"{self.path}: {len(self.problems)} problems:\n  " + "\n  ".join(self.problems[:20]) + more,
                f"copy the shards again, or build again: spektron corpus build --out {self.path} --overwrite",
            )


def verify_corpus(path: Path | str, progress: Progress | None = None) -> VerifyReport:
    """Check every shard's size and sha256, every row's values, order and split, and the content fingerprint.

    Parameters
    ----------
    path : Path
        A corpus.
    progress : callable, optional
        Called with (``hashing`` or ``checking``, shards done, shards in all).

    Raises
    ------
    CorpusError
        When there is no manifest that this version can read; everything else is a problem in the report.
    """
    folder = Path(path).absolute()
    manifest = load_manifest(folder)
    tell = progress or (lambda phase, done, total: None)
    problems = [problem for problem in _hash_shards(folder, manifest, tell) if problem]
    problems += [f"{name} is no shard of this corpus" for name in _strangers(folder, manifest)]
    rows = _RowCheck(manifest)
    for done, shard in enumerate(manifest.shards, 1):
        rows.check_shard(folder, shard)
        tell("checking", done, len(manifest.shards))
    return VerifyReport(
        path=folder,
        num_shards=len(manifest.shards),
        num_spectra=rows.num_rows,
        problems=(*problems, *rows.finish()),
    )


def _hash_shards(folder: Path, manifest: Manifest, tell: Progress) -> Iterator[str | None]:
    with ThreadPoolExecutor(_HASH_THREADS) as threads:
        for done, problem in enumerate(threads.map(lambda shard: _hash_problem(folder, shard), manifest.shards), 1):
            tell("hashing", done, len(manifest.shards))
            yield problem


def _hash_problem(folder: Path, shard: Shard) -> str | None:
    file = folder / shard.file
    try:
        size, sha256 = file.stat().st_size, sha256_file(file)
    except OSError as error:
        return f"{shard.file}: expected sha256 {shard.sha256}, found no readable file ({error.strerror})"
    if sha256 == shard.sha256:
        return None
    return f"{shard.file}: expected {shard.bytes} bytes with sha256 {shard.sha256}, found {size} bytes with {sha256}"


def _strangers(folder: Path, manifest: Manifest) -> list[str]:
    known = {shard.file for shard in manifest.shards}
    return sorted(file.name for file in folder.glob("*.parquet") if file.name not in known)


class _RowCheck:
    """Row-level checks over shards given in the manifest's order."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._content = ContentHash()
        self._last: dict[str, tuple[int, str]] = {}
        self._split_of: dict[str, str] = {}
        self._ids: set[str] = set()
        self._problems: list[str] = []
        self._all_read = True
        self.num_rows = 0

    def check_shard(self, folder: Path, shard: Shard) -> None:
        """Read one shard, a row group at a time."""
        rows = 0
        try:
            file = open_shard(folder / shard.file)
            for group in range(file.num_row_groups):
                with shard_errors(folder / shard.file):
                    table = file.read_row_group(group)
                self._check_rows(shard, table)
                rows += len(table)
        except CorpusError as error:
            self._all_read = False
            self._problems.append(f"{shard.file}: {error.message}")
        else:
            if rows != shard.rows:
                self._problems.append(f"{shard.file}: expected {shard.rows} rows, found {rows}")
        self.num_rows += rows

    def finish(self) -> list[str]:
        """All problems, the fingerprint's last; it is left out when a shard could not be read."""
        found = self._content.fingerprint()
        if self._all_read and found != self._manifest.fingerprint:
            self._problems.append(f"expected content fingerprint {self._manifest.fingerprint}, found {found}")
        return self._problems

    def _check_rows(self, shard: Shard, table: pa.Table) -> None:
        self._content.update(shard.split, table)
        intensity = np.concatenate([intensity_matrix(chunk) for chunk in table["intensity"].chunks])
        start, stop = (table[f"wavenumber_{end}_cm1"].to_numpy() for end in ("start", "stop"))
        known = np.isin(table["modality"].to_numpy().astype(str), MODALITIES)
        bad = {
            "intensities that are not finite": ~np.isfinite(intensity).all(axis=1),
            "an axis that does not ascend": ~(start < stop),
            "an unknown modality": ~known,
        }
        names = table["spectrum_id"].to_pylist()
        for what, rows in bad.items():
            for row in np.flatnonzero(rows):
                self._problems.append(f"{shard.file}: {names[row]} has {what}")
        for name, compound, rank in zip(
            names, table["compound_id"].to_pylist(), table["rank"].to_pylist(), strict=True
        ):
            self._check_place(shard, name, compound, rank)

    def _check_place(self, shard: Shard, name: str, compound: str, rank: int) -> None:
        if (rank, name) <= self._last.get(shard.split, (-1, "")):
            self._problems.append(f"{shard.file}: {name} (rank {rank}) does not follow {self._last[shard.split]}")
        self._last[shard.split] = rank, name
        if (other := self._split_of.setdefault(compound, shard.split)) != shard.split:
            self._problems.append(f"{shard.file}: compound {compound} of {name} is in {other} as well")
        if name in self._ids:
            self._problems.append(f"{shard.file}: {name} occurs twice")
        self._ids.add(name)
