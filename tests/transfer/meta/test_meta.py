"""Simulated instruments, calibrations without a pair, and rules of adaptation that are learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.linear_model import Ridge, RidgeCV

from spektron.core.errors import ConfigError
from spektron.pretrain.views import ViewConfig
from spektron.transfer import DifferenceAugmentedRidge, Preprocessed, Recalibration, ResidualRidge
from spektron.transfer._samples import same_sample
from spektron.transfer.meta import BETWEEN_BENCHES, MetaLearned, ZeroShot, simulated_children
from spektron.transfer.meta.maml import Episodes, Learner, Standards, adapted, meta_train
from spektron.transfer.meta.meta_learned import _episodes, _penalty
from spektron.transfer.methods import Measured, method_named
from spektron.transfer.selection import KennardStone
from tests.transfer.uncertainty.instruments import Instruments, instruments

Array = NDArray[np.float64]
AXIS = 1e7 / np.linspace(1100, 2500, 50)
NEVER = ViewConfig(**{name: {"chance": 0.0} for name in list(ViewConfig.model_fields)[:-1]})


def unlike(seed: int) -> Instruments:
    """A child that the simulator might have made: drawn from another seed than a method draws from."""
    found = instruments(seed, num_standards=8, samples=40, test=60)
    child = simulated_children(found.x, AXIS, 1, seed=1000 + seed)[0]
    return replace(found, child=child, test=child, test_y=found.y)


def rmse(errors: Array) -> float:
    return float(np.sqrt(np.square(errors).mean()))


def test_an_instrument_that_changes_nothing_gives_the_spectra_as_they_are() -> None:
    spectra = instruments(0).x
    found = simulated_children(spectra, AXIS, 3, views=NEVER)
    assert found.shape == (3, *spectra.shape)
    np.testing.assert_array_equal(found, np.broadcast_to(spectra, found.shape))


def test_an_instrument_changes_a_sample_alike_each_time_but_for_its_noise() -> None:
    spectra = np.repeat(instruments(0).x[:1], 4, axis=0)
    silent = BETWEEN_BENCHES.model_copy(update={"noise": BETWEEN_BENCHES.noise.model_copy(update={"chance": 0.0})})
    found = simulated_children(spectra, AXIS, 6, views=silent)
    np.testing.assert_allclose(found, np.repeat(found[:, :1], 4, axis=1), rtol=0, atol=1e-12)
    assert len({round(float(one.sum()), 6) for one in found[:, 0]}) == 6  # and no two are the same
    noisy = simulated_children(spectra, AXIS, 6)
    assert any(np.ptp(one, axis=0).max() > 0 for one in noisy)


def test_instruments_follow_from_the_seed_and_the_axis_may_run_either_way() -> None:
    spectra = instruments(0).x[:3]
    found = simulated_children(spectra, AXIS, 2, seed=4)
    np.testing.assert_array_equal(found, simulated_children(spectra, AXIS, 2, seed=4))
    assert np.abs(found - simulated_children(spectra, AXIS, 2, seed=5)).max() > 0
    backwards = simulated_children(spectra[:, ::-1], AXIS[::-1], 2, seed=4)[..., ::-1]
    np.testing.assert_allclose(found, backwards, rtol=0, atol=1e-12)
    found += 1.0  # what is handed out is one's own
    assert np.abs(found - simulated_children(spectra, AXIS, 2, seed=4)).min() > 0.9
    with pytest.raises(ConfigError, match="wavenumber"):
        simulated_children(spectra, AXIS[:-1], 2)


def zero_shot(**given: Any) -> ZeroShot:
    return ZeroShot(**{"calibration": Preprocessed("sg1", DifferenceAugmentedRidge()), "wavenumber_cm1": AXIS, **given})


def test_without_a_pair_the_child_is_predicted_better_than_by_the_parents_model() -> None:
    ratios = []
    for seed in range(3):
        data = unlike(seed)
        given = {"X_calibration": data.x, "y_calibration": data.y}
        found = zero_shot().fit(data.child[:20], **given).predict(data.child[20:])
        parent = Preprocessed("sg1", Recalibration()).fit(data.x, data.x, **given, y_standards=data.y)
        ratios.append(rmse(found - data.y[20:]) / rmse(parent.predict(data.child[20:]) - data.y[20:]))
    assert np.exp(np.mean(np.log(ratios))) < 0.9


def test_neither_pairs_nor_labels_are_read() -> None:
    data = instruments(1)
    given = {"X_calibration": data.x, "y_calibration": data.y}
    without = zero_shot().fit(data.pairs[0], **given).predict(data.test)
    wrong = zero_shot().fit(data.pairs[0], np.full_like(data.pairs[1], 7.0), **given, y_standards=np.full(10, 9.0))
    np.testing.assert_array_equal(without, wrong.predict(data.test))
    nothing = zero_shot().fit(**given).predict(data.x)
    assert rmse(nothing - data.y) < 0.5 * data.y.std()
    with pytest.raises(ValueError, match="instruments"):
        zero_shot(instruments=0).fit(**given)


def episodes(kept: float) -> Episodes:
    """The parent's coefficient is right in one direction, and in another, where instruments differ, it is not."""
    torch.manual_seed(0)
    number, samples = 40, 30
    parent = torch.randn(number, samples, 2)
    y = parent @ torch.tensor([1.0, kept])
    child = parent + torch.randn(number, samples, 1) * torch.tensor([0.0, 3.0])
    return Episodes(
        instruments=10,
        standards=Standards(child[:, :5], parent[:, :5], y[:, :5]),
        start=torch.tensor([[1.0, 1.0]]).expand(number, 2).clone(),
        asked=child[:, 5:],
        y=y[:, 5:],
        counts=torch.ones(number, samples - 5),
    )


