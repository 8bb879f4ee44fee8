"""What every selection of standards keeps to."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from spektron.transfer.selection import DUPLEX, SPXY, DOptimal, KennardStone, Random, WorstCase

SELECTIONS = (KennardStone(), SPXY(), DUPLEX(), Random(random_state=3), DOptimal(), WorstCase())
every = pytest.mark.parametrize("selection", SELECTIONS, ids=lambda one: type(one).__name__)


def samples(num, channels=20, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(num, 4)) @ rng.normal(size=(4, channels)), rng.normal(size=num)


# Three standards, because checks fit on as few as ten samples, and DUPLEX takes twice its number.
@parametrize_with_checks([clone(one).set_params(num_standards=3) for one in SELECTIONS])
def test_scikit_learn_finds_nothing_to_complain_of(estimator, check):
    check(estimator)


@every
@pytest.mark.parametrize("number", [2, 5, 12])
def test_as_many_rows_as_asked_for_each_once(selection, number):
    x, y = samples(30)
    chosen = clone(selection).set_params(num_standards=number).fit(x, y).indices_
    assert chosen.shape == (number,)
    assert len(set(chosen.tolist())) == number
    assert chosen.min() >= 0
    assert chosen.max() < 30


@every
def test_a_larger_choice_begins_with_the_smaller_where_it_says_so(selection):
    x, y = samples(40)
    choices = [clone(selection).set_params(num_standards=n).fit(x, y).indices_.tolist() for n in range(3, 18)]
    nested = all(larger[: len(smaller)] == smaller for smaller, larger in pairwise(choices))
    assert nested == selection.nested


@every
def test_the_same_samples_in_another_unit_are_the_same_choice(selection):
    x, y = samples(40)
    first = clone(selection).fit(x, y).indices_
    np.testing.assert_array_equal(clone(selection).fit(8.0 * x, y).indices_, first)


@every
def test_too_few_samples_are_refused_with_both_numbers(selection):
    x, y = samples(9)
    with pytest.raises(ValueError, match=r"10 standards .* at least (10|20) samples, found n_samples = 9"):
        clone(selection).fit(x, y)


@every
@pytest.mark.parametrize("number", [0, 2.5, "ten"])
def test_a_number_that_is_none_is_refused(selection, number):
    with pytest.raises(ValueError, match="num_standards: expected a whole number"):
        clone(selection).set_params(num_standards=number).fit(*samples(30))


@every
def test_identical_spectra_still_give_rows(selection):
    x, y = np.ones((30, 5)), np.ones(30)
    chosen = clone(selection).fit(x, y).indices_
    assert len(set(chosen.tolist())) == 10


@every
def test_preprocessing_is_applied_before_spectra_are_compared(selection):
    if isinstance(selection, Random):
        pytest.skip("looks at no spectrum")
    x, y = samples(30, channels=40)
    shifted = x + np.random.default_rng(1).normal(scale=100.0, size=(30, 1))  # an offset of each: gone in a derivative
    chosen = clone(selection).set_params(preprocessing="sg1")
    np.testing.assert_array_equal(clone(chosen).fit(shifted, y).indices_, chosen.fit(x, y).indices_)
    assert clone(selection).fit(shifted, y).indices_.tolist() != clone(selection).fit(x, y).indices_.tolist()


@every
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), copies=st.integers(0, 8))
def test_copies_among_samples_break_nothing(selection, seed, copies):
    x, y = samples(24, seed=seed)
    x[:copies], y[:copies] = x[-1], y[-1]
    chosen = clone(selection).fit(x, y).indices_
    assert len(set(chosen.tolist())) == 10


@pytest.mark.parametrize("name", ["snv", "sg1snv"])
@every
def test_flat_spectra_are_named_before_standard_normal_variate(selection, name):
    """They would be the first to be chosen."""
    x, y = samples(30)
    x[[4, 11]] = 0.5
    with pytest.raises(ValueError, match=r"X: expected spectra that vary.* rows 4, 11"):
        clone(selection).set_params(preprocessing=name).fit(x, y)
    clone(selection).fit(x, y)
