"""Figures of the study page as plotly.js traces and layout: plain values, without importing plotly.

Colours that follow the page's light or dark scheme are written as CSS variables (``var(--ink)``); `page.js` replaces
them by what they are when it draws, and again when the scheme changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from spektron.report.axes import finite_range, x_values, y_values
from spektron.report.numbers import number, percent
from spektron.report.palette import GROUP_MARKERS, MUTED, PAGE_COLOURS, arm_colours
from spektron.report.plotly_layout import Limits, Spec, plotly_layout, plotly_text
from spektron.report.series import Curve, Figure, Marker, Points
from spektron.report.values import Interval

__all__ = ["plotly_figure"]

_HOVER_STOPS = 40  # places along a vertical line where hovering finds it: one every 8 px


def plotly_figure(figure: Figure) -> Spec:
    """Write one figure as traces and layout, as ``{"data": [...], "layout": {...}}``, ready for JSON."""
    x_limits, y_limits = _limits(x_values(figure), figure.log_x), _limits(y_values(figure), figure.log_y)
    colours = {name: "var(--muted)" if c == MUTED else c for name, c in arm_colours(figure, PAGE_COLOURS).items()}
    markers = [marker for marker in figure.markers if _drawable(marker.x, figure.log_x)]
    data: list[Spec] = []
    for curve in figure.curves:
        data += _curve_traces(figure, curve, colours[curve.arm or curve.label], y_limits)
    data += [_marker_trace(figure, marker, y_limits) for marker in markers]
    groups = sorted({group for points in figure.points for group in points.group})
    for points in figure.points:
        data += _point_traces(figure, points, colours[points.arm or points.label], groups)
    if any(any(points.held_out) for points in figure.points):
        data.append(_held_out_key())
    return {"data": data, "layout": plotly_layout(figure, markers, x_limits, y_limits)}


def _limits(values: Sequence[float], log: bool) -> Limits:
    return finite_range(values, log) or (1.0, 10.0)


def _drawable(value: float, log: bool) -> bool:
    return math.isfinite(value) and (value > 0 or not log)


def _column(values: Sequence[float], log: bool) -> list[float | None]:
    return [value if _drawable(value, log) else None for value in values]


def _curve_traces(figure: Figure, curve: Curve, colour: str, limits: Limits) -> Iterator[Spec]:
    group = f"curve {curve.label}"
    name = curve.label
    if curve.low is not None:
        x, y = _band(figure, curve, limits)
        name = f"{curve.label}, with its {percent(curve.confidence)} interval"
        yield {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": y,
            "fill": "toself",
            "fillcolor": colour,
            "opacity": 0.18,
            "line": {"width": 0},
            "hoverinfo": "skip",
            "legendgroup": group,
            "showlegend": False,  # one entry hides the curve and its band
        }
    yield {
        "type": "scatter",
        "mode": "lines",
        "x": _column(curve.x, figure.log_x),
        "y": _column(curve.y, figure.log_y),
        "line": {"color": colour, "width": 1.6 if curve.style == "dashed" else 2.2, "dash": _dash(curve)},
        "customdata": [_curve_hover(figure, curve, i) for i in range(len(curve.x))],
        "hovertemplate": "%{customdata}<extra></extra>",
        "legendgroup": group,
        "name": plotly_text(name),
    }


def _dash(curve: Curve) -> str:
    return "dash" if curve.style == "dashed" else "solid"


def _band(figure: Figure, curve: Curve, limits: Limits) -> tuple[list[float | None], list[float | None]]:
    """Outline of the band, one closed polygon per run of drawable points; open ends reach the edge of the axes."""
    assert curve.low is not None
    assert curve.high is not None
    ends = [
        (x, low if _drawable(low, figure.log_y) else limits[0], high if math.isfinite(high) else limits[1])
        for x, y, low, high in zip(curve.x, curve.y, curve.low, curve.high)
        if not (math.isnan(low) or math.isnan(high))
    ]
    known = {x for x, _, _ in ends}
    of = {x: (low, high) for x, low, high in ends}
    xs: list[float | None] = []
    ys: list[float | None] = []
    for drawn, run in groupby(curve.x, key=lambda x: x in known and _drawable(x, figure.log_x)):
        if drawn:
            there = list(run)
            xs += [*there, *reversed(there), None]
            ys += [*(of[x][1] for x in there), *(of[x][0] for x in reversed(there)), None]
    return xs, ys


def _point_traces(figure: Figure, points: Points, colour: str, groups: Sequence[str]) -> Iterator[Spec]:
    """One trace per group, so that a click in the legend hides one seed; one entry for all where there are too many."""
    names = points.group or [""] * len(points.x)
    held_out = points.held_out or [False] * len(points.x)
    mine = sorted(set(names))
    each = len(groups) <= len(GROUP_MARKERS)
    for order, group in enumerate(mine):
        rows = [i for i, name in enumerate(names) if name == group]
        shape = GROUP_MARKERS[groups.index(group) % len(GROUP_MARKERS)][1] if group else "circle"
        label = f"{points.label}, {figure.group_label} {group}" if group and each and len(groups) > 1 else points.label
        yield {
            "type": "scatter",
            "mode": "markers",
            "x": _column([points.x[i] for i in rows], figure.log_x),
            "y": _column([points.y[i] for i in rows], figure.log_y),
            "marker": {
                "symbol": shape,
                "size": 9,
                "color": ["var(--ground)" if held_out[i] else _faint(colour) for i in rows],
                "line": {"color": colour, "width": 1.6},
                "opacity": 1,
            },
            **_bars(points, rows, colour),
            "customdata": [_point_hover(figure, points, i) for i in rows],
            "hovertemplate": "%{customdata}<extra></extra>",
            "cliponaxis": False,
            "name": plotly_text(label),
            "legendgroup": f"points {points.label} {group if each else ''}",
            "showlegend": each or order == 0,
        }


def _bars(points: Points, rows: Sequence[int], colour: str) -> Spec:
    """Each point's interval along x, as plotly's distances from the point; one that is open or unknown has no bar."""
    if points.low is None or points.high is None:
        return {}

    def distances(ends: Sequence[float]) -> list[float | None]:
        return [abs(ends[i] - points.x[i]) if math.isfinite(ends[i] - points.x[i]) else None for i in rows]

    bar = {"type": "data", "array": distances(points.high), "arrayminus": distances(points.low)}
    return {"error_x": bar | {"color": colour, "thickness": 2, "width": 0}}


def _faint(colour: str) -> str:
    """Let a face be seen through, so that two seeds on one place both show; its edge keeps the full colour."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.45)"


