"""Errors of prediction, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spektron.core.errors import ConfigError
from spektron.transfer.metrics import prediction_errors


def test_errors_by_hand() -> None:
    found = prediction_errors(np.array([1.0, 3.0, 5.0, 3.0]), np.array([0.0, 2.0, 2.0, 4.0]))
    # errors 1, 1, 3, −1; measured mean 2, squared deviations 4 + 0 + 0 + 4
    assert found.rmsep == pytest.approx(math.sqrt(12 / 4))
    assert found.bias == 1.0
    assert found.sep == pytest.approx(math.sqrt(8 / 3))
    assert found.r2 == pytest.approx(1 - 12 / 8)
    assert found.rpd == pytest.approx(1.0)
    assert found.num_samples == 4


def test_a_constant_error_is_all_bias() -> None:
    measured = np.array([1.0, 2.0, 4.0])
    found = prediction_errors(measured + 0.5, measured)
    assert (found.bias, found.rmsep, found.sep, found.rpd) == (0.5, 0.5, 0.0, math.inf)


def test_one_sample_has_no_spread() -> None:
    found = prediction_errors(np.array([1.0]), np.array([3.0]))
    assert found.rmsep == 2.0
    assert math.isnan(found.sep)
    assert math.isnan(found.r2)


@pytest.mark.parametrize(
    ("predicted", "measured", "words"),
    [
        (np.zeros(3), np.zeros(2), "found \\(3,\\) and \\(2,\\)"),
        (np.zeros(0), np.zeros(0), "at least one"),
        (np.array([1.0, np.nan]), np.zeros(2), "finite predictions, found 1 of 2"),
        (np.zeros(2), np.array([1.0, np.inf]), "finite measured values, found 1 of 2"),
    ],
)
def test_what_cannot_be_compared_is_refused(predicted: np.ndarray, measured: np.ndarray, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        prediction_errors(predicted, measured)
