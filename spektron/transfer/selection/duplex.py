"""DUPLEX: standards, and as many samples beside them that cover the same ground."""

from __future__ import annotations

from typing import Any

import numpy as np

from spektron.transfer.selection._selection import Array, DistanceSelection, Rows

__all__ = ["DUPLEX"]


class DUPLEX(DistanceSelection):
    """Two sets by turns: the farthest two samples go to one, the farthest two of the rest to the other, and so on.

    After its first two, each set takes the sample that is farthest from its own nearest one. The first set are the
    standards, the second is as good a set to check them with. Nested, both.

    Parameters
    ----------
    num_standards : int
        From 2; as many samples again go to the second set.
    metric : str
        One of `scipy.spatial.distance.pdist`.
    preprocessing : {"raw", "snv", "sg1", "sg1snv"}

    Attributes
    ----------
    indices_ : ndarray, shape (num_standards,)
        The first set.
    check_indices_ : ndarray, shape (num_standards,)
        The second set.

    Notes
    -----
    Snee (1977), Technometrics 19, 415, without his orthonormalisation: distances are those of the spectra.
    """

    def _samples_needed(self) -> int:
        return 2 * self.num_standards

    def _select(self, x: Array, y: Any) -> Rows:
        between = self._distances(x)
        free = np.ones(len(x), dtype=bool)
        sets: tuple[list[int], list[int]] = ([], [])
        for chosen in sets:
            rows = np.flatnonzero(free)
            inner = between[np.ix_(rows, rows)]
            np.fill_diagonal(inner, -1.0)
            first, second = np.unravel_index(np.argmax(inner), inner.shape)
            chosen += [int(rows[first]), int(rows[second])]
            free[chosen] = False
        nearest = [np.minimum(between[first], between[second]) for first, second in sets]
        for place in range(2, self.num_standards):
            for chosen, distance in zip(sets, nearest, strict=True):
                chosen.append(int(np.argmax(np.where(free, distance, -1.0))))
                np.minimum(distance, between[chosen[place]], out=distance)
                free[chosen[place]] = False
        self.check_indices_: Rows = np.array(sets[1], dtype=np.intp)
        return np.array(sets[0], dtype=np.intp)
