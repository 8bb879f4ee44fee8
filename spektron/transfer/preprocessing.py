"""What is done to spectra of both instruments before anything is learned, by name."""

from __future__ import annotations

from typing import Literal

from chemotools.derivative import SavitzkyGolay
from chemotools.scatter import StandardNormalVariate
from sklearn.pipeline import Pipeline

from spektron.core.errors import ConfigError

__all__ = ["PREPROCESSING", "PreprocessingName", "check_preprocessing", "least_channels", "preprocessing"]

PreprocessingName = Literal["raw", "snv", "sg1", "sg1snv"]

PREPROCESSING: tuple[PreprocessingName, ...] = ("raw", "snv", "sg1", "sg1snv")
"""Nothing; standard normal variate; first derivative; both, the derivative first."""

_WINDOW, _ORDER = 11, 2


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
    """How many channels it needs: a derivative those of its window."""
    return _WINDOW if name.startswith("sg1") else 1


def check_preprocessing(name: PreprocessingName, num_channels: int) -> None:
    """Refuse spectra that are too short for a derivative's window.

    Raises
    ------
    ValueError
    """
    if num_channels < least_channels(name):
        raise ValueError(f"{name}: expected at least {_WINDOW} channels, the derivative's window, found {num_channels}")
