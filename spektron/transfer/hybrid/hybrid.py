"""Hybrid: a classical calibration, and as much of a flexible one as left-out samples bear out."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from sklearn.base import clone

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, LeftOut, weighted
from spektron.transfer.classical._expected_error import own_rows
from spektron.transfer.classical._left_out import left_out
from spektron.transfer.hybrid._share import believed_share

__all__ = ["Framing", "Hybrid"]

Framing = Literal["residual", "direct"]


class Hybrid(ChildCalibration):
    """``y = base(x) + share · change(x)``, with the share chosen by samples that neither part has seen.

    Parameters
    ----------
    base : ChildCalibration
        What is fallen back to; it is cloned.
    addition : ChildCalibration
        Anything that learns from the same samples, linear or not; it is cloned.
    framing : {"residual", "direct"}
        "residual": the addition learns what the base misses on left-out samples, and the change is what it predicts.
        "direct": it learns the property, and the change is its prediction less the base's.
    folds : int
        How often the addition is made again to leave samples out.

    Attributes
    ----------
    base_, addition_ : ChildCalibration
        `addition_` is fitted where its share is above 0, and None otherwise.
    share_ : float
        0: the base alone answers. 1: the change is taken whole.
    left_out_ : LeftOut

    Notes
    -----
    A base that leaves samples out anyway (`ChildCalibration.left_out_`) is not made again. The share comes of all
    left-out samples: those of the parent, moved by the standards' mean difference, and labelled standards on the child,
    each sample once. See `spektron.transfer.hybrid._share`.
    """

    def __init__(
        self, base: ChildCalibration, addition: ChildCalibration, framing: Framing = "residual", folds: int = 5
    ) -> None:
        self.base = base
        self.addition = addition
        self.framing = framing
        self.folds = folds

    def _fit(self, known: Known) -> None:
        if self.framing not in ("residual", "direct"):
            raise ValueError(f'framing: expected "residual" or "direct", found {self.framing!r}')
        if not self.folds >= 2:
            raise ValueError(f"folds: expected at least 2, found {self.folds}")
        self.base_ = _fitted(self.base, known)
        of_base = self.base_.left_out_ or left_out(lambda: clone(self.base), known, self.folds)
        goal = _missed(known, of_base) if self.framing == "residual" else known
        of_addition = left_out(lambda: clone(self.addition), goal, self.folds)
        base, addition = _errors(of_base, known), _errors(of_addition, known)
        # Of a residual too: predicted − missed is what the whole would err by, were the share 1.
        self.share_ = believed_share(-base, addition - base)
        self.addition_ = _fitted(self.addition, goal) if self.share_ > 0 else None
        self.left_out_ = self._combined(of_base, of_addition)

    def _predict(self, child: Array) -> Array:
        answer: Array = self.base_.predict(child)
        if self.addition_ is None:
            return answer
        added: Array = self.addition_.predict(child)
        return answer + self.share_ * (added if self.framing == "residual" else added - answer)

    def _combined(self, base: LeftOut, addition: LeftOut) -> LeftOut:
        shares = np.array([1 - self.share_, self.share_])
        found = weighted([base, addition], shares)
        assert found is not None
        if self.framing == "residual":  # two instruments' predictions differ by what each part's do
            found = replace(found, between=base.between + self.share_ * addition.between)
        return found


def _fitted(calibration: ChildCalibration, known: Known) -> ChildCalibration:
    fitted: ChildCalibration = clone(calibration).fit(
        known.child, known.parent, X_calibration=known.x, y_calibration=known.y, y_standards=known.labels
    )
    return fitted


def _missed(known: Known, base: LeftOut) -> Known:
    """The same samples, with what the base misses in the property's place."""
    return replace(known, y=-base.parent, labels=None if base.child is None else -base.child)


def _errors(found: LeftOut, known: Known) -> Array:
    """Of every sample once: on the child where it was labelled there, otherwise on the parent."""
    if found.child is None:
        return found.parent
    own = own_rows(known)
    elsewhere = np.setdiff1d(np.arange(len(found.parent)), own[own >= 0])
    return np.concatenate([found.child, found.parent[elsewhere]])
