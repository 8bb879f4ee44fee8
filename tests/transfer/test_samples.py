"""Which rows are one sample, and that no method learns from a sample that it leaves out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, RepeatedKFold

import spektron.transfer.classical.global_pls as global_pls
import spektron.transfer.classical.joint_y_pls as joint_y_pls
import spektron.transfer.pls as pls
from spektron.transfer import (
    DS,
    PDS,
    SST,
    DifferenceAugmentedRidge,
    GlobalPLS,
    JointYPLS,
    MeanShift,
    Preprocessed,
    Recalibration,
    ResidualRidge,
)
from spektron.transfer._samples import folds_of, same_sample, sample_folds
from spektron.transfer.classical._calibration import Known
from spektron.transfer.classical._expected_error import samples
from spektron.transfer.classical._left_out import left_out
from spektron.transfer.uncertainty import SplitConformal, correction_band

Array = NDArray[np.float64]


def spectra(number: int, seed: int = 0, channels: int = 30) -> Array:
    rng = np.random.default_rng(seed)
    return 1.0 + 0.1 * rng.normal(size=(number, 4)) @ rng.normal(size=(4, channels))


def noisy(values: Array, seed: int = 1) -> Array:
    return values + 0.01 * np.random.default_rng(seed).normal(size=values.shape)


@pytest.mark.parametrize("level", [0.0, 1e4])
def test_rows_are_one_sample_where_they_are_equal_up_to_rounding(level: float) -> None:
    x = spectra(10) + level
    rows = np.vstack([x, x[[7, 2]], x[[2]] + 1e-6, x[[5]] + 0.01])
    assert same_sample(rows).tolist() == [*range(10), 7, 2, 2, 13]


def test_a_copy_in_single_precision_is_the_sample() -> None:
    x = spectra(40)
    assert same_sample(np.vstack([x, x.astype(np.float32)])).tolist() == [*range(40), *range(40)]
    known = Known(child=x[:5], parent=x[[3, 3, 8, 9, 1]].astype(np.float32), labels=None, x=x, y=x[:, 0])
    assert samples(known)[1].tolist() == [3, 3, 8, 9, 1]


def test_spectra_that_are_all_alike_are_one_sample() -> None:
    assert same_sample(np.tile(spectra(1), (5, 1))).tolist() == [0] * 5
    assert same_sample(np.zeros((3, 4))).tolist() == [0] * 3
    assert same_sample(spectra(1)).tolist() == [0]


def test_folds_of_samples_of_one_row_are_scikit_learns() -> None:
    for folds in (3, 10, 50):
        number = min(folds, 23)
        theirs = KFold(number, shuffle=True, random_state=4).split(np.arange(23))
        for ours, (kept, left) in zip(sample_folds(np.arange(23), folds, 4), theirs, strict=True):
            assert np.array_equal(ours[0], kept)
            assert np.array_equal(ours[1], left)
    repeated = RepeatedKFold(n_splits=5, n_repeats=3, random_state=0).split(np.arange(23))
    for ours, (_, left) in zip(sample_folds(np.arange(23), 5, shuffles=3), repeated, strict=True):
        assert np.array_equal(ours[1], left)


def test_repeats_are_left_out_together() -> None:
    first = np.array([0, 0, 2, 3, 2, 5, 0])
    for kept, left in sample_folds(first, 10):
        assert len(kept) + len(left) == 7
        assert not set(first[kept]) & set(first[left])
    assert len(set(folds_of(first, 10))) == 4
    assert len(sample_folds(np.zeros(3, dtype=np.intp), 10)) == 3  # of one sample alone


def known(repeats: int = 2) -> Known:
    """Fifteen samples measured `repeats` times on the child, eight of them calibration samples."""
    x, others = spectra(30), spectra(7, seed=5)
    once = np.vstack([x[4:12], others])
    parent = np.repeat(once, repeats, axis=0)
    labels = np.repeat(np.random.default_rng(3).normal(size=15), repeats)
    y = np.random.default_rng(4).normal(size=30)
    y[4:12] = labels[: 8 * repeats : repeats]
    return Known(child=noisy(parent), parent=parent, labels=labels, x=x, y=y)


def learned_from(found: list[Array], data: Known) -> list[set[int]]:
    """Samples of each training set, which is known by its rows."""
    of_x, of_standard = samples(data)
    rows = [(row.tobytes(), one) for row, one in zip((*data.x, *data.child), (*of_x, *of_standard), strict=True)]
    by_row = dict(rows)
    return [{int(by_row[row.tobytes()]) for row in one} for one in found]


def test_global_pls_leaves_a_standard_out_on_both_instruments(monkeypatch: pytest.MonkeyPatch) -> None:
    data, seen = known(repeats=1), []
    fit = global_pls.fit_pls

    def spy(x: Array, *given: Any) -> Any:
        seen.append(x)
        return fit(x, *given)

    monkeypatch.setattr(global_pls, "fit_pls", spy)
    GlobalPLS(weight=1.0).fit(
        data.child, data.parent, X_calibration=data.x, y_calibration=data.y, y_standards=data.labels
    )
    of_x, of_standard = samples(data)
    rows = {row.tobytes(): one for row, one in zip((*data.x, *data.child), (*of_x, *of_standard), strict=True)}
    total = np.concatenate([of_x, of_standard])
    for one in seen[:-1]:
        numbers = np.array([rows[row.tobytes()] for row in one])
        for sample in np.unique(numbers):
            assert (numbers == sample).sum() == (total == sample).sum()


def test_joint_y_pls_leaves_a_standard_out_on_both_instruments(monkeypatch: pytest.MonkeyPatch) -> None:
    data, seen = known(), []
    coefficients = joint_y_pls._coefficients

    def spy(parent: Any, child: Any, most: int) -> Any:
        seen.append((parent[0], child[0]))
        return coefficients(parent, child, most)

    monkeypatch.setattr(joint_y_pls, "_coefficients", spy)
    JointYPLS().fit(data.child, data.parent, X_calibration=data.x, y_calibration=data.y, y_standards=data.labels)
    standards = set(samples(data)[1].tolist())
    for parent, child in seen[:-1]:
        on_parent, on_child = learned_from([parent, child], data)
        left = standards - on_child
        assert left
        assert not left & on_parent
        assert len(child) == 2 * len(on_child)


def test_recalibration_leaves_repeats_out_together(monkeypatch: pytest.MonkeyPatch) -> None:
    data, seen = known(), []
    of_all = pls._predictions_of_all

    def spy(x: Array, y: Array, kept: Array, most: int) -> Array:
        seen.extend(x[rows > 0] for rows in kept)
        return of_all(x, y, kept, most)

    monkeypatch.setattr(pls, "_predictions_of_all", spy)
    Recalibration().fit(data.child, data.parent, X_calibration=data.x, y_calibration=data.y, y_standards=data.labels)
    assert len(seen) > 5
    for rows, found in zip(seen, learned_from(seen, data), strict=True):
        assert len(rows) == 2 * len(found)


@pytest.mark.parametrize("correction", [DS, PDS, SST])
def test_corrections_are_chosen_by_standards_left_out_with_their_repeats(correction: Callable[[], Any]) -> None:
    """Five standards measured twice, exactly, choose what five alone do: repeats are no news."""
    parent = spectra(5)
    child = noisy(1.1 * parent)
    once = correction().fit(child, parent)
    twice = correction().fit(np.repeat(child, 2, axis=0), np.repeat(parent, 2, axis=0))
    assert twice.rank_ == once.rank_
    np.testing.assert_allclose(twice.transform(child), once.transform(child), atol=1e-9)


def test_residual_ridge_leaves_repeats_out_together() -> None:
    data = known()
    assert data.labels is not None
    model = ResidualRidge(num_latent=2).fit(
        data.child, data.parent, X_calibration=data.x, y_calibration=data.y, y_standards=data.labels
    )
    residual = data.labels - pls.fit_pls(data.x, data.y, 2).predict(data.child, 2)
    whole = np.square(data.child - data.child.mean(axis=0)).sum()
    sample, errors = samples(data)[1], {}
    for penalty in 10.0 ** (0.5 * np.arange(-12, 5)):
        missed = np.empty(len(sample))
        for one in np.unique(sample):
            kept = sample != one
            ridge = Ridge(alpha=penalty * whole, solver="svd").fit(data.child[kept], residual[kept])
            missed[~kept] = residual[~kept] - ridge.predict(data.child[~kept])
        errors[float(penalty)] = float(np.square(missed).mean())
    assert model.penalty_ == pytest.approx(min(errors, key=lambda penalty: errors[penalty]))


@pytest.mark.parametrize("repeated", [False, True])
def test_nothing_is_judged_by_a_sample_that_it_was_made_of(repeated: bool) -> None:
    data = known()
    if repeated:  # in the calibration set too
        data = Known(
            child=data.child,
            parent=data.parent,
            labels=data.labels,
            x=np.vstack([data.x, data.x[4:12]]),
            y=np.concatenate([data.y, data.y[4:12]]),
        )
    seen: list[tuple[Array, Array]] = []

    class Spy(Recalibration):
        def _fit(self, known: Known) -> None:
            seen.append((known.x, known.parent))
            super()._fit(known)

    left_out(Spy, data)
    assert len(seen) == 10
    of_x = samples(data)[0]
    for x, parent in seen:
        on_parent, of_standards = learned_from([x], data)[0], samples(Known(**{**vars_of(data), "parent": parent}))[1]
        assert set(of_x) - on_parent
        assert not (set(of_x) - on_parent) & set(of_standards.tolist())
        assert len(x) == np.isin(of_x, list(on_parent)).sum()


def vars_of(data: Known) -> dict[str, Any]:
    return {name: getattr(data, name) for name in ("child", "parent", "labels", "x", "y")}


def test_split_conformal_covers_new_samples_where_standards_were_measured_twice() -> None:
    """Noise for a property, and a calibration that goes through its standards: 0.12 where repeats are on both sides."""
    covered = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        parent = np.repeat(rng.normal(size=(40, 200)), 2, axis=0)
        labels, x = np.repeat(rng.normal(size=40), 2), rng.normal(size=(30, 200))
        model = SplitConformal(Recalibration(15)).fit(
            parent + 1e-4 * rng.normal(size=parent.shape),
            parent,
            X_calibration=x,
            y_calibration=rng.normal(size=30),
            y_standards=labels,
        )
        _, low, high = model.predict_interval(rng.normal(size=(200, 200)), 0.9)
        new = rng.normal(size=200)
        covered.append(((new >= low) & (new <= high)).mean())
    assert np.mean(covered) > 0.85


def test_split_conformal_asks_for_two_samples() -> None:
    x = spectra(20)
    with pytest.raises(ValueError, match="at least two different standards"):
        SplitConformal(Recalibration()).fit(
            x[[3] * 4], x[[3] * 4], X_calibration=x, y_calibration=x[:, 0], y_standards=x[[3] * 4, 0]
        )


def test_a_band_is_no_narrower_for_standards_measured_twice() -> None:
    parent = spectra(8)
    child = noisy(parent + 0.2)
    once = correction_band(MeanShift(), child, parent)
    twice = correction_band(MeanShift(), np.repeat(child, 2, axis=0).tolist(), np.repeat(parent, 2, axis=0).tolist())
    np.testing.assert_allclose(twice, once, rtol=1e-9)
    with pytest.raises(ValueError, match="at least 3 standards to leave one out of, found 2"):
        correction_band(MeanShift(), child[[0, 0, 1]], parent[[0, 0, 1]])


@pytest.mark.parametrize("level", [1.0, 1e4])
def test_a_level_that_all_spectra_share_changes_nothing(level: float) -> None:
    """The ridge is solved through products of spectra; those 1e4 above 0 lose nine digits if they are not centred."""
    data = known(repeats=1)
    given = {"y_calibration": data.y, "y_standards": data.labels}
    low = DifferenceAugmentedRidge().fit(data.child, data.parent, X_calibration=data.x, **given)
    high = DifferenceAugmentedRidge().fit(
        data.child + level, data.parent + level, X_calibration=data.x + level, **given
    )
    new = spectra(20, seed=8)
    apart = np.abs(low.predict(new) - high.predict(new + level)).max()
    assert apart < 1e-5 * data.y.std()


@pytest.mark.parametrize("level", [1e3, 1e5])
@pytest.mark.parametrize("labels", [True, False])
def test_a_level_of_the_childs_own_changes_nothing(level: float, labels: bool) -> None:
    """The mean difference is taken away from every model's rows, so it may be as large as it likes."""
    data = known(repeats=1)
    given = {"X_calibration": data.x, "y_calibration": data.y, "y_standards": data.labels if labels else None}
    low = DifferenceAugmentedRidge().fit(data.child, data.parent, **given)
    high = DifferenceAugmentedRidge().fit(data.child + level, data.parent, **given)
    new = spectra(20, seed=8)
    assert np.abs(low.predict(new) - high.predict(new + level)).max() < 1e-7 * data.y.std()
    assert high.log_evidence_ == pytest.approx(low.log_evidence_, rel=1e-7)


