"""The figure of a data card: a few spectra of each source and modality, as they lie in the corpus."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_PANELS", "SPECTRA_PER_PANEL", "Example", "Panel", "draw_examples"]

# Three columns of five: a page. Of more sources and modalities the largest are shown.
MOST_PANELS = 15
SPECTRA_PER_PANEL = 4
_COLUMNS = 3
_PANEL_INCHES = (2.6, 1.9)
_MOST_CHARACTERS = 38


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One spectrum.

    Attributes
    ----------
    name : str
    start_cm1, stop_cm1 : float
        Ends of its axis.
    intensity : ndarray, shape (NUM_POINTS,)
    """

    name: str
    start_cm1: float
    stop_cm1: float
    intensity: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Spectra that stand for those of one source and modality.

    Attributes
    ----------
    source, modality, unit : str
        What they stand for; unit of the first one's intensities.
    num_spectra : int
        How many they stand for.
    examples : tuple of Example
    """

    source: str
    modality: str
    unit: str
    num_spectra: int
    examples: tuple[Example, ...]


def draw_examples(panels: Sequence[Panel]) -> bytes:
    """Draw small multiples as a PNG, spectra above each other, each scaled to its own height.

    The same bytes from the same values.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from spektron.report.figures import STYLE
    from spektron.report.palette import PAPER_COLOURS
    from spektron.report.spectrum_axes import DRAWN_DOWNWARDS

    num_rows = -(-len(panels) // _COLUMNS)
    size = (_PANEL_INCHES[0] * _COLUMNS, _PANEL_INCHES[1] * num_rows + 0.2)
    with matplotlib.rc_context({**STYLE, "font.size": 6.5, "axes.titlesize": 7}):
        figure = Figure(figsize=size, dpi=160, layout="constrained")
        FigureCanvasAgg(figure)
        for place, panel in enumerate(panels):
            axes = figure.add_subplot(num_rows, _COLUMNS, place + 1)
            for height, example in enumerate(panel.examples):
                axis = np.linspace(example.start_cm1, example.stop_cm1, len(example.intensity))
                values = example.intensity.astype(np.float64)
                curve = (values - values.min()) / np.ptp(values)
                colour = PAPER_COLOURS[place % len(PAPER_COLOURS)]
                axes.plot(axis, curve + 1.08 * height, linewidth=0.6, color=colour, alpha=0.55 if height else 1.0)
            of = f"{panel.source}, {panel.modality}  ({panel.num_spectra:,})"
            axes.set_title(f"{of}\n{_short(panel.examples[0].name)}", loc="left", parse_math=False)
            axes.set_ylabel(f"{panel.unit}, each scaled")
            axes.set_yticks([])
            axes.margins(x=0.01)
            axes.set_xlabel("wavenumber / cm⁻¹")
            if panel.modality in DRAWN_DOWNWARDS:
                axes.invert_xaxis()
        png = io.BytesIO()
        figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _short(name: str) -> str:
    return name if len(name) <= _MOST_CHARACTERS else f"…{name[1 - _MOST_CHARACTERS :]}"
