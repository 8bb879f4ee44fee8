"""What every calibration made for the child has to keep, and each one's own answer on a toy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from benchmarks.dipls import published, spectra
from spektron.transfer import (
    CORAL,
    DIPLS,
    DS,
    EPO,
    MDIPLS,
    PDS,
    SBC,
    SST,
    Auto,
    CorrectedPLS,
    DifferenceAugmentedPLS,
    DifferenceAugmentedRidge,
    GlobalPLS,
    JointYPLS,
    MeanShift,
    Preprocessed,
    Recalibration,
    ResidualRidge,
)
from spektron.transfer.classical._calibration import ChildCalibration
from spektron.transfer.classical._domain_invariant import domain_invariant_pls
from spektron.transfer.pls import choose_num_latent, fit_pls

Array = NDArray[np.float64]

ALL: list[Callable[..., ChildCalibration]] = [
    Recalibration,
    GlobalPLS,
    DifferenceAugmentedPLS,
    ResidualRidge,
    DIPLS,
    MDIPLS,
    JointYPLS,
    SBC,
    EPO,
    DifferenceAugmentedRidge,
    Auto,
    mean_shift := partial(CorrectedPLS, MeanShift()),
    partial(CorrectedPLS, DS()),
    partial(CorrectedPLS, PDS(window=5, rank=1)),
    partial(CorrectedPLS, SST()),
    coral := partial(CorrectedPLS, CORAL()),
    partial(Preprocessed, "raw", DifferenceAugmentedPLS()),
]
WITH_LATENT = [method for method in ALL if "num_latent" in method().get_params()]
LABELLED = [Recalibration, GlobalPLS, ResidualRidge, JointYPLS]
"""Those that need the standards' property."""


def named(method: Callable[..., ChildCalibration]) -> str:
    return repr(method())


every = pytest.mark.parametrize("method", ALL, ids=named)


def amounts(samples: int, seed: int) -> Array:
    return np.random.default_rng(seed).uniform(0, 1, (samples, 3))


def measured(what: Array, *, offset: float = 0.0, gain: float = 1.0) -> Array:
    """Spectra of three bands on a sloping background, 40 channels; the property is the first amount."""
    axis = np.linspace(0, 1, 40)
    bands = np.exp(-0.5 * ((axis - np.array([[0.2], [0.5], [0.8]])) / 0.1) ** 2)
    values: Array = gain * what @ bands + offset * (1 + axis)
    return values


CALIBRATION, TEST = amounts(40, 0), amounts(30, 1)


def fitted(method: ChildCalibration, standards: Array, child: Array, **given: Any) -> ChildCalibration:
    known = {"X_calibration": measured(CALIBRATION), "y_calibration": CALIBRATION[:, 0], "y_standards": standards[:, 0]}
    return method.fit(child, measured(standards), **{**known, **given})


def rmsep(predicted: Array, actual: Array) -> float:
    return float(np.sqrt(np.mean((predicted - actual) ** 2)))


@every
def test_an_offset_between_instruments_is_learned_exactly(method: Callable[..., ChildCalibration]) -> None:
    # Three amounts and one offset are four directions, so six standards know all of them. Joint-Y's latent variables
    # are alike on both instruments where their samples are.
    # Correlation alignment needs no pairs, but as many samples as say what a covariance is.
    standards = CALIBRATION if method in (JointYPLS, coral) else amounts(6, 2)
    model = fitted(method(), standards, measured(standards, offset=0.3))
    # Global PLS and rows of differences meet the offset within the latent variables that they choose.
    assert rmsep(model.predict(measured(TEST, offset=0.3)), TEST[:, 0]) < 0.03
    plain = fit_pls(measured(CALIBRATION), CALIBRATION[:, 0])
    assert rmsep(plain.predict(measured(TEST, offset=0.3), 3), TEST[:, 0]) > 0.2


