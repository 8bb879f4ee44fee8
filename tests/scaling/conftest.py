"""Points of corpus-scaling studies with a known law."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spektron.scaling import CorpusLaw, fit_corpus_law

E, B, BETA = 0.199, 8.0, 0.300
SIZES = np.geomspace(4e3, 4e5, 8)


def true_loss(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    return E + B * sizes**-BETA


def simulated(seeds: int, sd: float, rng_seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """8 sizes, 4K to 400K, with scatter proportional to the loss."""
    sizes = np.repeat(SIZES, seeds)
    noise = np.random.default_rng(rng_seed).standard_normal(len(sizes))
    return sizes, true_loss(sizes) * np.exp(sd * noise)


@pytest.fixture(scope="session")
def law() -> CorpusLaw:
    sizes, loss = simulated(seeds=3, sd=0.01, rng_seed=3)
    return fit_corpus_law(sizes, loss, seed=list(range(3)) * 8)
