"""Kennard and Stone's choice: each standard is as far as can be from those before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from spektron.transfer.selection._selection import Array, DistanceSelection, Rows

__all__ = ["KennardStone", "spread"]


class KennardStone(DistanceSelection):
    """Begin with the two samples that are farthest apart; add the one that is farthest from its nearest chosen one.

    Nested. Of samples equally far the first row counts.

    Parameters
    ----------
    num_standards : int
        From 2.
    metric : str
        One of `scipy.spatial.distance.pdist`.
    preprocessing : {"raw", "snv", "sg1", "sg1snv"}

    Notes
    -----
    Kennard and Stone (1969), Technometrics 11, 137. `kennard-stone` scales every channel to unit variance, which is
    another choice; `astartes` chooses the same, but as a side of splitting by fractions, of all samples, and takes
    seconds to import. So it is written here, in ten lines.
    """

    def _select(self, x: Array, y: Any) -> Rows:
        return spread(self._distances(x), self.num_standards)


def spread(between: Array, number: int) -> Rows:
    """Choose `number` rows of a matrix of distances, from the two that are farthest apart on."""
    chosen = np.empty(number, dtype=np.intp)
    chosen[:2] = np.unravel_index(np.argmax(between), between.shape)
    if chosen[0] == chosen[1]:  # all samples are the same
        chosen[:2] = 0, 1
    nearest = np.minimum(between[chosen[0]], between[chosen[1]])
    nearest[chosen[:2]] = -1.0
    for place in range(2, number):
        chosen[place] = np.argmax(nearest)
        np.minimum(nearest, between[chosen[place]], out=nearest)
        nearest[chosen[place]] = -1.0
    return chosen