@every
def test_five_standards_of_one_instrument_do_no_harm(method: Callable[..., ChildCalibration]) -> None:
    rng = np.random.default_rng(3)
    noise = 0.01
    calibration = measured(CALIBRATION) + noise * rng.normal(size=(40, 40))
    standards = calibration[:5]
    model = method().fit(
        standards + noise * rng.normal(size=(5, 40)),
        standards,
        X_calibration=calibration,
        y_calibration=CALIBRATION[:, 0],
        y_standards=CALIBRATION[:5, 0],
    )
    test = measured(TEST) + noise * rng.normal(size=(30, 40))
    number = choose_num_latent(calibration, CALIBRATION[:, 0])
    parent = rmsep(fit_pls(calibration, CALIBRATION[:, 0]).predict(test, number), TEST[:, 0])
    # Those that learn the child's directions from five labels alone pay for it: they beat the mean, no more.
    most = 0.5 * float(TEST[:, 0].std()) if method in (Recalibration, JointYPLS, coral) else 1.5 * parent
    assert rmsep(model.predict(test), TEST[:, 0]) <= most


@every
def test_predictions_do_not_depend_on_the_unit_of_the_property(method: Callable[..., ChildCalibration]) -> None:
    standards = amounts(6, 2)
    rng = np.random.default_rng(3)  # without noise, rounding decides between what is exact
    x, child = measured(CALIBRATION), measured(standards, offset=0.1, gain=1.1)
    x, child = (spectra + 0.01 * rng.normal(size=spectra.shape) for spectra in (x, child))
    plain = fitted(method(), standards, child, X_calibration=x).predict(measured(TEST))
    property_ = {"y_calibration": 1e3 * CALIBRATION[:, 0] - 7, "y_standards": 1e3 * standards[:, 0] - 7}
    scaled = fitted(method(), standards, child, X_calibration=x, **property_)
    np.testing.assert_allclose(scaled.predict(measured(TEST)), 1e3 * plain - 7, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("method", WITH_LATENT, ids=named)
def test_settings_are_scikit_learns_and_stay_as_given(method: Callable[..., ChildCalibration]) -> None:
    model = method(num_latent=2)
    copy = clone(model)
    assert repr(copy.get_params()) == repr(model.get_params())
    standards = amounts(6, 2)
    fitted(model, standards, measured(standards))
    assert repr(model.get_params()) == repr(copy.get_params())
    assert model.num_latent_ == 2
    predicted = model.predict(measured(TEST))
    assert predicted.shape == (30,)
    assert model.score(measured(TEST), TEST[:, 0]) == pytest.approx(r2_score(TEST[:, 0], predicted))


@every
def test_what_cannot_be_learned_from_is_refused(method: Callable[..., ChildCalibration]) -> None:
    standards = amounts(6, 2)
    child = measured(standards)
    broken = child.copy()
    broken[2, 3] = np.nan
    with pytest.raises(ValueError, match="X_child contains NaN"):
        fitted(method(), standards, broken)
    with pytest.raises(ValueError, match="6 in X_parent"):
        fitted(method(), standards, child[:5])
    with pytest.raises(ValueError, match="4 in y_standards"):
        fitted(method(), standards, child, y_standards=standards[:4, 0])
    with pytest.raises(ValueError, match="39 in y_calibration"):
        fitted(method(), standards, child, y_calibration=CALIBRATION[:39, 0])
    with pytest.raises(ValueError, match="39 channels of the child, 40 of the parent"):
        fitted(method(), standards, child[:, :39])
    with pytest.raises(ValueError, match="y_standards: expected finite"):
        fitted(method(), standards, child, y_standards=np.full(6, np.inf))
    if method not in (SBC, mean_shift):
        with pytest.raises(ValueError, match=r"expected at least \d standards, found 1"):
            fitted(method(), standards[:1], child[:1])
    with pytest.raises(NotFittedError):
        method().predict(child)
    with pytest.raises(ValueError, match="expected 40 channels, found 39"):
        fitted(method(), standards, child).predict(child[:, :39])


@pytest.mark.parametrize("method", WITH_LATENT, ids=named)
@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "expected at least 1"), (2.5, "expected a whole number"), (np.inf, "expected a whole number")],
)
def test_numbers_of_latent_variables_are_whole(
    method: Callable[..., ChildCalibration], number: float, words: str
) -> None:
    standards = amounts(6, 2)
    with pytest.raises(ValueError, match=f"num_latent: {words}"):
        fitted(method(num_latent=number), standards, measured(standards))


