import dataclasses
import json
import math
import queue
import re
import shutil
import subprocess
import threading
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from spektron.report.markup import Html, join, script_json, tag
from spektron.report.page import study_page
from spektron.report.plotly_figures import plotly_figure
from spektron.report.values import Card, Column, Curve, Figure, Headline, Interval, Marker, Points, StudyReport, Table
from tests.report.example import example_report, scaling_figure

EVIL = (
    """</script></style><script>document.title='pwned'</script><img src=x onerror="document.title='pwned'">"'&%{x}$"""
)


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and the text outside scripts and styles."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self._within = [], "", []
        self.feed(html)

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        self._within.append(name)

    def handle_endtag(self, name):
        while self._within and self._within.pop() != name:
            pass

    def handle_data(self, data):
        if self._within and self._within[-1] not in ("script", "style"):
            self.text += data


@pytest.fixture(scope="module")
def html():
    return study_page(example_report())


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def evil_report():
    points = Points(label=EVIL, x=(1, 2), y=(1, 2), group=(EVIL, "b"), arm=EVIL)
    curve = Curve(label=EVIL, x=(1, 2), y=(1, 2), low=(1, 1), high=(2, 2))
    figure = Figure(
        name="figure", title=EVIL, x_label=EVIL, y_label=EVIL, note=EVIL, group_label=EVIL,
        points=(points,), curves=(curve,), markers=(Marker(label=EVIL, x=1.5),),
    )  # fmt: skip
    table = Table(
        title=EVIL, columns=(Column("a", EVIL, EVIL),), rows=({"a": EVIL},) * 3, totals=({"a": EVIL},), note=EVIL
    )
    return StudyReport(
        study=EVIL, title=EVIL, prediction=EVIL, status="enough", verdict=EVIL,
        headlines=(Headline(label=EVIL, value=Interval(1.0, 0.5, 2.0), unit=EVIL, note=EVIL),),
        cards=(Card(title=EVIL, body=EVIL + ".", table=table, figure=figure),), results=table, cost=table,
        provenance={EVIL: EVIL},
        where_to_look={EVIL: EVIL, "web": "https://example.org/\"onclick=alert(1)", "js": "javascript:alert(1)"},
        warnings=(EVIL,),
    )  # fmt: skip


def test_the_answer_comes_first(page):
    order = ["How much corpus", "NOT ENOUGH", "4,400", "3,100 to 7,200", "2.1 %", "Warning", "Results", "Cost"]
    order += ["Where to look", "Provenance"]
    places = [page.text.index(part, page.text.index("How much corpus")) for part in order]
    assert places == sorted(places)


def test_nothing_is_loaded_from_elsewhere(page):
    for name, attributes in page.elements:
        assert "src" not in attributes, name
        assert name not in ("link", "iframe", "object", "embed", "img")
        if "href" in attributes:
            assert name == "a"
    policies = [a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies
    assert "default-src 'none'" in policies[0]


def test_plotly_is_there_once_and_only_where_there_is_a_figure(html):
    banner = "plotly.js v"
    assert html.count(banner) == 1
    without = study_page(dataclasses.replace(example_report(), cards=()))
    assert banner not in without
    assert len(without) < 60_000


def test_the_same_report_gives_the_same_page(html):
    assert study_page(example_report()) == html


def test_no_text_of_a_report_becomes_markup():
    evil, harmless = Page(study_page(evil_report())), Page(study_page(_harmless(evil_report())))
    assert [name for name, _ in evil.elements] == [name for name, _ in harmless.elements]
    assert evil.text.count(EVIL) >= 20
    assert not [a for _, a in evil.elements if any(key.startswith("on") for key in a)]
    assert not [a["href"] for name, a in evil.elements if name == "a" and not a["href"].startswith("https://")]


def test_every_figure_has_a_description_and_its_table(page):
    plots = [a for _, a in page.elements if a.get("class") == "plot"]
    assert len(plots) == 1
    assert plots[0]["role"] == "img"
    assert "16 points" in plots[0]["aria-label"]
    assert "Numbers of this figure" in page.text


def test_numbers_are_sortable_by_value_and_missing_ones_have_none(html):
    assert 'data-v="1480.0">1,480</td>' in html
    assert re.search(r'<td class="n">–</td>', html)


def test_the_drawing_holds_every_point_with_its_hover_text():
    spec = plotly_figure(scaling_figure())
    marks = [t for t in spec["data"] if t["mode"] == "markers" and str(t.get("name", "")).startswith("trials")]
    assert sorted(x for t in marks for x in t["x"]) == sorted(scaling_figure().points[0].x)
    assert {t["marker"]["symbol"] for t in marks} == {"circle", "square"}
    hovers = [text for t in marks for text in t["customdata"]]
    assert any("1,480" in text and "seed 1" in text and "held out" in text for text in hovers)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [(), (math.nan,), (0.0, -1.0), (3.0,), (1e-200, 1e200), (math.inf, 2.0)])