def _held_out_key() -> Spec:
    marker = {"symbol": "circle", "size": 9, "color": "var(--ground)", "line": {"color": "var(--ink)", "width": 1.8}}
    # A trace without points: what hollow means, in the legend.
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [None],
        "y": [None],
        "marker": marker,
        "name": "held out of the fit",
        "hoverinfo": "skip",
    }


def _point_hover(figure: Figure, points: Points, i: int) -> str:
    group = f"{figure.group_label} {points.group[i]}" if points.group and points.group[i] else ""
    out = "held out of the fit" if points.held_out and points.held_out[i] else ""
    lines = [f"{figure.x_label}: {number(points.x[i])}"]
    if points.low is not None and points.high is not None:
        lines.append(f"{percent(points.confidence)} interval: {number(points.low[i])} to {number(points.high[i])}")
    if figure.y_names:
        lines.insert(0, figure.y_names[round(points.y[i])])
    else:
        lines.append(f"{figure.y_label}: {number(points.y[i])}")
    return _hover(points.label, *lines, *(part for part in (group, out) if part))


def _curve_hover(figure: Figure, curve: Curve, i: int) -> str:
    lines = [f"{figure.x_label}: {number(curve.x[i], 3)}", f"{figure.y_label}: {number(curve.y[i])}"]
    if curve.low is not None and curve.high is not None:
        lines.append(f"{percent(curve.confidence)} interval: {number(curve.low[i])} to {number(curve.high[i])}")
    return _hover(curve.label, *lines)


def _hover(title: str, *lines: str) -> str:
    return "<br>".join([f"<b>{plotly_text(title)}</b>", *map(plotly_text, lines)])


def _marker_trace(figure: Figure, marker: Marker, limits: Limits) -> Spec:
    """What hovering over a vertical line says: the line itself is a shape, which plotly gives no hover."""
    places = np.geomspace(*limits, _HOVER_STOPS) if figure.log_y else np.linspace(*limits, _HOVER_STOPS)
    lines = [f"{figure.x_label}: {number(marker.x)}"]
    if marker.low is not None or marker.high is not None:
        ends = Interval(marker.x, marker.low, marker.high)
        lines.append(f"interval: {number(ends.low)} to {number(ends.high)}")
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [marker.x] * _HOVER_STOPS,
        "y": [float(place) for place in places],
        "marker": {"opacity": 0, "size": 6, "color": "var(--muted)"},
        "hovertemplate": "%{customdata}<extra></extra>",
        "customdata": [_hover(marker.label, *lines)] * _HOVER_STOPS,
        "showlegend": False,
    }
