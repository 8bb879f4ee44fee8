"""Axes, legend and vertical lines of the page's figures, as plotly.js takes them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from spektron.report.axes import log_ticks, tick_texts
from spektron.report.series import Figure, Marker

__all__ = ["Limits", "Spec", "plotly_layout", "plotly_text"]

Spec = dict[str, Any]
Limits = tuple[float, float]

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_LABEL_PX = 17  # one line of a marker's label
_ROW_PX, _FRAME_PX = 30, 130  # of a figure of rows: each row, and what stands around them


def plotly_text(text: str) -> str:
    """Escape text for plotly, which reads tags such as ``<a href>`` and ``%{x}`` in every label."""
    return escape(text, quote=False).replace("%{", "%&#123;")


def plotly_layout(figure: Figure, markers: Sequence[Marker], x_limits: Limits, y_limits: Limits) -> Spec:
    """Write the layout of `figure`, with the vertical lines of `markers`, each label on a line of its own."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": _FONT, "size": 13, "color": "var(--ink)"},
        "margin": {"l": 12, "r": 12, "t": 12 + _LABEL_PX * len(markers), "b": 12},
        "xaxis": _axis(figure.x_label, figure.log_x, x_limits),
        "yaxis": _rows(figure) if figure.y_names else _axis(figure.y_label, figure.log_y, y_limits),
        **({"height": _FRAME_PX + _ROW_PX * len(figure.y_names)} if figure.y_names else {}),
        "shapes": [shape for marker in markers for shape in _marker_shapes(marker, x_limits)],
        "annotations": [_marker_label(figure, m, x_limits, row) for row, m in enumerate(markers)],
        "legend": {
            "orientation": "h",
            "x": 0,
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
            "itemsizing": "trace",
        },
        "hovermode": "closest",
        "hoverdistance": 12,
        "hoverlabel": {"align": "left", "bgcolor": "var(--ground)", "bordercolor": "var(--line)"},
        "dragmode": "zoom",
    }


def _axis(label: str, log: bool, limits: Limits) -> Spec:
    axis: Spec = {
        "title": {"text": plotly_text(label), "standoff": 10},
        "automargin": True,
        "range": [math.log10(end) for end in limits] if log else list(limits),
        "gridcolor": "var(--grid)",
        "linecolor": "var(--line)",
        "showline": True,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": "var(--line)",
        "zeroline": False,
        "exponentformat": "power",
        "separatethousands": True,
    }
    if log:
        ticks = log_ticks(*limits)
        axis |= {"type": "log", "tickmode": "array", "tickvals": ticks, "ticktext": tick_texts(ticks)}
    return axis


def _rows(figure: Figure) -> Spec:
    return {
        "automargin": True,
        "range": [len(figure.y_names) - 0.5, -0.5],
        "tickmode": "array",
        "tickvals": list(range(len(figure.y_names))),
        "ticktext": [plotly_text(name) for name in figure.y_names],
        "showgrid": False,
        "zeroline": False,
        "linecolor": "var(--line)",
        "showline": True,
    }


def _marker_shapes(marker: Marker, limits: Limits) -> Iterator[Spec]:
    low = marker.x if marker.low is None else max(limits[0], marker.low)
    high = marker.x if marker.high is None else min(limits[1], marker.high)
    across: Spec = {"yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    if low < high:
        yield across | {
            "type": "rect",
            "x0": low,
            "x1": high,
            "fillcolor": "var(--muted)",
            "opacity": 0.16,
            "line": {"width": 0},
        }
    line = {"color": "var(--ink)", "width": 1.3, "dash": "6px,3px"}
    yield across | {"type": "line", "x0": marker.x, "x1": marker.x, "line": line}


def _marker_label(figure: Figure, marker: Marker, limits: Limits, row: int) -> Spec:
    # plotly takes an annotation's place on a logarithmic axis as the logarithm, but a shape's as the value.
    at, low, high = (math.log10(v) if figure.log_x else v for v in (marker.x, *limits))
    share = (at - low) / (high - low)
    return {
        "text": plotly_text(marker.label),
        "x": at,
        "y": 1,
        "yref": "paper",
        "yshift": _LABEL_PX * row,
        "xanchor": "right" if share > 0.7 else "left" if share < 0.3 else "center",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12},
    }
