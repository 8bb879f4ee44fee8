"""A corpus on disk, opened: its counts, its rows, and its endless stream of training batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spektron.core.errors import ConfigError, CorpusError, ResourceError
from spektron.core.storage import Storage
from spektron.corpus.manifest import Manifest, load_manifest, rebuild_command
from spektron.corpus.schema import BATCH_COLUMNS, INSTRUMENT_COLUMNS, SPLITS
from spektron.corpus.streaming.mixture import KindShare, kind_shares, mixed_batches
from spektron.corpus.streaming.order import StreamOrder
from spektron.corpus.streaming.reading import RowSlice, collect, kind_slices, read_slices, split_slices
from spektron.corpus.streaming.resident import RESIDENT_ROW_BYTES, resident_batches, resident_rows
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["RESIDENT_BYTES", "Corpus"]

# 512 MiB: 65,000 spectra. Several trials run side by side on a node, each with its own copy.
RESIDENT_BYTES = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Corpus:
    """A folder of shards and their manifest.

    Attributes
    ----------
    folder : Storage
        Where it lies; every node that streams from it must reach it there.
    manifest : Manifest
        What it holds.
    """

    folder: Storage
    manifest: Manifest

    @classmethod
    def open(cls, place: Storage | Path | str) -> Corpus:
        """Read the manifest and see that every shard is there with its size; `verify_corpus` looks inside.

        Raises
        ------
        CorpusError
            When the manifest is missing, damaged or of another schema version, or shards are missing or cut short.
        """
        folder = Storage.at(place)
        manifest = load_manifest(folder)
        _require_shards(folder, manifest)
        return cls(folder, manifest)

    @property
    def name(self) -> str:
        """How people and ledgers call it."""
        return self.manifest.name

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the content."""
        return self.manifest.fingerprint

    def num_spectra(self, split: str = "train") -> int:
        """Rows of one split."""
        _require_split(split)
        return self.manifest.num_spectra[split]

    def read(self, split: str, limit: int | None = None, *, instruments: bool = False) -> SpectrumBatch:
        """Return the first `limit` rows of a split in rank order, or all of them, with plain pyarrow.

        Opens only the shards, and reads only the row groups, that hold these rows; what is known of their instruments
        only where it is asked for.

        Raises
        ------
        CorpusError
            When the split is empty or a shard damaged.
        ConfigError
            When the split does not exist or holds fewer than `limit` rows.
        """
        num_rows = self._num_rows(split, limit)
        slices = split_slices(self.folder, self.manifest, split, num_rows)
        return collect(read_slices(slices, _columns(instruments)), num_rows)

    def stream(
        self,
        *,
        num_spectra: int | None,
        batch_size: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        start_batch: int = 0,
        mix: Mapping[str, float] | None = None,
        instruments: bool = False,
        resident_bytes: int = RESIDENT_BYTES,
    ) -> Iterator[SpectrumBatch]:
        """Endless training batches over the first `num_spectra` train rows, reshuffled every epoch.

        Every batch is full; batches run across the ends of epochs. Each batch owns its arrays.
        ``stream(start_batch=k)`` gives exactly the batches that follow the first k.

        A subset that fits in `resident_bytes` is decoded once, through Ray Data (or, without Ray, plain pyarrow), and
        kept for this process; each epoch is then an exact permutation of its rows. Batch k is one and the same however
        many workers share it: worker r has its rows r, r + `world_size`, …

        A larger subset is read through Ray Data in every epoch: row groups in random order, shuffled within windows of
        4096 rows. There each worker reads ``num_spectra // world_size`` rows that no other worker reads (the remainder,
        fewer than `world_size` rows, sits out that epoch), so which rows meet in a batch depends on `world_size`. A
        mixture goes this way as soon as one of its kinds does. The two orders differ, so `resident_bytes` must not
        change between a checkpoint and its resumption.

        Parameters
        ----------
        num_spectra : int or None
            Size of the subset; None for the whole train split.
        batch_size : int
            Spectra per batch of this worker.
        seed : int
            Of the shuffle, not negative.
        rank, world_size : int
            This worker and how many there are.
        start_batch : int
            Batches to skip; nothing that comes before is read, but for at most one window.
        mix : mapping, optional
            Kind → share of every batch, where it is not to be the corpus's own; see
            `spektron.corpus.streaming.mixture`.
        instruments : bool
            Read what is known of the instruments too; without it, batches state nothing.
        resident_bytes : int
            Largest subset that is kept in memory.

        Raises
        ------
        ConfigError
            For values that fit no corpus, or not this one.
        CorpusError
            When a shard is missing or damaged.
        ResourceError
            When Ray is needed but not running, or leaves no CPU to read with.
        """
        if start_batch < 0:
            raise ConfigError(f"expected start_batch ≥ 0, found {start_batch}")
        num_rows = self._num_rows("train", num_spectra)
        order = StreamOrder(num_rows=num_rows, batch_size=batch_size, seed=seed, rank=rank, world_size=world_size)
        if mix is not None:
            subsets = [_Subset(self, share.kind, share.unique, instruments) for share in self.shares(mix, num_spectra)]
            return self._mixed(self.shares(mix, num_spectra), subsets, order, start_batch, resident_bytes)
        rows = _Subset(self, None, num_rows, instruments)
        return rows.batches(order, start_batch, is_resident=rows.num_bytes <= resident_bytes)

    def axes(
        self, split: str, limit: int | None = None
    ) -> tuple[NDArray[np.object_], NDArray[np.float64], NDArray[np.float64]]:
        """Modality, first and last wavenumber in cm⁻¹ of the first rows of a split; no intensities are read."""
        columns = ["modality", "wavenumber_start_cm1", "wavenumber_stop_cm1"]
        slices = split_slices(self.folder, self.manifest, split, self._num_rows(split, limit))
        table = pa.concat_tables(read_slices(slices, columns), promote_options="permissive")
        names = np.array(table["modality"].to_pylist(), dtype=object)
        return names, table["wavenumber_start_cm1"].to_numpy(), table["wavenumber_stop_cm1"].to_numpy()

    def spectrum_ids(self, batch: SpectrumBatch) -> list[str]:
        """Name the training spectra of a batch, by a pass of reading; empty where none has these numbers."""
        from spektron.corpus.streaming.identify import spectrum_ids

        return spectrum_ids(self, batch)

    def shares(self, mix: Mapping[str, float], num_spectra: int | None = None) -> tuple[KindShare, ...]:
        """What a mixture of `num_spectra` training spectra is made of; see `kind_shares`."""
        available = {kind: splits["train"] for kind, splits in self.manifest.kinds.items()}
        return kind_shares(available, mix, num_spectra)

    def _mixed(
        self,
        shares: Sequence[KindShare],
        subsets: Sequence[_Subset],
        order: StreamOrder,
        start_batch: int,
        resident_bytes: int,
    ) -> Iterator[SpectrumBatch]:
        # Small kinds first: they come round most often.
        kept, left = set(), resident_bytes
        for place in sorted(range(len(subsets)), key=lambda place: subsets[place].num_bytes):
            left -= subsets[place].num_bytes
            if left >= 0:
                kept.add(place)

        def mixed(order: StreamOrder) -> Iterator[SpectrumBatch]:
            def open_stream(place: int, first: int) -> Iterator[SpectrumBatch]:
                rows = subsets[place]
                return rows.batches(replace(order, num_rows=rows.num_rows), first, is_resident=place in kept)

            return mixed_batches(shares, order.batch_size, start_batch, open_stream)

        if len(kept) < len(subsets):
            return mixed(order)
        # All in memory: the batch of all workers is mixed, and dealt out as `StreamOrder.batches` does.
        of_all = replace(order, batch_size=order.batch_size * order.world_size, rank=0, world_size=1)
        mine = np.arange(order.rank, of_all.batch_size, order.world_size)
        return (batch.take(mine) for batch in mixed(of_all))

    def _num_rows(self, split: str, limit: int | None) -> int:
        available = self.num_spectra(split)
        if not available:
            raise CorpusError(
                f"expected spectra in the {split} split of {self.folder}, found none",
                f"build the corpus with a larger {split}_fraction, another seed or more compounds",
            )
        if limit is not None and not 1 <= limit <= available:
            raise ConfigError(
                f"expected 1 to {available} spectra of the {split} split of {self.name!r}, found {limit}",
                "ask for fewer, or build a larger corpus",
            )
        return available if limit is None else limit


