"""Every figure has its table and its description in words: for eyes that cannot see it, and for drawing it again."""

from __future__ import annotations

import math
from collections.abc import Sequence

from spektron.report.axes import x_values, y_values
from spektron.report.numbers import compact, count, number
from spektron.report.series import Curve, Figure, Points
from spektron.report.values import Cell, Column, Table

__all__ = ["describe", "figure_note", "figure_table"]


def figure_table(figure: Figure, curve_rows: int | None = None) -> Table:
    """All numbers of a figure, one row per point.

    Parameters
    ----------
    curve_rows : int, optional
        At most so many rows of each curve, evenly chosen, for a table that people read; all of them by default.
    """
    rows = [row for points in figure.points for row in _point_rows(points, figure.y_names)]
    rows += [row for curve in figure.curves for row in _curve_rows(curve, curve_rows)]
    rows += [{"series": m.label, "kind": "line", "x": m.x, "low": m.low, "high": m.high} for m in figure.markers]
    wanted = {name for row in rows for name, cell in row.items() if cell not in (None, "")}
    columns = (
        Column("series", "Series"),
        Column("kind", "Kind"),
        Column("group", figure.group_label.capitalize()),
        Column("x", figure.x_label, format=",.6g"),
        Column("y", figure.y_label),
        Column("low", "Low"),
        Column("high", "High"),
    )
    kept = tuple(c for c in columns if c.name in wanted or c.name in ("x", "y"))
    names = {c.name for c in kept}
    thinned = any(curve_rows and len(curve.x) > curve_rows for curve in figure.curves)
    return Table(
        title=f"Numbers of the figure: {figure.title}",
        columns=kept,
        rows=tuple({name: cell for name, cell in row.items() if name in names} for row in rows),
        note=" ".join(["–: not part of this row."] + [f"Curves: {curve_rows} of their points."] * thinned),
    )


def describe(figure: Figure) -> str:
    """One paragraph that stands for the picture (alternative text)."""
    parts = [f"{figure.title}.", _axis_words("x", figure.x_label, x_values(figure), figure.log_x)]
    if figure.y_names:
        parts.append(f"Rows: {', '.join(figure.y_names)}.")
    else:
        parts.append(_axis_words("y", figure.y_label, y_values(figure), figure.log_y))
    parts += [f"{len(p.x)} points: {p.label}." for p in figure.points]
    parts += [f"Curve: {c.label}{', with its interval' if c.low is not None else ''}." for c in figure.curves]
    parts += [f"Vertical line at {count(m.x)}: {m.label}." for m in figure.markers if math.isfinite(m.x)]
    return " ".join(parts)


def figure_note(figure: Figure) -> str:
    """Return the figure's note and, by name, every point that cannot be drawn: nothing is dropped silently."""
    lost = [text for points in figure.points for text in _undrawn(figure, points)]
    if not lost:
        return figure.note
    shown = "; ".join(lost[:5]) + ("; …" if len(lost) > 5 else "")
    return f"{figure.note} Not drawn: {len(lost)} point{'s' * (len(lost) > 1)} ({shown}).".strip()


def _undrawn(figure: Figure, points: Points) -> list[str]:
    groups = points.group or [""] * len(points.x)
    return [
        f"x = {number(x)}, y = {number(y)}{f', {figure.group_label} {group}' if group else ''}"
        for x, y, group in zip(points.x, points.y, groups)
        if not (_drawable(x, figure.log_x) and _drawable(y, figure.log_y))
    ]


def _drawable(value: float, log: bool) -> bool:
    return math.isfinite(value) and (value > 0 or not log)


def _point_rows(points: Points, y_names: Sequence[str]) -> list[dict[str, Cell]]:
    groups = points.group or [""] * len(points.x)
    held_out = points.held_out or [False] * len(points.x)
    rows: list[dict[str, Cell]] = [
        {
            "series": points.label,
            "kind": "held out" if out else "point",
            "group": group,
            "x": x,
            "y": y_names[round(y)] if y_names else y,
        }
        for x, y, group, out in zip(points.x, points.y, groups, held_out)
    ]
    if points.low is not None and points.high is not None:
        rows = [row | {"low": low, "high": high} for row, low, high in zip(rows, points.low, points.high)]
    return rows


def _curve_rows(curve: Curve, most: int | None) -> list[dict[str, Cell]]:
    return [
        {
            "series": curve.label,
            "kind": "curve",
            "x": curve.x[i],
            "y": curve.y[i],
            "low": curve.low[i] if curve.low is not None else None,
            "high": curve.high[i] if curve.high is not None else None,
        }
        for i in _chosen(len(curve.x), most)
    ]


def _chosen(length: int, most: int | None) -> Sequence[int]:
    if most is None or length <= most:
        return range(length)
    return [round(i * (length - 1) / (most - 1)) for i in range(most)]


def _axis_words(name: str, label: str, values: Sequence[float], log: bool) -> str:
    finite = [v for v in values if math.isfinite(v)]
    span = f"from {compact(min(finite))} to {compact(max(finite))}" if finite else "without values"
    return f"{name}: {label}, {span}{', logarithmic' if log else ''}."
