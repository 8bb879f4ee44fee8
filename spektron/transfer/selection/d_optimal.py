"""D-optimal standards: those that pin down a linear model of principal components best."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy.linalg import qr

from spektron.transfer.preprocessing import PreprocessingName
from spektron.transfer.selection._selection import Array, Rows, StandardSelection

__all__ = ["DOptimal"]

# A swap that gains less than this of the determinant is rounding; without it the exchange could go round in circles.
_LEAST_GAIN = 1e-9
# Components smaller than this part of the first are no directions of spectra, which are often stored as float32.
_ROUNDING = 1e-6


class DOptimal(StandardSelection):
    """Standards whose scores make det(ZᵀZ) largest, Z = [1, scores]: a regression on them is known best.

    A choice made one by one is improved by swapping a chosen sample for another until no swap helps. Not nested: a
    sample that was right for five standards may be swapped away for six.

    Parameters
    ----------
    num_standards : int
        From 2.
    num_components : int, optional
        Principal components that the model has; by default as many as standards can bear (one less than their number),
        at most 10. Fewer where spectra do not vary in as many directions.
    preprocessing : {"raw", "snv", "sg1", "sg1snv"}

    Attributes
    ----------
    num_components_ : int
    log_det_ : float
        Logarithm of the determinant, of scores that have unit variance over all samples.

    Notes
    -----
    Exchange after Fedorov (1972), *Theory of Optimal Experiments*, each time the best of all swaps.
    """

    nested: ClassVar[bool] = False
    _least_standards: ClassVar[int] = 2

    def __init__(
        self,
        num_standards: int = 10,
        *,
        num_components: int | None = None,
        preprocessing: PreprocessingName = "raw",
    ) -> None:
        super().__init__(num_standards, preprocessing=preprocessing)
        self.num_components = num_components

    def _select(self, x: Array, y: Any) -> Rows:
        model = self._model(x)
        self.num_components_ = model.shape[1] - 1
        chosen = _one_by_one(model, self.num_standards)
        while (swap := _best_swap(model, chosen)) is not None:
            chosen[swap[0]] = swap[1]
        self.log_det_ = float(np.linalg.slogdet(model[chosen].T @ model[chosen])[1])
        return chosen

    def _model(self, x: Array) -> Array:
        """One column of ones and one a component, shape (samples, 1 + components)."""
        centred = x - x.mean(axis=0)
        left, singular, _ = np.linalg.svd(centred, full_matrices=False)
        rank = int((singular > _ROUNDING * singular[0]).sum())
        most = 10 if self.num_components is None else self.num_components
        if self.num_components is not None and not 1 <= self.num_components < self.num_standards:
            raise ValueError(
                f"num_components: expected 1 to {self.num_standards - 1} for {self.num_standards} standards, "
                f"found {self.num_components}"
            )
        number = min(most, rank, self.num_standards - 1)
        # Linear maps of the scores change all determinants alike; unit variance keeps them in range.
        return np.column_stack([np.ones(len(x)), left[:, :number] * np.sqrt(len(x))])


def _one_by_one(model: Array, number: int) -> Rows:
    """Rows of the largest volume by pivoting, then those that add most to the determinant."""
    parameters = model.shape[1]
    chosen = qr(model.T, mode="r", pivoting=True)[-1][:parameters].tolist()
    while len(chosen) < number:
        gain = _leverage(model, np.array(chosen))
        gain[chosen] = -np.inf
        chosen.append(int(np.argmax(gain)))
    return np.array(chosen, dtype=np.intp)


def _leverage(model: Array, chosen: Rows) -> Array:
    """zᵀ(ZᵀZ)⁻¹z of every sample: what adding it multiplies the determinant by, less one."""
    triangle = np.linalg.qr(model[chosen])[1]
    leverage: Array = np.square(np.linalg.solve(triangle.T, model.T)).sum(axis=0)
    return leverage


def _best_swap(model: Array, chosen: Rows) -> tuple[int, int] | None:
    """Place in `chosen` and sample to put there, or None where no swap makes the determinant larger.

    The determinant is multiplied by (1 + d_in)(1 − d_out) + d_between², d being zᵀ(ZᵀZ)⁻¹z.
    """
    triangle = np.linalg.qr(model[chosen])[1]
    whitened = np.linalg.solve(triangle.T, model.T)
    leverage = np.square(whitened).sum(axis=0)
    mixed = whitened[:, chosen].T @ whitened
    growth = (1 + leverage[None, :]) * (1 - leverage[chosen])[:, None] + np.square(mixed)
    growth[:, chosen] = 0.0
    out, into = np.unravel_index(np.argmax(growth), growth.shape)
    return (int(out), int(into)) if growth[out, into] > 1 + _LEAST_GAIN else None
