"""External parameter orthogonalisation: what tells the instruments apart is cut out of both instruments' spectra."""

from __future__ import annotations

from typing import Any

import numpy as np

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, whole_number
from spektron.transfer.classical._expected_error import Predictions, expected_error
from spektron.transfer.pls import MAX_LATENT, centred_pls, for_all_numbers, smallest_good

__all__ = ["EPO"]

_MOST_DIRECTIONS = 8


class EPO(ChildCalibration):
    """External parameter orthogonalisation (Roger, Chauchard and Bellon-Maurel 2003) and partial least squares.

    The child's spectra are moved by the standards' mean difference. The strongest directions of what is left of the
    differences are projected out of the parent's set, which is calibrated anew, so that the model is blind to them on
    both instruments.

    Parameters
    ----------
    num_directions : int, optional
        Directions that are cut out, 0 or more; at most as many as there are, one fewer than standards (ten standards
        have nine, whatever more is asked for: see `directions_`). None: chosen, at most 8, by the error to be expected
        on the child.
    num_latent : int, optional
        Latent variables. None: for what is left of the parent's set, of numbers within 5 % of its least error the
        fewest.

    Attributes
    ----------
    directions_ : ndarray, shape (num_directions, channels)
        Orthonormal.
    num_latent_ : int
    """

    def __init__(self, num_directions: int | None = None, num_latent: int | None = None) -> None:
        self.num_directions = num_directions
        self.num_latent = num_latent

    def _fit(self, known: Known) -> None:
        whole_number("num_directions", self.num_directions, 0)
        whole_number("num_latent", self.num_latent, 1)
        number, most = self._chosen(known)
        self.directions_ = _directions(known)[:number]
        found = _coefficients(known, self.directions_, most)
        self.num_latent_ = len(found)
        moved = (known.child - known.parent).mean(axis=0)
        self._keep(found[-1], known.x.mean(axis=0) + moved, float(known.y.mean()))

    def transform(self, X: Any) -> Array:
        """Cut the directions out of spectra of either instrument.

        Parameters
        ----------
        X : array of shape (samples, channels)

        Returns
        -------
        ndarray, shape (samples, channels)

        Raises
        ------
        ValueError
            As `predict`: for other channels, or a data frame with other columns.
        """
        spectra = self._checked(X)
        return _without(self.directions_, spectra)

    def _chosen(self, known: Known) -> tuple[int, int]:
        most = self.num_latent or MAX_LATENT
        numbers = range(_MOST_DIRECTIONS + 1) if self.num_directions is None else (self.num_directions,)
        if len(numbers) == 1 and self.num_latent is not None:
            return numbers[0], most

        def fit(part: Known) -> Predictions:
            directions = _directions(part)
            every = np.hstack(
                [for_all_numbers(_coefficients(part, directions[:number], most).T, most) for number in numbers]
            )
            centre, middle = part.x.mean(axis=0), part.y.mean()
            moved = (part.child - part.parent).mean(axis=0)

            def predict(child: Array, parent: Array) -> tuple[Array, Array]:
                return (child - moved - centre) @ every + middle, (parent - centre) @ every + middle

            return predict

        error, parents = (each.reshape(len(numbers), most) for each in expected_error(known, fit))
        latent = [most - 1 if self.num_latent is not None else smallest_good(each) for each in parents]
        best = int(np.argmin([row[number] for row, number in zip(error, latent)]))
        return numbers[best], latent[best] + 1


def _directions(known: Known) -> Array:
    """Principal directions of the paired differences less their mean, strongest first, without those of rounding."""
    differences = known.child - known.parent
    _, strengths, directions = np.linalg.svd(differences - differences.mean(axis=0), full_matrices=False)
    floor = np.finfo(np.float64).eps * max(differences.shape) * np.abs(known.parent).max()
    found: Array = directions[strengths > floor]
    return found


def _without(directions: Array, spectra: Array) -> Array:
    left: Array = spectra - (spectra @ directions.T) @ directions
    return left


def _coefficients(known: Known, directions: Array, most: int) -> Array:
    """Coefficients for 1, 2, … latent variables; they lie in what is left, so new spectra need no projection."""
    x = _without(directions, known.x - known.x.mean(axis=0))
    return centred_pls(x, known.y - known.y.mean(), most)
