"""Partial least squares for every number of latent variables, beside scikit-learn's one number a fit.

    python benchmarks/pls.py [--samples 60] [--channels 700] [--latent 15] [--rounds 20]

CPU time of one thread, the best round; "apart" is the greatest relative difference of coefficients over all numbers.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.cross_decomposition import PLSRegression

from spektron.transfer.pls import fit_pls


def best_ms(run: Callable[[], Any], rounds: int) -> float:
    """CPU time, the best of `rounds`."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return 1e3 * min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description="Partial least squares beside scikit-learn's.")
    parser.add_argument("--samples", type=int, default=60)
    parser.add_argument("--channels", type=int, default=700)
    parser.add_argument("--latent", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=20)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    axis = np.linspace(0, 1, args.channels)
    amounts = rng.normal(size=(args.samples, 20))
    bands = np.exp(-0.5 * ((axis - np.linspace(0, 1, 20)[:, None]) / 0.1) ** 2)
    x = amounts @ bands + 1e-3 * rng.normal(size=(args.samples, args.channels))
    y = amounts[:, 0] + 0.1 * rng.normal(size=args.samples)

    def theirs(number: int) -> Any:
        return PLSRegression(number, scale=False).fit(x, y)

    numbers = range(1, args.latent + 1)
    ours = best_ms(lambda: fit_pls(x, y, args.latent), args.rounds)
    one = best_ms(lambda: theirs(args.latent), args.rounds)
    every = best_ms(lambda: [theirs(number) for number in numbers], max(1, args.rounds // 5))
    found = fit_pls(x, y, args.latent).coefficients
    apart = max(
        float(np.linalg.norm(found[number - 1] - theirs(number).coef_[0]) / np.linalg.norm(theirs(number).coef_))
        for number in numbers
    )
    print(f"ours, 1 to {args.latent}: {ours:.2f} ms; apart {apart:.0e}")
    print(f"scikit-learn, {args.latent} alone: {one:.2f} ms, {one / ours:.1f}×; each of them: {every / ours:.0f}×")


if __name__ == "__main__":
    main()
