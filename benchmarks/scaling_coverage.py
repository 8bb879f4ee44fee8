"""How often the intervals of a corpus law hold the truth, and what a design can tell.

    python benchmarks/scaling_coverage.py [--trials 400] [--resamples 400] [--only designs|coverage|joint]

Losses are simulated from ``L(D) = .199 + 8 · D^(−.3)`` with scatter proportional to the loss. Prints three
tables; about ten minutes on one core at the defaults. Coverage of 95 % from 400 trials has a standard error of 1.1 %.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from spektron.scaling._projection import project_corpus
from spektron.scaling.corpus_fit import CorpusFit, fit_log_huber, fit_projection
from spektron.scaling.forms import corpus_loss, joint_loss
from spektron.scaling.joint_law import fit_joint_law
from spektron.scaling.points import CorpusPoints

E, B, BETA = 0.199, 8.0, 0.300
FULL, HALF = 4e5, 2e5
Draws = tuple[np.ndarray, np.ndarray, np.ndarray]


def truth(sizes: np.ndarray) -> np.ndarray:
    return corpus_loss(sizes, E=E, B=B, beta=BETA)


def simulate(
    rng: np.random.Generator, low: float, num_sizes: int, seeds: int, sd: float, size_sd: float = 0.0, kind: str = ""
) -> CorpusPoints:
    sizes = np.geomspace(low, FULL, num_sizes)
    column = np.repeat(sizes, seeds)
    noise = rng.standard_normal(len(column))
    if kind == "t3 tails":
        noise = rng.standard_t(3, len(column)) / np.sqrt(3.0)
    if kind == "sd falls 6x":
        noise *= np.repeat(np.geomspace(2.0, 1 / 3, num_sizes), seeds)
    shared = np.repeat(rng.standard_normal(num_sizes), seeds)
    if kind == "seeds shift 1 %":
        noise += np.tile(rng.standard_normal(seeds) * 0.01 / sd, num_sizes)
    return CorpusPoints.of(column, truth(column) * np.exp(sd * noise + size_sd * shared))


def draws_of(fit: CorpusFit) -> Draws:
    return fit.draws[:, 0], fit.draws[:, 2], fit.curve_draws(np.array([FULL, 4 * FULL, HALF]))


def projected(points: CorpusPoints, resamples: int, rng: np.random.Generator) -> Draws:
    return draws_of(fit_projection(points, num_resamples=resamples, confidence=0.95, rng=rng))


def log_huber(points: CorpusPoints, resamples: int, rng: np.random.Generator) -> Draws:
    start = fit_projection(points, num_resamples=2, confidence=0.95, rng=rng).point
    return draws_of(fit_log_huber(points, start, num_resamples=resamples, confidence=0.95, rng=rng))


def naive(points: CorpusPoints, resamples: int, rng: np.random.Generator) -> Draws:
    """Draw runs again, with replacement, within each size: the bootstrap this package does not use."""
    by_size = points.log_loss.reshape(len(points.sizes), -1)
    pick = rng.integers(by_size.shape[1], size=(resamples, *by_size.shape))
    mean = np.exp(np.take_along_axis(by_size[None], pick, axis=2).mean(2))
    params, _ = project_corpus(points.log_relative_size, mean, points.num_runs, rounds=6)
    at = np.array([FULL, 4 * FULL, HALF]) / points.reference_size
    return params[:, 0], params[:, 2], params[:, :1] + params[:, 1:2] * at ** -params[:, 2:]


METHODS: dict[str, Callable[[CorpusPoints, int, np.random.Generator], Draws]] = {
    "projection": projected,
    "log-Huber": log_huber,
    "naive": naive,
}
# (method, smallest size, sizes, seeds, noise of a run, noise of a size, kind)
COVERAGE = [
    ("projection", 4e3, 8, 2, 0.01, 0.0, ""),
    ("log-Huber", 4e3, 8, 2, 0.01, 0.0, ""),
    ("naive", 4e3, 8, 2, 0.01, 0.0, ""),
    ("projection", 4e3, 8, 3, 0.01, 0.0, ""),
    ("log-Huber", 4e3, 8, 3, 0.01, 0.0, ""),
    ("naive", 4e3, 8, 3, 0.01, 0.0, ""),
    ("projection", 4e3, 8, 1, 0.01, 0.0, ""),
    ("projection", 4e3, 8, 2, 0.03, 0.0, ""),
    ("projection", 4e3, 8, 3, 0.03, 0.0, ""),
    ("projection", 25e3, 5, 3, 0.01, 0.0, ""),
    ("projection", 25e3, 5, 1, 0.03, 0.0, ""),
    ("projection", 4e3, 8, 2, 0.01, 0.005, ""),
    ("projection", 4e3, 8, 2, 0.01, 0.01, ""),
    ("projection", 4e3, 8, 2, 0.01, 0.02, ""),
    ("projection", 4e3, 8, 2, 0.01, 0.0, "t3 tails"),
    ("projection", 4e3, 8, 2, 0.01, 0.0, "sd falls 6x"),
    ("projection", 4e3, 8, 2, 0.01, 0.0, "seeds shift 1 %"),
]
# (smallest size, sizes, seeds, noise of a run)
DESIGNS = [(4e3, 8, 3, 0.01), (4e3, 8, 3, 0.03), (25e3, 5, 3, 0.01), (25e3, 5, 1, 0.03), (1e3, 10, 3, 0.01)]


def coverage(trials: int, resamples: int) -> None:
    print("\nCoverage of 95 % intervals, in % of trials; the last column is the median width of the interval of β\n")
    print("| method | design | noise | E | β | L(400K) | L(1.6M) | L(200K)/L(400K) | width β |")
    print("|---|---|---|---|---|---|---|---|---|")
    values = truth(np.array([FULL, 4 * FULL, HALF]))
    expected = np.array([E, BETA, values[0], values[1], values[2] / values[0]])
    for method, low, num_sizes, seeds, sd, size_sd, kind in COVERAGE:
        rng = np.random.default_rng(1)
        hits, widths = np.zeros(5), []
        for _ in range(trials):
            floor, beta, curve = METHODS[method](
                simulate(rng, low, num_sizes, seeds, sd, size_sd, kind), resamples, rng
            )
            draws = np.column_stack([floor, beta, curve[:, 0], curve[:, 1], curve[:, 2] / curve[:, 0]])
            bottom, top = np.quantile(draws, [0.025, 0.975], axis=0)
            hits += (bottom <= expected) & (expected <= top)
            widths.append(top[1] - bottom[1])
        cells = " | ".join(f"{100 * hit / trials:.1f}" for hit in hits)
        noise = f"{sd:.0%}" + (f" + {size_sd:.1%} a size" if size_sd else "") + (f", {kind}" if kind else "")
        design = f"{num_sizes} sizes {low / 1e3:.0f}K–400K × {seeds}"
        print(f"| {method} | {design} | {noise} | {cells} | {np.median(widths):.3f} |", flush=True)


def designs(trials: int) -> None:
    print(f"\nWhat a design can tell: 95 % of estimates in {trials} trials\n")
    print("| design | noise | β̂ | Ê | 4× extrapolation, p95 error |")
    print("|---|---|---|---|---|")
    for low, num_sizes, seeds, sd in DESIGNS:
        rng = np.random.default_rng(2)
        sets = [simulate(rng, low, num_sizes, seeds, sd) for _ in range(trials)]
        points, loss = sets[0], np.stack([points.loss for points in sets])
        params, _ = project_corpus(points.log_relative_size, loss, points.num_runs, rounds=6)
        predicted = params[:, 0] + params[:, 1] * (4 * FULL / points.reference_size) ** -params[:, 2]
        error = np.quantile(np.abs(predicted / truth(np.array(4 * FULL)) - 1.0), 0.95)
        beta, floor = (np.quantile(params[:, column], [0.025, 0.975]) for column in (2, 0))
        design = f"{num_sizes} sizes {low / 1e3:.0f}K–400K × {seeds}"
        print(f"| {design} | {sd:.0%} | {beta[0]:.3f}–{beta[1]:.3f} | {floor[0]:.3f}–{floor[1]:.3f} | {error:.1%} |")


def joint(trials: int, resamples: int) -> None:
    print(f"\nJoint law, 5 × 5 grid, 1 % noise: coverage of 95 % intervals in {trials} trials, %\n")
    print("| estimator | E | A | B | α | β |\n|---|---|---|---|---|---|")
    law = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
    params, tokens = (g.ravel() for g in np.meshgrid(np.geomspace(1e7, 1e10, 5), np.geomspace(1e8, 1e12, 5)))
    rng, hits = np.random.default_rng(3), np.zeros((2, 5))
    for trial in range(trials):
        loss = joint_loss(params, tokens, **law) * np.exp(0.01 * rng.standard_normal(len(params)))
        found = fit_joint_law(params, tokens, loss, num_resamples=resamples, rng_seed=trial)
        for row, fit in enumerate((found.log_huber, found.projection)):
            hits[row] += [getattr(fit, name).contains(value) for name, value in law.items()]
    for name, row in zip(("log-Huber", "projection"), hits):
        print(f"| {name} | " + " | ".join(f"{100 * hit / trials:.0f}" for hit in row) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--resamples", type=int, default=400)
    parser.add_argument("--only", choices=("designs", "coverage", "joint"))
    options = parser.parse_args()
    begun = time.perf_counter()
    if options.only in (None, "designs"):
        designs(10 * options.trials)
    if options.only in (None, "coverage"):
        coverage(options.trials, options.resamples)
    if options.only in (None, "joint"):
        joint(options.trials // 2, options.resamples)
    print(f"\n{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
