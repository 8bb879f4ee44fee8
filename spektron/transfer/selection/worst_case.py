"""The most clustered samples: what happens to a transfer when nobody thinks about standards."""

from __future__ import annotations

from typing import Any

import numpy as np

from spektron.transfer.selection._selection import Array, DistanceSelection, Rows

__all__ = ["WorstCase"]


class WorstCase(DistanceSelection):
    """Kennard and Stone's choice turned round: the nearest two, then the sample whose farthest chosen one is nearest.

    Bad on purpose: how much worse a transfer becomes shows how much the choice of standards matters. Nested.

    Parameters
    ----------
    num_standards : int
        From 2.
    metric : str
        One of `scipy.spatial.distance.pdist`.
    preprocessing : {"raw", "snv", "sg1", "sg1snv"}
    """

    def _select(self, x: Array, y: Any) -> Rows:
        between = self._distances(x)
        np.fill_diagonal(between, np.inf)
        chosen = np.empty(self.num_standards, dtype=np.intp)
        chosen[:2] = np.unravel_index(np.argmin(between), between.shape)
        farthest = np.maximum(between[chosen[0]], between[chosen[1]])  # of a chosen one itself: inf
        for place in range(2, self.num_standards):
            chosen[place] = np.argmin(farthest)
            np.maximum(farthest, between[chosen[place]], out=farthest)
        return chosen