@pytest.mark.parametrize(
    "method",
    [
        GlobalPLS(weight=np.inf),
        DifferenceAugmentedPLS(weight=np.inf),
        ResidualRidge(penalty=np.inf),
        DIPLS(penalty=np.nan),
        EPO(num_directions=1.5),
        DifferenceAugmentedRidge(penalty=np.inf),
        DifferenceAugmentedRidge(child_weight=0.0),
    ],
    ids=repr,
)
def test_settings_without_end_are_refused(method: ChildCalibration) -> None:
    standards = amounts(6, 2)
    with pytest.raises(ValueError, match=r"expected (a finite number|at least|a whole number|above 0)"):
        fitted(method, standards, measured(standards))


@pytest.mark.parametrize("method", [SBC(), CorrectedPLS(MeanShift()), Preprocessed("raw", SBC())], ids=repr)
def test_one_standard_corrects_an_offset(method: ChildCalibration) -> None:
    standards = amounts(1, 2)
    model = fitted(method, standards, measured(standards, offset=0.3))
    assert rmsep(model.predict(measured(TEST, offset=0.3)), TEST[:, 0]) < 0.03


@every
def test_a_fit_that_is_refused_leaves_nothing_behind(
    method: Callable[..., ChildCalibration], monkeypatch: pytest.MonkeyPatch
) -> None:
    standards = amounts(6, 2)
    child = measured(standards)
    broken = np.where(np.arange(40) == 3, np.nan, child)
    model = fitted(method(), standards, child)
    with pytest.raises(ValueError, match="NaN"):
        fitted(model, standards, broken)
    with pytest.raises(NotFittedError):
        model.predict(child)

    def half(self: ChildCalibration, known: Any) -> None:
        self.num_latent_ = 3
        raise ValueError("half of it")

    fitted(model, standards, child)
    monkeypatch.setattr(type(model), "_fit", half)
    for one in (model, method()):
        with pytest.raises(ValueError, match="half of it"):
            fitted(one, standards, child)
        with pytest.raises(NotFittedError):
            one.predict(child)
        assert not hasattr(one, "n_features_in_")
        assert not hasattr(one, "num_latent_")


def test_a_further_child_that_is_refused_leaves_nothing_behind() -> None:
    standards = amounts(6, 2)
    model = fitted(MDIPLS(num_latent=3), standards, measured(standards))
    with pytest.raises(ValueError, match=r"further\[0\]"):
        fitted(model, standards, measured(standards), further=[(measured(standards[:4]), measured(standards))])
    with pytest.raises(NotFittedError):
        model.predict(measured(standards))


def test_new_spectra_are_checked_before_directions_are_cut_out() -> None:
    standards = amounts(6, 2)
    columns = [f"{place:02}" for place in range(40)]
    child = pd.DataFrame(measured(standards, gain=1.1), columns=columns)
    model = EPO(num_latent=3).fit(
        child,
        pd.DataFrame(measured(standards), columns=columns),
        X_calibration=pd.DataFrame(measured(CALIBRATION), columns=columns),
        y_calibration=CALIBRATION[:, 0],
    )
    np.testing.assert_array_equal(model.transform(child), model.transform(child.to_numpy()))
    with pytest.raises(ValueError, match="expected 40 channels, found 39"):
        model.transform(child.to_numpy()[:, :39])
    with pytest.raises(ValueError, match="expected the columns of X"):
        model.transform(child[columns[::-1]])
    with pytest.raises(NotFittedError):
        EPO().transform(child)


def test_more_directions_than_there_are_leave_those_there_are() -> None:
    standards = amounts(10, 2)
    child = measured(standards) + 0.01 * np.random.default_rng(0).normal(size=(10, 40))
    assert len(fitted(EPO(num_directions=50, num_latent=3), standards, child).directions_) == 9


@every
def test_too_few_calibration_samples_are_refused_in_words(method: Callable[..., ChildCalibration]) -> None:
    standards, least = amounts(6, 2), 3 if method in (JointYPLS, Auto) else 2
    words = rf"expected at least {least} calibration samples, found {least - 1}: give the parent's whole calibration"
    few = {"X_calibration": measured(CALIBRATION)[: least - 1], "y_calibration": CALIBRATION[: least - 1, 0]}
    with pytest.raises(ValueError, match=words):
        fitted(method(), standards, measured(standards), **few)


