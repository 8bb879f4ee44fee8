"""Hybrids: fall back where there is nothing to add, take what there is, and keep the errors of left-out samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor

from spektron.transfer import DifferenceAugmentedRidge
from spektron.transfer._samples import sample_means
from spektron.transfer.classical._calibration import ChildCalibration, Known, LeftOut
from spektron.transfer.hybrid import Framing, Hybrid, Pooled
from spektron.transfer.hybrid._share import believed_share
from spektron.transfer.hybrid.hybrid import _risked
from tests.transfer.uncertainty.instruments import Instruments, instruments

Array = NDArray[np.float64]
framings = pytest.mark.parametrize("framing", ["residual", "direct"])


class Noise(ChildCalibration):
    """Predicts what has nothing to do with the spectra, as strong as the property."""

    def _fit(self, known: Known) -> None:
        self._spread = float(known.y.std())

    def _predict(self, child: Array) -> Array:
        seeds = np.abs(child[:, 0] * 1e6).astype(np.int64)
        return np.array([self._spread * np.random.default_rng(seed).normal() for seed in seeds])


class Without(ChildCalibration):
    """A ridge that does not see the last channel."""

    def _fit(self, known: Known) -> None:
        self._ridge = DifferenceAugmentedRidge().fit(
            known.child[:, :-1],
            known.parent[:, :-1],
            X_calibration=known.x[:, :-1],
            y_calibration=known.y,
            y_standards=known.labels,
        )

    def _predict(self, child: Array) -> Array:
        predicted: Array = self._ridge.predict(child[:, :-1])
        return predicted


def curve() -> KernelRidge:
    """Smooth, and a hundred times faster than a Gaussian process that looks for its length."""
    return KernelRidge(alpha=0.01, kernel="rbf", gamma=0.1)


def curved(seed: int) -> Instruments:
    """The property bends with the first band: what a line cannot say."""
    given_ = instruments(seed, num_standards=15, samples=80, error=0.02)
    bend = lambda spectra: 1.5 * (spectra[:, 10] / 1.05 - 0.5) ** 2  # noqa: E731
    return Instruments(given_.x, given_.y + bend(given_.x), given_.child, given_.standards, given_.test, given_.test_y)


def rmsep(model: ChildCalibration, data: Instruments, test_y: Array) -> float:
    return float(np.sqrt(np.square(model.predict(data.test) - test_y).mean()))


@framings
@pytest.mark.parametrize("seed", range(4))
def test_what_says_nothing_is_left_out_to_the_last_bit(framing: Framing, seed: int) -> None:
    data = instruments(seed)
    base = DifferenceAugmentedRidge().fit(*data.pairs, **data.given())
    hybrid = Hybrid(DifferenceAugmentedRidge(), Noise(), framing).fit(*data.pairs, **data.given())
    assert hybrid.share_ == 0
    assert hybrid.whole_ is None
    np.testing.assert_array_equal(hybrid.predict(data.test), base.predict(data.test))
    np.testing.assert_array_equal(hybrid.left_out_.parent, base.left_out_.parent)


@framings
def test_a_curve_is_taken_over_from_a_kernel(framing: Framing) -> None:
    data = curved(0)
    test_y = data.test_y + 1.5 * (data.test[:, 10] / 1.05 - 0.5) ** 2
    base = DifferenceAugmentedRidge().fit(*data.pairs, **data.given())
    hybrid = Hybrid(DifferenceAugmentedRidge(), Pooled(), framing).fit(*data.pairs, **data.given())
    assert hybrid.share_ > 0.5
    assert rmsep(hybrid, data, test_y) < 0.8 * rmsep(base, data, test_y)


@framings
def test_left_out_errors_are_those_of_the_weighted_parts(framing: Framing) -> None:
    data = curved(0)
    hybrid = Hybrid(DifferenceAugmentedRidge(), Pooled(curve()), framing).fit(*data.pairs, **data.given())
    alone = Hybrid(DifferenceAugmentedRidge(), Noise(), framing).fit(*data.pairs, **data.given()).left_out_
    assert hybrid.share_ > 0.5
    assert hybrid.left_out_.child is not None
    assert hybrid.left_out_.child.shape == hybrid.left_out_.between.shape == (15,)
    assert np.square(hybrid.left_out_.parent).mean() < 0.7 * np.square(alone.parent).mean()


@framings
@pytest.mark.parametrize("standard", [False, True])
def test_a_left_out_sample_has_no_part_in_what_is_proposed_for_it(
    framing: Framing, standard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spektron.transfer.hybrid.hybrid.believed_share", lambda missing, proposed: 1.0)
    data = curved(1)
    row = data.standards[0] if standard else np.setdiff1d(np.arange(len(data.x)), data.standards)[0]
    other = replace(data, y=data.y + (np.arange(len(data.y)) == row))
    before, after = (
        Hybrid(DifferenceAugmentedRidge(), Pooled(curve()), framing).fit(*one.pairs, **one.given()).left_out_
        for one in (data, other)
    )
    # Its prediction stays, so its error falls by what its property rose by; those of others do change.
    assert after.parent[row] - before.parent[row] == pytest.approx(-1, abs=1e-9)
    assert np.abs(after.parent - before.parent).max(where=np.arange(len(data.x)) != row, initial=0) > 1e-3
    if standard:
        assert before.child is not None
        assert after.child is not None
        assert after.child[0] - before.child[0] == pytest.approx(-1, abs=1e-9)


@framings
@pytest.mark.parametrize("seed", range(3))
def test_what_knows_by_heart_is_not_believed(framing: Framing, seed: int) -> None:
    data = instruments(seed)
    by_heart = Pooled(KNeighborsRegressor(1))
    assert Hybrid(DifferenceAugmentedRidge(), by_heart, framing).fit(*data.pairs, **data.given()).share_ < 0.2


@framings
@pytest.mark.parametrize("labelled", [False, True])
def test_what_follows_the_parent_alone_is_not_believed(framing: Framing, labelled: bool) -> None:
    """A channel more says the property on the parent, and nothing on the child."""
    data = instruments(0)
    child = data.pairs[0]
    rest = np.random.default_rng(0).normal(scale=0.5, size=len(child))
    x = np.column_stack([data.x, data.y])
    given_ = {"X_calibration": x, "y_calibration": data.y, "y_standards": None}
    if labelled:
        given_["y_standards"] = data.y[data.standards]
    pairs = np.column_stack([child, rest]), x[data.standards]
    trap = Pooled(Ridge(1e-3))
    follows = trap.fit(*pairs, **given_).predict(x + (pairs[0] - pairs[1]).mean(axis=0)) - data.y
    assert np.sqrt(np.square(follows).mean()) < 0.04  # 0.05 is the error of the property itself
    assert Hybrid(Without(), trap, framing).fit(*pairs, **given_).share_ < 0.1


@pytest.mark.parametrize("labelled", [False, True])
def test_a_sample_that_was_measured_again_counts_once(labelled: bool) -> None:
    data, random = instruments(0), np.random.default_rng(0)
    (child, parent), labels = data.pairs, data.y[data.standards] if labelled else None
    once = Known(child=child, parent=parent, labels=labels, x=data.x, y=data.y)
    errors = LeftOut(
        child=random.normal(size=10) if labelled else None,
        between=random.normal(size=10),
        parent=random.normal(size=60),
    )
    again, standards = np.r_[:60, :60], np.r_[:10, 3:6]
    twice = Known(
        child=child[standards],
        parent=parent[standards],
        labels=None if labels is None else labels[standards],
        x=data.x[again],
        y=data.y[again],
    )
    repeated = LeftOut(
        child=None if errors.child is None else errors.child[standards],
        between=errors.between[standards],
        parent=errors.parent[again],
    )
    expected = errors.parent
    if errors.child is not None:
        expected = np.concatenate([errors.child, np.delete(errors.parent, np.sort(data.standards))])
    found = _risked(errors, once)
    np.testing.assert_array_equal(found[: len(expected)], expected)
    np.testing.assert_array_equal(_risked(repeated, twice), found)


def test_a_samples_mean_stands_where_the_sample_first_came() -> None:
    sample = np.array([7, 2, 7, 4, 2, 7])
    found = sample_means(np.arange(12.0).reshape(6, 2), sample)
    np.testing.assert_array_equal(found, [[14 / 3, 17 / 3], [5, 6], [6, 7]])


@framings
def test_standards_need_no_property(framing: Framing) -> None:
    data = curved(2)
    without = {**data.given(), "y_standards": None}
    hybrid = Hybrid(DifferenceAugmentedRidge(), Pooled(), framing).fit(*data.pairs, **without)
    assert hybrid.left_out_.child is None
    assert np.isfinite(hybrid.predict(data.test)).all()


def test_it_can_be_cloned_and_parts_are_left_as_they_were() -> None:
    data, base = instruments(0), DifferenceAugmentedRidge()
    hybrid = clone(Hybrid(base, Pooled(), folds=3)).fit(*data.pairs, **data.given())
    assert hybrid.folds == 3
    assert not hasattr(base, "coef_")


@pytest.mark.parametrize(("name", "value"), [("framing", "stacked"), ("folds", 1)])
def test_settings_that_make_no_sense_are_refused(name: str, value: object) -> None:
    data = instruments(0)
    with pytest.raises(ValueError, match=name):
        Hybrid(DifferenceAugmentedRidge(), Pooled()).set_params(**{name: value}).fit(*data.pairs, **data.given())


@given(seed=st.integers(0, 10_000), size=st.integers(3, 60), true=st.floats(-1, 1.5), noise=st.floats(0.01, 10))
def test_a_share_is_between_none_and_all_and_never_above_least_squares(
    seed: int, size: int, true: float, noise: float
) -> None:
    random = np.random.default_rng(seed)
    proposed = random.normal(size=size)
    missing = true * proposed + noise * random.normal(size=size)
    share = believed_share(missing, proposed)
    assert 0 <= share <= 1
    assert share <= max(0.0, proposed @ missing / (proposed @ proposed)) + 1e-12


@pytest.mark.parametrize("size", [6, 12, 60])
def test_independent_chance_is_believed_once_or_twice_in_a_hundred(size: int) -> None:
    random = np.random.default_rng(0)
    shares = np.array([believed_share(*random.normal(size=(2, size))) for _ in range(4000)])
    assert 0.008 < (shares > 0).mean() < 0.026
    assert shares.mean() < 0.01


def test_what_is_certain_is_taken_whole() -> None:
    missing = np.random.default_rng(0).normal(size=30)
    assert believed_share(missing, missing) == 1
    assert believed_share(missing, np.zeros(30)) == 0
    assert believed_share(missing[:2], missing[:2]) == 0
