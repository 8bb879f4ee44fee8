"""The account of a build: what became of every record, in numbers for the manifest and by name in `report.parquet`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from spektron.core.storage import Storage
from spektron.corpus.building.index import Index
from spektron.corpus.building.judge import KEPT, Judgement
from spektron.corpus.building.runs import REFUSED_SCHEMA, PartAccount, run_name
from spektron.corpus.manifest import REPORT_NAME

__all__ = ["Account", "rejected_tables", "write_report"]

Counts = dict[str, dict[str, int]]
_ROWS_AT_ONCE = 16_384


class Account:
    """Numbers of a build.

    Attributes
    ----------
    rejects, duplicates : dict
        source → reason → number.
    repairs : dict
        kind of repair → number of spectra.
    records : dict
        source → ``read``, ``kept``, ``duplicate``, ``rejected``.
    """

    def __init__(self, accounts: Sequence[PartAccount], index: Index, judgement: Judgement) -> None:
        self.rejects = _added(account.refused for account in accounts)
        source, sources = index.codes("source")
        rows = Counter(zip(source.tolist(), judgement.reason.tolist(), strict=True))
        self.duplicates: Counts = {}
        for (number, reason), num in sorted(rows.items()):
            if reason != KEPT:
                self.duplicates.setdefault(sources[number], {})[reason] = num
        kept = {sources[number]: num for (number, reason), num in rows.items() if reason == KEPT}
        self.repairs = _repairs(index, judgement)
        self.records = {name: self._record(name, kept.get(name, 0)) for name in sorted({*sources, *self.rejects})}
        read = sum(account.num_items for account in accounts)
        assert read == sum(row["read"] for row in self.records.values()), "a record is missing from the account"

    def _record(self, source: str, kept: int) -> dict[str, int]:
        duplicate, rejected = (sum(table.get(source, {}).values()) for table in (self.duplicates, self.rejects))
        return {"read": kept + duplicate + rejected, "kept": kept, "duplicate": duplicate, "rejected": rejected}


def write_report(
    folder: Storage, work: Storage, accounts: Sequence[PartAccount], index: Index, judgement: Judgement
) -> None:
    """Name every record that was rejected, is a duplicate, or was mended: one row each, rejected ones first."""
    with folder.writing(REPORT_NAME) as file, pq.ParquetWriter(file, REFUSED_SCHEMA, compression="zstd") as writer:
        waiting: list[pa.Table] = []
        for table in rejected_tables(work, accounts):
            waiting.append(table)
            if sum(map(len, waiting)) >= _ROWS_AT_ONCE:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
        for table in (*_duplicates(index, judgement), *_mended(index, judgement)):
            writer.write_table(table)


def rejected_tables(work: Storage, accounts: Sequence[PartAccount]) -> Iterator[pa.Table]:
    """Yield the records of each part that did not become rows: source, spectrum_id, outcome, reason, detail."""
    for account in accounts:
        if account.num_refused:
            with work.open(run_name(account.part, 0, "refused")) as file:
                yield pa.ipc.open_file(file).read_all()


def _duplicates(index: Index, judgement: Judgement) -> Iterator[pa.Table]:
    again = np.flatnonzero(judgement.reason != KEPT)
    for first in range(0, len(again), _ROWS_AT_ONCE):
        rows = again[first : first + _ROWS_AT_ONCE]
        twins = index.texts("spectrum_id").take(pa.array(judgement.twin[rows])).to_pylist()
        details = [f"the same as {twin}" for twin in twins]
        yield _table(index, rows, ["duplicate"] * len(rows), judgement.reason[rows].tolist(), details)


def _mended(index: Index, judgement: Judgement) -> Iterator[pa.Table]:
    repairs = index.texts("repairs")
    for first in range(0, len(index), _ROWS_AT_ONCE):
        block = np.arange(first, min(first + _ROWS_AT_ONCE, len(index)))
        kinds = repairs.slice(first, len(block)).to_pylist()
        rows = [
            (row, kind, f"now {judgement.names[row]}" if kind == "duplicate-id" else "")
            for row, text in zip(block.tolist(), kinds, strict=True)
            if judgement.reason[row] == KEPT
            for kind in (*text.split(), *(["duplicate-id"] if row in judgement.names else []))
        ]
        if rows:
            places, reasons, details = zip(*rows, strict=True)
            yield _table(index, np.array(places), ["mended"] * len(rows), list(reasons), list(details))


def _table(index: Index, rows: np.ndarray, outcome: list[str], reason: list[str], detail: list[str]) -> pa.Table:
    taken = [index.texts(name).take(pa.array(rows)).cast(pa.string()) for name in ("source", "spectrum_id")]
    return pa.table([*taken, pa.array(outcome), pa.array(reason), pa.array(detail)], schema=REFUSED_SCHEMA)


def _repairs(index: Index, judgement: Judgement) -> dict[str, int]:
    text, texts = index.codes("repairs")
    counted: Counter[str] = Counter()
    for number, num in Counter(text[judgement.kept].tolist()).items():
        for kind in texts[number].split():
            counted[kind] += num
    if judgement.names:
        counted["duplicate-id"] += len(judgement.names)
    return dict(sorted(counted.items()))


def _added(tables: Iterator[Counts] | Sequence[Counts]) -> Counts:
    total: dict[str, Counter[str]] = {}
    for table in tables:
        for source, reasons in table.items():
            total.setdefault(source, Counter()).update(reasons)
    return {source: dict(sorted(reasons.items())) for source, reasons in sorted(total.items())}
