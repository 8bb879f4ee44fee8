"""`spektron corpus report`: every record that was rejected, was there already, or was mended, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spektron.core.errors import ConfigError, CorpusError
from spektron.core.storage import Storage
from spektron.corpus.manifest import REPORT_NAME, load_manifest

__all__ = ["render_report"]

_COLUMNS = ("source", "spectrum_id", "outcome", "reason", "detail")


def render_report(place: Storage | Path | str, wanted: Mapping[str, str], limit: int) -> RenderableType:
    """Table of the records whose columns have the wanted values.

    Parameters
    ----------
    place : Storage, Path or str
        A corpus.
    wanted : mapping
        Column (``source``, ``outcome``, ``reason``) → value; a source's name stands for all of its sets.
    limit : int
        Rows shown at most; 0 for all.

    Raises
    ------
    ConfigError
        For a source or reason that no record of the report has.
    CorpusError
        When there is no corpus, or its report is missing.
    """
    if limit < 0:
        raise ConfigError(f"--limit: expected 0 or more, found {limit}", "0 names all")
    folder = Storage.at(place)
    load_manifest(folder)
    try:
        rows = pq.read_table(folder.open(REPORT_NAME))
    except (OSError, pa.ArrowException) as error:
        raise CorpusError(
            f"expected {folder}/{REPORT_NAME}, found: {error}", "copy it again, or build the corpus again"
        ) from None
    for column, value in wanted.items():
        rows = _only(rows, column, value)
    table = Table(title=f"{len(rows):,} records", title_justify="left", title_style="bold")
    for column in _COLUMNS:
        table.add_column(column, overflow="fold")
    shown = rows.slice(0, limit or len(rows))
    for row in shown.to_pylist():
        table.add_row(*(Text(row[column]) for column in _COLUMNS))
    if (more := len(rows) - len(shown)) > 0:
        return Group(table, Text(f"… and {more:,} more; --limit 0 names all, as does {folder}/{REPORT_NAME}"))
    return table


def _only(rows: pa.Table, column: str, value: str) -> pa.Table:
    mine = pc.equal(rows[column], value)
    if column == "source":
        mine = pc.or_(mine, pc.starts_with(rows[column], f"{value}/"))
    # An outcome that nothing had is an answer; a name that nothing has is a slip.
    if column != "outcome" and not pc.any(mine).as_py():
        there = ", ".join(sorted(pc.unique(rows[column]).to_pylist())) or "none"
        raise ConfigError(f"--{column}: expected one of the report's, found {value!r}", f"there are: {there}")
    return rows.filter(mine)