@dataclass(frozen=True, slots=True)
class _Subset:
    """The first training rows of a corpus, or of one kind in it, in rank order."""

    corpus: Corpus
    kind: str | None
    num_rows: int
    instruments: bool

    @property
    def num_bytes(self) -> int:
        """What it takes in memory."""
        return self.num_rows * RESIDENT_ROW_BYTES

    def slices(self, num_rows: int) -> list[RowSlice]:
        """Where its first rows lie."""
        folder, manifest = self.corpus.folder, self.corpus.manifest
        if self.kind is None:
            return split_slices(folder, manifest, "train", num_rows)
        return kind_slices(folder, manifest, "train", self.kind, num_rows)

    def batches(self, order: StreamOrder, start_batch: int, *, is_resident: bool) -> Iterator[SpectrumBatch]:
        """Endless batches, from memory or through Ray Data."""
        if is_resident:
            rows = resident_rows(
                (self.corpus.fingerprint, self.kind, self.instruments), self.num_rows, self._first_pass
            )
            return resident_batches(rows, order, start_batch)
        # Ray takes seconds to import, and small reads do without.
        from spektron.corpus.streaming import ray_read, stream

        if not ray_read.ray_is_ready():
            raise ResourceError(
                f"streaming {self.num_rows} spectra needs Ray, and this process is not connected to a cluster",
                "call ray.init() first, or raise resident_bytes so that the subset is kept in memory "
                f"({self.num_bytes / 2**20:.0f} MiB)",
            )
        return stream.streaming_batches(self.slices(self.num_rows), order, start_batch, _columns(self.instruments))

    def _first_pass(self, num_rows: int) -> SpectrumBatch:
        from spektron.corpus.streaming import ray_read

        slices, columns = self.slices(num_rows), _columns(self.instruments)
        is_ray = ray_read.ray_is_ready()
        tables = ray_read.ray_tables(iter(slices), columns) if is_ray else read_slices(slices, columns)
        return collect(tables, num_rows)


def _columns(instruments: bool) -> list[str]:
    return [*BATCH_COLUMNS, *INSTRUMENT_COLUMNS] if instruments else BATCH_COLUMNS


def _require_split(split: str) -> None:
    if split not in SPLITS:
        raise ConfigError(f"expected a split of {', '.join(SPLITS)}, found {split!r}")


def _require_shards(folder: Storage, manifest: Manifest) -> None:
    problems = []
    for shard in manifest.shards:
        size = folder.size(shard.file)
        if size is None:
            problems.append(f"{shard.file} is missing")
        elif size != shard.bytes:
            problems.append(f"{shard.file}: expected {shard.bytes} bytes, found {size}")
    if problems:
        raise CorpusError(
            f"{folder}: {len(problems)} of {len(manifest.shards)} shards are not whole: {'; '.join(problems[:5])}",
            f"copy them again, or build the corpus again: {rebuild_command(folder)}",
        )