def test_any_figure_becomes_valid_json(log, values):
    points, curve = Points(label="p", x=values, y=values), Curve(label="c", x=values, y=values, low=values, high=values)
    markers = (Marker(label="nowhere", x=math.nan), Marker(label="open", x=5.0, low=-math.inf, high=math.inf))
    figure = Figure(
        name="f", title="t", x_label="x", y_label="y", log_x=log, log_y=log,
        points=(points,), curves=(curve,), markers=markers,
    )  # fmt: skip
    json.loads(script_json(plotly_figure(figure)))


def test_markup_escapes_what_is_not_markup():
    assert tag("p", "<b>", Html("<i></i>"), None, class_='"x"', hidden=True, data_v=None) == (
        '<p class="&quot;x&quot;" hidden>&lt;b&gt;<i></i></p>'
    )
    assert join("a", None, "&") == "a&amp;"
    assert "<" not in script_json({"a": "</script><!--"})
    assert json.loads(script_json({"a": "</script>\u2028"})) == {"a": "</script>\u2028"}


# Run inside the page, as its last script; it clicks, looks, and tells the outside.
PROBE = """<script>addEventListener("load", () => setTimeout(() => {
  const table = [...document.querySelectorAll("table.sortable")].find((t) => t.textContent.includes("Validation MSE"));
  const column = (i) => table ? [...table.tBodies[0].rows].map((row) => row.cells[i].textContent) : [];
  const before = column(2);
  if (table) table.tHead.rows[0].cells[2].querySelector("button").click();
  parent.postMessage(JSON.stringify({
    drawn: document.querySelectorAll(".plot .main-svg").length,
    marks: document.querySelectorAll(".plot path.point").length,
    before, after: column(2), title: document.title, text: document.querySelector(".plot").textContent,
  }), "*");
}, 300));</script></body>"""


@pytest.mark.e2e
@pytest.mark.parametrize("evil", [False, True])
def test_in_a_browser_inside_a_sandboxed_frame(tmp_path, html, evil):
    """MLflow shows artifacts as a blob in ``<iframe sandbox="allow-scripts">``: no storage, no origin, no downloads."""
    source = study_page(evil_report()) if evil else html
    seen = _browse(tmp_path, PROBE.join(source.rsplit("</body>", 1)))
    assert seen["drawn"] >= 1
    assert seen["title"] != "pwned"
    if evil:
        assert "onerror" in seen["text"]  # the label is there, as text
    else:
        assert seen["marks"] >= 16
        assert seen["after"] == sorted(seen["before"])
        assert seen["before"] != seen["after"]


FRAME = """<!doctype html><iframe id=frame sandbox=allow-scripts width=1000 height=3000></iframe><script>
addEventListener("message", (event) => fetch("/seen", {method: "POST", body: event.data}));
fetch("/page").then((page) => page.blob()).then((blob) => {
  frame.src = URL.createObjectURL(new Blob([blob], {type: "text/html"}));
});</script>"""


def _browse(tmp_path, source):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium or google-chrome on this machine")
    seen = queue.Queue()

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write((source if self.path == "/page" else FRAME).encode())

        def do_POST(self):
            seen.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    words = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
    words += f" disable-component-update disable-sync user-data-dir={tmp_path / 'profile'}"
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        flags = [f"--{word}" for word in (*words.split(), "remote-debugging-port=0")]  # keeps it open
        address = f"http://127.0.0.1:{server.server_port}/"
        with subprocess.Popen([browser, *flags, address], stderr=subprocess.DEVNULL) as process:
            try:
                return seen.get(timeout=60)
            finally:
                process.terminate()
                server.shutdown()


def _harmless(report):
    """The same report with plain words, to compare the structure of the two pages."""

    def plain(value):
        if isinstance(value, str):
            return value.replace(EVIL, "plain")
        if isinstance(value, tuple):
            return tuple(plain(item) for item in value)
        if isinstance(value, dict):
            return {plain(key): plain(item) for key, item in value.items()}
        if dataclasses.is_dataclass(value):
            fields = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
            return type(value)(**fields)
        return value

    return plain(report)
