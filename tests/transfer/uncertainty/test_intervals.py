"""Intervals cover what they promise where the truth is known, whatever the number of standards."""

from __future__ import annotations

import numpy as np
import pytest

from spektron.transfer import CorrectedPLS, DifferenceAugmentedPLS, DifferenceAugmentedRidge, MeanShift, Recalibration
from spektron.transfer.classical._calibration import Known
from spektron.transfer.uncertainty import PredictionIntervals, SplitConformal
from tests.transfer.uncertainty.instruments import instruments

CHEAP = CorrectedPLS(MeanShift(), num_latent=3)


def coverage(make, num_standards: int, confidence: float = 0.9, draws: int = 20) -> float:
    inside = []
    for seed in range(draws):
        known = instruments(seed, num_standards)
        _, low, high = make().fit(*known.pairs, **known.given()).predict_interval(known.test, confidence)
        inside.append(((known.test_y >= low) & (known.test_y <= high)).mean())
    return float(np.mean(inside))


@pytest.mark.parametrize("num_standards", [3, 5, 10, 30])
@pytest.mark.parametrize("calibration", [CHEAP, DifferenceAugmentedPLS(num_latent=3)], ids=["mean", "difference"])
def test_ninety_percent_cover_about_ninety(calibration, num_standards: int) -> None:
    # Few standards are made up for by width, since nobody knows whether they are usual ones.
    most = 0.98 if num_standards <= 5 else 0.95
    assert 0.86 < coverage(lambda: PredictionIntervals(calibration), num_standards) < most


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
def test_other_confidences_are_kept_too(confidence: float) -> None:
    assert coverage(lambda: PredictionIntervals(CHEAP), 10, confidence) == pytest.approx(confidence, abs=0.06)


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
def test_a_few_odd_samples_do_not_widen_all_intervals(confidence: float) -> None:
    """Gaussian intervals of the deviation that one odd sample in ten makes would hold 75 and 92 % for 50 and 80."""
    inside = []
    for seed in range(30):
        known = instruments(seed, num_standards=30, samples=150, odd=0.1)
        fitted = PredictionIntervals(CHEAP).fit(*known.pairs, **known.given())
        _, low, high = fitted.predict_interval(known.test, confidence)
        inside.append(((known.test_y >= low) & (known.test_y <= high)).mean())
    assert np.mean(inside) == pytest.approx(confidence, abs=0.05)


@pytest.mark.parametrize("make", [lambda: PredictionIntervals(CHEAP, kind="conformal"), lambda: SplitConformal(CHEAP)])
def test_conformal_intervals_cover_at_least_what_they_say(make) -> None:
    assert 0.87 < coverage(make, 40, draws=40) < 0.98


def test_conformal_intervals_of_few_standards_are_infinite() -> None:
    known = instruments(0, 5)
    for make in (PredictionIntervals(CHEAP, kind="conformal"), SplitConformal(CHEAP)):
        predicted, low, high = make.fit(*known.pairs, **known.given()).predict_interval(known.test)
        assert np.isinf(low).all()
        assert np.isinf(high).all()
        assert np.isfinite(predicted).all()


def test_predictions_are_the_calibrations_own() -> None:
    known = instruments(1)
    own = CorrectedPLS(MeanShift(), num_latent=3).fit(*known.pairs, **known.given()).predict(known.test)
    wrapped = PredictionIntervals(CHEAP).fit(*known.pairs, **known.given())
    np.testing.assert_array_equal(wrapped.predict(known.test), own)
    predicted, low, high = wrapped.predict_interval(known.test)
    np.testing.assert_array_equal(predicted, own)
    assert (low < own).all()
    assert (own < high).all()


def test_a_sample_far_from_the_others_has_a_wider_interval() -> None:
    known = instruments(2)
    fitted = PredictionIntervals(CHEAP).fit(*known.pairs, **known.given())
    usual, far = known.test.mean(axis=0), known.test.mean(axis=0) + 5 * (known.test[0] - known.test.mean(axis=0))
    _, low, high = fitted.predict_interval(np.vstack([usual, far]))
    assert high[1] - low[1] > 2 * (high[0] - low[0])


def test_no_labels_are_needed_for_students_intervals() -> None:
    inside = []
    for seed in range(10):
        known = instruments(seed)
        given = {**known.given(), "y_standards": None}
        _, low, high = PredictionIntervals(CHEAP).fit(*known.pairs, **given).predict_interval(known.test)
        inside.append(((known.test_y >= low) & (known.test_y <= high)).mean())
    assert 0.85 < np.mean(inside) < 0.97


def test_left_out_samples_are_seen_on_neither_instrument() -> None:
    """With noise for a property nothing can be predicted; an error far below its deviation would be a leak."""
    known = instruments(3, num_standards=30)
    noise = np.random.default_rng(0).normal(size=len(known.y))
    given = {"X_calibration": known.x, "y_calibration": noise, "y_standards": noise[known.standards]}
    errors = PredictionIntervals(Recalibration()).fit(*known.pairs, **given).left_out_
    assert errors.child is not None
    assert np.sqrt(np.square(errors.child).mean()) > 0.8


