import math
import re

from spektron.report.page_tables import html_table
from spektron.report.values import Column, Interval, Table


def test_rows_carry_the_bare_values_they_sort_by_and_totals_stay_outside():
    columns = (Column("n", "N"), Column("t", "Time", format="duration"), Column("w", "Word"))
    cells = ((Interval(2.5, 1, 3), 192.0), (None, math.inf), (1, 2.0))
    table = Table(
        title="T", columns=columns, rows=tuple({"n": n, "t": t, "w": "x"} for n, t in cells), totals=({"t": 194.0},)
    )
    body, foot = html_table(table).split("<tfoot>")
    # A missing cell has no value, which sorts it last; JavaScript reads Infinity, not Python's inf.
    assert re.findall(r'data-v="([^"]*)"', body) == ["2.5", "192.0", "x", "Infinity", "x", "1.0", "2.0", "x"]
    assert "3 min 12 s" in body
    assert "3 min 14 s" in foot
    assert body.count("<button") == 3


def test_a_table_without_rows_says_so_and_why():
    html = html_table(Table(title="Trials", columns=(Column("a", "A"),), rows=(), note="All were refused."))
    assert "Trials: no rows." in html
    assert "All were refused." in html
