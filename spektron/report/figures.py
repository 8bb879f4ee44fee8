"""Figures for papers with matplotlib: headless, colour-blind safe, the same bytes from the same values.

Only `matplotlib.figure.Figure` is used, never pyplot: no global state, no display, safe in any thread but one at a
time per figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from spektron.core.errors import ConfigError
from spektron.core.files import atomic_path
from spektron.report.axes import finite_range, log_ticks, tick_texts, x_values, y_values
from spektron.report.figure_table import describe, figure_note
from spektron.report.numbers import compact
from spektron.report.palette import GROUP_MARKERS, INK, MUTED, PAPER_COLOURS, arm_colours
from spektron.report.series import Curve, Figure, Marker, Points

__all__ = ["FIGURE_SUFFIXES", "STYLE", "draw_figure", "save_drawn", "save_figure"]

FIGURE_SUFFIXES = (".png", ".svg", ".pdf")

# 5.6 inch is a column and a half; 200 dpi keeps a PNG sharp on a doubled display and below 100 KB.
SIZE_INCHES = (5.6, 3.7)
# A figure of rows is as high as it has rows; the frame holds title, ticks, label and note.
ROW_INCHES, ROW_FRAME = 0.22, 1.5
STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so every machine draws the same
    "font.size": 8.5,
    "text.parse_math": False,  # labels are data: a dollar sign is a dollar sign
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9.5,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "pdf.fonttype": 42,  # TrueType, as journals ask
    "svg.hashsalt": "spektron",  # the same ids, so the same bytes, in every run
}


def draw_figure(figure: Figure) -> mpl.Figure:
    """Draw a figure; its note, with every point that cannot be drawn, stands below the axes."""
    with matplotlib.rc_context(STYLE):
        width, height = SIZE_INCHES
        rows = len(figure.y_names)
        canvas = mpl.Figure(
            figsize=(width, ROW_FRAME + ROW_INCHES * rows if rows else height), dpi=200, layout="constrained"
        )
        FigureCanvasAgg(canvas)
        axes = canvas.add_subplot()
        colours = arm_colours(figure, PAPER_COLOURS)
        _set_axes(axes, figure)
        for marker in figure.markers:
            _draw_marker(axes, marker)
        for curve in figure.curves:
            _draw_curve(axes, curve, colours[curve.arm or curve.label])
        groups = sorted({group for points in figure.points for group in points.group})
        for points in figure.points:
            _draw_points(axes, figure, points, colours[points.arm or points.label], groups)
        _draw_legend(axes, figure, colours, groups)
        if note := figure_note(figure):
            canvas.supxlabel(note, fontsize=6.5, color=MUTED, x=0.01, ha="left", wrap=True)
    return canvas


def save_figure(figure: Figure, path: Path) -> None:
    """Draw `figure` to `path`, as PNG, SVG or PDF by its suffix; all of the file or nothing.

    Raises
    ------
    ConfigError
        For another suffix.
    """
    save_drawn(lambda: draw_figure(figure), path, title=figure.title, description=describe(figure))


def save_drawn(draw: Callable[[], mpl.Figure], path: Path, *, title: str, description: str) -> None:
    """Write what `draw` draws to `path`, with words for those who cannot see it; as `save_figure`."""
    suffix = path.suffix.lower()
    if suffix not in FIGURE_SUFFIXES:
        raise ConfigError(f"expected a figure's path to end in {', '.join(FIGURE_SUFFIXES)}, found {path}", "rename it")
    # No dates in the file: the same values give the same bytes. PNG takes its text under other names.
    metadata: dict[str, Any] = {
        ".png": {"Title": title, "Description": description, "Software": None},
        ".svg": {"Title": title, "Description": description, "Date": None},
        ".pdf": {"Title": title, "Subject": description, "CreationDate": None},
    }[suffix]
    with matplotlib.rc_context(STYLE), atomic_path(path) as temporary:
        draw().savefig(temporary, format=suffix[1:], metadata=metadata)


def _set_axes(axes: Axes, figure: Figure) -> None:
    axes.set_title(figure.title, loc="left", pad=16 if figure.markers else 8, wrap=True)
    axes.set_xlabel(figure.x_label)
    axes.set_ylabel(figure.y_label)
    axes.grid(True, which="major")
    axes.set_axisbelow(True)
    axes.tick_params(length=2.5, width=0.7)
    if limits := finite_range(x_values(figure), figure.log_x):
        axes.set_xlim(*limits)
        if figure.log_x:
            axes.set_xscale("log")
            _set_ticks(axes.xaxis, log_ticks(*limits))
        else:
            axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _tick(x)))
    if figure.y_names:
        axes.set_ylim(len(figure.y_names) - 0.5, -0.5)
        axes.set_yticks(range(len(figure.y_names)), figure.y_names)
        axes.grid(False, axis="y")
    elif limits := finite_range(y_values(figure), figure.log_y):
        axes.set_ylim(*limits)
        if figure.log_y:
            axes.set_yscale("log")
            _set_ticks(axes.yaxis, log_ticks(*limits))


def _tick(value: float) -> str:
    """A tick of a linear axis: in full up to four digits, for ticks lie close and wavelengths are not sizes."""
    return f"{value:.6g}" if abs(value) < 10_000 else compact(float(f"{value:.6g}"))


def _set_ticks(axis: Any, ticks: Sequence[float]) -> None:
    texts = dict(zip(ticks, tick_texts(ticks)))
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: texts.get(value, "")))
    axis.set_minor_locator(NullLocator())


def _draw_marker(axes: Axes, marker: Marker) -> None:
    if not math.isfinite(marker.x):
        return
    left, right = axes.get_xlim()
    low = marker.x if marker.low is None else max(left, marker.low)
    high = marker.x if marker.high is None else min(right, marker.high)
    if low < high:
        axes.axvspan(low, high, color=MUTED, alpha=0.13, linewidth=0)
    axes.axvline(marker.x, color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
    # Above the axes, on the side with more room, so that it covers no point; in points, so that in high figures it
    # stays below the title.
    share = axes.transAxes.inverted().transform(axes.transData.transform((marker.x, 1)))[0]
    side = "right" if share > 0.75 else "left" if share < 0.25 else "center"
    axes.annotate(
        marker.label,
        xy=(marker.x, 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 3),
        textcoords="offset points",
        fontsize=7.5,
        ha=side,
        va="bottom",
    )


def _draw_curve(axes: Axes, curve: Curve, colour: str) -> None:
    if curve.low is not None and curve.high is not None:
        axes.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.16, linewidth=0, zorder=1.5)
    dashes = (0, (3, 2)) if curve.style == "dashed" else "-"
    axes.plot(curve.x, curve.y, color=colour, linewidth=1.1 if curve.style == "dashed" else 1.5, linestyle=dashes)


def _draw_points(axes: Axes, figure: Figure, points: Points, colour: str, groups: list[str]) -> None:
    held_out = points.held_out or [False] * len(points.x)
    names = points.group or [""] * len(points.x)
    if points.low is not None and points.high is not None:
        axes.hlines(points.y, points.low, points.high, color=colour, linewidth=1.3, zorder=2.5)
    for x, y, name, hollow in zip(points.x, points.y, names, held_out):
        shape = GROUP_MARKERS[groups.index(name) % len(GROUP_MARKERS)][0] if name else "o"
        # A see-through face with a full edge: two seeds on one place are both seen without moving either.
        face = "white" if hollow else to_rgba(colour, 0.45)
        axes.plot([x], [y], shape, markersize=5, mfc=face, mec=colour, mew=0.9, linestyle="", zorder=3)


def _draw_legend(axes: Axes, figure: Figure, colours: dict[str, str], groups: list[str]) -> None:
    handles: list[Any] = []
    for points in figure.points:
        if figure.y_names and len(figure.points) == 1:
            continue  # the rows' names say all there is to say
        colour = colours[points.arm or points.label]
        face = to_rgba(colour, 0.45)
        handles.append(Line2D([], [], marker="o", ls="", mfc=face, mec=colour, markersize=5, label=points.label))
    if any(any(points.held_out) for points in figure.points):
        handles.append(
            Line2D([], [], marker="o", ls="", mfc="white", mec=INK, markersize=5, label="held out of the fit")
        )
    for curve in figure.curves:
        style = "--" if curve.style == "dashed" else "-"
        handles.append(Line2D([], [], ls=style, color=colours[curve.arm or curve.label], label=curve.label))
    if band := next((curve for curve in figure.curves if curve.low is not None), None):
        colour = colours[band.arm or band.label]
        handles.append(Patch(color=colour, alpha=0.2, lw=0, label=f"{band.confidence:.0%} interval".replace("%", " %")))
    if len(groups) > 1:
        for group, (shape, _) in zip(groups, GROUP_MARKERS):
            label = f"{figure.group_label} {group}"
            handles.append(Line2D([], [], marker=shape, ls="", mfc="none", mec=MUTED, markersize=4.5, label=label))
    if handles:
        axes.legend(handles=handles, loc="best", handlelength=1.8, labelspacing=0.35)
