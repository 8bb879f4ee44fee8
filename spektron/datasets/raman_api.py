"""Raman API: spectra of compounds from the development of active pharmaceutical ingredients, one instrument."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import ConfigError

__all__ = ["LabelledSpectra", "load_raman_api"]

_FILE = "raman_spectra_api_compounds.csv"
_PAGE = (
    "https://springernature.figshare.com/articles/dataset/"
    "Open-source_Raman_spectra_of_chemical_compounds_for_active_pharmaceutical_ingredient_development/27931131"
)
_SHAPE, _COMPOUNDS = (3510, 3276), 32
_AXIS_CM1 = np.arange(150.0, 3426.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSpectra:
    """Spectra of one instrument, each of a named class.

    Attributes
    ----------
    name : str
    wavenumber_cm1 : ndarray, shape (channels,)
        Ascending; Raman shift.
    spectra : ndarray, shape (samples, channels)
    labels : ndarray of str, shape (samples,)
    citation, licence, source_url : str
    """

    name: str
    wavenumber_cm1: NDArray[np.float64]
    spectra: NDArray[np.float64]
    labels: NDArray[np.str_]
    citation: str
    licence: str
    source_url: str


def load_raman_api() -> LabelledSpectra:
    """Load 3,510 spectra of 32 compounds, 150 to 3425 cm⁻¹ in 3,276 channels, from a file below ``SPEKTRON_DATA``.

    It is not fetched: its publisher's checksum is not known here, so there would be nothing to check a download by.
    What is checked is what the publication says of the file: its axis, its number of spectra and of compounds. All are
    of one instrument, so that there is nothing to transfer within the set.

    Raises
    ------
    ConfigError
        Where the file is not there or is another one.
    """
    path = _found()
    labels, spectra, axis = _read(path)
    found = (*spectra.shape, len(set(labels.tolist())))
    if found != (*_SHAPE, _COMPOUNDS) or not np.array_equal(axis, _AXIS_CM1):
        raise ConfigError(
            f"{path}: expected {_SHAPE[0]} spectra of {_COMPOUNDS} compounds at 150, 151, … 3425 cm-1, found "
            f"{found[0]} of {found[2]} at {found[1]} positions",
            f"put the {_FILE} of {_PAGE} in its place",
        )
    return LabelledSpectra(
        name="raman_api",
        wavenumber_cm1=axis,
        spectra=spectra,
        labels=labels,
        citation="Flanagan and Glavin (2025), Scientific Data 12, 498, doi 10.1038/s41597-025-04848-6",
        licence="as its page at the publisher states",
        source_url=_PAGE,
    )


def _found() -> Path:
    folder = os.environ.get("SPEKTRON_DATA", "")
    path = next(iter(sorted(Path(folder).rglob(_FILE))), None) if folder else None
    if path is None:
        raise ConfigError(
            f"expected {_FILE} below SPEKTRON_DATA, found {'none' if folder else 'SPEKTRON_DATA not set'}",
            f"download it from {_PAGE} into a folder and set SPEKTRON_DATA to that",
        )
    return path


def _read(path: Path) -> tuple[NDArray[np.str_], NDArray[np.float64], NDArray[np.float64]]:
    """A row of Raman shifts and the word label; then a row a spectrum."""
    import pyarrow as pa
    from pyarrow import csv

    try:
        table = csv.read_csv(path, read_options=csv.ReadOptions(block_size=2**26))
        names = [name for name in table.column_names if name != "label"]
        labels = np.array(table["label"].to_pylist(), dtype=np.str_)
        spectra = np.column_stack([table[name].to_numpy() for name in names]).astype(np.float64)
        axis = np.array(names, dtype=np.float64)
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise ConfigError(
            f"{path}: expected a table with a column for each Raman shift and one named label, found "
            f"{type(error).__name__}: {str(error)[:200]}",
            f"put the {_FILE} of {_PAGE} in its place",
        ) from error
    if bad := int(np.count_nonzero(~np.isfinite(spectra))):
        raise ConfigError(f"{path}: expected finite intensities, found {bad} that are not")
    return labels, spectra, axis
