"""A correction with an encoder beside it: what it adds, and that it falls back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from spektron.transfer import PDS, CorrectedPLS, MeanShift
from spektron.transfer.classical._correction import SpectrumCorrection
from spektron.transfer.methods import Measured, method_named
from spektron.transfer.neural import EmbeddedCorrection
from spektron.transfer.neural.embedded_correction import _PENALTIES, _Ridge
from tests.transfer.uncertainty.instruments import instruments

AXIS = 1e7 / np.linspace(1100, 2500, 50)


def corrected(base: SpectrumCorrection) -> EmbeddedCorrection:
    return EmbeddedCorrection(base, AXIS)


def test_what_the_base_misses_is_learned() -> None:
    data = instruments(3, num_standards=20)
    child, parent = data.pairs
    # A gain of 1.6, which a shift of the mean does not take away, and which follows from the amounts.
    child = 1.6 * (child - child.mean(axis=0)) + child.mean(axis=0)
    model = corrected(MeanShift()).fit(child[:15], parent[:15])
    alone = MeanShift().fit(child[:15], parent[:15])
    left = np.abs(model.transform(child[15:]) - parent[15:]).mean()
    assert model.share_ > 0.5
    assert left < 0.5 * np.abs(alone.transform(child[15:]) - parent[15:]).mean()


def test_where_the_base_misses_noise_alone_the_answer_is_the_bases() -> None:
    random, same = np.random.default_rng(5), []  # of 240 such draws 13 are believed
    for seed in range(24):
        parent = instruments(seed, num_standards=12).pairs[1]
        child = parent + 0.005 * random.normal(size=parent.shape)
        model = corrected(MeanShift()).fit(child, parent)
        found, base = model.transform(child), MeanShift().fit(child, parent).transform(child)
        same.append(model.share_ == 0)
        np.testing.assert_allclose(found, base, rtol=0, atol=1e-12 if same[-1] else 0.02)
    assert sum(same) >= 21


@pytest.mark.parametrize("num_standards", [8, 13])
def test_a_left_out_standard_has_no_part_in_what_is_proposed_for_it(
    num_standards: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposals: list[NDArray[np.float64]] = []
    monkeypatch.setattr(
        "spektron.transfer.neural.embedded_correction.believed_share",
        lambda missed, proposed: float(bool(proposals.append(proposed))),
    )
    child, parent = instruments(2, num_standards=num_standards).pairs
    other = parent + 0.1 * (np.arange(num_standards) == 3)[:, None]
    for one in (parent, other):
        corrected(MeanShift()).fit(child, one, regression=np.linspace(0, 1, 50))
    before, after = proposals
    assert after[3] == pytest.approx(before[3], abs=1e-9)
    assert np.abs(np.delete(after - before, 3)).min() > 1e-6


def test_a_left_out_standard_is_left_out_with_its_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the base, of the ridge regression and of its penalty; and it counts once for the share."""
    fitted: list[NDArray[np.float64]] = []

    class Spy(MeanShift):
        def _fit(self, child: NDArray[np.float64], parent: NDArray[np.float64]) -> None:
            fitted.append(parent + self.parent_mean_)
            super()._fit(child, parent)

    judged: list[int] = []
    monkeypatch.setattr(
        "spektron.transfer.neural.embedded_correction.believed_share",
        lambda missed, proposed: float(bool(judged.append(len(missed)))),
    )
    child, parent = instruments(2, num_standards=6).pairs
    rows = np.r_[:6, 0, 3, 3]
    corrected(Spy()).fit(child[rows] + 0.001 * np.arange(9)[:, None], parent[rows])
    assert judged == [6]
    assert len(fitted) == 6 * 6 + 6 + 1
    centred, different = parent - parent[rows].mean(axis=0), set()
    for one in fitted[:-1]:  # all but that of all standards
        numbers = [int(np.abs(centred - row).sum(axis=1).argmin()) for row in one]
        assert all(numbers.count(number) == np.count_nonzero(rows == number) for number in numbers)
        different.add(len(set(numbers)))
    assert different == {4, 5}


def test_a_penalty_is_that_of_standards_left_out_with_their_repeats() -> None:
    random = np.random.default_rng(0)
    sample = np.r_[:8, :8, :4]
    z = random.normal(size=(8, 5))[sample] + 0.01 * random.normal(size=(20, 5))
    targets = (z[:, :2] + random.normal(size=(8, 2))[sample]) @ random.normal(size=(2, 3))
    look_at = np.ones((3, 1))
    usual = float(np.square(z - z.mean(axis=0)).sum()) / len(z)
    errors = []
    for penalty in _PENALTIES:
        missed = []
        for one in range(8):
            kept = sample != one
            ridge = Ridge(penalty * usual).fit(z[kept], targets[kept] @ look_at)
            missed.append(np.square(targets[~kept] @ look_at - ridge.predict(z[~kept]).reshape(-1, 1)).sum())
        errors.append(sum(missed))
    best = _PENALTIES[int(np.argmin(errors))]
    assert _Ridge.of(z, targets, look_at, sample).penalty == best
    assert _Ridge.of(z, targets, look_at, np.arange(20)).penalty < best


def test_standards_measured_again_are_no_more_standards() -> None:
    child, parent = instruments(2, num_standards=3).pairs
    rows = np.r_[:3, :3]
    with pytest.raises(ValueError, match=r"at least 4 different standards.*found 3 measured 6 times"):
        corrected(MeanShift()).fit(child[rows], parent[rows])


def test_a_base_of_few_standards_is_refused_by_number() -> None:
    child, parent = instruments(3, num_standards=3).pairs
    with pytest.raises(ValueError, match="minimum of 4"):
        corrected(PDS(window=5, rank=1)).fit(child, parent)


def test_it_has_a_name_and_serves_the_parents_model() -> None:
    data = instruments(3, num_standards=8)
    model = method_named("pds_embedding", Measured(wavenumber_cm1=AXIS)).fit(*data.pairs, **data.given())
    assert isinstance(model, CorrectedPLS)
    assert isinstance(model.correction_, EmbeddedCorrection)
    assert np.sqrt(np.square(model.predict(data.test) - data.test_y).mean()) < 0.5 * data.test_y.std()
