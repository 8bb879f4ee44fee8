from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from spektron.model.preprocessing import fill_masked


def filled(values: list[float], hidden: str) -> list[float]:
    mask = torch.tensor([[letter == "x" for letter in hidden]])
    found: Tensor = fill_masked(torch.tensor([[values]]), mask)
    return found[0, 0].tolist()


@pytest.mark.parametrize(
    ("values", "hidden", "expected"),
    [
        ([9, 9, 2, 9, 9, 9, 10, 9], "xx.xxx.x", [2, 2, 2, 4, 6, 8, 10, 10]),  # The level at the ends, a line between.
        ([9, 9, 5, 9], "xx.x", [5, 5, 5, 5]),  # One visible point.
        ([9, 9, 9], "xxx", [0, 0, 0]),  # None.
        ([1, 2, 7], "...", [1, 2, 7]),  # All.
        ([3e38, 0, -3e38], ".x.", [3e38, 0, -3e38]),  # Their difference is no float32.
        ([float("nan"), 1, float("inf"), 3, float("-inf")], "x.x.x", [1, 1, 2, 3, 3]),
    ],
)
def test_lines_between_visible_points_known_by_hand(values: list[float], hidden: str, expected: list[float]) -> None:
    assert filled([float(value) for value in values], hidden) == pytest.approx(expected, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.0, 1.0))
def test_it_is_numpys_interpolation(seed: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    values: NDArray[np.float64] = generator.normal(size=(3, 2, 60))
    mask = generator.random((3, 60)) < share
    found = fill_masked(torch.from_numpy(np.where(mask[:, None], np.nan, values)), torch.from_numpy(mask)).numpy()
    place = np.arange(60)
    for row in range(3):
        for channel in range(2):
            seen = ~mask[row]
            expected = np.interp(place, place[seen], values[row, channel, seen]) if seen.any() else np.zeros(60)
            np.testing.assert_allclose(found[row, channel], expected, rtol=0, atol=1e-12)
            np.testing.assert_array_equal(found[row, channel, seen], values[row, channel, seen])
