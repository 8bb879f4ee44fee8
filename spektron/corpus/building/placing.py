"""Third stage: which row of which run goes where, and what the corpus then holds. Still by the index alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from spektron.corpus.building.index import Index, taken
from spektron.corpus.building.judge import Judgement
from spektron.corpus.building.shards import ShardRows
from spektron.corpus.content import CONTENT_COLUMNS, ContentHash
from spektron.corpus.manifest import BuildConfig
from spektron.corpus.schema import SPLITS
from spektron.corpus.split import GroupSplitter

__all__ = ["Placement", "place"]

Rows = NDArray[np.intp]
# The fingerprint takes its texts this many rows at a time: they become Python strings.
_HASHED_ROWS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Rows of each split in rank order.

    Attributes
    ----------
    index : Index
    judgement : Judgement
    split : dict
        Split → rows.
    forced_to_train : Counter
        Groups that were too large to hold out, with their spectra.
    """

    index: Index
    judgement: Judgement
    split: dict[str, Rows]
    forced_to_train: Counter[str]

    def shards(self, config: BuildConfig) -> Iterator[ShardRows]:
        """Cut the splits into shards."""
        compound = self.index.texts("compound_id")
        for split in SPLITS:
            rows = self.split[split]
            for number, first in enumerate(range(0, len(rows), config.rows_per_shard)):
                mine = rows[first : first + config.rows_per_shard]
                compounds = compound.take(pa.array(mine)).to_pylist()
                places = list(enumerate(mine.tolist()))
                names, group = self.judgement.names, self.judgement.group
                yield ShardRows(
                    split=split,
                    index=number,
                    rows=taken(self.index.rows, mine),
                    names={place: names[row] for place, row in places if row in names},
                    groups={place: group[row] for place, row in places if group[row] != compounds[place]},
                )

    def fingerprint(self) -> str:
        """Fingerprint of the content of what is kept."""
        content = ContentHash()
        columns = [self.index.texts(name) for name in CONTENT_COLUMNS]
        digest = self.index.texts("digest")
        for split, rows in self.split.items():
            for first in range(0, len(rows), _HASHED_ROWS):
                mine = rows[first : first + _HASHED_ROWS]
                texts = [column.take(pa.array(mine)).to_pylist() for column in columns]
                self._rename(texts[0], mine)
                content.update(split, texts, digest.take(pa.array(mine)).to_pylist())
        return content.fingerprint()

    def num_spectra(self) -> dict[str, int]:
        """Split → number of spectra."""
        return {split: len(rows) for split, rows in self.split.items()}

    def num_compounds(self) -> dict[str, int]:
        """Split → number of compounds."""
        compound, _ = self.index.codes("compound_id")
        return {split: len(np.unique(compound[rows])) for split, rows in self.split.items()}

    def counts(self) -> dict[str, dict[str, dict[str, int]]]:
        """Source → modality → split → number, sorted by name."""
        table: dict[str, dict[str, dict[str, int]]] = {}
        for split in SPLITS:
            counted = self._table(split).group_by(["source", "modality"]).aggregate([([], "count_all")])
            for row in counted.to_pylist():
                splits = table.setdefault(row["source"], {}).setdefault(row["modality"], dict.fromkeys(SPLITS, 0))
                splits[split] = row["count_all"]
        return {source: dict(sorted(modalities.items())) for source, modalities in sorted(table.items())}

    def kinds(self) -> dict[str, dict[str, int]]:
        """Kind → split → number, sorted by name."""
        table: dict[str, dict[str, int]] = {}
        for split in SPLITS:
            for row in self._table(split).group_by("kind").aggregate([([], "count_all")]).to_pylist():
                table.setdefault(row["kind"], dict.fromkeys(SPLITS, 0))[split] = row["count_all"]
        return dict(sorted(table.items()))

    def axis_cm1(self) -> dict[str, tuple[float, float]]:
        """Modality → lowest start and highest stop in cm⁻¹."""
        kept = self.index.table.take(self.judgement.kept)
        ends = [("wavenumber_start_cm1", "min"), ("wavenumber_stop_cm1", "max")]
        found = _plain(kept, "modality").group_by("modality").aggregate(ends).to_pylist()
        return {
            row["modality"]: (row["wavenumber_start_cm1_min"], row["wavenumber_stop_cm1_max"])
            for row in sorted(found, key=lambda row: str(row["modality"]))
        }

    def _table(self, split: str) -> pa.Table:
        return _plain(self.index.table.take(self.split[split]), "source", "modality", "kind")

    def _rename(self, texts: list[str], rows: Rows) -> None:
        for place, row in enumerate(rows.tolist()):
            if row in self.judgement.names:
                texts[place] = self.judgement.names[row]


def place(index: Index, judgement: Judgement, config: BuildConfig) -> Placement:
    """Give every kept row its split and its place by rank."""
    kept = judgement.kept
    group = [judgement.group[row] for row in kept.tolist()]
    splitter = GroupSplitter(config, Counter(group))
    split_of = {name: splitter.split_of(name) for name in set(group)}
    split = np.array([SPLITS.index(split_of[name]) for name in group], dtype=np.int8)
    # Equal ranks, of spectra with one name, stay in the order they were read in.
    order = np.argsort(index.numbers("rank")[kept], kind="stable")
    rows = {name: kept[order[split[order] == place]] for place, name in enumerate(SPLITS)}
    return Placement(index=index, judgement=judgement, split=rows, forced_to_train=splitter.forced_to_train)


def _plain(table: pa.Table, *names: str) -> pa.Table:
    # Grouping by dictionaries of different chunks is refused by pyarrow; by text it is not.
    for name in names:
        table = table.set_column(table.schema.get_field_index(name), name, pc.cast(table[name], pa.string()))
    return table
