"""How much of a proposed change to believe, from the errors of left-out samples."""

from __future__ import annotations

import numpy as np

from spektron.transfer.classical._calibration import Array

__all__ = ["believed_share"]

_THRESHOLD = 3.0
"""Squared t below which nothing is believed: chance alone exceeds it, on the right side, once in 24."""


def believed_share(missing: Array, proposed: Array) -> float:
    """Share of a change that is applied, between 0 and 1.

    Parameters
    ----------
    missing : ndarray, shape (samples,)
        What would have to be added to the left-out predictions.
    proposed : ndarray, shape (samples,)
        What something that has not seen the samples would add.

    Notes
    -----
    The least-squares share, shrunk by positive-part Stein shrinkage (James and Stein 1961; Baranchik 1964): with t the
    share over its standard error it is multiplied by max(0, 1 − 3/t²). So a change that says no more than chance is
    nothing at all, not a little of it, and one that is certain is taken whole.
    """
    strength = float(proposed @ proposed)
    # Down to rounding of what is missing: nothing is proposed.
    if len(missing) < 3 or strength <= np.finfo(np.float64).eps * float(missing @ missing):
        return 0.0
    share = float(proposed @ missing) / strength
    if share <= 0:
        return 0.0
    noise = float(np.square(missing - share * proposed).sum()) / (len(missing) - 1)
    squared_t = np.inf if noise == 0 else share**2 * strength / noise
    return min(1.0, share) * max(0.0, 1 - _THRESHOLD / squared_t)
