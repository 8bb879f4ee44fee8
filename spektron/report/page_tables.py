"""Tables of the study page: numbers as the terminal writes them, with the bare value beside each for sorting."""

from __future__ import annotations

from spektron.report.markup import Html, join, tag
from spektron.report.numbers import MISSING, column_texts
from spektron.report.values import Cell, Column, Interval, Table, is_missing
from spektron.report.words import is_numeric, table_note

__all__ = ["html_table"]

_SORTABLE_FROM = 3  # rows; nobody sorts two
_LONG = 40  # rows; beyond, the table scrolls by itself under its headings


def html_table(table: Table, caption: bool = True) -> Html:
    """Draw a table with its note; numbers to the right, totals in the foot, where sorting does not move them.

    Parameters
    ----------
    caption : bool
        Whether the title stands above it; False where a heading says it already.
    """
    if not table.rows and not table.totals:
        return join(tag("p", f"{table.title}: no rows.", class_="note"), _note(table))
    sortable = len(table.rows) >= _SORTABLE_FROM
    numeric = [is_numeric(table, column) for column in table.columns]
    texts = [column_texts(table, column) for column in table.columns]
    heads = [_head(column, right, sortable) for column, right in zip(table.columns, numeric)]
    body = [
        tag("tr", *(_cell(texts[c][0][r], row.get(column.name), numeric[c]) for c, column in enumerate(table.columns)))
        for r, row in enumerate(table.rows)
    ]
    foot = [
        tag("tr", *(tag("td", _total(texts[c][1][r]), class_="n" if numeric[c] else None) for c in range(len(texts))))
        for r in range(len(table.totals))
    ]
    drawn = tag(
        "table",
        tag("caption", table.title) if caption else None,
        tag("thead", tag("tr", *heads)),
        tag("tbody", *body),
        tag("tfoot", *foot) if foot else None,
        class_="sortable" if sortable else None,
    )
    # Focusable, so that the keyboard can scroll what does not fit.
    scroll = "scroll long" if len(table.rows) > _LONG else "scroll"
    return join(tag("div", drawn, class_=scroll, tabindex=0, role="region", aria_label=table.title), _note(table))


def _note(table: Table) -> Html | None:
    return tag("p", note, class_="note") if (note := table_note(table)) else None


def _total(text: str) -> str:
    return "" if text == MISSING else text


def _head(column: Column, right: bool, sortable: bool) -> Html:
    inside = tag("button", column.heading, type="button", title="Sort") if sortable else column.heading
    return tag("th", inside, scope="col", class_="n" if right else None)


def _cell(text: str, value: Cell, right: bool) -> Html:
    return tag("td", text, class_="n" if right else None, data_v=_sort_key(value))


def _sort_key(value: Cell) -> str | None:
    if value is None or is_missing(value):
        return None
    bare = value.value if isinstance(value, Interval) else value
    # JavaScript reads Infinity and -Infinity, not Python's inf.
    return repr(float(bare)).replace("inf", "Infinity") if isinstance(bare, int | float) else bare
