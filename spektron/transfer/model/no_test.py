"""Which of new samples the transfer was made of: predicting them is no test of it."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from spektron.datasets import Samples
from spektron.transfer.model.parts import TransferParts

__all__ = ["KNOWN", "why_no_test"]

KNOWN = "in the calibration set: no test"
"""The end of every reason."""

# Of a spectrum's range. A copy rounded to seven digits is nearer than this; another scan of the same sample differs by
# the detector's noise, 1e-5 of an absorbance of 1 and more.
_SAME_SPECTRUM = 1e-6


def why_no_test(parts: TransferParts, samples: Samples) -> tuple[str, ...]:
    """For every sample why its prediction is no test; empty where it is one.

    A sample is recognised by its id, and by its spectrum under another id: a standard as the child measured it, or a
    calibration sample as the parent did.

    Parameters
    ----------
    parts : TransferParts
    samples : Samples
        On the axis of the transfer.
    """
    known = {*parts.calibration_ids}
    copied = _copied(parts, samples)
    return tuple(
        KNOWN if name in known else f"the spectrum of {original}, {KNOWN}" if original else ""
        for name, original in zip(samples.ids, copied, strict=True)
    )


def _copied(parts: TransferParts, samples: Samples) -> list[str]:
    """The id that has the very same spectrum, or an empty text."""
    names = (*parts.standard_ids, *parts.calibration_ids)
    apart = cdist(samples.spectra, np.vstack([parts.child, parts.calibration]), "chebyshev")
    nearest = apart.argmin(axis=1)
    same = apart[np.arange(len(nearest)), nearest] <= _SAME_SPECTRUM * np.ptp(samples.spectra, axis=1)
    return [names[one] if copy else "" for one, copy in zip(nearest, same, strict=True)]
