"""Difference-augmented ridge: fit the parent, turn away from what instruments differ by, heed the child."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from sklearn.model_selection import KFold

from spektron.transfer._samples import Rows
from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, LeftOut
from spektron.transfer.classical._expected_error import samples

__all__ = ["DifferenceAugmentedRidge"]

_PENALTIES = 10.0 ** np.arange(-6.0, -1.9, 0.5)
_CHILD_WEIGHTS = np.array([1.0, 0.3, 3.0, 10.0, 30.0, 100.0, 1000.0])
_EVEN_WEIGHT = 0.9
"""Prior probability that a child's labelled row counts as much as a parent's; the other weights share the rest."""
_FOLDS = 10
# Two standards fall into one of ten folds once in ten shuffles.
_SHUFFLES = 20


class DifferenceAugmentedRidge(ChildCalibration):
    """Ridge regression on the parent's calibration set, on paired differences, and on the child's labelled standards.

    The child's spectra are moved by the mean difference of the standards. What is left of each difference becomes a
    row whose property is 0, so that the model turns away from what tells the instruments apart; each standard with a
    property becomes a row of the child.

    Parameters
    ----------
    penalty : float, optional
        As a share of the total sum of squares of all rows. Without it, models of all penalties from 1e-6 to 1e-2 are
        averaged (see Notes).
    child_weight : float, optional
        How much a labelled row of the child counts against one of the parent. Without it, weights from 0.3 to 1000 are
        averaged, with 0.9 of the prior probability on 1.

    Attributes
    ----------
    penalty_, child_weight_ : float
        Geometric means of what was averaged.
    log_evidence_ : float
        Logarithm of the sum of what all models count, before it is made 1: what preprocessings of the same data are
        compared by.

    Notes
    -----
    Difference rows are those of difference-augmented calibration (Andrew and Fearn 2004 call the directions they span
    "transfer by orthogonal projection"; here they are shrunk, not removed). Choosing the penalty by cross-validation on
    the parent takes one that is too small for the child, whose spectra differ in ways no few standards show; and
    leaving out labelled standards, chosen to be extreme, takes interpolation. So each penalty is judged by the
    parent's cross-validated squared error plus what differences of left-out standards do to a prediction, each in
    proportion to how far the standard lies from the others (its leverage), scaled to a sample of usual leverage: this
    needs no labels. Weights of the child's rows are judged by the errors of left-out labelled standards. A model
    counts in proportion to risk^(−n/4), half the exponent of a Gaussian likelihood of n samples, for errors of samples
    left out of one set are not independent.
    """

    def __init__(self, penalty: float | None = None, child_weight: float | None = None) -> None:
        self.penalty = penalty
        self.child_weight = child_weight

    def _fit(self, known: Known) -> None:
        for name, value in (("penalty", self.penalty), ("child_weight", self.child_weight)):
            if value is not None and not 0 < value < np.inf:
                raise ValueError(f"{name}: expected a finite number above 0, found {value}")
        rows = _Rows.of(known)
        penalties = _PENALTIES if self.penalty is None else np.array([self.penalty])
        child_weights = _CHILD_WEIGHTS if self.child_weight is None else np.array([self.child_weight])
        if known.labels is None:
            child_weights = child_weights[:1]
        errors = _left_out(rows, penalties, child_weights)
        log_share = _log_shares(rows, errors)
        self.log_evidence_ = float(logsumexp(log_share))
        shares = np.exp(log_share - self.log_evidence_)
        self.left_out_ = errors.of(shares)
        self.penalty_ = float(np.exp(shares.sum(axis=0) @ np.log(penalties)))
        self.child_weight_ = float(np.exp(shares.sum(axis=1) @ np.log(child_weights)))
        everything = np.arange(rows.num_samples)
        models = [rows.solve(everything, weight) for weight in child_weights]
        combined = sum(model.combination(penalties) @ share for model, share in zip(models, shares, strict=True))
        self.coef_ = rows.spectra.T @ combined
        middle = known.x.mean(axis=0) + rows.moved + models[0].child_centre @ rows.spectra
        self.intercept_ = float(models[0].y_mean - middle @ self.coef_)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """All spectra in one table: the parent's set, the standards on the parent, the standards on the child.

    Every model is a combination of these rows, so it is solved through their Gram matrix, which is small.
    """

    spectra: Array
    moved: Array
    """What was taken away from the child's rows alone: no model is another for it."""
    gram: Array
    y: Array
    labels: Array | None
    num_parent: int
    sample: Rows
    """Sample of each standard: a row of the parent's set where it is one of them, or a number after those."""
    of_x: Rows
    """Sample of each row of the parent's set: the first that is the same."""

    @classmethod
    def of(cls, known: Known) -> _Rows:
        # Of spectra that lie far from 0, products say nothing of how they differ: 1e4 higher, nine digits are lost.
        # The child's own level is taken away as well: every row has the mean difference taken away, whatever it is.
        moved = (known.child - known.parent).mean(axis=0)
        spectra = np.vstack([known.x, known.parent, known.child - moved]) - known.x.mean(axis=0)
        of_x, sample = samples(known)
        return cls(
            spectra=spectra,
            moved=moved,
            gram=spectra @ spectra.T,
            y=known.y,
            labels=known.labels,
            num_parent=len(known.x),
            sample=sample,
            of_x=of_x,
        )

    @property
    def num_samples(self) -> int:
        """Samples, of the parent's set and standards beyond it."""
        return int(max(self.num_parent, self.sample.max() + 1))

    def parent(self, standards: Rows) -> Rows:
        """Rows of the standards on the parent."""
        return self.num_parent + standards

    def child(self, standards: Rows) -> Rows:
        """Rows of the standards on the child."""
        return self.num_parent + len(self.sample) + standards

    def solve(self, samples: Rows, child_weight: float) -> _Model:
        """Diagonalise the model of these samples; at least one is a standard."""
        size = len(self.spectra)
        kept = samples[samples < self.num_parent]
        standards = np.flatnonzero(np.isin(self.sample, samples))
        parent_centre, shift = np.zeros(size), np.zeros(size)
        parent_centre[kept] = 1 / len(kept)
        shift[self.child(standards)], shift[self.parent(standards)] = 1 / len(standards), -1 / len(standards)
        unit = np.eye(size)
        y_mean = float(self.y[kept].mean())
        design = [unit[kept] - parent_centre, unit[self.child(standards)] - unit[self.parent(standards)] - shift]
        targets = [self.y[kept] - y_mean, np.zeros(len(standards))]
        if self.labels is not None:
            root = np.sqrt(child_weight)
            design.append(root * (unit[self.child(standards)] - shift - parent_centre))
            targets.append(root * (self.labels[standards] - y_mean))
        strengths, directions = self._diagonal(stacked := np.vstack(design))
        return _Model(
            gram=self.gram,
            back=stacked.T @ directions,
            strengths=strengths,
            answers=directions.T @ np.concatenate(targets),
            parent_centre=parent_centre,
            child_centre=parent_centre + shift,
            y_mean=y_mean,
        )

    def _diagonal(self, stacked: Array) -> tuple[Array, Array]:
        """Strengths and directions of combinations of the table's rows, shape (combinations, rows)."""
        if len(stacked) <= self.spectra.shape[1]:
            strengths, directions = np.linalg.eigh(stacked @ self.gram @ stacked.T)
            return np.maximum(strengths, 0.0), directions
        # Of more rows than channels most directions have no strength, and to find those that have costs less.
        combined = stacked @ self.spectra
        strengths, axes = np.linalg.eigh(combined.T @ combined)
        strong = strengths > np.finfo(np.float64).eps * len(stacked) * strengths[-1]
        return strengths[strong], combined @ axes[:, strong] / np.sqrt(strengths[strong])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """A diagonalised ridge regression: every penalty is a division away."""

    gram: Array
    back: Array
    strengths: Array
    answers: Array
    parent_centre: Array
    child_centre: Array
    y_mean: float

    def _shrunk(self, penalties: Array) -> Array:
        """What each direction is divided by, shape (directions, penalties)."""
        smallest = np.finfo(np.float64).tiny
        divisors: Array = self.strengths[:, None] + np.maximum(penalties * self.strengths.sum(), smallest)
        return divisors

    def combination(self, penalties: Array) -> Array:
        """Shares of the table's rows in the coefficients, shape (rows, penalties)."""
        shares: Array = self.back @ (self.answers[:, None] / self._shrunk(penalties))
        return shares

    def predict(self, rows: Rows, centre: Array, penalties: Array) -> Array:
        """Of rows of the table, shape (rows, penalties)."""
        predicted: Array = (self.gram[rows] - centre @ self.gram) @ self.combination(penalties) + self.y_mean
        return predicted

    def leverage(self, rows: Rows, centre: Array, penalties: Array) -> Array:
        """How far rows lie from what the model was made of, in units of the noise, shape (rows, penalties)."""
        moved = np.eye(len(self.gram))[rows] - centre
        products = moved @ self.gram
        inside = (products @ self.back) ** 2
        own = (products * moved).sum(axis=1)
        penalty = np.maximum(penalties * self.strengths.sum(), np.finfo(np.float64).tiny)
        far: Array = np.maximum(own[:, None] - inside @ (1 / self._shrunk(penalties)), 0.0) / penalty
        return far


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errors:
    """Of left-out samples, with every child weight and penalty; NaN where a sample could not be left out.

    `parent` and `near` have shape (samples, weights, penalties), the others (standards, weights, penalties).
    """

    parent: Array
    near: Array
    """Leverage of a calibration sample."""
    between: Array
    far: Array
    """Leverage of a standard on the child."""
    child: Array | None

    def of(self, shares: Array) -> LeftOut | None:
        """Errors of models that count in these shares."""
        if np.isnan(self.between).any():
            return None
        child, between, parent = (
            None if each is None else np.tensordot(each, shares, axes=2)
            for each in (self.child, self.between, self.parent)
        )
        assert between is not None
        assert parent is not None
        return LeftOut(child=child, between=between, parent=parent)


