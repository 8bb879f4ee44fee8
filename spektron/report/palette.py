"""Colours and shapes that everyone tells apart: Okabe and Ito (2008), with shape and line style as a second code."""

from __future__ import annotations

from spektron.report.series import Figure

__all__ = ["GROUP_MARKERS", "INK", "MUTED", "PAGE_COLOURS", "PAPER_COLOURS", "arm_colours"]

INK = "#1c1f23"
MUTED = "#6b7178"

# Okabe & Ito, "Color universal design" (2008); yellow and black left out (too light on white; black is the ink).
PAPER_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

# The same hues, shifted so that each has a contrast of at least 3:1 on the page's white and on its dark ground.
PAGE_COLOURS = ("#2f86c9", "#d55e00", "#009e73", "#c069a0", "#b9800f", "#3a97c9")

# matplotlib's and plotly's names of one shape.
GROUP_MARKERS = (
    ("o", "circle"),
    ("s", "square"),
    ("^", "triangle-up"),
    ("D", "diamond"),
    ("v", "triangle-down"),
    ("P", "cross"),
)


def arm_colours(figure: Figure, palette: tuple[str, ...]) -> dict[str, str]:
    """Give every arm a colour, in order of appearance, points first; dashed curves of no arm are grey."""
    names = [points.arm or points.label for points in figure.points]
    names += [curve.arm or curve.label for curve in figure.curves if curve.arm or curve.style == "solid"]
    arms = list(dict.fromkeys(names))
    colours = {arm: palette[i % len(palette)] for i, arm in enumerate(arms)}
    return {curve.label: MUTED for curve in figure.curves} | colours
