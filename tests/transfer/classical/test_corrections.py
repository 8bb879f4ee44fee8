"""What every correction of spectra keeps to, and what each does where the answer is known by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from spektron.transfer import CORAL, DS, PDS, SST, CorrectedPLS, MeanShift
from spektron.transfer.classical._correction import SpectrumCorrection

Array = NDArray[np.float64]
CORRECTIONS = [MeanShift(), DS(), PDS(), SST(), CORAL()]
PAIRED = [MeanShift(), DS(), PDS(), SST()]
ONE_AXIS = [MeanShift(), SST(), CORAL()]


# The others need both instruments on one axis, and the checks give one number a sample as y.
@parametrize_with_checks([DS(), PDS()])
def test_scikit_learn_is_content(estimator: Any, check: Any) -> None:
    check(estimator)


def smooth(samples: int, channels: int = 60, seed: int = 0) -> Array:
    """Spectra of three bands in random amounts, on a slope."""
    rng = np.random.default_rng(seed)
    axis = np.linspace(0, 1, channels)
    bands = np.exp(-0.5 * ((axis - np.array([[0.25], [0.5], [0.7]])) / 0.08) ** 2)
    return rng.uniform(0.5, 1.5, (samples, 3)) @ bands + 0.3 * axis


@pytest.mark.parametrize("correction", CORRECTIONS, ids=repr)
@pytest.mark.parametrize("standards", [5, 30])
def test_identical_instruments_stay_as_they_are(correction: SpectrumCorrection, standards: int) -> None:
    spectra = smooth(standards)
    fitted = clone(correction).fit(spectra, spectra)
    left = np.abs(fitted.transform(spectra) - spectra).max()
    # Bands are three: two components less than the spectra have are all that DS and PDS may leave out.
    assert left <= (0.02 if isinstance(correction, DS | PDS) else 1e-9)


@pytest.mark.parametrize("correction", CORRECTIONS, ids=repr)
def test_an_offset_of_the_instrument_is_taken_away(correction: SpectrumCorrection) -> None:
    parent = smooth(20)
    offset = np.linspace(0.1, 0.4, parent.shape[1])
    new = smooth(5, seed=1)
    fitted = clone(correction).fit(parent + offset, parent)
    corrected = fitted.transform(new + offset)
    # Without the offset, half a unit; what is left is what the method does to identical instruments.
    assert np.abs(corrected - new).max() < (0.05 if isinstance(correction, DS | PDS) else 1e-9)


def test_a_gain_of_each_channel_is_found_by_windows_of_one() -> None:
    parent, new = smooth(20), smooth(5, seed=1)
    gain = np.linspace(0.7, 1.4, parent.shape[1])
    corrected = PDS(window=1, rank=1).fit(parent * gain, parent).transform(new * gain)
    np.testing.assert_allclose(corrected, new, atol=1e-10)


def test_a_shift_by_one_channel_is_found_by_windows_of_three() -> None:
    rng = np.random.default_rng(0)
    parent, new = rng.normal(size=(60, 30)), rng.normal(size=(4, 30))  # every channel for itself: no neighbour helps
    shifted = PDS(window=3, rank=3).fit(np.roll(parent, 1, axis=1), parent).transform(np.roll(new, 1, axis=1))
    np.testing.assert_allclose(shifted[:, :-1], new[:, :-1], atol=1e-9)  # the last one's came round from the other end


def test_a_linear_map_of_few_components_is_found_by_direct_standardization() -> None:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(60, 40))
    child, new = smooth(20), smooth(5, seed=1)
    corrected = DS(rank=3).fit(child, child @ mixing).transform(new)
    np.testing.assert_allclose(corrected, new @ mixing, atol=1e-8)


def test_no_components_are_the_mean_difference() -> None:
    parent, new = smooth(6), smooth(5, seed=1)
    child = 1.1 * parent + 0.2
    moved = DS(rank=0).fit(child, parent)
    assert moved.rank_ == 0
    np.testing.assert_allclose(moved.transform(new), MeanShift().fit(child, parent).transform(new), atol=1e-12)
    with pytest.raises(ValueError, match="rank 0 moves spectra by the mean difference: expected"):
        DS(rank=0).fit(child, parent[:, :50])


def test_five_standards_of_many_components_are_moved_by_their_mean_and_no_more() -> None:
    """Components of five say nothing of what a sixth is made of; those of fifty do."""
    rng = np.random.default_rng(0)
    parent = rng.normal(size=(60, 12)) @ rng.normal(size=(12, 80))
    child = 1.2 * parent + 0.3 + 0.01 * rng.normal(size=parent.shape)
    few = DS().fit(child[:5], parent[:5])
    assert few.rank_ == 0
    assert DS().fit(child[:50], parent[:50]).rank_ >= 12
    left = np.abs(few.transform(child) - parent).max()
    assert left < 0.5 * np.abs(DS(rank=3).fit(child[:5], parent[:5]).transform(child) - parent).max()
    assert DS().fit(child[:5], parent[:5, :70]).rank_ >= 1  # channels that are not each other's cannot be moved


def test_two_instruments_that_see_the_same_components_are_joined_by_sst() -> None:
    rng = np.random.default_rng(0)
    amounts, later = rng.normal(size=(20, 3)), rng.normal(size=(5, 3))
    on_child, on_parent = rng.normal(size=(2, 3, 50))
    corrected = SST(rank=3).fit(amounts @ on_child, amounts @ on_parent).transform(later @ on_child)
    np.testing.assert_allclose(corrected, later @ on_parent, atol=1e-8)


def test_coral_gives_the_childs_spectra_the_parents_covariance_without_pairs() -> None:
    rng = np.random.default_rng(0)
    child, parent = rng.normal(size=(4000, 5)) * [1, 2, 3, 4, 5], rng.normal(size=(3000, 5)) @ rng.normal(size=(5, 5))
    corrected = CORAL(shrinkage=1e-6).fit(child, parent).transform(child)
    np.testing.assert_allclose(np.cov(corrected.T, bias=True), np.cov(parent.T, bias=True), atol=1e-3)
    np.testing.assert_allclose(corrected.mean(axis=0), parent.mean(axis=0), atol=1e-12)


@pytest.mark.parametrize("correction", [DS(), PDS(), SST()], ids=repr)
@pytest.mark.parametrize("standards", [2, 3, 5])
def test_few_standards_do_not_blow_up(correction: SpectrumCorrection, standards: int) -> None:
    rng = np.random.default_rng(0)
    parent = smooth(40)
    child = 1.1 * parent + 0.05 + 0.002 * rng.normal(size=parent.shape)
    corrected = clone(correction).fit(child[:standards], parent[:standards]).transform(child)
    assert np.abs(corrected - parent).max() < 2 * np.abs(child - parent).max() + np.ptp(parent, axis=0).max()


@pytest.mark.parametrize("correction", CORRECTIONS, ids=repr)
def test_dead_channels_give_numbers(correction: SpectrumCorrection) -> None:
    parent, child = smooth(10), 1.05 * smooth(10)
    parent[:, 7], child[:, 7], child[:, 20] = 0.2, 0.3, 0.0
    assert np.isfinite(clone(correction).fit(child, parent).transform(child)).all()


@pytest.mark.parametrize("correction", PAIRED, ids=repr)
def test_other_numbers_of_standards_are_refused(correction: SpectrumCorrection) -> None:
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        clone(correction).fit(smooth(6), smooth(5))


@pytest.mark.parametrize("correction", CORRECTIONS, ids=repr)
def test_missing_intensities_are_refused(correction: SpectrumCorrection) -> None:
    holed = smooth(6)
    holed[2, 3] = np.nan
    for child, parent in ((holed, smooth(6)), (smooth(6), holed)):
        with pytest.raises(ValueError, match="NaN"):
            clone(correction).fit(child, parent)
    with pytest.raises(ValueError, match="NaN"):
        clone(correction).fit(smooth(6), smooth(6)).transform(holed)


@pytest.mark.parametrize("correction", ONE_AXIS, ids=repr)
def test_other_channels_are_refused_where_one_axis_is_needed(correction: SpectrumCorrection) -> None:
    with pytest.raises(ValueError, match="expected the child's 60 channels of the parent too, found 50"):
        clone(correction).fit(smooth(6), smooth(6, channels=50))


@pytest.mark.parametrize(
    ("correction", "words"),
    [
        (PDS(window=4), "odd"),
        (PDS(window=0), "at least 1"),
        (PDS(rank=0), "at least 1"),
        (SST(rank=0), "at least 1"),
        (DS(rank=-1), "at least 0"),
        (DS(rank=1.5), "whole number"),
        (PDS(window=5.0), "whole number"),
        (SST(rank=True), "whole number"),
        (CORAL(shrinkage=0.0), "above 0"),
    ],
    ids=repr,
)
def test_settings_that_cannot_be_are_refused(correction: SpectrumCorrection, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        clone(correction).fit(smooth(6), smooth(6))


def test_what_the_parents_model_looks_at_decides_the_settings() -> None:
    """Half the channels differ by a gain, half by noise too: a model of the former asks for another rank."""
    rng = np.random.default_rng(0)
    parent = smooth(30)
    child = 1.2 * parent
    child[:, 30:] += 0.3 * rng.normal(size=(30, 30))
    looks = np.zeros(60)
    looks[:30] = 1.0
    ranks = [DS().fit(child, parent, regression=vector).rank_ for vector in (looks, None)]
    assert ranks[0] != ranks[1]
    with pytest.raises(ValueError, match="expected 60 finite numbers"):
        DS().fit(child, parent, regression=np.ones(59))


def test_the_parents_model_reads_corrected_spectra() -> None:
    parent, new = smooth(40), smooth(6, seed=1)
    y = parent[:, 15] - parent[:, 42]
    model = CorrectedPLS(MeanShift()).fit(
        parent[:8] + 0.5, parent[:8], X_calibration=parent, y_calibration=y, y_standards=None
    )
    np.testing.assert_allclose(model.predict(new + 0.5), new[:, 15] - new[:, 42], atol=1e-3)


@pytest.mark.parametrize("correction", [DS(), PDS(), SST(), CORAL()], ids=repr)
@pytest.mark.parametrize("which", ["X_child", "X_parent"])
def test_standards_that_are_all_alike_are_refused(correction: SpectrumCorrection, which: str) -> None:
    alike = np.tile(smooth(1), (6, 1))
    child, parent = (alike, smooth(6)) if which == "X_child" else (smooth(6), alike)
    with pytest.raises(ValueError, match=f"{which}: expected standards that differ, found 6 that are all alike"):
        clone(correction).fit(child, parent)


@pytest.mark.parametrize("correction", CORRECTIONS, ids=repr)
def test_a_fit_that_is_refused_leaves_nothing_behind(
    correction: SpectrumCorrection, monkeypatch: pytest.MonkeyPatch
) -> None:
    spectra, fitted, never = smooth(6), clone(correction).fit(smooth(6), smooth(6)), clone(correction)

    def half(*given: Any) -> None:
        raise ValueError("half of it")

    monkeypatch.setattr(type(correction), "_fit", half)
    monkeypatch.setattr("spektron.transfer.classical.coral._power", half)
    for one in (fitted, never):
        with pytest.raises(ValueError, match="half of it"):
            one.fit(spectra, spectra)
        with pytest.raises(NotFittedError):
            one.transform(spectra)


def test_a_rank_is_what_is_in_use() -> None:
    rng = np.random.default_rng(0)
    child, parent = (smooth(10) + 0.01 * rng.normal(size=(10, 60)) for _ in range(2))
    assert PDS(window=5, rank=5).fit(child[:3], parent[:3]).rank_ == DS(rank=5).fit(child[:3], parent[:3]).rank_ == 2
    assert PDS(window=3, rank=7).fit(child, parent).rank_ == 3
    assert PDS(window=5, rank=2).fit(child, parent).rank_ == 2


def test_standards_that_are_all_alike_have_a_mean() -> None:
    alike = np.tile(smooth(1), (6, 1))
    corrected = MeanShift().fit(alike, alike + 0.25).transform(smooth(3))
    np.testing.assert_allclose(corrected, smooth(3) + 0.25, atol=1e-12)


@pytest.mark.parametrize("correction", [DS(), PDS(), SST()], ids=repr)
def test_a_channel_that_is_constant_but_for_rounding_teaches_nothing(correction: SpectrumCorrection) -> None:
    parent, child = smooth(8), 1.05 * smooth(8)
    child[:, 20] = 0.3 * (1 + 1e-15 * np.arange(8))
    new = child.copy()
    new[:, 20] += 0.1
    fitted = clone(correction).fit(child, parent)
    others = np.arange(60) != 20
    moved = fitted.transform(new) - fitted.transform(child)
    assert np.abs(moved[:, others]).max() < 1e-9
    assert np.abs(moved[:, 20]).max() < 0.2


def test_coral_takes_two_spectra_of_each() -> None:
    corrected = CORAL().fit(1.1 * smooth(2), smooth(2)).transform(1.1 * smooth(20))
    assert np.abs(corrected).max() < 2 * np.abs(smooth(20)).max()


class _OneAxis:
    """Scikit-learn's checks give y a width of its own; a child and its parent share an axis, so X is its own parent."""

    def fit(self, X: Any, y: Any = None) -> Any:
        return super().fit(X, X)  # type: ignore[misc]


class OneAxisMean(_OneAxis, MeanShift): ...


class OneAxisSST(_OneAxis, SST): ...


class OneAxisCORAL(_OneAxis, CORAL): ...


@parametrize_with_checks([OneAxisMean(), OneAxisSST(), OneAxisCORAL()])
def test_scikit_learn_is_content_with_one_axis(estimator: Any, check: Any) -> None:
    check(estimator)
