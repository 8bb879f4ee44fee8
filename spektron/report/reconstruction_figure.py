"""The figure of a masked spectrum: what was hidden, what the model says lies there, and what was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from spektron.report.figures import save_drawn
from spektron.report.palette import INK, MUTED, PAPER_COLOURS
from spektron.report.spectrum_axes import DrawnSpectrum, Floats, set_wavenumber_axis, short

__all__ = ["draw_reconstruction", "hidden_spans", "save_reconstruction"]

# A column and a half wide, as other figures; the residual has a quarter of the height.
_SIZE_INCHES = (5.6, 3.7)
_PREDICTED = PAPER_COLOURS[1]


def save_reconstruction(
    spectrum: DrawnSpectrum, mask: NDArray[np.bool_], predicted: Floats, path: Path, *, note: str = ""
) -> None:
    """Draw to a PNG, SVG or PDF, the same bytes from the same values; parameters as `draw_reconstruction`."""
    words = f"{spectrum.words}; {mask.mean():.0%} of the points hidden in {len(hidden_spans(mask))} spans. {note}"
    save_drawn(
        lambda: draw_reconstruction(spectrum, mask, predicted, note=note),
        path,
        title="Reconstruction of hidden regions",
        description=words.strip(),
    )


def draw_reconstruction(
    spectrum: DrawnSpectrum, mask: NDArray[np.bool_], predicted: Floats, *, note: str = ""
) -> mpl.Figure:
    """Draw the spectrum, the prediction where it was hidden, and below it the error there.

    Parameters
    ----------
    spectrum : DrawnSpectrum
    mask : ndarray, shape (points,), bool
        True where a point was hidden.
    predicted : ndarray, shape (points,)
        In the unit of the intensities; looked at under the mask only.
    note : str
        Below the axes: what the error is in numbers.
    """
    canvas = mpl.Figure(figsize=_SIZE_INCHES, dpi=200, layout="constrained")
    FigureCanvasAgg(canvas)
    above, below = canvas.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    axis = spectrum.axis_cm1
    above.plot(axis, spectrum.intensity, color=INK, linewidth=0.9)
    below.axhline(0.0, color=MUTED, linewidth=0.7)
    for first, last in hidden_spans(mask):
        span = slice(first, last)
        # Not joined to what is visible beside it: a step there is the model's, and says how far off it is.
        above.plot(axis[span], predicted[span], color=_PREDICTED, linewidth=1.3)
        below.plot(axis[span], predicted[span] - spectrum.intensity[span], color=_PREDICTED, linewidth=0.9)
        for axes in (above, below):
            axes.axvspan(axis[first], axis[last - 1], color=MUTED, alpha=0.13, linewidth=0)
    set_wavenumber_axis(above, spectrum, labelled=False)
    set_wavenumber_axis(below, spectrum)
    _set_error_limits(below, spectrum, mask, predicted)
    above.set_title(short(spectrum.name), loc="left", pad=16)
    above.set_ylabel(spectrum.quantity)
    below.set_ylabel("error")
    for axes in (above, below):
        axes.grid(True)
        axes.set_axisbelow(True)
        axes.tick_params(length=2.5, width=0.7)
    canvas.align_ylabels([above, below])
    _draw_legend(above)
    if note:
        canvas.supxlabel(note, fontsize=6.5, color=MUTED, x=0.01, ha="left")
    return canvas


def hidden_spans(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First point and the one after the last of each run of hidden points."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _set_error_limits(axes: Axes, spectrum: DrawnSpectrum, mask: NDArray[np.bool_], predicted: Floats) -> None:
    """Same distance up and down, so that an error's sign is seen from its side."""
    most = float(np.abs(np.where(mask, predicted - spectrum.intensity, 0.0)).max()) or 1.0
    axes.set_ylim(-1.15 * most, 1.15 * most)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, symmetric=True))


def _draw_legend(axes: Axes) -> None:
    # Above the axes: spectra leave no corner free that is free in the next one.
    handles = [
        Line2D([], [], color=INK, linewidth=0.9, label="measured"),
        Line2D([], [], color=_PREDICTED, linewidth=1.3, label="reconstructed"),
        Patch(color=MUTED, alpha=0.2, linewidth=0, label="hidden"),
    ]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.01, 0.99), ncols=3, handlelength=1.6, borderpad=0)
