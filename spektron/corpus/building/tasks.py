"""The three kinds of work of a build, as functions of plain tasks that any worker can do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spektron.core.storage import Storage
from spektron.corpus.building.plan import BuildPlan
from spektron.corpus.building.runs import PartAccount, read_part
from spektron.corpus.building.shards import RunRows, ShardRows, gather, write_shard
from spektron.corpus.building.workers import Task, Workers
from spektron.corpus.manifest import Shard
from spektron.corpus.neighbours.near import near_duplicates_among
from spektron.corpus.schema import intensity_matrix
from spektron.spectra.spectrum import MODALITIES, SpectrumBatch

__all__ = ["check_pairs", "read_parts", "write_shards"]

# 2 × 4096 spectra, if no two pairs share one, are 64 MiB.
_PAIRS_PER_TASK = 4096


def read_parts(workers: Workers, plan: BuildPlan, work: Storage, numbers: Sequence[int]) -> Iterator[PartAccount]:
    """Read parts of a plan, in any order."""
    for done in workers.do(partial(_read, plan, work), [{"part": number} for number in numbers]):
        values = json.loads(done["account"])
        yield PartAccount(**(values | {"runs": tuple(values["runs"])}))


def check_pairs(
    workers: Workers, work: Storage, a: RunRows, b: RunRows, across: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which pairs of rows are near-duplicates, shape (pairs,); `across` says which are of different sources."""
    # In the order of the runs, a task takes its rows from few of them.
    order = np.lexsort((a.row, a.run, a.part))
    tasks = []
    for first in range(0, len(order), _PAIRS_PER_TASK):
        mine = order[first : first + _PAIRS_PER_TASK]
        arrays = {f"{name}_{end}": getattr(rows, end)[mine] for name, rows in (("a", a), ("b", b)) for end in _ENDS}
        tasks.append({"first": first, "across": across[mine], **arrays})
    near = np.zeros(len(order), dtype=bool)
    for done in workers.do(partial(_check, work), tasks):
        found = np.asarray(done["near"], dtype=bool)
        near[order[int(done["first"]) :][: len(found)]] = found
    return near


def write_shards(
    workers: Workers, work: Storage, folder: Storage, shards: Sequence[ShardRows], rows_per_group: int
) -> Iterator[Shard]:
    """Write shards, in any order."""
    tasks = [
        {
            "split": shard.split,
            "index": shard.index,
            "texts": json.dumps({"names": shard.names, "groups": shard.groups}),
            **{end: getattr(shard.rows, end) for end in _ENDS},
        }
        for shard in shards
    ]
    for done in workers.do(partial(_write, work, folder, rows_per_group), tasks):
        yield Shard.model_validate_json(done["shard"])


_ENDS = ("part", "run", "row")


def _read(plan: BuildPlan, work: Storage, task: Task) -> Task:
    number = int(task["part"])
    place, part = plan.parts[number]
    account = read_part(work, plan.sources[place], number, part, plan.config.seed)
    return {"account": json.dumps({name: getattr(account, name) for name in PartAccount.__dataclass_fields__})}


def _check(work: Storage, task: Task) -> Task:
    # A row is in several pairs: each is read once.
    places = np.concatenate([np.stack([np.asarray(task[f"{name}_{end}"]) for end in _ENDS], axis=1) for name in "ab"])
    rows, inverse = np.unique(places, axis=0, return_inverse=True)
    spectra = _spectra(gather(work, RunRows(*(np.ascontiguousarray(column) for column in rows.T))))
    pairs = inverse.reshape(2, -1).T
    return {"first": task["first"], "near": near_duplicates_among(spectra, pairs, across=task["across"]).tolist()}


def _spectra(table: pa.Table) -> SpectrumBatch:
    start, stop = (table[f"wavenumber_{end}_cm1"].to_numpy().astype(np.float32) for end in ("start", "stop"))
    modality = np.array([MODALITIES.index(name) for name in table["modality"].to_pylist()], dtype=np.int64)
    intensity = intensity_matrix(pa.concat_arrays(table["intensity"].chunks))
    return SpectrumBatch(intensity=intensity, wavenumber_start_cm1=start, wavenumber_stop_cm1=stop, modality=modality)


def _write(work: Storage, folder: Storage, rows_per_group: int, task: Task) -> Task:
    texts = json.loads(task["texts"])
    shard = ShardRows(
        split=str(task["split"]),
        index=int(task["index"]),
        rows=RunRows(*(np.asarray(task[end]) for end in _ENDS)),
        names={int(row): text for row, text in texts["names"].items()},
        groups={int(row): text for row, text in texts["groups"].items()},
    )
    return {"shard": write_shard(work, folder, shard, rows_per_group).model_dump_json()}
