"""What is done to spectra of both instruments before anything is learned, by name."""

from __future__ import annotations

from typing import Literal

import numpy as np
from chemotools.derivative import SavitzkyGolay
from chemotools.scatter import StandardNormalVariate
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from spektron.core.errors import ConfigError
from spektron.core.words import some_of

__all__ = [
    "PREPROCESSING",
    "PreprocessingName",
    "check_preprocessing",
    "check_varying",
    "least_channels",
    "preprocessing",
]

PreprocessingName = Literal["raw", "snv", "sg1", "sg1snv"]

PREPROCESSING: tuple[PreprocessingName, ...] = ("raw", "snv", "sg1", "sg1snv")
"""Nothing; standard normal variate; first derivative; both, the derivative first."""

_WINDOW, _ORDER = 11, 2
_ROUNDING = 1e-12


def preprocessing(name: PreprocessingName) -> Pipeline:
    """Name a row-by-row preprocessing, as a scikit-learn pipeline that has nothing to learn.

    Parameters
    ----------
    name : {"raw", "snv", "sg1", "sg1snv"}
        "sg1" is Savitzky and Golay's first derivative over 11 channels, order 2; at the ends, that of the last window's
        polynomial.

    Raises
    ------
    ConfigError
        For another name.

    Notes
    -----
    A derivative takes an instrument's offset away and halves what transfer has to do; SNV helps where light scatters
    differently (tablets) and hurts where it does not (corn).
    """
    if name not in PREPROCESSING:
        raise ConfigError(f"expected a preprocessing of {', '.join(PREPROCESSING)}, found {name!r}")
    derivative = SavitzkyGolay(window_length=_WINDOW, polyorder=_ORDER, deriv=1, mode="interp")
    steps: dict[PreprocessingName, list[object]] = {
        "raw": ["passthrough"],
        "snv": [StandardNormalVariate()],
        "sg1": [derivative],
        "sg1snv": [derivative, StandardNormalVariate()],
    }
    return Pipeline([(f"step{number}", step) for number, step in enumerate(steps[name])])


def least_channels(name: PreprocessingName) -> int:
    """How many channels it needs: a derivative those of its window; of two, SNV leaves nothing that varies."""
    if name.startswith("sg1"):
        return _WINDOW
    return 3 if name == "snv" else 1


def check_preprocessing(name: PreprocessingName, num_channels: int) -> None:
    """Refuse spectra that are too short for it.

    Raises
    ------
    ValueError
    """
    least = least_channels(name)
    if num_channels < least:
        why = ", the derivative's window" if least == _WINDOW else ""
        raise ValueError(f"{name}: expected at least {least} channels{why}, found {num_channels}")


def check_varying(name: PreprocessingName, spectra: NDArray[np.float64], what: str) -> None:
    """Refuse spectra of which standard normal variate would blow rounding up to the size of a spectrum.

    Those are flat ones, and straight lines where it is their derivative that is divided by how much it varies.

    Parameters
    ----------
    name : {"raw", "snv", "sg1", "sg1snv"}
    spectra : ndarray, shape (samples, channels)
        Before any preprocessing, of as many channels as it needs.
    what : str
        What the caller calls them.

    Raises
    ------
    ValueError
        Says which rows they are.
    """
    if not name.endswith("snv"):
        return
    derived = name != "snv"
    varying = preprocessing("sg1").fit_transform(spectra) if derived else spectra
    # Of the spectra as they were: a derivative of few counts has the rounding of the level that it was taken at.
    flat = np.flatnonzero(np.ptp(varying, axis=1) <= _ROUNDING * np.abs(spectra).max(axis=1))
    if len(flat):
        vary, found = (
            ("that vary, and not as a straight line", "flat or straight") if derived else ("that vary", "flat")
        )
        raise ValueError(
            f"{what}: expected spectra {vary}, for standard normal variate divides by how much; found {found} ones, "
            f"rows {some_of(flat)} counted from 0: leave them out"
        )
