"""Rows of a request: what is a spectrum, and what is told of those that are none."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.core.errors import SpectrumError
from spektron.serve.rows import batch_of_rows


def row(**changes: Any) -> dict[str, Any]:
    values = {
        "intensity": np.sin(np.arange(2048) / 50).tolist(),
        "wavenumber_start_cm1": 400.0,
        "wavenumber_stop_cm1": 4000.0,
        "modality": "IR",
    }
    return values | changes


def spoilt(point: int, value: Any) -> list[Any]:
    intensity: list[Any] = row()["intensity"]
    return [*intensity[:point], value, *intensity[point + 1 :]]


def test_rows_are_spectra_in_their_order() -> None:
    counts = [k % 7 for k in range(2048)]
    found = batch_of_rows([row(), row(intensity=counts, wavenumber_start_cm1=100, modality=" raman ")])
    np.testing.assert_array_equal(found.intensity[0], np.sin(np.arange(2048) / 50).astype(np.float32))
    np.testing.assert_array_equal(found.intensity[1], np.float32(counts))
    assert found.modality.tolist() == [0, 1]
    assert found.wavenumber_start_cm1.tolist() == [400.0, 100.0]
    assert batch_of_rows(pd.DataFrame([row()])).intensity.shape == (1, 2048)
    assert batch_of_rows(row()).intensity.shape == (1, 2048)
    arrays = row(intensity=np.arange(2048, dtype=np.float32))
    assert batch_of_rows(pd.DataFrame([arrays])).intensity[0, -1] == 2047


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"intensity": [1.0, 2.0]}, "expected 2048 intensities, found 2"),
        ({"intensity": "abc"}, "expected a list of 2048 intensities, found 'abc'"),
        ({"intensity": None}, "expected a list of 2048 intensities, found no value"),
        ({"intensity": spoilt(7, None)}, "expected numbers, found no value at point 7"),
        ({"intensity": spoilt(7, "1.0")}, "expected numbers, found '1.0' at point 7"),
        ({"intensity": spoilt(7, [1.0])}, r"expected numbers, found \[1.0\] at point 7"),
        ({"intensity": spoilt(7, True)}, "expected numbers, found True at point 7"),
        ({"intensity": spoilt(7, 10**400)}, "expected numbers, found 1000"),
        ({"intensity": spoilt(7, float("nan"))}, "expected finite intensities, found nan at point 7"),
        ({"intensity": spoilt(7, 1e39)}, r"expected finite intensities, found 1e\+39 at point 7"),
        ({"intensity": [3.0] * 2048}, "expected intensities that vary, found 3 at all points"),
        ({"wavenumber_stop_cm1": 100.0}, "ascends within 10 to 8000 cm⁻¹, found 400.0 to 100.0"),
        ({"wavenumber_stop_cm1": float("nan")}, "found 400.0 to no value"),
        ({"wavenumber_stop_cm1": None}, "found 400.0 to no value"),
        ({"wavenumber_stop_cm1": "4000"}, "found 400.0 to '4000'"),
        ({"wavenumber_start_cm1": 2.5, "wavenumber_stop_cm1": 25.0}, "found 2.5 to 25.0"),
        ({"modality": "UV"}, "expected a modality of IR, RAMAN, NIR, found 'UV'"),
        ({"modality": None}, "expected a modality of IR, RAMAN, NIR, found no value"),
    ],
)
def test_a_row_that_is_no_spectrum_is_named(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(SpectrumError, match=f"expected 2 spectra, found 1 that are none: row 1: .*{told}"):
        batch_of_rows([row(), row(**changes)])


def test_many_bad_rows_are_counted() -> None:
    with pytest.raises(SpectrumError, match=r"found 12 that are none: row 0: .* row 9: .*; and 2 more"):
        batch_of_rows([row(modality="x") for _ in range(12)])


def test_other_columns_are_told() -> None:
    with pytest.raises(SpectrumError, match=r"expected the columns intensity, .*, found x"):
        batch_of_rows([{"x": 1}])
    with pytest.raises(SpectrumError, match="expected the columns"):
        batch_of_rows([row(laser_nm=785)])
    with pytest.raises(SpectrumError, match="found none"):
        batch_of_rows([])


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(row())), _JSON)
def test_whatever_json_holds_is_a_spectrum_or_told(name: str, value: Any) -> None:
    given_row = json.loads(json.dumps(row(**{name: value})))
    try:
        told = ""
        batch = batch_of_rows([given_row])
    except SpectrumError as error:
        told = error.message
    assert "row 0: expected" in told if told else batch.intensity.shape == (1, 2048)
