"""Tables as CSV: every digit, one header line, so that a figure can be drawn again from its table."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from spektron.core.files import write_text
from spektron.report.values import Cell, Column, Interval, Table

__all__ = ["csv_text", "write_csv"]


def write_csv(table: Table, path: Path) -> None:
    """Write a table's rows to `path` (UTF-8, RFC 4180 quoting), all of it or nothing; totals are left to the reader."""
    write_text(path, csv_text(table))


def csv_text(table: Table) -> str:
    """Write the rows as CSV under the columns' names.

    Floats keep every digit; a missing cell is empty. A column that holds intervals becomes three: ``name``,
    ``name_low`` and ``name_high``.
    """
    wide = {c.name for c in table.columns if any(isinstance(row.get(c.name), Interval) for row in table.rows)}
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow([name for c in table.columns for name in _header(c, c.name in wide)])
    for row in table.rows:
        lines.writerow([text for c in table.columns for text in _fields(row.get(c.name), c.name in wide)])
    return out.getvalue()


def _header(column: Column, wide: bool) -> list[str]:
    return [column.name, f"{column.name}_low", f"{column.name}_high"] if wide else [column.name]


def _fields(cell: Cell, wide: bool) -> list[str]:
    if isinstance(cell, Interval):
        return [_field(cell.value), _field(cell.low), _field(cell.high)]
    return [_field(cell), "", ""] if wide else [_field(cell)]


def _field(cell: bool | int | float | str | None) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return repr(cell) if isinstance(cell, float) else str(cell)
