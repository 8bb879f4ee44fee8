import dataclasses
import io
import math

import pytest
from rich.console import Console

from spektron.report.terminal import render_plain, render_report, render_table
from spektron.report.values import Card, Column, Headline, Interval, StudyReport, Table
from tests.report.example import example_report, results_table


def on_terminal(renderable, width):
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system="truecolor", legacy_windows=False)
    console.print(renderable)
    return out.getvalue()


def without_codes(text):
    from rich.text import Text

    return Text.from_ansi(text).plain


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(width):
    text = without_codes(on_terminal(render_report(example_report()), width))
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    words = text.replace("│", " ").split()
    for word in ("133.3", "0.0158", "[0.551,", "4,400", "reused", "corpus_scaling@1"):
        assert word in words


@pytest.mark.parametrize("width", [60, 80])
def test_paths_and_addresses_stay_whole_where_a_line_can_hold_them(width):
    place = "/" + "x" * (width - 2)
    report = dataclasses.replace(example_report(), where_to_look={"results": place, "short": "a.csv"})
    lines = [line.rstrip() for line in without_codes(on_terminal(render_report(report), width)).splitlines()]
    assert place in lines
    assert any(line.split() == ["short", "a.csv"] for line in lines)


def test_the_plain_text_has_no_codes_boxes_or_trailing_spaces():
    text = render_plain(example_report())
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text
    assert not [c for c in text if 0x2500 <= ord(c) <= 0x259F]
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_file_gets_the_plain_text_without_asking():
    out = io.StringIO()
    Console(file=out, width=100).print(render_report(example_report()))
    assert [line.rstrip() for line in out.getvalue().splitlines()] == render_plain(example_report()).splitlines()


def test_the_verdict_comes_after_what_it_rests_on_and_before_where_to_look():
    text = render_plain(example_report())
    places = [text.index(part) for part in ("Results", "Scaling law", "Cost", "Warning:", "NOT ENOUGH", "MLflow run")]
    assert places == sorted(places)


def test_labels_are_text_not_markup():
    rude = "[bold]n[/] [link=x] :smile: {0} %s"
    table = Table(title=rude, columns=(Column("a", rude),), rows=({"a": rude},), note=rude)
    report = StudyReport(
        study=rude,
        title=rude,
        status="enough",
        verdict=rude,
        headlines=(Headline(label=rude, value=Interval(1.0)),),
        cards=(Card(title=rude, body=f"Body: {rude}", table=table),),
        results=table,
        warnings=(rude,),
        where_to_look={rude: rude},
    )
    assert render_plain(report, width=200).count(rude) == 16
    assert without_codes(on_terminal(render_report(report), 200)).count(rude) == 16


def test_a_missing_cell_gets_a_reason_even_without_a_note():
    table = Table(title="t", columns=(Column("a", "A"),), rows=({"a": math.nan}, {"a": 1.0}))
    assert "–: no value was recorded." in without_codes(on_terminal(render_table(table), 80))
    assert "no value" not in without_codes(on_terminal(render_table(results_table()), 80))


def test_a_long_cost_table_shows_its_totals_and_says_where_the_rest_is():
    text = render_plain(example_report())
    assert "the whole answer (16 trials)" in text
    assert "n=24 seed=0" not in text
    assert "Each of the 16 trials is in the report." in text


def test_what_does_not_apply_says_so():
    report = StudyReport(study="s@1", title="?", status="not_applicable", verdict="Not applicable, because x.")
    assert "NOT APPLICABLE" in render_plain(report)


def test_an_empty_table_is_drawn():
    assert "t" in on_terminal(render_table(Table(title="t", columns=(Column("a", "A"),), rows=())), 60)
