"""Figures of single spectra: what a model makes of what it cannot see, and where its heads look.

Infrared and near-infrared axes run from high to low wavenumbers, Raman axes from low to high, as spectroscopists draw
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from numpy.typing import NDArray

from spektron.report.figures import STYLE
from spektron.report.palette import INK, MUTED, PAPER_COLOURS

__all__ = ["draw_attention", "draw_reconstruction"]

_WIDTH, _ROW, _FRAME = 7.0, 1.5, 0.7
_Spectrum = NDArray[np.float32]


def draw_reconstruction(
    wavenumber_cm1: Sequence[NDArray[Any]],
    truth: Sequence[_Spectrum],
    predicted: Sequence[_Spectrum],
    hidden: Sequence[NDArray[np.bool_]],
    titles: Sequence[str],
    descending: Sequence[bool],
) -> mpl.Figure:
    """Draw spectra, what was hidden of each, and what a model says was there; one panel each.

    Parameters
    ----------
    wavenumber_cm1, truth, predicted, hidden : sequences of ndarray, shape (2048,)
        Axis in cm⁻¹, intensities, reconstruction, and True where a point was hidden.
    titles : sequence of str
    descending : sequence of bool
        Draw from high to low wavenumbers.
    """
    with matplotlib.rc_context(STYLE):
        canvas = _canvas(len(titles), 1.0)
        for place, title in enumerate(titles):
            axes = canvas.add_subplot(len(titles), 1, place + 1)
            axis, mask = wavenumber_cm1[place], hidden[place]
            _shade(axes, axis, mask)
            axes.plot(axis, truth[place], color=INK, linewidth=0.9, label="measured")
            shown = np.where(mask, predicted[place], np.nan)
            axes.plot(axis, shown, color=PAPER_COLOURS[1], linewidth=1.3, label="reconstructed")
            _finish(axes, axis, title, descending=descending[place], last=place + 1 == len(titles))
            # Room for what both say, not for a single wild point of the reconstruction.
            low, high = float(truth[place].min()), float(truth[place].max())
            axes.set_ylim(low - 0.25 * (high - low), high + 0.25 * (high - low))
            if not place:
                axes.legend(loc="best", ncols=2)
        canvas.supxlabel("Grey: hidden from the model.", fontsize=6.5, color=MUTED, x=0.01, ha="left")
    return canvas


def draw_attention(
    wavenumber_cm1: NDArray[Any],
    truth: _Spectrum,
    maps: Sequence[tuple[str, NDArray[Any]]],
    title: str,
    *,
    descending: bool,
) -> mpl.Figure:
    """Draw a spectrum, and under it for each attention where its heads look.

    Parameters
    ----------
    wavenumber_cm1, truth : ndarray, shape (2048,)
        Axis in cm⁻¹ and intensities.
    maps : sequence of (str, ndarray)
        Name, and weight of each point by head, shape (heads, 2048).
    title : str
    descending : bool
        Draw from high to low wavenumbers.
    """
    with matplotlib.rc_context(STYLE):
        canvas = _canvas(len(maps) + 1, 0.8)
        axes = canvas.add_subplot(len(maps) + 1, 1, 1)
        axes.plot(wavenumber_cm1, truth, color=INK, linewidth=0.9)
        _finish(axes, wavenumber_cm1, title, descending=descending, last=False)
        ends = (float(wavenumber_cm1[0]), float(wavenumber_cm1[-1]))
        for place, (name, weights) in enumerate(maps):
            axes = canvas.add_subplot(len(maps) + 1, 1, place + 2)
            heads = len(weights)
            # Against looking everywhere alike: 1 is what chance would give a point.
            share = weights / np.maximum(weights.mean(axis=1, keepdims=True), np.finfo(np.float32).tiny)
            image = axes.imshow(
                share,
                aspect="auto",
                extent=(*ends, heads - 0.5, -0.5),
                cmap="cividis",
                vmin=0.0,
                vmax=max(2.0, float(np.quantile(share, 0.995))),
                interpolation="nearest",
            )
            axes.set_yticks(range(heads), [str(head) for head in range(heads)])
            axes.set_ylabel("head")
            _finish(axes, wavenumber_cm1, name, descending=descending, last=place + 1 == len(maps))
            axes.grid(False)
            canvas.colorbar(image, ax=axes, pad=0.01, aspect=12).outline.set_visible(False)
        note = "Weight of [CLS] on each point, in units of the head's mean over the axis."
        canvas.supxlabel(note, fontsize=6.5, color=MUTED, x=0.01, ha="left")
    return canvas


def _canvas(panels: int, height: float) -> mpl.Figure:
    canvas = mpl.Figure(figsize=(_WIDTH, _FRAME + height * _ROW * panels), dpi=150, layout="constrained")
    FigureCanvasAgg(canvas)
    return canvas


def _shade(axes: Axes, axis: NDArray[Any], mask: NDArray[np.bool_]) -> None:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    for first, last in edges.reshape(-1, 2):
        axes.axvspan(float(axis[first]), float(axis[last - 1]), color=MUTED, alpha=0.16, linewidth=0)


def _finish(axes: Axes, axis: NDArray[Any], title: str, *, descending: bool, last: bool) -> None:
    low, high = float(axis[0]), float(axis[-1])
    axes.set_xlim((high, low) if descending else (low, high))
    axes.set_title(title, loc="left", fontsize=8)
    axes.tick_params(length=2.5, width=0.7)
    if last:
        axes.set_xlabel("Wavenumber (cm⁻¹)")
