"""Domain-invariant partial least squares over several children at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_array, check_is_fitted

from spektron.transfer._columns import check_columns
from spektron.transfer.classical._calibration import Array, Known
from spektron.transfer.classical._refitting import wholly
from spektron.transfer.classical.dipls import DIPLS

__all__ = ["MDIPLS"]


class MDIPLS(DIPLS):
    """Multi-domain-invariant partial least squares (Mikulasek et al. 2023).

    One set of coefficients for every child: the differences of covariances of all children add up. Each child has its
    own mean, so that its intercept is its own. Settings and their choice are `DIPLS`'s; with one child it is `DIPLS`.
    While the penalty is chosen, standards are left out of the first child alone: those of further children always take
    part, also where they are the same samples.

    Attributes
    ----------
    intercepts_ : ndarray, shape (1 + further children,)
        Of the child whose standards are ``X_child`` first.
    """

    @wholly
    def fit(
        self,
        X_child: Any,
        X_parent: Any,
        *,
        X_calibration: Any,
        y_calibration: Any,
        y_standards: Any = None,
        further: Sequence[tuple[Any, Any]] = (),
    ) -> Self:
        """Learn the calibration.

        Parameters
        ----------
        X_child, X_parent, X_calibration, y_calibration, y_standards : array
            As of every calibration for a child, of the child that settings are chosen for.
        further : sequence of pairs of arrays of shape (standards, channels)
            ``(X_child, X_parent)`` of every further child: its standards on it and on the parent, on the same axis.
            Children may have other standards, and other numbers of them.

        Raises
        ------
        ValueError
            For values that are not finite, shapes that do not match, or fewer than two standards of a child.
        """
        self._pairs = [_checked(place, pair, np.shape(X_child)) for place, pair in enumerate(further)]
        check_columns(
            X_child=X_child,
            **{f"further[{place}][{one}]": pair[one] for place, pair in enumerate(further) for one in (0, 1)},
        )
        super().fit(
            X_child, X_parent, X_calibration=X_calibration, y_calibration=y_calibration, y_standards=y_standards
        )
        return self

    def predict(self, X: Any, child: int = 0) -> Array:
        """Predict the property of samples measured on a child.

        Parameters
        ----------
        X : array of shape (samples, channels)
        child : int
            0 is the one whose standards were ``X_child``, 1 the first of `further`, and so on.

        Returns
        -------
        ndarray, shape (samples,)
        """
        predicted = super().predict(X)
        check_is_fitted(self, "intercepts_")
        if not 0 <= child < len(self.intercepts_):
            raise ValueError(f"child: expected 0 to {len(self.intercepts_) - 1}, found {child}")
        shifted: Array = predicted + (self.intercepts_[child] - self.intercept_)
        return shifted

    def _fit(self, known: Known) -> None:
        super()._fit(known)
        means = [np.zeros_like(known.x[0])]
        source = known.parent.mean(axis=0) if self.paired else known.x.mean(axis=0)
        own = known.child.mean(axis=0) - source
        for child, parent in self._pairs:
            held = parent.mean(axis=0) if self.paired else known.x.mean(axis=0)
            means.append(child.mean(axis=0) - held - own)
        self.intercepts_ = self.intercept_ - np.array(means) @ self.coef_

    def _others(self, known: Known) -> Sequence[tuple[Array, Array]]:
        return [(parent if self.paired else known.x, child) for child, parent in self._pairs]


def _checked(place: int, pair: tuple[Any, Any], shape: tuple[int, ...]) -> tuple[Array, Array]:
    name = f"further[{place}]"
    child = check_array(pair[0], dtype=np.float64, ensure_min_samples=2, input_name=f"{name}[0]")
    parent = check_array(pair[1], dtype=np.float64, input_name=f"{name}[1]")
    if child.shape != parent.shape or child.shape[1:] != shape[1:]:
        raise ValueError(
            f"{name}: expected as many standards on the child as on the parent, on X_child's axis, found shapes "
            f"{child.shape} and {parent.shape} beside {shape}"
        )
    return child, parent
