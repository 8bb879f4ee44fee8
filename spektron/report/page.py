"""The study page: one HTML file that works offline, in MLflow's sandboxed artifact viewer and on paper.

The answer comes first, then what it rests on. Everything is in the file (plotly.js too, about 5 MB, where there is a
figure), and a content security policy forbids the page to load anything from elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from spektron.report.figure_table import describe, figure_note, figure_table
from spektron.report.markup import Html, join, script_json, tag
from spektron.report.numbers import MISSING, percent, range_text, writer
from spektron.report.page_tables import html_table
from spektron.report.plotly_figures import plotly_figure
from spektron.report.series import Figure
from spektron.report.values import Card, Headline, StudyReport, Table, is_missing
from spektron.report.words import CARD_WORDS, VERDICT_WORDS

__all__ = ["study_page"]

# Nothing from elsewhere; plotly draws some of its marks as data: images.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"

_CURVE_ROWS = 12  # of each curve, in the table that stands for a figure; its CSV holds all


_HOW_TO = "Point at a mark for its numbers; drag to zoom, double-click to return; click in the legend to hide."


def study_page(report: StudyReport) -> str:
    """Write a report as one self-contained HTML file.

    The text of the report is escaped everywhere, also inside scripts and in what plotly reads as markup. The same
    report gives the same page.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{report.title} · {report.study}"),
        tag("style", _asset("page.css")),
    )
    body = tag("body", tag("main", *_parts(report)), *_scripts(report))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _parts(report: StudyReport) -> list[Html]:
    parts = [tag("header", tag("p", report.study, class_="study"), tag("h1", report.title)), _answer(report)]
    if report.headlines:
        parts.append(tag("dl", *map(_tile, report.headlines), class_="tiles", aria_label="Key numbers"))
    if report.warnings:
        items = (tag("li", text) for text in report.warnings)
        parts.append(tag("ul", *items, class_="warnings", aria_label="Warnings"))
    parts += [_card(card, skip=report.verdict) for card in report.cards]
    parts += [_table_section(table) for table in (report.results, report.cost) if table is not None]
    if report.where_to_look:
        parts.append(tag("section", tag("h2", "Where to look"), _facts(report.where_to_look), id="where-to-look"))
    if report.provenance:
        summary = tag("summary", tag("h2", "Provenance"))
        parts.append(tag("section", tag("details", summary, _facts(report.provenance)), id="provenance"))
    return parts


def _answer(report: StudyReport) -> Html:
    """Say what was found and, beside it, what had been predicted."""
    found = tag(
        "div",
        tag("span", VERDICT_WORDS[report.status].upper(), class_="badge"),
        tag("p", report.verdict),
        class_=f"verdict {report.status}",
    )
    if not report.prediction:
        return tag("section", found, class_="answer", id="verdict")
    predicted = tag("p", tag("b", "Predicted: "), report.prediction, class_="prediction")
    return tag("section", found, predicted, class_="answer compared", id="verdict")


def _tile(headline: Headline) -> Html:
    interval = headline.value
    value = MISSING if is_missing(interval) else writer(headline.format, interval)(interval.value)
    ends = range_text(interval, headline.format, between=" to ")
    unit = tag("small", f" {headline.unit}") if headline.unit else None
    return tag(
        "div",
        tag("dt", headline.label),
        tag("dd", value, unit, class_="value"),
        tag("dd", f"{percent(interval.confidence)} interval: {ends}", class_="range") if ends else None,
        tag("dd", headline.note) if headline.note else None,
        class_="tile",
    )


def _card(card: Card, skip: str) -> Html:
    status = CARD_WORDS[card.status].capitalize()
    chip = tag("span", status, class_=f"chip {card.status}") if status else None
    body = card.body.removeprefix(skip).strip()  # the verdict stands above already
    return tag(
        "section",
        tag("h2", card.title, chip),
        tag("p", body) if body else None,
        _figure(card.figure) if card.figure is not None else None,
        html_table(card.table, caption=card.table.title != card.title) if card.table is not None else None,
        class_=f"card {card.status}",
    )


def _figure(figure: Figure) -> Html:
    plot = tag(
        "div",
        tag("noscript", "The figure needs JavaScript; its numbers are in the table below."),
        class_="plot rows" if figure.y_names else "plot",
        role="img",
        aria_label=describe(figure),
        data_spec=f"spec-{figure.name}",
    )
    note = " ".join([figure_note(figure), *_undrawn_markers(figure)]).strip()
    numbers = html_table(figure_table(figure, _CURVE_ROWS), caption=False)
    table = tag("details", tag("summary", "Numbers of this figure"), numbers)
    return tag(
        "figure",
        tag("figcaption", figure.title),
        plot,
        tag("script", script_json(plotly_figure(figure)), type="application/json", id=f"spec-{figure.name}"),
        tag("p", note, class_="note") if note else None,
        tag("p", _HOW_TO, class_="note screen"),
        table,
    )


def _undrawn_markers(figure: Figure) -> list[str]:
    lost = [marker for marker in figure.markers if not math.isfinite(marker.x) or (figure.log_x and marker.x <= 0)]
    return [f"No line for “{marker.label}”: it has no finite place on this axis." for marker in lost]


def _table_section(table: Table) -> Html:
    return tag("section", tag("h2", table.title), html_table(table, caption=False))


def _facts(facts: Mapping[str, str]) -> Html:
    pairs = (join(tag("dt", label), tag("dd", _place(text))) for label, text in facts.items())
    return tag("dl", *pairs, class_="facts")


def _place(text: str) -> Html:
    """Paths and commands are copied whole with one click; only web addresses are links."""
    if text.startswith(("http://", "https://")) and not any(c.isspace() for c in text):
        return tag("a", text, href=text, target="_blank", rel="noopener noreferrer")
    return tag("code", text)


def _scripts(report: StudyReport) -> list[Html]:
    scripts = [tag("script", _asset("page.js"))]
    return [tag("script", _plotly_js()), *scripts] if report.figures else scripts


@cache
def _asset(name: str) -> Html:
    return Html(files("spektron.report").joinpath(name).read_text(encoding="utf-8"))


def _plotly_js() -> Html:
    # Imported here, so that a terminal report does not wait for plotly.
    from plotly.offline import get_plotlyjs

    return Html(get_plotlyjs())
