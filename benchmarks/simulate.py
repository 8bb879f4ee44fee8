"""Speed of the simulator and of resampling, each against a plain implementation in the same run.

Run ``python benchmarks/simulate.py``. Times are CPU seconds of one thread, the best of several, so that other work on
the machine changes them little. The bands' baseline draws every band over every point of its own spectrum, one after
the other; the resampling baseline is scipy's `PchipInterpolator`, integrated over the same cells.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.interpolate import PchipInterpolator

from spektron.spectra import MODALITIES, NUM_POINTS, AxisUnit, resample_uniform, spectrum_from_xy
from spektron.spectra.lineshape import draw_bands
from spektron.spectra.molecules import draw_molecules
from spektron.spectra.simulate import BLOCK_SPECTRA, simulate_block

_STEP_CM1, _START_CM1 = 3600.0 / (NUM_POINTS - 1), 400.0


def best_seconds(run: Callable[[], object], repeats: int = 9) -> float:
    """Least CPU seconds of `repeats` runs, after one that warms up."""
    run()
    seconds = []
    for _ in range(repeats):
        begun = time.thread_time()
        run()
        seconds.append(time.thread_time() - begun)
    return min(seconds)


def loop_over_bands(position: np.ndarray, fwhm: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Pseudo-Voigt bands one by one, over all points."""
    points = np.arange(NUM_POINTS, dtype=np.float64)
    curves = np.zeros((len(position), NUM_POINTS))
    for row in range(len(position)):
        for band in np.flatnonzero(height[row]):
            u = (points - position[row, band]) / (0.5 * fwhm[row, band])
            curves[row] += height[row, band] * (0.6 / (1.0 + u * u) + 0.4 * np.exp(-np.log(2.0) * u * u))
    return curves


def main() -> None:
    table = Table(title="Spectra per CPU second of one core")
    for name in ("what", "ours", "baseline", "ratio"):
        table.add_column(name, justify="left" if name == "what" else "right")

    def add(what: str, num: int, ours: float, baseline: float | None) -> None:
        ratio = "" if baseline is None else f"{baseline / ours:.1f} ×"
        table.add_row(what, f"{num / ours:,.0f}", "" if baseline is None else f"{num / baseline:,.0f}", ratio)

    rng = np.random.default_rng(0)
    molecules = draw_molecules(rng, 80)
    bands = ((molecules.centre_cm1 - _START_CM1) / _STEP_CM1, molecules.fwhm_cm1 / _STEP_CM1, molecules.ir)
    ours = best_seconds(lambda: draw_bands(*bands, np.full(80, 2.0)))
    per_spectrum = (molecules.ir > 0).sum() / 80
    looped = best_seconds(lambda: loop_over_bands(*bands), repeats=3)
    add(f"bands of an IR spectrum ({per_spectrum:.0f} each)", 80, ours, looped)
    whole = best_seconds(lambda: simulate_block(0, 0, MODALITIES))
    # What the whole simulator would take with its bands drawn by the loop.
    add("IR + RAMAN + NIR, all of it", BLOCK_SPECTRA, whole, whole + (looped - ours) * BLOCK_SPECTRA / 80)
    for modality in MODALITIES:
        seconds = best_seconds(lambda chosen=modality: simulate_block(0, 0, (chosen,)))
        add(f"{modality} alone", BLOCK_SPECTRA, seconds, None)
    _add_resampling(rng, add)
    Console().print(table)


def _add_resampling(rng: np.random.Generator, add: Callable[[str, int, float, float | None], None]) -> None:
    axis = np.sort(rng.uniform(400.0, 4000.0, 1047))
    measured = rng.random(1047)
    edges = np.concatenate(([axis[0]], np.linspace(axis[0], axis[-1], 2 * NUM_POINTS - 1)[1::2], [axis[-1]]))

    def baseline() -> None:
        for _ in range(100):
            np.diff(PchipInterpolator(axis, measured).antiderivative()(edges)) / np.diff(edges)

    def convert() -> None:
        for _ in range(100):
            spectrum_from_xy(
                axis[::-1], measured, unit=AxisUnit.CM1, modality="IR", spectrum_id="", source="", compound_id=""
            )

    reference = best_seconds(baseline)
    add(
        "resample 1047 points",
        100,
        best_seconds(lambda: [resample_uniform(axis, measured) for _ in range(100)]),
        reference,
    )
    add("x and y to a Spectrum, checks included", 100, best_seconds(convert), reference)


if __name__ == "__main__":
    main()
