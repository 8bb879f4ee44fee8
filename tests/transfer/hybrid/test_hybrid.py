"""Hybrids: fall back where there is nothing to add, take what there is, and keep the errors of left-out samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import Ridge

from spektron.transfer import DifferenceAugmentedRidge
from spektron.transfer.classical._calibration import ChildCalibration, Known
from spektron.transfer.hybrid import Framing, Hybrid, Pooled
from spektron.transfer.hybrid._share import believed_share
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
    assert hybrid.addition_ is None
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
    data = curved(1)
    hybrid = Hybrid(DifferenceAugmentedRidge(), Pooled(Ridge(1e-3)), framing).fit(*data.pairs, **data.given())
    alone = Hybrid(DifferenceAugmentedRidge(), Noise(), framing).fit(*data.pairs, **data.given()).left_out_
    assert hybrid.left_out_.child is not None
    assert hybrid.left_out_.child.shape == hybrid.left_out_.between.shape == (15,)
    if hybrid.share_ > 0:
        assert np.square(hybrid.left_out_.parent).mean() < 1.02 * np.square(alone.parent).mean()


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


def test_chance_is_believed_once_in_twenty() -> None:
    random = np.random.default_rng(0)
    shares = np.array([believed_share(*random.normal(size=(2, 60))) for _ in range(2000)])
    assert 0.02 < (shares > 0).mean() < 0.06
    assert shares.mean() < 0.01


def test_what_is_certain_is_taken_whole() -> None:
    missing = np.random.default_rng(0).normal(size=30)
    assert believed_share(missing, missing) == 1
    assert believed_share(missing, np.zeros(30)) == 0
    assert believed_share(missing[:2], missing[:2]) == 0
