import math
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from spektron.core.errors import ConfigError
from spektron.report.axes import finite_range, log_ticks, tick_texts
from spektron.report.figures import draw_figure, save_figure
from spektron.report.palette import PAGE_COLOURS
from spektron.report.values import Curve, Figure, Marker, Points
from tests.report.example import scaling_figure


def test_ticks_of_the_example_are_those_people_read():
    assert tick_texts(log_ticks(18, 8000)) == ["20", "50", "100", "200", "500", "1K", "2K", "5K"]


@given(st.floats(1e-9, 1e9), st.floats(1, 1e9))
def test_log_ticks_are_few_ascending_inside_and_told_apart(low, factor):
    high = low * factor
    ticks = log_ticks(low, high)
    assert 1 <= len(ticks) <= 12
    assert all(low * (1 - 1e-6) <= tick <= high * (1 + 1e-6) for tick in ticks)
    assert all(a < b for a, b in pairwise(ticks))
    assert len(set(tick_texts(ticks))) == len(ticks)
    if factor > 1.5:
        assert len(ticks) >= 2


def test_a_range_has_a_margin_and_ignores_what_cannot_be_drawn():
    low, high = finite_range([0.0, -1.0, math.nan, math.inf, 10.0, 100.0], log=True)
    assert 8 < low < 10
    assert 100 < high < 125
    assert finite_range([math.nan], log=False) is None
    assert finite_range([5.0], log=False) == (4.75, 5.25)


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_a_figure_is_saved_the_same_each_time(tmp_path, suffix, start):
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    save_figure(scaling_figure(), first)
    save_figure(scaling_figure(), second)
    assert first.read_bytes().startswith(start)
    assert first.read_bytes() == second.read_bytes()


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="svg"):
        save_figure(scaling_figure(), tmp_path / "figure.gif")


def test_the_svg_carries_title_and_description(tmp_path):
    save_figure(scaling_figure(), tmp_path / "a.svg")
    text = "".join(ElementTree.parse(tmp_path / "a.svg").getroot().itertext())
    assert "Validation loss against corpus size" in text
    assert "16 points" in text


def test_every_seed_has_its_shape_and_held_out_points_are_hollow():
    axes = draw_figure(scaling_figure()).axes[0]
    drawn = [line for line in axes.lines if line.get_linestyle() == "None"]
    assert len(drawn) == 16
    assert {line.get_marker() for line in drawn} == {"o", "s"}
    hollow = [line for line in drawn if line.get_markerfacecolor() == "white"]
    assert [line.get_xdata()[0] for line in hollow] == [1480, 1480]


def test_axis_labels_are_data_not_mathematics():
    figure = Figure(name="f", title="cost in $ and $", x_label="a_{b", y_label="$x^", points=(_line(),))
    axes = draw_figure(figure).axes[0]
    assert axes.get_xlabel() == "a_{b"
    draw_figure(figure).canvas.draw()


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [(), (math.nan,), (0.0, -1.0), (3.0,), (1e-200, 1e200), (7.0, 7.0)])
def test_anything_can_be_drawn(tmp_path, log, values):
    points = Points(label="p", x=values, y=values)
    curve = Curve(label="c", x=values, y=values, low=values, high=values)
    markers = (Marker(label="nowhere", x=math.nan), Marker(label="open", x=5.0, low=-math.inf, high=math.inf))
    figure = Figure(
        name="f",
        title="t",
        x_label="x",
        y_label="y",
        log_x=log,
        log_y=log,
        points=(points,),
        curves=(curve,),
        markers=markers,
    )
    save_figure(figure, tmp_path / "f.png")


@settings(max_examples=5)
@given(st.lists(st.sampled_from(["0", "1", "2", "3", "4", "5", "6", "7", "8"]), min_size=1, max_size=12))
def test_more_seeds_than_shapes_still_draw(groups):
    n = len(groups)
    points = Points(label="p", x=range(1, n + 1), y=range(1, n + 1), group=groups)
    draw_figure(Figure(name="f", title="t", x_label="x", y_label="y", points=(points,)))


@pytest.mark.parametrize("ground", ["#ffffff", "#16181b"])
def test_page_colours_have_enough_contrast(ground):
    assert [c for c in PAGE_COLOURS if _contrast(c, ground) < 3.0] == []


def _line():
    return Points(label="p", x=(1, 2), y=(1, 2))


def _contrast(a, b):
    def luminance(colour):
        rgb = np.array(to_rgb(colour))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def forest(**changes):
    points = Points(
        label="change", x=[-10.0, 5.0, 2.0], y=[0, 2, 3], low=[-15.0, -1.0, math.nan], high=[-6.0, 12.0, math.nan]
    )
    names = ("small", "reference", "a long name, with 3 words", "one seed")
    values = {"points": (points,), "markers": (Marker(label="reference", x=0.0),), "y_names": names, **changes}
    return Figure(name="forest", title="Arms", x_label="Change (%)", y_label="Arm", **values)


def test_rows_stand_from_the_top_under_their_names_with_a_bar_each():
    axes = draw_figure(forest()).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(forest().y_names)
    bottom, top = axes.get_ylim()
    assert (bottom, top) == (3.5, -0.5)
    (bars,) = axes.collections
    drawn = [segment[:, 0].tolist() for segment in bars.get_segments() if len(segment) and not np.isnan(segment).any()]
    assert drawn == [[-15.0, -6.0], [-1.0, 12.0]]
    left, right = axes.get_xlim()
    assert left < -15.0
    assert right > 12.0


def test_a_figure_of_rows_is_as_high_as_it_has_rows():
    many = forest(y_names=tuple(f"arm {i}" for i in range(40)))
    assert draw_figure(many).get_size_inches()[1] > 2 * draw_figure(forest()).get_size_inches()[1]


@pytest.mark.parametrize("rows", [4, 40])
def test_the_name_of_a_line_stands_below_the_title_however_high_the_figure_is(rows):
    canvas = draw_figure(forest(y_names=tuple(f"arm {i}" for i in range(rows))))
    canvas.draw_without_rendering()
    (axes,) = canvas.axes
    (name,) = axes.texts
    title = axes._left_title.get_window_extent()
    assert name.get_window_extent().y1 <= title.y0
    assert name.get_window_extent().y0 >= axes.get_window_extent().y1


def test_both_ends_of_intervals_or_neither():
    with pytest.raises(ConfigError, match="both ends"):
        Points(label="p", x=[1.0], y=[0.0], low=[0.0])
    with pytest.raises(ConfigError, match="equally long"):
        Points(label="p", x=[1.0], y=[0.0], low=[0.0, 1.0], high=[2.0, 3.0])
