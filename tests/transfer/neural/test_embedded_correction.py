"""A correction with an encoder beside it: what it adds, and that it falls back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spektron.transfer import PDS, CorrectedPLS, MeanShift
from spektron.transfer.classical._correction import SpectrumCorrection
from spektron.transfer.methods import Measured, method_named
from spektron.transfer.neural import EmbeddedCorrection
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
