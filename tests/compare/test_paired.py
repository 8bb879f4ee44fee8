"""Paired comparisons against numbers known by hand, scipy's test, and their coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from spektron.compare import holm, paired_change, paired_difference
from spektron.core.errors import ConfigError


def test_a_difference_by_hand() -> None:
    # Differences 1, 2, 3: mean 2, standard error 1/√3, t(0.975, 2) = 4.30265.
    found = paired_difference([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    assert found.value == pytest.approx(2.0)
    assert found.low is not None
    assert found.high is not None
    assert (found.low, found.high) == pytest.approx((2 - 4.30265 / math.sqrt(3), 2 + 4.30265 / math.sqrt(3)), rel=1e-5)
    assert found.num_pairs == 3


def test_the_p_value_is_that_of_the_paired_test() -> None:
    generator = np.random.default_rng(0)
    arm, reference = generator.normal(1.0, 1.0, 6), generator.normal(0.0, 1.0, 6)
    assert paired_difference(arm, reference).p_value == pytest.approx(stats.ttest_rel(arm, reference).pvalue)


def test_a_change_is_the_geometric_mean_of_ratios() -> None:
    found = paired_change([2.0, 0.5], [1.0, 1.0])
    assert found.value == pytest.approx(0.0)  # one doubling and one halving
    assert paired_change([0.9, 1.8, 2.7], [1.0, 2.0, 3.0]).value == pytest.approx(-0.1)
    # What one arm is to the other, the other is to it.
    there, back = paired_change([1.1, 2.3], [1.0, 2.0]), paired_change([1.0, 2.0], [1.1, 2.3])
    assert (1 + there.value) * (1 + back.value) == pytest.approx(1.0)
    assert there.high is not None
    assert back.low is not None
    assert (1 + there.high) * (1 + back.low) == pytest.approx(1.0)


@pytest.mark.parametrize(("pairs", "value"), [([], math.nan), ([0.5], 0.5)])
def test_too_few_pairs_have_no_interval(pairs: list[float], value: float) -> None:
    found = paired_difference(pairs, [0.0] * len(pairs))
    assert (found.low, found.high, found.p_value, found.num_pairs) == (None, None, None, len(pairs))
    assert found.value == pytest.approx(value, nan_ok=True)


def test_arms_that_are_the_same_do_not_differ() -> None:
    found = paired_change([0.3, 0.4, 0.5], [0.3, 0.4, 0.5])
    assert (found.value, found.low, found.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)
    always = paired_difference([2.0, 3.0], [1.0, 2.0])
    assert (always.value, always.p_value) == (1.0, 0.0)


def test_pairs_must_be_pairs_and_errors_positive() -> None:
    with pytest.raises(ConfigError, match="expected 2 values"):
        paired_difference([1.0, 2.0], [1.0])
    with pytest.raises(ConfigError, match="above 0, found 0"):
        paired_change([1.0, 0.0], [1.0, 1.0])


def test_the_interval_covers_as_often_as_it_says() -> None:
    generator = np.random.default_rng(1)
    common = generator.normal(0.0, 5.0, (4000, 3))  # what a seed gives both arms: no pairing, no chance
    arm, reference = common + 1.0 + generator.normal(0.0, 0.3, common.shape), common
    found = [paired_difference(a, r) for a, r in zip(arm, reference)]
    covered = np.mean([f.low <= 1.0 <= f.high for f in found if f.low is not None and f.high is not None])
    assert covered == pytest.approx(0.95, abs=0.012)
    assert np.mean([(f.high or 0) - (f.low or 0) for f in found]) < 2.0


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, None, 0.9]) == [1.0, None, 1.0]
    assert holm([]) == []
