"""Piecewise direct standardization beside chemotools' and beside a plain loop over channels.

    python benchmarks/pds.py [--channels 700] [--standards 30] [--rounds 3]

CPU time of one thread for a fit, the best round, with 5 points and 1 component, and with chemotools' own defaults, 51
points and 2 (inside a window it is partial least squares, so its answers are others). The loop is the textbook's: at
every channel a singular value decomposition of the centred window; "apart" is the norm of the difference between
corrected standards over theirs. The last row chooses window and rank among 21 pairs by 5 folds. Targets: 50 ×
chemotools, half of the loop's speed or better, half a second with the choice.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from chemotools.adaptation import PiecewiseDirectStandardization
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from spektron.transfer import PDS

Array = NDArray[np.float64]


def spectra(standards: int, channels: int) -> tuple[Array, Array]:
    """Twenty bands in random amounts; the child's lie elsewhere, are broader and noisy."""
    random = np.random.default_rng(0)
    axis = np.linspace(0, 1, channels)
    amounts = random.normal(size=(standards, 20))

    def measured(shift: float, width: float) -> Array:
        bands = np.exp(-0.5 * ((axis - np.linspace(0, 1, 20)[:, None] - shift) / width) ** 2)
        found: Array = amounts @ bands + 1e-3 * random.normal(size=(standards, channels))
        return found

    return measured(0.002, 0.035), measured(0.0, 0.03)


def loop(child: Array, parent: Array, window: int, rank: int) -> Array:
    """Corrected standards, channel by channel."""
    half = window // 2
    child_mean, parent_mean = child.mean(axis=0), parent.mean(axis=0)
    child, parent = child - child_mean, parent - parent_mean
    corrected = np.empty_like(parent)
    for channel in range(parent.shape[1]):
        piece = child[:, max(0, channel - half) : channel + half + 1]
        u, _, _ = np.linalg.svd(piece, full_matrices=False)
        kept = u[:, :rank]
        corrected[:, channel] = kept @ (kept.T @ parent[:, channel])
    return corrected + parent_mean


def best_ms(run: Callable[[], Any], rounds: int) -> float:
    """CPU time, the best of `rounds`."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return 1e3 * min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description="Piecewise direct standardization beside chemotools'.")
    parser.add_argument("--channels", type=int, default=700)
    parser.add_argument("--standards", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    child, parent = spectra(args.standards, args.channels)
    table = Table("", "window", "rank", "ms", "ours is faster by", "apart", title="PDS, one fit")
    with threadpool_limits(1):
        for window, rank in ((5, 1), (51, 2)):
            ours = PDS(window=window, rank=rank)
            own = best_ms(lambda ours=ours: ours.fit(child, parent), 3 * args.rounds)
            table.add_row("ours", str(window), str(rank), f"{own:.1f}")
            corrected, plain = ours.transform(child), loop(child, parent, window, rank)
            apart = np.linalg.norm(corrected - plain) / np.linalg.norm(plain)
            took = best_ms(lambda window=window, rank=rank: loop(child, parent, window, rank), args.rounds)
            table.add_row("loop in numpy", str(window), str(rank), f"{took:.1f}", f"{took / own:.1f} ×", f"{apart:.0e}")
            theirs = PiecewiseDirectStandardization(window_length=window // 2, n_components=rank)
            took = best_ms(lambda theirs=theirs: theirs.fit(child, X_source=parent), args.rounds)
            table.add_row("chemotools", str(window), str(rank), f"{took:.1f}", f"{took / own:.0f} ×")
        chosen = PDS()
        took = best_ms(lambda: chosen.fit(child, parent), args.rounds)
        table.add_row("ours, both chosen", f"{chosen.window_}", f"{chosen.rank_}", f"{took:.1f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
