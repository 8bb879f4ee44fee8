import json
import math
import re

from hypothesis import given
from hypothesis import strategies as st

from spektron.report.markup import script_json
from spektron.report.plotly_figures import plotly_figure
from spektron.report.values import Curve, Figure, Marker, Points
from tests.report.example import scaling_figure

LINK = '<a href="https://example.org">%{x}</a><img src=x onerror=alert(1)>'

# Anything a study could ever measure, and what it could not: no axis reaches the last decades that a float has.
NUMBERS = st.floats(-1e300, 1e300, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-300) | st.sampled_from(
    [math.nan, math.inf, -math.inf]
)


def test_no_label_becomes_markup_or_a_template_in_plotly():
    figure = Figure(
        name="f",
        title=LINK,
        x_label=LINK,
        y_label=LINK,
        points=(Points(label=LINK, x=(1, 2), y=(1, 2), group=(LINK, "b")),),
        curves=(Curve(label=LINK, x=(1, 2), y=(1, 2), low=(1, 1), high=(2, 2)),),
        markers=(Marker(label=LINK, x=1.5, low=1.2, high=1.8),),
        group_label=LINK,
    )
    spec = plotly_figure(figure)
    shown = [trace["name"] for trace in spec["data"] if "name" in trace]
    shown += [text for trace in spec["data"] for text in trace.get("customdata", [])]
    shown += [spec["layout"][axis]["title"]["text"] for axis in ("xaxis", "yaxis")]
    shown += [annotation["text"] for annotation in spec["layout"]["annotations"]]
    assert sum("example.org" in text for text in shown) > 8
    assert all(set(re.findall(r"<[^>]*>", text)) <= {"<b>", "</b>", "<br>"} for text in shown)
    # plotly fills %{…} in templates only, and does not look again at what it has filled in.
    templates = {trace["hovertemplate"] for trace in spec["data"] if "hovertemplate" in trace}
    assert templates == {"%{customdata}<extra></extra>"}


def test_held_out_points_are_hollow_and_the_line_has_its_band():
    spec = plotly_figure(scaling_figure())
    seed = next(trace for trace in spec["data"] if trace.get("name") == "trials, seed 0")
    hollow = [x for x, colour in zip(seed["x"], seed["marker"]["color"]) if colour == "var(--ground)"]
    assert hollow == [1480.0]
    band = next(trace for trace in spec["data"] if trace.get("fill") == "toself")
    assert band["x"][0] == band["x"][-2]
    assert [shape["type"] for shape in spec["layout"]["shapes"]] == ["rect", "line"]


def test_ticks_of_logarithmic_axes_are_readable_and_in_range():
    axis = plotly_figure(scaling_figure())["layout"]["xaxis"]
    assert axis["type"] == "log"
    assert "1K" in axis["ticktext"]
    assert all(10 ** axis["range"][0] <= tick <= 10 ** axis["range"][1] for tick in axis["tickvals"])


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=5), NUMBERS, st.booleans(), st.booleans())
def test_any_numbers_make_a_figure_that_json_can_hold(rows, place, log_x, log_y):
    x, low, high = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    figure = Figure(
        name="any",
        title="any",
        x_label="x",
        y_label="y",
        log_x=log_x,
        log_y=log_y,
        points=(Points(label="p", x=x, y=low, held_out=[True] * len(x)),),
        curves=(Curve(label="c", x=x, y=low, low=low, high=high),),
        markers=(Marker(label="m", x=place, low=-math.inf, high=math.inf),),
    )
    json.loads(script_json(plotly_figure(figure)))


def test_a_figure_of_rows_names_them_from_the_top_and_has_bars():
    points = Points(label="change", x=[-10.0, 5.0], y=[0, 1], low=[-15.0, math.nan], high=[-6.0, math.nan])
    figure = Figure(name="f", title="t", x_label="x", y_label="Arm", points=(points,), y_names=("<b>one</b>", "two"))
    spec = plotly_figure(figure)
    axis = spec["layout"]["yaxis"]
    assert axis["ticktext"] == ["&lt;b&gt;one&lt;/b&gt;", "two"]
    assert axis["range"] == [1.5, -0.5]
    (trace,) = spec["data"]
    assert trace["error_x"]["array"] == [4.0, None]
    assert trace["error_x"]["arrayminus"] == [5.0, None]
    assert "&lt;b&gt;one" in trace["customdata"][0]
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