@pytest.mark.parametrize("method", LABELLED, ids=named)
def test_missing_labels_are_asked_for(method: Callable[..., ChildCalibration]) -> None:
    standards = amounts(6, 2)
    with pytest.raises(ValueError, match=f"{type(method()).__name__} needs the standards' property: give y_standards"):
        fitted(method(), standards, measured(standards), y_standards=None)


@pytest.mark.parametrize("method", [DifferenceAugmentedPLS, DIPLS, MDIPLS], ids=lambda method: method.__name__)
def test_what_needs_no_labels_does_not_look_at_them(method: Callable[..., ChildCalibration]) -> None:
    standards = amounts(6, 2)
    child = measured(standards, offset=0.2, gain=1.2)
    with_them = fitted(method(), standards, child).predict(measured(TEST))
    assert np.array_equal(with_them, fitted(method(), standards, child, y_standards=None).predict(measured(TEST)))


@every
def test_constant_channels_and_twin_standards_are_no_trouble(method: Callable[..., ChildCalibration]) -> None:
    standards = np.repeat(amounts(3, 4), 2, axis=0)
    child = measured(standards)
    child[:, 5] = child[:, 6] = 1.0
    assert np.isfinite(fitted(method(), standards, child).predict(measured(TEST))).all()


def test_residual_ridge_is_the_parents_model_and_a_ridge_on_what_it_leaves() -> None:
    rng = np.random.default_rng(5)
    standards = amounts(8, 2)
    child = measured(standards, gain=1.3) + 0.01 * rng.normal(size=(8, 40))
    model = fitted(ResidualRidge(penalty=0.01, num_latent=3), standards, child)
    parent = fit_pls(measured(CALIBRATION), CALIBRATION[:, 0], 3)
    centred = child - child.mean(axis=0)
    ridge = Ridge(alpha=0.01 * np.square(centred).sum()).fit(child, standards[:, 0] - parent.predict(child, 3))
    test = measured(TEST, gain=1.3)
    np.testing.assert_allclose(model.predict(test), parent.predict(test, 3) + ridge.predict(test), rtol=1e-8)


def test_residual_ridge_chooses_by_standards_left_out_one_by_one() -> None:
    rng = np.random.default_rng(6)
    standards = amounts(12, 2)
    child = measured(standards, gain=1.3, offset=0.2) + 0.03 * rng.normal(size=(12, 40))
    chosen = fitted(ResidualRidge(num_latent=3), standards, child).penalty_
    residual = standards[:, 0] - fit_pls(measured(CALIBRATION), CALIBRATION[:, 0], 3).predict(child, 3)
    whole, errors = np.square(child - child.mean(axis=0)).sum(), {}
    for penalty in 10.0 ** (0.5 * np.arange(-12, 5)):
        left = [np.arange(12) != place for place in range(12)]
        missed = [
            residual[~kept] - Ridge(alpha=penalty * whole).fit(child[kept], residual[kept]).predict(child[~kept])
            for kept in left
        ]
        errors[float(penalty)] = float(np.square(missed).mean())
    assert chosen == pytest.approx(min(errors, key=lambda penalty: errors[penalty]))


def test_a_heavy_difference_row_leaves_the_model_blind_to_it() -> None:
    standards = amounts(5, 2)
    child = measured(standards, offset=0.3)
    model = fitted(DifferenceAugmentedPLS(weight=1e6, num_latent=4, shift=False), standards, child)
    assert abs((child - measured(standards)) @ model.coef_).max() < 1e-6
    assert rmsep(model.predict(measured(TEST, offset=0.9)), TEST[:, 0]) < 1e-6