@pytest.mark.parametrize("rows", [[0, 1], [2, 2, 2], [2, 2, 7]], ids=str)
def test_what_was_not_left_out_is_no_left_out_error(rows: list[int]) -> None:
    """Two standards, of which none could be left out, had errors of 1e-8 where new samples had 0.1."""
    data = known(repeats=1)
    assert data.labels is not None
    few = replace(data, child=data.child[rows], parent=data.parent[rows], labels=data.labels[rows])
    found = f"found {len(rows)}" + (f" of {len(set(rows))} samples" if len(rows) > 2 else "")
    with pytest.raises(ValueError, match=f"ResidualRidge needs at least 3 standards to say what it errs, {found}"):
        left_out(ResidualRidge, few)


def test_how_many_calibration_samples_an_error_takes_is_said() -> None:
    data = known(repeats=1)
    with pytest.raises(ValueError, match=r"needs at least 2 calibration samples that stay .* found 1 of 2"):
        left_out(DifferenceAugmentedRidge, replace(data, x=data.x[:2], y=data.y[:2]))


@pytest.mark.parametrize("method", [Recalibration(), Preprocessed("raw", Recalibration())], ids=repr)
def test_how_many_standards_an_error_takes_is_said(method: Any) -> None:
    data = known(repeats=1)
    assert data.labels is not None
    three = replace(data, child=data.child[:3], parent=data.parent[:3], labels=data.labels[:3])
    with pytest.raises(ValueError, match="needs at least 4 standards to say what it errs, found 3"):
        left_out(lambda: clone(method), three)
    four = replace(data, child=data.child[:4], parent=data.parent[:4], labels=data.labels[:4])
    assert np.isfinite(left_out(lambda: clone(method), four).between).all()
