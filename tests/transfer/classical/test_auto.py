"""What averages methods and preprocessings: what counts where, and that nobody has to know."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from spektron.transfer import Auto, DifferenceAugmentedRidge, Preprocessed
from spektron.transfer.methods import method_named
from spektron.transfer.protocol import TransferTask, transfer_tasks


@pytest.fixture(scope="module")
def shared(shared_data) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPEKTRON_DATA", str(shared_data))
        yield


def first(dataset, name: str) -> TransferTask:
    return next(task for task in transfer_tasks(dataset, 0) if task.name == name)


def preprocessing(name: str) -> str:
    return name.rpartition("+")[0] or "raw"


def test_scatter_is_taken_out_where_it_matters_and_left_where_it_does_not(shared: None) -> None:
    tablets = first("tablets_clean", "spec1-spec2/assay").fitted(Auto(), 10)
    corn = first("corn", "m5-mp5/oil").fitted(Auto(), 10)
    scattered = [
        sum(w for name, w in zip(model.names_, model.weights_, strict=True) if preprocessing(name).endswith("snv"))
        for model in (tablets, corn)
    ]
    assert scattered[0] > 0.8
    assert scattered[1] < 0.05


def test_it_predicts_the_weighted_mean_of_what_its_names_say(shared: None) -> None:
    task = first("corn", "mp5-mp6/oil")
    model = task.fitted(Auto(("raw", "sg1")), 5)
    apart = [task.fitted(method_named(name), 5) for name in model.names_]
    expected = sum(w * one.predict(task.test_x) for w, one in zip(model.weights_, apart, strict=True))
    np.testing.assert_allclose(model.predict(task.test_x), expected, rtol=1e-9)
    assert model.weights_.sum() == pytest.approx(1)
    assert model.chosen_ == model.names_[int(model.weights_.argmax())]
    assert 0 < model.confidence_ <= 1


def test_what_leans_on_the_parent_no_longer_counts_once_there_is_much_to_learn_from(shared: None) -> None:
    task = first("corn", "mp5-m5/moisture")  # the child is the far better instrument
    few, many = (task.fitted(Auto(), number) for number in (5, 50))
    assert any("mean" in name for name in few.names_)
    assert not any("mean" in name for name in many.names_)
    reached = np.sqrt(np.square(many.predict(task.test_x) - task.test_y).mean())
    assert reached < 0.2 * np.sqrt(np.square(task.errors(method_named("mean"), 50)).mean())


def test_without_labels_it_averages_what_needs_none(shared: None) -> None:
    task = first("corn", "m5-mp5/oil")
    rows = task.standards[:10]
    model = Auto().fit(task.child_x[rows], task.x[rows], X_calibration=task.x, y_calibration=task.y)
    assert {name.rpartition("+")[2] for name in model.names_} <= {"mean", "difference_pls", "difference_ridge"}
    assert np.sqrt(np.square(model.predict(task.test_x) - task.test_y).mean()) < 1.5 * task.test_y.std()


@pytest.mark.parametrize("number", [3, 4])
def test_few_standards_are_enough(shared: None, number: int) -> None:
    task = first("corn", "m5-mp5/oil")
    model = task.fitted(Auto(), number)
    assert np.isfinite(model.predict(task.test_x)).all()
    assert ("recalibration" in " ".join(model.names_)) <= (number >= 4)


def test_spectra_too_short_for_a_derivative_do_without(shared: None) -> None:
    task = first("corn", "m5-mp5/oil")
    rows, few = task.standards[:10], slice(None, None, 80)
    few_channels = {"X_calibration": task.x[:, few], "y_calibration": task.y, "y_standards": task.y[rows]}
    model = Auto().fit(task.child_x[rows][:, few], task.x[rows][:, few], **few_channels)
    assert all(preprocessing(name) in ("raw", "snv") for name in model.names_)
    with pytest.raises(ValueError, match="sg1: expected at least 11 channels"):
        Auto(("sg1",)).fit(task.child_x[rows][:, few], task.x[rows][:, few], **few_channels)


def test_one_sample_measured_again_and_again_is_one_sample(shared: None) -> None:
    task = first("corn", "m5-mp5/oil")
    rows = np.repeat(task.standards[:3], 5)
    again = task.child_x[rows] + 1e-4 * np.random.default_rng(0).normal(size=task.child_x[rows].shape)
    model = Auto().fit(again, task.x[rows], X_calibration=task.x, y_calibration=task.y, y_standards=task.y[rows])
    assert np.isfinite(model.predict(task.test_x)).all()
    assert not any("recalibration" in name for name in model.names_)


@pytest.mark.parametrize(("repeats", "found"), [(1, "standards, found 2"), (5, "different standards, found 2")])
def test_two_standards_say_nothing_of_how_methods_err(shared: None, repeats: int, found: str) -> None:
    task = first("corn", "m5-mp5/oil")
    rows = np.repeat(task.standards[:2], repeats)
    known = {"X_calibration": task.x, "y_calibration": task.y, "y_standards": task.y[rows]}
    for method in (Auto(), Preprocessed("sg1", Auto(("raw",)))):
        with pytest.raises(ValueError, match=f"Auto: expected at least 3 {found}: .* take DifferenceAugmentedRidge"):
            method.fit(task.child_x[rows], task.x[rows], **known)
    assert np.isfinite(task.fitted(DifferenceAugmentedRidge(), 2).predict(task.test_x)).all()


def test_at_least_one_preprocessing_is_asked_for(shared: None) -> None:
    with pytest.raises(ValueError, match="expected at least one"):
        first("corn", "m5-mp5/oil").fitted(Auto(()), 5)


def test_its_ridge_is_the_ridge(shared: None) -> None:
    """What judges the preprocessings is one of the methods, and is not made twice."""
    task = first("corn", "m5-mp5/oil")
    model = task.fitted(Auto(("sg1",)), 10)
    ridge = task.fitted(Preprocessed("sg1", DifferenceAugmentedRidge()), 10)
    own = next(member for member in model._members if member.name == "sg1+difference_ridge")
    np.testing.assert_allclose(own.calibration.predict(task.test_x), ridge.predict(task.test_x), rtol=1e-12)


@pytest.mark.parametrize(("channels", "possible"), [(1, {"raw"}), (5, {"raw", "snv"})])
def test_preprocessings_that_need_more_channels_take_no_part(channels: int, possible: set[str]) -> None:
    rng = np.random.default_rng(0)
    x = 1 + rng.normal(size=(30, channels))
    model = Auto().fit(x[:8] + 0.1, x[:8], X_calibration=x, y_calibration=x[:, 0], y_standards=x[:8, 0])
    assert {preprocessing(name) for name in model.names_} <= possible
    assert np.sqrt(np.square(model.predict(x + 0.1) - x[:, 0]).mean()) < 0.1
    with pytest.raises(ValueError, match=f"sg1: expected at least 11 channels, .* found {channels}"):
        Auto(("sg1",)).fit(x[:8], x[:8], X_calibration=x, y_calibration=x[:, 0])