def test_a_weight_of_nothing_is_the_parents_model() -> None:
    standards = amounts(5, 2)
    parent = fit_pls(measured(CALIBRATION), CALIBRATION[:, 0], 2).coefficients[-1]
    for method in (
        GlobalPLS(weight=0.0, num_latent=2),
        DifferenceAugmentedPLS(weight=0.0, num_latent=2),
        DIPLS(penalty=0.0, num_latent=2),
    ):
        found = fitted(method, standards, measured(standards, gain=2.0, offset=0.1)).coef_
        np.testing.assert_allclose(found, parent, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("penalty", [0.0, 1.0, 10.0, None])
def test_domain_invariant_pls_is_the_published_algorithm(penalty: float | None) -> None:
    x, y, parent, child = spectra(120)
    found = domain_invariant_pls(x, y, [(parent, child)], penalty, 10)
    for number in (1, 4, 10):
        theirs = published(x, y, parent, child, penalty, number)
        assert np.linalg.norm(found[number - 1] - theirs) <= 1e-8 * np.linalg.norm(theirs)


def test_differences_of_several_children_add_up() -> None:
    x, y, parent, child = spectra(60)
    # The same child twice is one child at twice the weight.
    twice = domain_invariant_pls(x, y, [(parent, child), (parent, child)], 3.0, 6)
    np.testing.assert_allclose(twice, domain_invariant_pls(x, y, [(parent, child)], 6.0, 6), rtol=1e-8, atol=1e-10)


def test_further_children_have_their_own_intercepts() -> None:
    standards, others = amounts(8, 2), amounts(7, 3)
    first, second = measured(standards, offset=0.1), measured(others, offset=-0.2)
    alone = fitted(DIPLS(num_latent=3), standards, first)
    single = fitted(MDIPLS(num_latent=3), standards, first)
    test = measured(TEST)
    assert np.array_equal(alone.predict(test), single.predict(test))
    both = fitted(MDIPLS(num_latent=3), standards, first, further=[(second, measured(others))])
    assert isinstance(both, MDIPLS)
    assert rmsep(both.predict(measured(TEST, offset=0.1)), TEST[:, 0]) < 1e-6
    assert rmsep(both.predict(measured(TEST, offset=-0.2), child=1), TEST[:, 0]) < 1e-6
    with pytest.raises(ValueError, match="expected 0 to 1, found 2"):
        both.predict(test, child=2)
    with pytest.raises(ValueError, match=r"further\[0\]: expected as many standards"):
        fitted(MDIPLS(), standards, first, further=[(second, measured(standards))])


def test_joint_y_is_one_model_where_instruments_are_one() -> None:
    known = {"X_calibration": measured(CALIBRATION), "y_calibration": CALIBRATION[:, 0]}
    model = JointYPLS(num_latent=3).fit(
        measured(CALIBRATION), measured(CALIBRATION), **known, y_standards=CALIBRATION[:, 0]
    )
    plain = fit_pls(measured(CALIBRATION), CALIBRATION[:, 0], 3).coefficients[-1]
    np.testing.assert_allclose(model.coef_, plain, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(model.parent_coef_, plain, rtol=1e-8, atol=1e-12)


def test_difference_ridge_is_a_ridge_on_calibration_difference_and_child_rows() -> None:
    """Solved anew in all channels, with everything written out."""
    rng = np.random.default_rng(3)
    standards = amounts(7, 2)
    parent = measured(standards) + 0.01 * rng.normal(size=(7, 40))
    child = measured(standards, gain=1.2, offset=0.2) + 0.02 * rng.normal(size=(7, 40))
    x, y, labels = measured(CALIBRATION), CALIBRATION[:, 0], standards[:, 0]
    penalty, weight = 1e-3, 5.0
    model = DifferenceAugmentedRidge(penalty=penalty, child_weight=weight).fit(
        child, parent, X_calibration=x, y_calibration=y, y_standards=labels
    )
    shift = (child - parent).mean(axis=0)
    rows = np.vstack([x - x.mean(axis=0), child - parent - shift, np.sqrt(weight) * (child - shift - x.mean(axis=0))])
    targets = np.concatenate([y - y.mean(), np.zeros(7), np.sqrt(weight) * (labels - y.mean())])
    ridge = Ridge(alpha=penalty * np.square(rows).sum(), fit_intercept=False, solver="svd").fit(rows, targets)
    np.testing.assert_allclose(model.coef_, ridge.coef_, rtol=1e-7, atol=1e-10)
    test = measured(TEST, gain=1.2, offset=0.2)
    expected = (test - shift - x.mean(axis=0)) @ ridge.coef_ + y.mean()
    np.testing.assert_allclose(model.predict(test), expected, rtol=1e-8)
    assert model.penalty_ == pytest.approx(penalty)
    assert model.child_weight_ == pytest.approx(weight)


def test_epo_is_pls_of_what_is_left_without_the_strongest_differences() -> None:
    rng = np.random.default_rng(4)
    standards = amounts(8, 2)
    child = measured(standards, gain=1.2, offset=0.2) + 0.02 * rng.normal(size=(8, 40))
    model = fitted(EPO(num_directions=2, num_latent=3), standards, child)
    difference = child - measured(standards)
    covariance = np.cov(difference.T, bias=True)
    strongest = np.linalg.eigh(covariance)[1][:, -2:]
    projector = np.eye(40) - strongest @ strongest.T
    np.testing.assert_allclose(model.directions_.T @ model.directions_, strongest @ strongest.T, atol=1e-10)
    x = measured(CALIBRATION)
    plain = fit_pls(x @ projector, CALIBRATION[:, 0], 3)
    test = measured(TEST, gain=1.2, offset=0.2)
    expected = plain.predict((test - difference.mean(axis=0)) @ projector, 3)
    np.testing.assert_allclose(model.predict(test), expected, rtol=1e-8)
    np.testing.assert_allclose(model.transform(test), test @ projector, atol=1e-12)


def test_global_pls_heeds_standards_more_where_left_out_ones_ask_for_it() -> None:
    """Where the property of the child's spectra is another, more weight; where it is the same, the smallest."""
    standards = amounts(30, 2)
    noise = 0.05 * np.random.default_rng(0).normal(size=(30, 40))
    same = fitted(GlobalPLS(num_latent=3), standards, measured(standards) + noise)
    assert same.weight_ == 1.0
    other = fitted(GlobalPLS(num_latent=2), standards, measured(standards[:, [1, 0, 2]]))
    assert other.weight_ == 10.0
    assert fitted(GlobalPLS(num_latent=2), standards[:5], measured(standards[:5, [1, 0, 2]])).weight_ == 1.0


def test_joint_y_has_one_relation_of_both_instruments() -> None:
    """One latent variable by hand: the slope is that of both blocks' scores together, each block counting alike."""
    rng = np.random.default_rng(5)
    standards = amounts(9, 2)
    child = measured(standards, gain=1.7) + 0.05 * rng.normal(size=(9, 40))
    model = fitted(JointYPLS(num_latent=1), standards, child)
    blocks = [(measured(CALIBRATION), CALIBRATION[:, 0]), (child, standards[:, 0])]
    up, down, directions = 0.0, 0.0, []
    for x, y in blocks:
        x, y = x - x.mean(axis=0), y - y.mean()
        directions.append(x.T @ y / np.linalg.norm(x.T @ y))
        score = x @ directions[-1]
        up += score @ y / len(y)
        down += score @ score / len(y)
    np.testing.assert_allclose(model.parent_coef_, up / down * directions[0], rtol=1e-9)
    np.testing.assert_allclose(model.coef_, up / down * directions[1], rtol=1e-9)


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("rank", [20, 6])
def test_the_difference_ridge_is_the_same_however_many_channels_say_the_same(rank: int, labels: bool) -> None:
    """It is solved through channels where there are more rows than channels, else through rows."""
    random = np.random.default_rng(rank)
    x = random.normal(size=(80, rank)) @ random.normal(size=(rank, 20))
    y = x @ random.normal(size=20) + 0.1 * random.normal(size=80)
    child = x[:8] + 0.3 * random.normal(size=20) + 0.05 * random.normal(size=(8, 20))
    wide = np.linalg.qr(random.normal(size=(200, 200)))[0][:20]
    given = {"y_calibration": y, "y_standards": y[:8] if labels else None}
    narrow = DifferenceAugmentedRidge().fit(child, x[:8], X_calibration=x, **given)
    turned = DifferenceAugmentedRidge().fit(child @ wide, x[:8] @ wide, X_calibration=x @ wide, **given)
    new = random.normal(size=(10, 20))
    np.testing.assert_allclose(turned.predict(new @ wide), narrow.predict(new), atol=1e-9 * y.std())
    assert turned.log_evidence_ == pytest.approx(narrow.log_evidence_, rel=1e-9)
    assert narrow.left_out_ is not None
    assert turned.left_out_ is not None
    np.testing.assert_allclose(turned.left_out_.between, narrow.left_out_.between, atol=1e-9 * y.std())
