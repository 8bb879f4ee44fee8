"""Joint-Y partial least squares: each instrument its own spectra's latent variables, one relation to the property."""

from __future__ import annotations

import numpy as np

from spektron.transfer._samples import Rows, folds_of
from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, whole_number
from spektron.transfer.classical._expected_error import samples
from spektron.transfer.pls import MAX_LATENT, for_all_numbers, smallest_good

__all__ = ["JointYPLS"]

_FOLDS = 10


class JointYPLS(ChildCalibration):
    """Joint-Y partial least squares (García-Muñoz, MacGregor and Kourti 2005).

    Parent and child have their own weights and loadings, and share what one unit of a latent variable is in the
    property. Each latent variable is the unit direction, on each instrument, of greatest covariance with what is left
    of the property there. Blocks are centred on their own and count alike, whatever their number of samples.

    The child's directions are learned of its standards alone, which takes many: with 5 of them one corn task in four
    comes out worse than with no transfer at all, by up to five times, and with 10 errors are 1.8 times those of a mean
    correction. It has no safe side to fall back to: below 30 standards take another method.

    Parameters
    ----------
    num_latent : int, optional
        Latent variables. None: the smallest number within 5 % of the least error, of 10 folds over the calibration set
        and the labelled standards, both blocks counting alike.

    Attributes
    ----------
    num_latent_ : int
    parent_coef_ : ndarray, shape (channels,)
        The same for the parent's spectra.
    parent_intercept_ : float
    """

    _least_standards = 3
    _least_calibration = 3  # one is left out, and of the others one latent variable is taken
    _needs_labels = True

    def __init__(self, num_latent: int | None = None) -> None:
        self.num_latent = num_latent

    def _fit(self, known: Known) -> None:
        assert known.labels is not None
        whole_number("num_latent", self.num_latent, 1)
        blocks = ((known.x, known.y), (known.child, known.labels))
        wanted = self.num_latent or _chosen(*blocks, *samples(known))
        parent, child = _coefficients(*blocks, wanted)
        self.num_latent_ = len(child)
        self._keep(child[-1], known.child.mean(axis=0), float(known.labels.mean()))
        self.parent_coef_ = parent[-1]
        self.parent_intercept_ = float(known.y.mean() - known.x.mean(axis=0) @ parent[-1])


Block = tuple[Array, Array]


def _coefficients(parent: Block, child: Block, most: int) -> tuple[Array, Array]:
    """Of both blocks for 1, 2, … latent variables, each of shape (numbers, channels)."""
    blocks = [_Block(*parent), _Block(*child)]
    coefficients = np.zeros((2, most, parent[0].shape[1]))
    for number in range(most):
        scores = [block.next_score() for block in blocks]
        power = sum(float(score @ score) for score in scores)
        if power == 0.0:
            most = max(number, 1)
            break
        slope = sum(float(score @ block.y) for score, block in zip(scores, blocks)) / power
        for place, (score, block) in enumerate(zip(scores, blocks)):
            block.y = block.y - slope * score
            before = coefficients[place, number - 1] if number else 0.0
            coefficients[place, number] = before + slope * block.rotation
    return coefficients[0, :most], coefficients[1, :most]


class _Block:
    """One instrument's samples, and the scores that were taken from them."""

    def __init__(self, x: Array, y: Array) -> None:
        # Sums of squares over samples become means: 60 calibration samples do not outvote 5 standards.
        share = 1 / np.sqrt(len(x))
        self._x, self.y = (x - x.mean(axis=0)) * share, (y - y.mean()) * share
        self._smallest = np.finfo(np.float64).eps * max(x.shape) * np.linalg.norm(self._x)
        self._enough = self._smallest * np.linalg.norm(self.y)
        self._scores: list[Array] = []
        self._rotations: list[Array] = []
        self.rotation = np.zeros(x.shape[1])

    def next_score(self) -> Array:
        """Scores along the next unit direction, less their part in those before; 0 where nothing is left."""
        none = np.zeros(len(self._x))
        self.rotation = np.zeros(self._x.shape[1])
        direction = self.y @ self._x
        # y is left with what the other block's scores did to it, so only what earlier scores span is taken away here.
        for unit in self._scores:
            direction = direction - (unit @ self.y) * (unit @ self._x)
        length = np.linalg.norm(direction)
        if length <= self._enough:
            return none
        direction /= length
        score: Array = self._x @ direction
        rotation = direction
        for _ in range(2):
            for unit, turned in zip(self._scores, self._rotations):
                held = unit @ score
                score, rotation = score - held * unit, rotation - held * turned
        power = np.linalg.norm(score)
        if power <= self._smallest:
            return none
        self._scores.append(score / power)
        self._rotations.append(rotation / power)
        self.rotation = rotation
        return score


def _chosen(parent: Block, child: Block, of_x: Rows, of_standard: Rows) -> int:
    blocks, most = (parent, child), min(MAX_LATENT, len(parent[0]) - 2)
    folds = max(2, min(_FOLDS, len(parent[1])))
    left_out = _left_out(of_x, of_standard, folds)
    squared = np.zeros((2, most))
    for fold in range(folds):
        kept = [(x[own != fold], y[own != fold]) for (x, y), own in zip(blocks, left_out)]
        found = _coefficients(kept[0], kept[1], most)
        for place, ((x, y), own, (x_kept, y_kept)) in enumerate(zip(blocks, left_out, kept)):
            predicted = (x[own == fold] - x_kept.mean(axis=0)) @ found[place].T + y_kept.mean()
            missed = for_all_numbers(predicted, most) - y[own == fold, None]
            squared[place] += np.square(missed).sum(axis=0) / len(y)
    return smallest_good(np.sqrt(squared.sum(axis=0))) + 1


def _left_out(of_x: Rows, of_standard: Rows, folds: int) -> tuple[Rows, Rows]:
    """Fold in which each row is left out, a sample on both instruments in one.

    Where there are fewer standards than folds, some leave none of them out.
    """
    parent, child = folds_of(of_x, folds), folds_of(of_standard, folds)
    own = of_standard < len(of_x)
    parent[of_standard[own]] = child[own]
    return parent[of_x], child
