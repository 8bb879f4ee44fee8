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
_PANEL_INCHES = (2.6, 1.75)
_MOST_CHARACTERS = 48
# Absorption is drawn from high to low wavenumbers, a Raman shift upwards.
_DRAWN_DOWNWARDS = ("IR", "NIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A spectrum that stands for many.

    Attributes
    ----------
    name, source, modality : str
        Which spectrum it is, and what it stands for.
    num_spectra : int
        How many it stands for.
    start_cm1, stop_cm1 : float
        Ends of its axis.
    intensity : ndarray, shape (NUM_POINTS,)
    unit : str
        Of the intensities.
    """

    name: str
    source: str
    modality: str
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
            of = f"{example.source}, {example.modality}  ({example.num_spectra:,})"
            axes.set_title(f"{of}\n{_short(example.name)}", loc="left", parse_math=False)
            axes.set_ylabel(example.unit)
            axes.margins(x=0.01)
            axes.set_xlabel("wavenumber / cm⁻¹")
            if example.modality in _DRAWN_DOWNWARDS:
                axes.invert_xaxis()
        png = io.BytesIO()
        figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _short(name: str) -> str:
    return name if len(name) <= _MOST_CHARACTERS else f"…{name[1 - _MOST_CHARACTERS :]}"