def _left_out(rows: _Rows, penalties: Array, child_weights: Array) -> _Errors:
    shape = (len(child_weights), len(penalties))
    error, near = (np.full((rows.num_parent, *shape), np.nan) for _ in range(2))
    between, far, child = (np.full((len(rows.sample), *shape), np.nan) for _ in range(3))
    for kept, left_out in _folds(rows):
        if not np.isin(rows.sample, kept).any():  # one sample, measured again and again
            continue
        parents, standards = left_out[left_out < rows.num_parent], np.flatnonzero(np.isin(rows.sample, left_out))
        for number, weight in enumerate(child_weights):
            model = rows.solve(kept, weight)
            of_child = model.predict(rows.child(standards), model.child_centre, penalties)
            error[parents, number] = model.predict(parents, model.parent_centre, penalties) - rows.y[parents, None]
            between[standards, number] = of_child - model.predict(
                rows.parent(standards), model.parent_centre, penalties
            )
            if rows.labels is not None:
                child[standards, number] = of_child - rows.labels[standards, None]
            if number == 0:  # penalties are judged with a weight of 1
                near[parents, number] = model.leverage(parents, model.parent_centre, penalties)
                far[standards, number] = model.leverage(rows.child(standards), model.child_centre, penalties)
    return _Errors(parent=error, near=near, between=between, far=far, child=None if rows.labels is None else child)


