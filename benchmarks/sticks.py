"""Speed of turning computed modes into curves, against drawing them one by one, in the same run.

Run ``python benchmarks/sticks.py``. Times are CPU seconds of one thread, the best of several, so that other work on
the machine changes them little. Three loops over modes stand beside `broaden`:

- the same numbers: the integral of each band over each cell, by its primitive. Only this one may be called equal;
- samples: the Lorentzian at the points. It is cheaper and wrong for bands about as narrow as a step, by the factor in
  the last column;
- Voigt samples, by scipy's Faddeeva function.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.special import voigt_profile

from spektron.spectra import NUM_POINTS
from spektron.spectra.sticks import Lorentzian, Voigt, broaden

START, STOP, HWHM, SIGMA = 100.0, 4000.0, 5.0, 4.0
STEP = (STOP - START) / (NUM_POINTS - 1)
GRID = np.linspace(START, STOP, NUM_POINTS)
EDGES = np.append(GRID - 0.5 * STEP, STOP + 0.5 * STEP)


def best_seconds(run: Callable[[], object], repeats: int = 9) -> float:
    """Least CPU seconds of `repeats` runs, after one that warms up."""
    run()
    seconds = []
    for _ in range(repeats):
        begun = time.thread_time()
        run()
        seconds.append(time.thread_time() - begun)
    return min(seconds)


def loop(modes: np.ndarray, band: Callable[[float], np.ndarray]) -> np.ndarray:
    """All molecules, one mode after the other; `modes` has shape (molecules, modes, 2)."""
    curves = np.zeros((len(modes), NUM_POINTS))
    for curve, molecule in zip(curves, modes):
        for frequency, strength in molecule:
            curve += strength * band(frequency)
    return curves


def cells(frequency: float, hwhm: float = HWHM) -> np.ndarray:
    return np.diff(np.arctan((EDGES - frequency) / hwhm)) / (np.pi * STEP)


def samples(frequency: float, hwhm: float = HWHM) -> np.ndarray:
    return (hwhm / np.pi) / ((GRID - frequency) ** 2 + hwhm * hwhm)


def voigt_samples(frequency: float) -> np.ndarray:
    return voigt_profile(GRID - frequency, SIGMA, HWHM)


def draw(modes: np.ndarray, profile: Lorentzian | Voigt) -> np.ndarray:
    offsets = np.arange(len(modes) + 1) * modes.shape[1]
    flat = modes.reshape(-1, 2)
    return broaden(flat[:, 0], flat[:, 1], offsets, start_cm1=START, stop_cm1=STOP, profile=profile).intensity


def some_modes(molecules: int, modes: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack((rng.uniform(20.0, 3800.0, (molecules, modes)), rng.exponential(30.0, (molecules, modes))), axis=-1)


def speed() -> Table:
    table = Table(title=f"Molecules per CPU second of one core, to {NUM_POINTS} points")
    for name in ("what", "ours", "loop: same numbers", "ratio", "loop: samples", "ratio"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for num in (60, 136):  # 136 is the mean of Raman-ChEMBL's molecules
        many, few = some_modes(512, num), some_modes(8, num)
        ours = best_seconds(lambda many=many: draw(many, Lorentzian(HWHM))) / 512
        same, sampled = (best_seconds(lambda few=few, band=band: loop(few, band)) / 8 for band in (cells, samples))
        table.add_row(
            f"Lorentzian, {num} modes",
            f"{1 / ours:,.0f}",
            f"{1 / same:,.0f}",
            f"{same / ours:.1f} ×",
            f"{1 / sampled:,.0f}",
            f"{sampled / ours:.1f} ×",
        )
    many, few = some_modes(512, 60), some_modes(4, 60)
    ours = best_seconds(lambda: draw(many, Voigt(SIGMA, HWHM))) / 512
    sampled = best_seconds(lambda: loop(few, voigt_samples), repeats=3) / 4
    table.add_row("Voigt, 60 modes", f"{1 / ours:,.0f}", "", "", f"{1 / sampled:,.0f}", f"{sampled / ours:.1f} ×")
    return table


def accuracy() -> Table:
    table = Table(title="Largest error of 2000 bands anywhere in and about the range, of the highest point")
    for name in ("half width, steps", "ours", "samples"):
        table.add_column(name, justify="right")
    rng = np.random.default_rng(1)
    for width in (0.01, 0.1, 0.5, 1.0, 2.6, 5.0, 20.0):
        hwhm = width * STEP
        highest = 2.0 * np.arctan(0.5 / width) / (np.pi * STEP)
        worst = sampled = 0.0
        modes = np.stack((rng.uniform(0.0, 4600.0, 2000), np.ones(2000)), axis=-1)[:, None]
        for mode, curve in zip(modes, draw(modes, Lorentzian(hwhm))):
            expected = cells(mode[0, 0], hwhm)
            worst = max(worst, float(np.abs(curve - expected).max()))
            sampled = max(sampled, float(np.abs(samples(mode[0, 0], hwhm) - expected).max()))
        table.add_row(f"{width:g}", f"{worst / highest:.1e}", f"{sampled / highest:.1e}")
    return table


def main() -> None:
    console = Console()
    console.print(speed())
    console.print(accuracy())


if __name__ == "__main__":
    main()
