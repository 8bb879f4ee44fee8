"""Ticks that people read without decoding: 50, 100, 200, 1K instead of 10², shared by paper figures and the page."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from itertools import chain

from spektron.report.numbers import compact
from spektron.report.series import Figure

__all__ = ["finite_range", "log_ticks", "tick_texts", "x_values", "y_values"]

# A band that ends beyond three times the largest x is cut at the edge of a logarithmic axis.
FAR_BAND = 3.0

# From coarse to fine: what is multiplied with powers of ten. Finer sets are taken while an axis has too few ticks.
_MULTIPLES: tuple[tuple[float, ...], ...] = ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5), (1, 1.5, 2, 3, 4, 5, 6, 8))


def log_ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Round numbers from `low` to `high` for a logarithmic axis, about four to `most` of them.

    Raises
    ------
    AssertionError
        Unless ``0 < low <= high``.
    """
    assert 0 < low <= high, (low, high)
    best: list[float] = []
    for multiples in _MULTIPLES:
        ticks = _between(multiples, low, high)
        if len(ticks) > most:
            break
        best = ticks
    if len(best) > 2:
        return best
    if _between((1,), low, high) and len(_between((1,), low, high)) > most:
        return _thinned(_between((1,), low, high), most)
    return best if len(best) > 2 else _even_ticks(low, high)


def tick_texts(ticks: Sequence[float]) -> list[str]:
    """Label ticks with as many digits as tell them apart."""
    texts = [compact(tick) for tick in ticks]
    if len(set(texts)) == len(texts):
        return texts
    return [f"{tick:.6g}" for tick in ticks]


def x_values(figure: Figure) -> list[float]:
    """Every x that the axes must show; the end of a marker's band only where it does not squeeze everything else."""
    series = [*(points.x for points in figure.points), *(curve.x for curve in figure.curves)]
    series += [end for points in figure.points for end in (points.low, points.high) if end is not None]
    values = [*chain.from_iterable(series), *(marker.x for marker in figure.markers)]
    most = max((x for x in values if math.isfinite(x)), default=0.0) * (FAR_BAND if figure.log_x else 1.2)
    ends = [end for marker in figure.markers for end in (marker.low, marker.high) if end is not None]
    return [*values, *(end for end in ends if 0 < end <= most)]


def y_values(figure: Figure) -> list[float]:
    """Every y that the axes must show: of rows, half a row beyond the first and the last."""
    if figure.y_names:
        return [-0.5, len(figure.y_names) - 0.5]
    series = [*(points.y for points in figure.points), *(curve.y for curve in figure.curves)]
    return [*chain.from_iterable(series)]


def finite_range(values: Iterable[float], log: bool, margin: float = 0.05) -> tuple[float, float] | None:
    """Limits of an axis: the drawable values with a margin on both sides; None where there are none."""
    drawable = [v for v in values if math.isfinite(v) and (v > 0 or not log)]
    if not drawable:
        return None
    low, high = min(drawable), max(drawable)
    if log:
        pad = math.exp(margin * ((math.log(high) - math.log(low)) or 1.0))
        return max(low / pad, sys.float_info.min), min(high * pad, sys.float_info.max)
    pad = margin * ((high - low) or abs(high) or 1.0)
    return low - pad, high + pad


def _between(multiples: Sequence[float], low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    # Through text, so that 3e-05 is the same number as the literal and not 3.0000000000000004e-05.
    ticks = (float(f"{multiple}e{decade}") for decade in decades for multiple in multiples)
    return [tick for tick in ticks if low <= tick <= high]


def _thinned(ticks: list[float], most: int) -> list[float]:
    return ticks[:: math.ceil(len(ticks) / most)]


def _even_ticks(low: float, high: float) -> list[float]:
    """Evenly spaced round ticks, for less than a third of a decade."""
    if high / low < 1 + 1e-4:  # six digits would not tell them apart
        return [low]
    step = 10 ** math.floor(math.log10(high - low))
    for part in (1.0, 0.5, 0.2, 0.1):
        first, last = math.ceil(low / (step * part)), math.floor(high / (step * part))
        if last - first >= 2:
            return [float(f"{i * step * part:.12g}") for i in range(first, last + 1)]
    return [low, high]
