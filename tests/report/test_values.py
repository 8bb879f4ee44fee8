import csv
import dataclasses
import io
import math

import numpy as np
import pytest

from spektron.core.errors import ConfigError
from spektron.report.figure_table import describe, figure_note, figure_table
from spektron.report.tables import csv_text, write_csv
from spektron.report.values import Card, Column, Curve, Figure, Interval, Points, StudyReport, Table
from tests.report.example import example_report, results_table, scaling_figure


def test_values_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        example_report().title = "another"  # type: ignore[misc]


def test_arrays_become_tuples_of_plain_floats():
    points = Points(label="a", x=np.array([1, 2]), y=np.array([1.0, 2.0], dtype=np.float32), group=np.array([0, 1]))
    assert points.x == (1.0, 2.0)
    assert points.group == ("0", "1")
    assert type(points.y[0]) is float


@pytest.mark.parametrize(
    "build",
    [
        lambda: Points(label="a", x=(1, 2), y=(1,)),
        lambda: Points(label="a", x=(1, 2), y=(1, 2), group=("0",)),
        lambda: Curve(label="a", x=(1, 2), y=(1, 2), low=(1, 1)),
        lambda: Curve(label="a", x=(1, 2), y=(1, 2), low=(1,), high=(2,)),
        lambda: Interval(1.0, 3.0, 2.0),
        lambda: Interval(1.0, confidence=95),
        lambda: Table(title="t", columns=(Column("a", "A"),), rows=({"b": 1},)),
        lambda: Figure(name="../x", title="", x_label="", y_label=""),
        lambda: StudyReport(
            study="s@1",
            title="?",
            status="enough",
            verdict="",
            cards=(Card(title="a", figure=scaling_figure()), Card(title="b", figure=scaling_figure())),
        ),
    ],
)
def test_what_does_not_fit_is_refused(build):
    with pytest.raises(ConfigError) as info:
        build()
    assert info.value.hint


def test_csv_keeps_every_digit_and_gives_intervals_three_columns(tmp_path):
    table = Table(
        title="t",
        columns=(Column("n", "N", format="compact"), Column("b", "β"), Column("s", "State"), Column("ok", "OK")),
        rows=(
            {"n": 1480, "b": Interval(0.1 + 0.2, 0.2, math.inf), "s": 'a "quoted", text', "ok": True},
            {"n": None, "b": math.nan, "s": "second\nline"},
        ),
        totals=({"n": 1480},),
    )
    write_csv(table, tmp_path / "t.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text())))
    assert rows[0] == {
        "n": "1480",
        "b": "0.30000000000000004",
        "b_low": "0.2",
        "b_high": "inf",
        "s": 'a "quoted", text',
        "ok": "true",
    }
    assert rows[1]["n"] == rows[1]["b"] == rows[1]["ok"] == ""
    assert rows[1]["s"] == "second\nline"
    assert len(rows) == 2


def test_csv_of_the_results_reads_back():
    rows = list(csv.DictReader(io.StringIO(csv_text(results_table()))))
    assert [float(row["val_mse"]) for row in rows] == [row["val_mse"] for row in results_table().rows]


def test_every_number_of_a_figure_is_in_its_table():
    figure = scaling_figure()
    rows = figure_table(figure).rows
    assert len(rows) == 16 + 120 + 120 + 1
    assert sum(row["kind"] == "held out" for row in rows) == 2
    assert {row.get("group") for row in rows if row["kind"] == "point"} == {"0", "1"}


def test_a_table_for_reading_shows_the_ends_of_each_curve_and_says_what_it_left_out():
    figure = scaling_figure()
    table = figure_table(figure, curve_rows=12)
    curve = [row["x"] for row in table.rows if row["series"] == figure.curves[0].label]
    assert len(curve) == 12
    assert (curve[0], curve[-1]) == (figure.curves[0].x[0], figure.curves[0].x[-1])
    assert "12" in table.note


def test_points_that_cannot_be_drawn_are_named():
    points = Points(label="p", x=(10, 20, 40), y=(1.0, math.nan, -1.0), group=("0", "1", "0"))
    note = figure_note(Figure(name="f", title="", x_label="", y_label="", log_y=True, points=(points,), note="Note."))
    assert note.startswith("Note. Not drawn: 2 points")
    assert "x = 20, y = –, seed 1" in note


def test_the_description_names_axes_series_and_lines():
    text = describe(scaling_figure())
    for part in ("spectra in the corpus", "logarithmic", "16 points", "E + B·D^(−β)", "4,400"):
        assert part in text
