"""The words and sides that a table or status has everywhere: in a terminal, in a log and on the page."""

from __future__ import annotations

from spektron.report.numbers import MISSING
from spektron.report.values import CardStatus, Column, Table, VerdictStatus, is_missing

__all__ = ["CARD_WORDS", "VERDICT_WORDS", "is_numeric", "table_note"]

VERDICT_WORDS: dict[VerdictStatus, str] = {
    "enough": "Enough",
    "not_enough": "Not enough",
    "differs": "It matters",
    "cannot_tell": "Cannot tell",
    "not_applicable": "Not applicable",
}

# A card that went well needs no badge.
CARD_WORDS: dict[CardStatus, str] = {"ok": "", "warning": "warning", "not_applicable": "not applicable"}


def is_numeric(table: Table, column: Column) -> bool:
    """Whether all that a column shows are numbers, so that it is set to the right."""
    shown = [cell for row in table.rows if not is_missing(cell := row.get(column.name))]
    return bool(shown) and not any(isinstance(cell, str | bool) for cell in shown)


def table_note(table: Table) -> str:
    """Return the table's note; one with missing cells says what the dash means even if its author did not."""
    missing = any(is_missing(row.get(column.name)) for row in table.rows for column in table.columns)
    if not missing or MISSING in table.note:
        return table.note
    return f"{table.note} {MISSING}: no value was recorded.".strip()
