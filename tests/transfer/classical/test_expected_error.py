"""What is left out together, and how the two errors add up."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spektron.transfer.classical._calibration import Known
from spektron.transfer.classical._expected_error import Predictions, expected_error

Array = NDArray[np.float64]


def known(standards: int, shared: int) -> Known:
    """Thirty samples and standards, of which the first `shared` are calibration samples 4, 9, 14, …"""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 5))
    parent = rng.normal(size=(standards, 5))
    parent[:shared] = x[4 : 4 + 5 * shared : 5]
    return Known(child=parent + 1.0, parent=parent, labels=None, x=x, y=x.sum(axis=1))


def test_the_error_on_the_child_is_the_parents_and_the_differences() -> None:
    def fit(part: Known) -> Predictions:
        # Two settings: right on the parent and 2 too high on the child; 3 too high on the parent and right between.
        def predict(child: Array, parent: Array) -> tuple[Array, Array]:
            of_child, of_parent = (child - 1.0).sum(axis=1), parent.sum(axis=1)
            return np.column_stack([of_child + 2, of_child + 3]), np.column_stack([of_parent, of_parent + 3])

        return predict

    child, parent = expected_error(known(6, 2), fit)
    assert child == pytest.approx([2.0, 3.0])
    assert parent == pytest.approx([0.0, 3.0], abs=1e-12)


@pytest.mark.parametrize(("standards", "shared"), [(5, 5), (5, 0), (12, 4), (3, 3)])
def test_no_sample_is_on_both_sides(standards: int, shared: int) -> None:
    data = known(standards, shared)
    asked = np.zeros(standards, dtype=np.int64)

    def rows_in(some: Array, others: Array) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = (some[:, None] == others[None]).all(axis=2).any(axis=1)
        return found

    def fit(part: Known) -> Predictions:
        def predict(child: Array, parent: Array) -> tuple[Array, Array]:
            assert not rows_in(parent, part.x).any()
            assert not rows_in(child, part.child).any()
            # What stays of the standards has no left-out calibration sample in it.
            assert not rows_in(part.parent, parent).any()
            asked[rows_in(data.child, child)] += 1
            return np.zeros((len(child), 1)), np.zeros((len(parent), 1))

        return predict

    expected_error(data, fit)
    assert (asked == 1).all()
