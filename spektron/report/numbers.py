"""Numbers as people read them: no more digits than the interval supports, 1,480, 1.2K, 3 min 12 s, – for nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from spektron.core.errors import ConfigError
from spektron.report.values import Cell, Column, Interval, Table, is_missing

__all__ = [
    "FORMATS",
    "MISSING",
    "cell_text",
    "column_texts",
    "compact",
    "count",
    "duration",
    "interval_text",
    "number",
    "percent",
    "percentage_points",
    "range_text",
]

MISSING = "–"
INFINITY = "∞"

# Four significant digits tell any two losses apart that differ by more than 0.1 %, about the spread of two seeds.
DIGITS = 4

# Plain notation between these; outside it the zeros are harder to read than an exponent.
SMALLEST_PLAIN, LARGEST_PLAIN = 1e-4, 1e7

NumberText = Callable[[float], str]


def number(value: float | None, digits: int = DIGITS) -> str:
    """Write `value` to `digits` significant digits, thousands separated; all digits left of the point are kept."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return INFINITY if value > 0 else f"-{INFINITY}"
    if value == int(value) and abs(value) < LARGEST_PLAIN:
        return f"{int(value):,}"
    return _fixed(value, max(0, decimals_for(value, digits))) if _is_plain(value) else _scientific(value, digits)


def count(value: float | None) -> str:
    """Whole numbers with thousands separated: ``1,480``."""
    if value is None or not math.isfinite(value):
        return number(value)
    return f"{round(value):,}"


def compact(value: float | None) -> str:
    """Short sizes for axes and tiles: ``950``, ``1.2K``, ``50K``, ``1.5M``; three significant digits at most."""
    if value is None or not math.isfinite(value):
        return number(value)
    if 0 < abs(value) < 1:
        return f"{value:.3g}" if abs(value) >= SMALLEST_PLAIN else _scientific(value, 3)
    for scale, suffix in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        # 999.5 would be rounded to 1000 in the scale below, so it already belongs to this one.
        if abs(value) >= scale * 0.9995:
            return f"{value / scale:.3g}{suffix}"
    return f"{value:.3g}"


def percent(value: float | None) -> str:
    """Write a fraction as per cent with two significant digits: ``0.0381`` is ``3.8 %``; below 0.01 % as such."""
    if value is None or not math.isfinite(value):
        return number(value)
    hundredths = 100 * value
    if hundredths == 0 or abs(hundredths) >= LARGEST_PLAIN:
        return f"{number(hundredths, 2)} %"
    if abs(hundredths) < 0.01:
        return "< 0.01 %" if hundredths > 0 else "> -0.01 %"
    return f"{_fixed(hundredths, max(0, decimals_for(hundredths, 2)))} %"


def percentage_points(value: float | None) -> str:
    """Write a difference of two fractions in percentage points: ``-0.29`` is ``-29 pp``."""
    return percent(value).replace("%", "pp")


def duration(seconds: float | None) -> str:
    """Seconds in the two units that matter: ``0.41 s``, ``41 s``, ``3 min 12 s``, ``2 h 05 min``, ``4 d 3 h``."""
    if seconds is None or not math.isfinite(seconds):
        return number(seconds)
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 0.9995:
        return f"{seconds:.2g} s" if seconds >= 1e-3 or seconds == 0 else "< 1 ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24} h"


def interval_text(interval: Interval, unit: str = "", form: str = "") -> str:
    """Write value and interval with the digits the interval supports: ``0.305 [0.281, 0.331]``, ``610 [430, 1,000]``.

    The half-width keeps two significant digits, and value and ends share its last place.
    """
    write = writer(form, interval)
    value = MISSING if is_missing(interval) else write(interval.value)
    ends = range_text(interval, form)
    return " ".join(part for part in (value, f"[{ends}]" if ends else "", unit) if part)


def range_text(interval: Interval, form: str = "", between: str = ", ") -> str:
    """Write the two ends, or nothing where neither is known."""
    if interval.low is None and interval.high is None:
        return ""
    write = writer(form, interval)
    ends = (interval.low, interval.high)
    return between.join(MISSING if end is None or math.isnan(end) else write(end) for end in ends)


def writer(form: str, interval: Interval | None = None) -> NumberText:
    """Choose the function that writes numbers; `interval` sets the digits where the format leaves them open.

    Raises
    ------
    ConfigError
        For a format that is neither named in `FORMATS` nor a format specification for numbers.
    """
    if form in FORMATS:
        return FORMATS[form]
    if form == "":
        return _writer_for(interval) if interval else number
    try:
        format(1.0, form)
    except ValueError as error:
        raise ConfigError(
            f"expected a number format, found {form!r}", f"use one of {', '.join(sorted(FORMATS))}, or such as .3f"
        ) from error
    return lambda value: format(value, form) if math.isfinite(value) else number(value)


def cell_text(value: Cell, form: str = "") -> str:
    """Write one cell."""
    if isinstance(value, Interval):
        return interval_text(value, form=form)
    if value is None or is_missing(value):
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else writer(form)(value)


def column_texts(table: Table, column: Column) -> tuple[list[str], list[str]]:
    """Write a column's cells, rows and totals; floats without a format share their decimals, so that points align."""
    cells = [row.get(column.name) for row in (*table.rows, *table.totals)]
    write = _shared_writer(cells) if column.format == "" else None
    texts = [
        write(cell) if write and isinstance(cell, float) and not is_missing(cell) else cell_text(cell, column.format)
        for cell in cells
    ]
    return texts[: len(table.rows)], texts[len(table.rows) :]


def decimals_for(value: float, digits: int) -> int:
    """Decimals that show `digits` significant digits of `value`; negative left of the point."""
    return digits if value == 0 else digits - 1 - math.floor(math.log10(abs(value)))


def _writer_for(interval: Interval) -> NumberText:
    ends = [end for end in (interval.low, interval.high) if end is not None and math.isfinite(end)]
    width = max((abs(end - interval.value) for end in ends), default=0.0)
    if not math.isfinite(width) or width == 0:
        return number
    largest = max(abs(x) for x in (*ends, interval.value))
    if not _is_plain(largest):
        digits = decimals_for(width, 2) - decimals_for(largest, 0)
        return lambda value: _scientific(value, max(2, digits)) if math.isfinite(value) else number(value)
    decimals = decimals_for(width, 2)
    return lambda value: _fixed(value, decimals) if math.isfinite(value) else number(value)


def _shared_writer(cells: Sequence[Cell]) -> NumberText | None:
    floats = [abs(c) for c in cells if isinstance(c, float) and math.isfinite(c) and c != 0]
    if not floats or not all(_is_plain(x) for x in floats) or max(floats) / min(floats) > 1e4:
        return None  # over more than four decades, shared decimals would hide the small or pad the large
    if all(x == int(x) for x in floats):
        return None
    decimals = max(0, decimals_for(min(floats), DIGITS - 1))
    return lambda value: _fixed(value, decimals) if math.isfinite(value) else number(value)


def _is_plain(value: float) -> bool:
    return value == 0 or SMALLEST_PLAIN <= abs(value) < LARGEST_PLAIN


def _fixed(value: float, decimals: int) -> str:
    text = f"{round(value, decimals):,.{max(0, decimals)}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def _scientific(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


FORMATS: dict[str, NumberText] = {
    "compact": compact,
    "count": count,
    "duration": duration,
    "percent": percent,
    "percentage_points": percentage_points,
    "plain": lambda value: f"{value:.10g}",  # years, seeds: no separators
}
