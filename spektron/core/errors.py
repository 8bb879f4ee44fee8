"""Errors that say what was expected, what was found, and what to do.

Users see these and nothing else: the command line prints ``message`` and ``hint`` and exits with status 2. A bug is an
``AssertionError`` or whatever Python raises, with its traceback.
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "CorpusError",
    "DriftError",
    "FitError",
    "ResourceError",
    "SpektronError",
    "StudyError",
    "TrackingError",
]


class SpektronError(Exception):
    """An error a user can act on.

    Parameters
    ----------
    message : str
        What was expected and what was found, naming the file, field or value.
    hint : str
        What to do about it: a command, a setting, a file to fetch again.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        # Both go to ``args``, so that the error survives pickling on its way from a Ray worker to the driver.
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class ConfigError(SpektronError, ValueError):
    """A setting that is unknown, of the wrong type, or out of range."""


class CorpusError(SpektronError):
    """A corpus that is missing, damaged, or of another schema version."""


class SpectrumError(SpektronError, ValueError):
    """Spectra are not what they are said to be."""


class FitError(SpektronError, ValueError):
    """Data that a scaling law cannot be fitted to."""


class StudyError(SpektronError):
    """A study that cannot start or did not finish."""


class DriftError(StudyError):
    """Finished trials were made from something else than what this run would use."""


class ResourceError(SpektronError):
    """Too few CPUs or GPUs, too little memory, or a full disk."""


class TrackingError(SpektronError):
    """The tracking server refused or could not be reached."""
