"""Looking at every byte and every row of a corpus, and naming what is not as the manifest says."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from spektron.core.errors import CorpusError
from spektron.core.storage import Storage
from spektron.corpus.checking.recount import report_problems
from spektron.corpus.checking.shard import Looked, look_at
from spektron.corpus.content import ContentHash
from spektron.corpus.manifest import MANIFEST_NAME, REPORT_NAME, Manifest, Shard, load_manifest, rebuild_command
from spektron.corpus.schema import SPLITS

__all__ = ["VerifyReport", "verify_corpus"]

Progress = Callable[[str, int, int | None], None]

# Hashing releases the GIL; more threads than this wait for the disk.
_MOST_THREADS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What `verify_corpus` found.

    Attributes
    ----------
    folder : Storage
        The corpus.
    num_shards, num_spectra : int
        Shards named by the manifest, and rows read from those that could be read.
    problems : tuple of str
        Each names the shard or row, what was expected and what was found; empty if the corpus is whole.
    """

    folder: Storage
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
                f"{self.folder}: {len(self.problems)} problems:\n  " + "\n  ".join(self.problems[:20]) + more,
                f"copy the shards again, or build again: {rebuild_command(self.folder)}",
            )


def verify_corpus(place: Storage | Path | str, progress: Progress | None = None) -> VerifyReport:
    """Check every shard's size and sha256, every row's values, order and split, the content fingerprint, all numbers.

    What the manifest says became of every record is counted again from the rows and from `report.parquet`.

    Parameters
    ----------
    place : Storage, Path or str
        A corpus.
    progress : callable, optional
        Called with (``checking``, shards done, shards in all).

    Raises
    ------
    CorpusError
        When there is no manifest that this version can read; everything else is a problem in the report.
    """
    folder = Storage.at(place)
    manifest = load_manifest(folder)
    tell = progress or (lambda phase, done, total: None)
    rows = _Rows(manifest)
    rows.problems += [f"{name} is no shard of this corpus" for name in _strangers(folder, manifest)]
    rows.problems += report_problems(folder, manifest)
    tell("checking", 0, len(manifest.shards))
    num_threads = min(_MOST_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(num_threads) as threads:
        looked = threads.map(lambda shard: look_at(folder, shard, manifest.config.rows_per_group), manifest.shards)
        for done, found in enumerate(looked, 1):
            rows.add(found)
            tell("checking", done, len(manifest.shards))
    return VerifyReport(
        folder=folder, num_shards=len(manifest.shards), num_spectra=rows.num_rows, problems=tuple(rows.finish())
    )


def _strangers(folder: Storage, manifest: Manifest) -> Iterator[str]:
    known = {shard.file for shard in manifest.shards} | {REPORT_NAME}
    yield from (name for name in folder.names() if name.endswith(".parquet") and name not in known)


class _Rows:
    """What only all shards together can tell, looked at in the manifest's order."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._content = ContentHash()
        self._last: dict[str, tuple[int, str]] = {}
        self._split_of: dict[str, str] = {}
        self._ids: set[str] = set()
        self._compounds: dict[str, set[str]] = {split: set() for split in SPLITS}
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._kinds: Counter[tuple[str, str]] = Counter()
        self._axis: dict[str, tuple[float, float]] = {}
        self._all_read = True
        self.problems: list[str] = []
        self.num_rows = 0

    def add(self, looked: Looked) -> None:
        """Take the rows that follow all earlier ones of their split."""
        shard = looked.shard
        self.problems += looked.problems
        self._all_read &= looked.is_read
        self.num_rows += len(looked.ranks)
        self._content.update(shard.split, looked.texts, looked.digests)
        self._count(looked)
        names, compounds = looked.texts[0], looked.texts[1]
        for name, compound, group, rank in zip(names, compounds, looked.groups, looked.ranks, strict=True):
            self._check_place(shard, name, rank)
            for what, value in (("compound", compound), ("split group", group)):
                if (other := self._split_of.setdefault(f"{what} {value}", shard.split)) != shard.split:
                    self.problems.append(f"{shard.file}: {what} {value} of {name} is in {other} as well")

    def finish(self) -> list[str]:
        """All problems, the fingerprint's last; it is left out when a shard could not be read."""
        found = self._content.fingerprint()
        if self._all_read and found != self._manifest.fingerprint:
            self.problems.append(f"expected content fingerprint {self._manifest.fingerprint}, found {found}")
        if self._all_read:
            self.problems += [
                f"{MANIFEST_NAME}: {name}: expected {says}, found {holds} in the shards"
                for name, says, holds in self._contradictions()
                if says != holds
            ]
        return self.problems

    def _count(self, looked: Looked) -> None:
        split = looked.shard.split
        self._compounds[split].update(looked.texts[1])
        for (source, modality), num in looked.counts.items():
            self._counts[source, modality, split] += num
        for kind, num in looked.kinds.items():
            self._kinds[kind, split] += num
        for modality, (start, stop) in looked.axis.items():
            low, high = self._axis.get(modality, (start, stop))
            self._axis[modality] = min(low, start), max(high, stop)

    def _contradictions(self) -> Iterator[tuple[str, object, object]]:
        """What the manifest says of the corpus, beside what the rows say."""
        manifest = self._manifest
        counts = {
            (source, modality, split): num
            for source, modalities in manifest.counts.items()
            for modality, splits in modalities.items()
            for split, num in splits.items()
            if num
        }
        kinds = {(kind, split): num for kind, splits in manifest.kinds.items() for split, num in splits.items() if num}
        yield "counts", counts, dict(self._counts)
        yield "kinds", kinds, dict(self._kinds)
        yield "num_compounds", manifest.num_compounds, {split: len(self._compounds[split]) for split in SPLITS}
        yield "axis_cm1", {name: tuple(ends) for name, ends in manifest.axis_cm1.items()}, self._axis

    def _check_place(self, shard: Shard, name: str, rank: int) -> None:
        last_rank, last_name = self._last.get(shard.split, (-1, ""))
        if rank < last_rank:
            self.problems.append(f"{shard.file}: {name} (rank {rank}) does not follow {last_name} (rank {last_rank})")
        self._last[shard.split] = rank, name
        if name in self._ids:
            self.problems.append(f"{shard.file}: {name} occurs twice")
        self._ids.add(name)
