"""The figure of a data card: one spectrum of each source and modality, as it lies in the corpus."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_EXAMPLES", "Example", "draw_examples"]

# Three columns of five: a page. Of more sources and modalities the largest are shown.
MOST_EXAMPLES = 15
_COLUMNS = 3
_PANEL_INCHES = (2.6, 1.55)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A spectrum that stands for many.

    Attributes
    ----------
    label : str
        Source and modality.
    num_spectra : int
        How many it stands for.
    start_cm1, stop_cm1 : float
        Ends of its axis.
    intensity : ndarray, shape (NUM_POINTS,)
    unit : str
        Of the intensities.
    """

    label: str
    num_spectra: int
    start_cm1: float
    stop_cm1: float
    intensity: NDArray[np.float32]
    unit: str


def draw_examples(examples: Sequence[Example]) -> bytes:
    """Draw small multiples as a PNG: the same bytes from the same values."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from spektron.report.figures import STYLE
    from spektron.report.palette import PAPER_COLOURS

    num_rows = -(-len(examples) // _COLUMNS)
    size = (_PANEL_INCHES[0] * _COLUMNS, _PANEL_INCHES[1] * num_rows + 0.2)
    with matplotlib.rc_context({**STYLE, "font.size": 6.5, "axes.titlesize": 7}):
        figure = Figure(figsize=size, dpi=160, layout="constrained")
        FigureCanvasAgg(figure)
        for place, example in enumerate(examples):
            axes = figure.add_subplot(num_rows, _COLUMNS, place + 1)
            axis = np.linspace(example.start_cm1, example.stop_cm1, len(example.intensity))
            axes.plot(axis, example.intensity, linewidth=0.7, color=PAPER_COLOURS[place % len(PAPER_COLOURS)])
            axes.set_title(f"{example.label}  ({example.num_spectra:,})", loc="left")
            axes.set_ylabel(example.unit)
            axes.margins(x=0.01)
            if place >= len(examples) - _COLUMNS:
                axes.set_xlabel("wavenumber / cm⁻¹")
        png = io.BytesIO()
        figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()
