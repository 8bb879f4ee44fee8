"""Stand-in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NUM_KEYS = 3


@dataclass
class Found:
    pairs: np.ndarray
    num_left_out: int


def sketch(m, a, b, x):
    return np.zeros((len(m), NUM_KEYS), np.uint64)


def candidate_pairs(keys):
    return Found(np.empty((0, 2), np.intp), 0)


def near_duplicates(*a):
    return np.zeros(len(a[0]), bool)


def components(n, pairs):
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    return connected_components(
        coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n)), directed=False
    )[1]