def _log_shares(rows: _Rows, errors: _Errors) -> Array:
    """How much each model counts, shape (child weights, penalties), up to a factor of the data alone."""
    moved, far = errors.between[:, 0], errors.far[:, 0]
    # A standard of no leverage is one the others say all about: nothing is learned from its difference.
    ratio = np.divide(moved**2, far, out=np.zeros_like(moved), where=far > 0)
    judged = ~np.isnan(moved).any(axis=1)
    risk = np.nanmean(errors.parent[:, 0] ** 2, axis=0)
    if judged.any():
        risk += ratio[judged].mean(axis=0) * np.nanmean(errors.near[:, 0], axis=0)
    # Shares of the property's own spread, so that what is added up has no unit.
    spread = max(float(np.square(rows.y - rows.y.mean()).mean()), np.finfo(np.float64).tiny)
    num_weights = errors.between.shape[1]
    log_share: Array = np.tile(-rows.num_parent / 4 * _log(risk / spread), (num_weights, 1))
    log_share += np.log(_prior(num_weights))[:, None]
    if errors.child is not None and judged.any():
        log_share -= judged.sum() / 4 * _log(np.square(errors.child[judged]).mean(axis=0) / spread)
    return log_share


def _folds(rows: _Rows) -> list[tuple[Rows, Rows]]:
    """Samples that are kept and left out, shuffled again where a fold would take all standards."""
    found: list[tuple[Rows, Rows]] = []
    for seed in range(_SHUFFLES):
        folds = KFold(min(_FOLDS, rows.num_samples), shuffle=True, random_state=seed)
        found = [_whole(rows, left) for _, left in folds.split(np.arange(rows.num_samples))]
        if all(np.isin(rows.sample, kept).any() for kept, _ in found):
            break
    return found


def _whole(rows: _Rows, left: Rows) -> tuple[Rows, Rows]:
    """Samples that are kept and left out; a calibration row that repeats another is where the other is."""
    first = np.arange(rows.num_samples)
    first[: rows.num_parent] = rows.of_x
    out = np.isin(first, left)
    return np.flatnonzero(~out), np.flatnonzero(out)


def _log(risk: Array) -> Array:
    """Logarithm of what is nothing but rounding too."""
    logarithm: Array = np.log(np.maximum(risk, np.finfo(np.float64).eps))
    return logarithm


def _prior(number: int) -> Array:
    """Of each child weight; the first is 1."""
    if number == 1:
        return np.ones(1)
    return np.array([_EVEN_WEIGHT] + [(1 - _EVEN_WEIGHT) / (number - 1)] * (number - 1))
