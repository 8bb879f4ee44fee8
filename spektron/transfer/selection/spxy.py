"""SPXY: Kennard and Stone's choice by spectra and property at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import Tags
from sklearn.utils.validation import check_array, check_consistent_length

from spektron.transfer.selection._selection import Array, DistanceSelection, Rows, distances
from spektron.transfer.selection.kennard_stone import spread

__all__ = ["SPXY"]


class SPXY(DistanceSelection):
    """Kennard and Stone's choice by the distance of spectra plus that of the property, each over its largest.

    Nested. It needs the property of every sample, which a laboratory may not have found yet. Several properties are
    brought to unit variance first.

    Parameters
    ----------
    num_standards : int
        From 2.
    metric : str
        For spectra, one of `scipy.spatial.distance.pdist`.
    preprocessing : {"raw", "snv", "sg1", "sg1snv"}

    Notes
    -----
    Galvão et al. (2005), Talanta 67, 736, equation 3.
    """

    def _select(self, x: Array, y: Any) -> Rows:
        if y is None:
            raise ValueError(
                "SPXY requires y to be passed, but the target y is None: give it, or choose by KennardStone"
            )
        values = check_array(y, dtype=np.float64, ensure_2d=False, input_name="y")
        values = values[:, None] if values.ndim == 1 else values
        check_consistent_length(x, values)
        deviation = values.std(axis=0)
        between_values = distances(values / np.where(deviation > 0, deviation, 1.0), "euclidean")
        return spread(_shared(self._distances(x)) + _shared(between_values), self.num_standards)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _shared(between: Array) -> Array:
    largest = between.max()
    return between / largest if largest > 0 else between
