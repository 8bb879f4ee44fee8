"""The figure of attention: a spectrum, and below it where each head looks on the same axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from spektron.core.errors import ConfigError
from spektron.report.figures import STYLE, save_drawn
from spektron.report.numbers import percent
from spektron.report.palette import INK, MUTED, PAPER_COLOURS
from spektron.report.spectrum_axes import DrawnSpectrum, Floats, set_wavenumber_axis, short

__all__ = ["HeadOnAxis", "draw_attention", "save_attention"]

_WIDTH_INCHES, _SPECTRUM_INCHES, _HEAD_INCHES, _REST_INCHES = 5.6, 1.5, 0.42, 0.8
_FILL = PAPER_COLOURS[0]
# More rows than a page has room for.
MOST_HEADS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadOnAxis:
    """Where one head looks.

    Attributes
    ----------
    label : str
    points : ndarray, shape (points,)
        What goes to each point; the sum is what goes to the axis at all, at most 1.
    """

    label: str
    points: Floats

    @property
    def share(self) -> str:
        """What goes to the axis at all; the rest goes to tokens that lie nowhere on it."""
        return percent(float(self.points.sum()))


def save_attention(
    spectrum: DrawnSpectrum, heads: Sequence[HeadOnAxis], path: Path, *, title: str, note: str = ""
) -> None:
    """Draw to a PNG, SVG or PDF, the same bytes from the same values; parameters as `draw_attention`."""
    axis = spectrum.axis_cm1
    tops = "; ".join(
        f"{head.label}: {head.share} to the axis, most at {axis[head.points.argmax()]:,.0f} cm⁻¹" for head in heads
    )
    save_drawn(
        lambda: draw_attention(spectrum, heads, title=title, note=note),
        path,
        title=f"Attention over wavenumber: {title}",
        description=f"{spectrum.words}. {tops}",
    )


def draw_attention(spectrum: DrawnSpectrum, heads: Sequence[HeadOnAxis], *, title: str, note: str = "") -> mpl.Figure:
    """Draw the spectrum and a strip for each head.

    A strip's height is attention per point, in units of what each point would get if all of it went to all points
    alike (the dashed line), on a scale of its own: heads differ tenfold. Beside it stands what goes to the axis at all.

    Raises
    ------
    ConfigError
        For no heads, or more than fit on a page.
    """
    if not 1 <= len(heads) <= MOST_HEADS:
        raise ConfigError(f"expected 1 to {MOST_HEADS} heads to draw, found {len(heads)}", "choose one block, or less")
    height = _SPECTRUM_INCHES + _HEAD_INCHES * len(heads) + _REST_INCHES
    canvas = mpl.Figure(figsize=(_WIDTH_INCHES, height), dpi=200, layout="constrained")
    FigureCanvasAgg(canvas)
    ratios = (_SPECTRUM_INCHES, *(_HEAD_INCHES for _ in heads))
    above, *strips = canvas.subplots(1 + len(heads), 1, sharex=True, height_ratios=ratios)
    above.plot(spectrum.axis_cm1, spectrum.intensity, color=INK, linewidth=0.9)
    canvas.suptitle(f"{short(spectrum.name)}\n{title}", x=0.01, ha="left", fontsize=STYLE["axes.titlesize"])
    above.set_ylabel(spectrum.quantity.replace(", ", ",\n"))
    for strip, head in zip(strips, heads, strict=True):
        _draw_strip(strip, spectrum, head)
    for axes in (above, *strips):
        axes.grid(True, axis="x")
        axes.set_axisbelow(True)
        axes.tick_params(length=2.5, width=0.7)
        set_wavenumber_axis(axes, spectrum, labelled=axes is strips[-1])
    canvas.align_ylabels(strips)
    if note:
        canvas.supxlabel(note, fontsize=6.5, color=MUTED, x=0.01, ha="left", wrap=True)
    return canvas


def _draw_strip(axes: Axes, spectrum: DrawnSpectrum, head: HeadOnAxis) -> None:
    relative = head.points * len(head.points)
    top = max(1.0, float(relative.max()))
    axes.fill_between(spectrum.axis_cm1, 0.0, relative, color=_FILL, alpha=0.35, linewidth=0, step="mid")
    axes.plot(spectrum.axis_cm1, relative, color=_FILL, linewidth=0.6, drawstyle="steps-mid")
    axes.axhline(1.0, color=MUTED, linewidth=0.6, linestyle=(0, (3, 2)))
    axes.set_ylim(0.0, 1.08 * top)
    axes.set_yticks([0.0, top], ["0", f"{float(f'{top:.2g}'):g}×"])
    axes.set_ylabel(f"{head.label}\n{head.share}", rotation=0, ha="right", va="center")
