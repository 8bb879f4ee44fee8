"""Domain-invariant partial least squares of the parent's set, the standards keeping the instruments alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, at_least, whole_number
from spektron.transfer.classical._domain_invariant import domain_invariant_pls
from spektron.transfer.classical._expected_error import Predictions, expected_error
from spektron.transfer.pls import choose_num_latent

__all__ = ["DIPLS"]

_STEPS = tuple(10.0 ** (1.5 * step - 2) for step in range(7))
_FOLDS = 5


class DIPLS(ChildCalibration):
    """Domain-invariant partial least squares (Nikzad-Langerodi et al. 2018; 2020).

    Latent variables are those of the parent's calibration set, turned towards where the standards' covariances on both
    instruments are alike; the standards need no reference values. The child's spectra are moved by the mean difference
    of the standards. As diPLSlib's algorithm, computed where the standards live (`benchmarks/dipls.py`).

    Parameters
    ----------
    penalty : float or "heuristic", optional
        Weight λ of the difference of covariances, the paper's. "heuristic": at each latent variable that which gives
        both parts equal weight. None: chosen among seven, 1.5 decades apart, by the error to be expected on the child
        (5 folds): that on the parent's left-out samples and how far left-out standards' predictions are apart.
    num_latent : int, optional
        Latent variables. None: the smallest number within 5 % of the least error of plain partial least squares, of 10
        folds over the calibration set.

    paired : bool
        Whether the parent's spectra that the child's are held against are the same standards'. Without it they are the
        whole calibration set, as first published, where standards are the child's alone.

    Attributes
    ----------
    penalty_ : float or None
        None where the heuristic sets it.
    num_latent_ : int
    """

    def __init__(
        self,
        penalty: float | Literal["heuristic"] | None = None,
        num_latent: int | None = None,
        paired: bool = True,
    ) -> None:
        self.penalty = penalty
        self.num_latent = num_latent
        self.paired = paired

    def _fit(self, known: Known) -> None:
        whole_number("num_latent", self.num_latent, 1)
        wanted = self.num_latent or choose_num_latent(known.x, known.y)
        self.penalty_ = self._chosen(known, wanted)
        found = self._coefficients(known, self.penalty_, wanted)
        self.num_latent_ = len(found)
        self._keep(found[-1], known.x.mean(axis=0) + self._moved(known), float(known.y.mean()))

    def _source(self, known: Known) -> Array:
        return known.parent if self.paired else known.x

    def _moved(self, known: Known) -> Array:
        moved: Array = known.child.mean(axis=0) - self._source(known).mean(axis=0)
        return moved

    def _others(self, known: Known) -> Sequence[tuple[Array, Array]]:
        """Spectra of the parent and of each further child."""
        return ()

    def _coefficients(self, known: Known, penalty: float | None, most: int) -> Array:
        pairs = [(self._source(known), known.child), *self._others(known)]
        centred = [(_centred(parent), _centred(child)) for parent, child in pairs]
        return domain_invariant_pls(_centred(known.x), known.y - known.y.mean(), centred, penalty, most)

    def _chosen(self, known: Known, num_latent: int) -> float | None:
        if self.penalty == "heuristic":
            return None
        if isinstance(self.penalty, str):
            raise ValueError(f'penalty: expected a number, "heuristic" or None, found {self.penalty!r}')
        if self.penalty is not None:
            at_least("penalty", self.penalty, 0)
            return float(self.penalty)
        penalties: list[float] = [step * _unit(known) for step in _STEPS]

        def fit(part: Known) -> Predictions:
            found = np.array([self._coefficients(part, penalty, num_latent)[-1] for penalty in penalties]).T
            centre, moved = part.x.mean(axis=0), self._moved(part)

            def predict(child: Array, parent: Array) -> tuple[Array, Array]:
                return (child - moved - centre) @ found + part.y.mean(), (parent - centre) @ found + part.y.mean()

            return predict

        best: float = penalties[int(expected_error(known, fit, _FOLDS)[0].argmin())]
        return best


def _centred(rows: Array) -> Array:
    centred: Array = rows - rows.mean(axis=0)
    return centred


def _unit(known: Known) -> float:
    """The λ at which the strongest difference of covariances is given up by half, at the first latent variable."""
    parent, child = _centred(known.parent), _centred(known.child)
    spread = (np.square(parent).sum() + np.square(child).sum()) / len(parent)
    varied = float(np.square(known.y - known.y.mean()).sum())
    return varied / float(spread) if spread > 0 and varied > 0 else 1.0
