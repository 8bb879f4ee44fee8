import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spektron.core.errors import ConfigError
from spektron.report.numbers import (
    FORMATS,
    cell_text,
    column_texts,
    compact,
    count,
    duration,
    interval_text,
    number,
    percent,
)
from spektron.report.values import Column, Interval, Table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123456, "0.01235"),
        (1480, "1,480"),
        (1480.0, "1,480"),
        (0.0, "0"),
        (-0.5, "-0.5000"),
        (3.2e-5, "3.200e-5"),
        (math.nan, "–"),
        (None, "–"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
        (12345.678, "12,346"),
        (6.34e9, "6.340e9"),
    ],
)
def test_number(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (24, "24"),
        (950, "950"),
        (999.4, "999"),
        (999.6, "1K"),
        (1200, "1.2K"),
        (50_000, "50K"),
        (1.5e6, "1.5M"),
        (2e9, "2B"),
        (0.05, "0.05"),
        (0.015, "0.015"),
        (2e-5, "2.00e-5"),
        (0, "0"),
        (math.nan, "–"),
    ],
)
def test_compact(value, text):
    assert compact(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.41, "0.41 s"),
        (0, "0 s"),
        (1e-5, "< 1 ms"),
        (4.1, "4.1 s"),
        (41, "41 s"),
        (59.6, "1 min 00 s"),
        (192, "3 min 12 s"),
        (3599.7, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (86399, "1 d 0 h"),
        (360_000, "4 d 4 h"),
        (None, "–"),
        (math.nan, "–"),
        (0.9999, "1.0 s"),
        (9.97, "10 s"),
    ],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


@given(st.floats(0, 1e7))
def test_durations_never_show_sixty(seconds):
    words = duration(seconds).removeprefix("< ").split()
    for amount, unit in zip(words[::2], words[1::2]):
        assert float(amount) < {"ms": 2, "s": 60, "min": 60, "h": 24, "d": 1000}[unit]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0381, "3.8 %"),
        (0.21, "21 %"),
        (0.0, "0 %"),
        (0.00005, "< 0.01 %"),
        (-0.00005, "> -0.01 %"),
        (1.5, "150 %"),
        (0.0025, "0.25 %"),
        (None, "–"),
    ],
)
def test_percent(value, text):
    assert percent(value) == text


def test_differences_of_fractions_are_no_per_cents() -> None:
    interval = Interval(-0.0902, -0.1633, -0.0171)
    assert interval_text(interval, form="percentage_points") == "-9.0 pp [-16 pp, -1.7 pp]"


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(0.30512, 0.2811, 0.3309), "0.305 [0.281, 0.331]"),
        (Interval(612.3, 431.2, 1003.9), "610 [430, 1,000]"),
        (Interval(612.3, 431.2, math.inf), "610 [430, ∞]"),
        (Interval(math.nan, None, None), "–"),
        (Interval(math.nan, 100.0, math.inf), "– [100, ∞]"),
        (Interval(0.0212), "0.02120"),
        (Interval(0.0001, -0.002, 0.0021), "0.0001 [-0.0020, 0.0021]"),
        (Interval(442.16e8, 400e8, 480e8), "4.42e10 [4.00e10, 4.80e10]"),
    ],
)
def test_an_interval_sets_the_digits(interval, text):
    assert interval_text(interval) == text


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e5), st.floats(1e-3, 1e5))
def test_value_and_ends_share_their_last_place_and_lose_under_a_twentieth(value, below, above):
    interval = Interval(value, value - below, value + above)
    parts = interval_text(interval).replace("[", "").replace("]", "").replace(", ", " ").split()
    texts = [part.replace(",", "") for part in parts]
    assert len({len(text.partition(".")[2]) for text in texts}) == 1
    for text, exact in zip(texts, (interval.value, interval.low, interval.high)):
        assert abs(float(text) - exact) <= 0.0501 * max(below, above)


@given(st.floats(allow_nan=True, allow_infinity=True) | st.none())
def test_every_format_writes_every_number(value):
    for form in ("", ".3f", *FORMATS):
        assert cell_text(value, form)


@given(st.floats(1, 1e12), st.floats(1, 1e12))
def test_compact_keeps_order(a, b):
    def parsed(text):
        return float(text.rstrip("KMB")) * {"K": 1e3, "M": 1e6, "B": 1e9}.get(text[-1], 1)

    low, high = sorted((a, b))
    assert parsed(compact(low)) <= parsed(compact(high)) * (1 + 1e-9)


def test_an_unknown_format_names_the_known_ones():
    with pytest.raises(ConfigError, match="percent"):
        cell_text(1.0, "percentage!")


def test_count_rounds():
    assert count(1479.6) == "1,480"


def test_floats_of_a_column_share_their_decimals():
    column = Column("mse", "MSE")
    rows = tuple({"mse": value} for value in (0.0699, 0.5, 0.01581, None, math.nan))
    texts, totals = column_texts(Table(title="", columns=(column,), rows=rows, totals=({"mse": 1.0},)), column)
    assert texts == ["0.0699", "0.5000", "0.0158", "–", "–"]
    assert totals == ["1.0000"]


def test_a_column_over_many_decades_keeps_the_small_ones():
    column = Column("mse", "MSE")
    texts, _ = column_texts(Table(title="", columns=(column,), rows=({"mse": 1e-7}, {"mse": 100.5})), column)
    assert texts == ["1.000e-7", "100.5"]
