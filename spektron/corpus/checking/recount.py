"""Counting again, from the report and the rows, what a manifest says became of every record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from spektron.core.storage import Storage
from spektron.corpus.manifest import MANIFEST_NAME, REPORT_NAME, Manifest

__all__ = ["report_problems"]

Counts = dict[str, dict[str, int]]
_COLUMNS = ["source", "outcome", "reason"]


def report_problems(folder: Storage, manifest: Manifest) -> list[str]:
    """Name what `report.parquet` and the manifest's own numbers say of records, other than each other."""
    try:
        with folder.open(REPORT_NAME) as file:
            named = _counted(pq.ParquetFile(file))
    except (OSError, KeyError, pa.ArrowException) as error:
        return [f"{REPORT_NAME}: expected the names of records that were not kept, found: {error}"]
    rejects, duplicates = _by_source(named, "rejected"), _by_source(named, "duplicate")
    repairs: Counter[str] = Counter()
    for (_, outcome, reason), num in named.items():
        if outcome == "mended":
            repairs[reason] += num
    found: dict[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
        "rejects": (manifest.rejects, rejects),
        "duplicates": (manifest.duplicates, duplicates),
        "repairs": (manifest.repairs, dict(repairs)),
        "records": (manifest.records, _records(manifest, rejects, duplicates)),
    }
    return [problem for name, (says, holds) in found.items() for problem in _differing(name, says, holds)]


def _counted(report: pq.ParquetFile) -> Counter[tuple[str, str, str]]:
    """(source, outcome, reason) → rows, a batch at a time: a report may name millions."""
    named: Counter[tuple[str, str, str]] = Counter()
    if missing := set(_COLUMNS) - set(report.schema_arrow.names):
        raise KeyError(f"no column {', '.join(sorted(missing))}")
    for batch in report.iter_batches(columns=_COLUMNS):
        groups = pa.table(batch).group_by(_COLUMNS).aggregate([([], "count_all")])
        for row in groups.to_pylist():
            named[row["source"], row["outcome"], row["reason"]] += row["count_all"]
    return named


def _by_source(named: Counter[tuple[str, str, str]], wanted: str) -> Counts:
    table: Counts = {}
    for (source, outcome, reason), num in named.items():
        if outcome == wanted:
            table.setdefault(source, {})[reason] = num
    return table


def _records(manifest: Manifest, rejects: Counts, duplicates: Counts) -> Counts:
    kept = {
        source: sum(sum(splits.values()) for splits in modalities.values())
        for source, modalities in manifest.counts.items()
    }
    records: Counts = {}
    for source in {*kept, *rejects, *duplicates}:
        parts = {
            "kept": kept.get(source, 0),
            "duplicate": sum(duplicates.get(source, {}).values()),
            "rejected": sum(rejects.get(source, {}).values()),
        }
        records[source] = {"read": sum(parts.values()), **parts}
    return records


def _differing(name: str, says: Mapping[str, object], holds: Mapping[str, object]) -> Iterator[str]:
    where = f"in the rows and {REPORT_NAME}" if name == "records" else f"in {REPORT_NAME}"
    for key in sorted({*says, *holds}):
        if says.get(key) != holds.get(key):
            told = says.get(key, "nothing")
            yield f"{MANIFEST_NAME}: {name}: {key}: expected {told}, found {holds.get(key, 'nothing')} {where}"
