"""What the readers of instruments' own files give: one curve and what its file says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import ConfigError
from spektron.spectra import AxisUnit
from spektron.spectra.axis import to_wavenumber
from spektron.spectra.modality import PLAUSIBLE_CM1

__all__ = ["Scan", "by_range", "imported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One curve of a file.

    Attributes
    ----------
    name : str
        What tells it from the others of its file; empty where it is the only one.
    x, y : ndarray, shape (points,)
        As written.
    x_unit, modality, intensity_unit : str
        In words that `parse_unit`, `parse_modality` and `parse_intensity_unit` read; empty where the file says nothing.
    instrument, label : str
        Free texts; `label` names the sample.
    metadata : dict
        As in `Spectrum`.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    x_unit: str
    modality: str
    intensity_unit: str
    instrument: str = ""
    label: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


def by_range(modality: str, x: NDArray[np.float64], unit: AxisUnit) -> tuple[str, tuple[str, ...]]:
    """Call near-infrared what a file calls infrared, or nothing, beyond all mid-infrared instruments.

    Returns
    -------
    tuple
        The modality, and the repair made, if any.
    """
    ends = x[[0, -1]] if len(x) else x
    if modality != "IR" or not len(ends) or not (np.isfinite(ends).all() and (ends > 0).all()):
        return modality, ()
    ends_cm1 = to_wavenumber(ends, unit)
    if ends_cm1.max() > PLAUSIBLE_CM1["IR"][1] and ends_cm1.min() >= PLAUSIBLE_CM1["NIR"][0]:
        return "NIR", ("modality-from-range",)
    return modality, ()


def imported(module: str, package: str) -> Any:
    """Import a module of an optional package.

    Raises
    ------
    ConfigError
        Where it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"expected the package {package}, found none",
            "pip install 'spektron[vendor]' on every machine that reads the source",
        ) from error
