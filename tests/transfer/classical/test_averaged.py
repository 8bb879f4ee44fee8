"""Averaging over preprocessings: what counts where, and that nobody has to know."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from spektron.transfer import Averaged, DifferenceAugmentedRidge, Preprocessed
from spektron.transfer.protocol import TransferTask, transfer_tasks


@pytest.fixture(scope="module")
def shared(shared_data) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPEKTRON_DATA", str(shared_data))
        yield


def first(dataset, name: str) -> TransferTask:
    return next(task for task in transfer_tasks(dataset, 0) if task.name == name)


def fitted(method, task: TransferTask, number: int):
    rows = task.standards[:number]
    return method.fit(
        task.child_x[rows], task.x[rows], X_calibration=task.x, y_calibration=task.y, y_standards=task.y[rows]
    )


def test_scatter_is_taken_out_where_it_matters_and_left_where_it_does_not(shared: None) -> None:
    tablets = fitted(Averaged(), first("tablets", "spec1-spec2/assay"), 10)
    corn = fitted(Averaged(), first("corn", "m5-mp5/moisture"), 10)
    share = [dict(zip(model.preprocessings, model.weights_, strict=True)) for model in (tablets, corn)]
    assert share[0]["snv"] + share[0]["sg1snv"] > 0.8
    assert share[1]["raw"] + share[1]["sg1"] > 0.95


def test_it_predicts_the_weighted_mean_of_its_members(shared: None) -> None:
    task = first("corn", "mp5-mp6/oil")
    model = fitted(Averaged(("raw", "sg1")), task, 5)
    apart = [fitted(Preprocessed(name, DifferenceAugmentedRidge()), task, 5) for name in ("raw", "sg1")]
    expected = sum(w * one.predict(task.test_x) for w, one in zip(model.weights_, apart, strict=True))
    np.testing.assert_allclose(model.predict(task.test_x), expected, rtol=1e-12)
    assert model.weights_.sum() == pytest.approx(1)


def test_at_least_one_preprocessing_is_asked_for(shared: None) -> None:
    with pytest.raises(ValueError, match="expected at least one"):
        fitted(Averaged(()), first("corn", "m5-mp5/oil"), 5)
