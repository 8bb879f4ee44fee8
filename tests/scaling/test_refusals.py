"""What cannot be fitted is refused, with what was found and what to add."""

from __future__ import annotations

import numpy as np
import pytest

from spektron.core.errors import FitError
from spektron.scaling import CorpusLaw, fit_corpus_law, fit_joint_law

from .conftest import SIZES, true_loss


def test_fewer_than_four_sizes_are_named() -> None:
    with pytest.raises(FitError, match=r"at least 4 distinct sizes, found 3: 4,000, 8,000, 16,000") as caught:
        fit_corpus_law([4000, 8000, 16000, 16000, 4000], [1, 0.8, 0.7, 0.7, 1])

    assert "add 1 or more" in caught.value.hint


def test_no_points_at_all() -> None:
    with pytest.raises(FitError, match="found 0: none"):
        fit_corpus_law([], [])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 0.0, -0.2])
@pytest.mark.parametrize("column", ["num_spectra", "loss"])
def test_a_bad_value_names_its_column_and_row(bad: float, column: str) -> None:
    columns = {"num_spectra": SIZES.copy(), "loss": true_loss(SIZES)}
    columns[column][5] = bad

    with pytest.raises(FitError, match=rf"{column}: expected a positive finite number, found .* in row 5"):
        fit_corpus_law(**columns)


def test_columns_of_unequal_length_are_named() -> None:
    with pytest.raises(FitError, match="num_spectra has 8, loss has 7"):
        fit_corpus_law(SIZES, true_loss(SIZES)[:-1])
    with pytest.raises(FitError, match="seed has 2"):
        fit_corpus_law(SIZES, true_loss(SIZES), seed=[0, 1])


def test_text_and_tables_are_no_columns() -> None:
    with pytest.raises(FitError, match="loss: expected numbers"):
        fit_corpus_law(SIZES, ["a"] * 8)
    with pytest.raises(FitError, match="one dimension"):
        fit_corpus_law(SIZES.reshape(2, 4), true_loss(SIZES))


@pytest.mark.parametrize("bad", [{"confidence": 1.0}, {"confidence": 0.0}, {"num_resamples": 10}])
def test_an_interval_needs_a_confidence_and_resamples(bad: dict[str, float]) -> None:
    with pytest.raises(FitError, match=r"expected (a confidence|at least 40 resamples)"):
        fit_corpus_law(SIZES, true_loss(SIZES), **bad)


@pytest.mark.parametrize("question", [{"tolerance": 0.0}, {"tolerance": 2}, {"candidate": 5e5}, {"candidate": -1}])
def test_a_verdict_needs_a_question(law: CorpusLaw, question: dict[str, float]) -> None:
    with pytest.raises(FitError):
        law.verdict(**question)


def test_joint_designs_that_cannot_tell_the_terms_apart() -> None:
    n = np.geomspace(1e6, 1e9, 12)
    with pytest.raises(FitError, match="correlated"):
        fit_joint_law(n, 20 * n, np.linspace(3, 2, 12))
    with pytest.raises(FitError, match="4 distinct data sizes, found 2"):
        fit_joint_law(n, np.tile([1e9, 2e9], 6), np.linspace(3, 2, 12))
    with pytest.raises(FitError, match="at least 8 points"):
        fit_joint_law(n[:4], [1e9, 5e8, 2e9, 1e8], [3, 3, 2, 3])
    with pytest.raises(FitError, match="at least 6 runs, found 2"):
        fit_joint_law(n, np.random.default_rng(0).permutation(n), np.linspace(3, 2, 12), run=[0, 1] * 6)