@pytest.mark.parametrize("repeats", [1, 2])
def test_nothing_is_learned_of_a_tested_standard_however_often_it_was_measured(repeats: int) -> None:
    known, learned = instruments(3, num_standards=12), []

    class Spy(Recalibration):
        def _fit(self, known: Known) -> None:
            learned.append(known.x)
            super()._fit(known)

    x, y = np.tile(known.x, (repeats, 1)), np.tile(known.y, repeats)
    SplitConformal(Spy()).fit(*known.pairs, X_calibration=x, y_calibration=y, y_standards=known.y[known.standards])
    tested = np.isin(np.arange(len(known.x)), known.standards[1::2])
    np.testing.assert_array_equal(learned[0], np.tile(known.x[~tested], (repeats, 1)))


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (PredictionIntervals(CHEAP, kind="exact"), 'expected "student" or "conformal"'),  # type: ignore[arg-type]
        (PredictionIntervals(CHEAP, kind="conformal"), "need the standards' property"),
        (SplitConformal(CHEAP), "needs the standards' property"),
    ],
)
def test_what_cannot_be_is_refused(method, words: str) -> None:
    known = instruments(0)
    with pytest.raises(ValueError, match=words):
        method.fit(*known.pairs, X_calibration=known.x, y_calibration=known.y)


@pytest.mark.parametrize("calibration", [CHEAP, DifferenceAugmentedRidge()], ids=["leaves none out", "leaves out"])
def test_intervals_ask_for_three_different_standards(calibration) -> None:
    known = instruments(0, 3)
    for rows, found in ([0], "standards, found 1"), ([0, 1], "standards, found 2"), ([0, 1, 1], "different .* found 2"):
        child, parent = (spectra[rows] for spectra in known.pairs)
        given = {**known.given(), "y_standards": known.given()["y_standards"][rows]}
        with pytest.raises(ValueError, match=f"PredictionIntervals: expected at least 3 {found}: .* measure more"):
            PredictionIntervals(calibration).fit(child, parent, **given)


def test_a_confidence_lies_between_nothing_and_everything() -> None:
    known = instruments(0)
    fitted = PredictionIntervals(CHEAP).fit(*known.pairs, **known.given())
    with pytest.raises(ValueError, match="confidence: expected between 0 and 1, found 90"):
        fitted.predict_interval(known.test, confidence=90)


class SaysSo(CorrectedPLS):
    """Partial least squares that is the less sure the more of the third band there is."""

    def deviation(self, X):
        return np.exp(1.5 * np.asarray(X)[:, 40])


@pytest.mark.parametrize("kind", ["student", "conformal"])
def test_a_calibrations_own_doubt_is_heeded(kind: str) -> None:
    known = instruments(4, num_standards=30)
    fitted, plain = (
        PredictionIntervals(make(MeanShift(), num_latent=3), kind=kind).fit(*known.pairs, **known.given())
        for make in (SaysSo, CorrectedPLS)
    )
    predicted, low, high = fitted.predict_interval(known.test)
    widths = high - low
    doubt = fitted.calibration_.deviation(known.test)
    np.testing.assert_allclose(widths / doubt, (widths / doubt)[0])
    np.testing.assert_array_equal(predicted, plain.predict(known.test))
    # Its scale does not matter: what is usual is taken from the calibration set.
    fitted.calibration_.deviation = lambda X: 7 * doubt
    usual = np.exp(1.5 * (known.x + fitted._moved)[:, 40])
    assert fitted._usual == pytest.approx(np.exp(np.log(usual).mean()))


def test_intervals_of_a_calibration_that_is_right_about_its_doubt_cover_everywhere() -> None:
    """Errors grow with the third band, and intervals of distances alone do not know."""
    inside: dict[type, list[list[float]]] = {SaysSo: [], CorrectedPLS: []}
    for seed in range(15):
        known = instruments(seed, num_standards=20, samples=100, error=0.0)
        random = np.random.default_rng(seed)
        y = known.y + 0.1 * np.exp(1.5 * known.x[:, 40]) * random.normal(size=len(known.y))
        test_y = known.test_y + 0.1 * np.exp(1.5 * known.test[:, 40]) * random.normal(size=len(known.test_y))
        given = {**known.given(), "y_calibration": y, "y_standards": y[known.standards]}
        much = known.test[:, 40] > np.quantile(known.test[:, 40], 0.75)
        for make, found in inside.items():
            model = PredictionIntervals(make(MeanShift(), num_latent=3)).fit(*known.pairs, **given)
            _, low, high = model.predict_interval(known.test)
            within = (low <= test_y) & (test_y <= high)
            found.append([within[much].mean(), within[~much].mean()])
    told, untold = (np.mean(inside[make], axis=0) for make in (SaysSo, CorrectedPLS))
    assert told == pytest.approx([0.9, 0.9], abs=0.06)
    assert untold[0] < 0.86