def test_a_step_is_that_of_the_loss() -> None:
    found = episodes(0.0)
    one = Standards(*(each[0] for each in found.standards))
    learner = Learner(torch.tensor([1.0, 0.5]), torch.tensor([0.0, 0.7]), torch.tensor(0.3))
    start = learner.kept * found.start[0]
    weight, apart = learner.log_pairs.exp(), one.child - one.parent
    slope = one.child.T @ (one.child @ start - one.y) / 5 + weight * apart.T @ (apart @ start) / 5
    trace = (one.child.square().sum() + weight * apart.square().sum()) / 5
    expected = start - 0.5 * learner.log_rate.exp() / trace * slope
    torch.testing.assert_close(adapted(learner, found.start[0], one, 1), expected)


def test_what_instruments_disturb_is_learned_to_be_dropped() -> None:
    learner, history = meta_train(episodes(0.0), 3, 150, 40)
    assert history[-1] < 0.7 * history[0]
    assert learner.kept[1] < 0.7 < learner.kept[0] + 0.15


def test_learned_rules_beat_the_parents_model_and_follow_from_the_seed() -> None:
    data = instruments(2, num_standards=6, samples=40, test=80)
    made = [MetaLearned(AXIS, instruments=6, epochs=40).fit(*data.pairs, **data.given()) for _ in range(2)]
    found = [each.predict(data.test) for each in made]
    np.testing.assert_array_equal(*found)
    assert made[0].history_[-1] < made[0].history_[0]
    # The mean's correction is in both; 1.5 leaves room for rules that were learned on six instruments.
    ridge = Preprocessed("sg1", ResidualRidge()).fit(*data.pairs, **data.given()).predict(data.test)
    assert rmse(found[0] - data.test_y) < 1.5 * rmse(ridge - data.test_y)
    assert rmse(found[0] - data.test_y) < 0.5 * data.test_y.std()


def repeated() -> tuple[Instruments, NDArray[np.intp]]:
    """Every other one of 23 samples twice."""
    return instruments(2, samples=23, error=0.3), np.r_[:23, 0:23:2]


def test_a_sample_that_was_measured_again_is_asked_for_or_known(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Array] = []

    class Spy(KennardStone):
        def fit(self, X: Array, y: Any = None) -> Any:
            kept.append(X)
            return super().fit(X, y)

    monkeypatch.setattr("spektron.transfer.meta.meta_learned.KennardStone", Spy)
    data, rows = repeated()
    x = data.x[rows]
    found = _episodes(x, x, data.y[rows], (1.1 * x)[None], 1.0, 40, same_sample(x))
    assert len(kept) == 10
    for one in kept:
        numbers = [int(np.abs(data.x - row).sum(axis=1).argmin()) for row in one]
        assert all(numbers.count(number) == np.count_nonzero(rows == number) for number in numbers)
    assert found.counts.sum() == len(rows)
    # As many standards in each episode as there are in that with the fewest.
    assert found.standards.y.shape == (10, min(len(one) for one in kept))


def test_the_penalty_is_that_of_samples_left_out_with_their_repeats() -> None:
    data, rows = repeated()
    x, y = data.x[rows] - data.x[rows].mean(axis=0), data.y[rows] - data.y[rows].mean()
    penalties = 10.0 ** np.arange(-7.0, 0.1, 0.5) * np.square(x).sum()
    errors = []
    for penalty in penalties:
        missed = [
            np.square(
                Ridge(penalty).fit(x[rows != one], y[rows != one]).predict(x[rows == one]) - y[rows == one]
            ).mean()
            for one in range(23)
        ]
        errors.append(np.mean(missed))
    assert _penalty(x, y, same_sample(x)) == penalties[np.argmin(errors)]
    alone = RidgeCV(penalties).fit(x, y).alpha_
    assert _penalty(x, y, np.arange(len(x))) == alone != penalties[np.argmin(errors)]


def test_a_property_that_is_constant_is_predicted_so() -> None:
    data = instruments(2, num_standards=6, samples=20)
    given = {"X_calibration": data.x, "y_calibration": np.full(20, 3.0), "y_standards": np.full(6, 3.0)}
    found = MetaLearned(AXIS, instruments=3, epochs=3).fit(*data.pairs, **given).predict(data.test)
    np.testing.assert_allclose(found, 3.0, atol=1e-9)


@pytest.mark.parametrize(("given", "match"), [({"steps": 0}, "steps"), ({"representation": "none"}, "representation")])
def test_settings_that_cannot_be_are_refused(given: dict[str, Any], match: str) -> None:
    data = instruments(2, samples=20)
    with pytest.raises(ValueError, match=match):
        MetaLearned(AXIS, **given).fit(*data.pairs, **data.given())


def test_labels_are_asked_for_and_methods_have_names(tmp_path: Path) -> None:
    data = instruments(2, samples=20)
    unlabelled = {"X_calibration": data.x, "y_calibration": data.y}
    with pytest.raises(ValueError, match="y_standards"):
        MetaLearned(AXIS).fit(*data.pairs, **unlabelled)
    measured = Measured(wavenumber_cm1=AXIS)
    assert isinstance(method_named("zero_shot", measured), ZeroShot)
    embedding = method_named("meta_embedding", measured).set_params(instruments=2, epochs=3)
    assert np.isfinite(embedding.fit(*data.pairs, **data.given()).predict(data.test)).all()
