"""Rows of a request as spectra, and every row that is none, by its number and with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spektron.core.errors import SpectrumError
from spektron.spectra.modality import PLAUSIBLE_CM1
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS, SpectrumBatch

__all__ = ["COLUMNS", "batch_of_rows"]

COLUMNS = ("intensity", "wavenumber_start_cm1", "wavenumber_stop_cm1", "modality")
# Enough to see a pattern; the rest is counted.
_MOST_TOLD = 10


def batch_of_rows(rows: pd.DataFrame | Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> SpectrumBatch:
    """Make a batch of a table with a spectrum a row.

    Parameters
    ----------
    rows : DataFrame, or mappings as JSON gives them
        ``intensity`` (2048 numbers on a uniform, ascending axis), ``wavenumber_start_cm1``, ``wavenumber_stop_cm1``
        (cm⁻¹ of the first and the last of them), ``modality`` (IR, RAMAN or NIR, in any case). Other columns are
        refused where MLflow has not left them out before.

    Raises
    ------
    SpectrumError
        Names every row (up to ten), from 0, with what was expected of it and what was found.
    """
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(_records(rows))
    missing, unknown = set(COLUMNS) - set(table.columns), set(table.columns) - set(COLUMNS)
    if missing or unknown:
        found = ", ".join(map(str, table.columns)) or "none"
        raise SpectrumError(f"expected the columns {', '.join(COLUMNS)}, found {found}", "one spectrum a row")
    read = [_row(*values) for values in table[list(COLUMNS)].itertuples(index=False, name=None)]
    problems = [f"row {place}: {found}" for place, found in enumerate(read) if isinstance(found, str)]
    if problems:
        told = [*problems[:_MOST_TOLD], *([f"and {len(problems) - _MOST_TOLD} more"] if problems[_MOST_TOLD:] else [])]
        raise SpectrumError(
            f"expected {len(read)} spectra, found {len(problems)} that are none: {'; '.join(told)}",
            "mend these rows or leave them out; none of the others was embedded either",
        )
    whole = [found for found in read if not isinstance(found, str)]
    return SpectrumBatch(
        intensity=np.array([intensity for intensity, *_ in whole], dtype=np.float32).reshape(-1, NUM_POINTS),
        wavenumber_start_cm1=np.array([start for _, start, _, _ in whole], dtype=np.float32),
        wavenumber_stop_cm1=np.array([stop for _, _, stop, _ in whole], dtype=np.float32),
        modality=np.array([modality for *_, modality in whole], dtype=np.int64),
    )


def _records(rows: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    # One row as a mapping: its list of intensities is one cell, not 2048 rows.
    return [rows] if isinstance(rows, Mapping) else list(rows)


_Row = tuple[NDArray[np.float32], float, float, int]


def _row(intensity: Any, start_cm1: Any, stop_cm1: Any, modality: Any) -> _Row | str:
    """One spectrum, or what is wrong with it."""
    place = {name: number for number, name in enumerate(MODALITIES)}.get(str(modality).strip().upper())
    if place is None:
        return f"expected a modality of {', '.join(MODALITIES)}, found {_shown(modality)}"
    start, stop = _number(start_cm1), _number(stop_cm1)
    low, high = PLAUSIBLE_CM1[MODALITIES[place]]
    if start is None or stop is None or not low <= start < stop <= high:
        return (
            f"expected an {MODALITIES[place]} axis that ascends within {low:g} to {high:g} cm⁻¹, "
            f"found {_shown(start_cm1)} to {_shown(stop_cm1)}"
        )
    values = _numbers(intensity)
    if isinstance(values, str):
        return values
    with np.errstate(over="ignore"):
        stored = values.astype(np.float32)
    if not (finite := np.isfinite(stored)).all():
        return f"expected finite intensities, found {values[~finite][0]} at point {int(np.flatnonzero(~finite)[0])}"
    if np.ptp(stored) == 0:
        return f"expected intensities that vary, found {stored[0]:g} at all points"
    return stored, start, stop, place


def _numbers(intensity: Any) -> NDArray[np.float64] | str:
    if isinstance(intensity, str | bytes) or not hasattr(intensity, "__len__"):
        return f"expected a list of {NUM_POINTS} intensities, found {_shown(intensity)}"
    if len(intensity) != NUM_POINTS:
        return f"expected {NUM_POINTS} intensities, found {len(intensity)}; resample: spektron.spectra.spectrum_from_xy"
    wrong = [point for point, value in enumerate(intensity) if _number(value) is None]
    if wrong:
        return f"expected numbers, found {_shown(intensity[wrong[0]])} at point {wrong[0]}"
    return np.array([float(value) for value in intensity], dtype=np.float64)


def _number(value: Any) -> float | None:
    """The number that it is, None for what is none."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    try:
        return float(value)
    except OverflowError:  # an integer of 400 digits
        return None


def _shown(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "no value"  # pandas writes NaN where JSON has null
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
