"""Tablets: 655 pharmaceutical tablets on two NIR spectrometers, the IDRC shootout of 2002."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spektron.datasets._published import Archive, published_file
from spektron.datasets.instrument_set import InstrumentSet

__all__ = ["SPARED", "load_tablets"]

_ARCHIVE = Archive(
    url="https://eigenvector.com/wp-content/uploads/2019/06/nir_shootout_2002.mat_.zip",
    sha256="04c03a4314ab8e8f63e0ecc788b657b5d1b5450791ce465ad41ad90cb5d52125",
    member="nir_shootout_2002.mat",
    member_sha256="129a32ec9e194e568cbd96a200c88aabeb347156081b5dfbb0120372fdd6c22a",
    # float32; arrays inst1, inst2, Y, y_names, split and wavelength_nm, part after part as below
    copies={"tablets.npz": "3bf9ef1060076ce5997b5e408abb79b6e805e1a9b9cff329f3e09d4ec5ba7f64"},
)
_PARTS = (("calibrate", "Train"), ("validate", "Validate"), ("test", "Test"))
_PROPERTIES = ("weight", "hardness", "assay")

SPARED = {"Train": (18, 121, 125, 126), "Test": (10, 144, 266, 293, 294, 312, 340, 341, 342)}
"""Rows of each part that published work leaves out as outliers, from 0; the `clean` version of a task."""


def load_tablets() -> InstrumentSet:
    """Load the tablets: 600 to 1898 nm in 650 channels; weight and assay in mg, hardness as the publisher gives it.

    `split` is Train (155), Test (460) or Validate (40). Found below ``SPEKTRON_DATA``, or fetched once and checked.

    Raises
    ------
    ConfigError
        When the file is another one or cannot be fetched.
    """
    path = published_file(_ARCHIVE)
    spectra, values, split = _of_npz(path) if path.suffix == ".npz" else _of_mat(path)
    return InstrumentSet(
        name="tablets",
        wavelength_nm=np.arange(600.0, 1900.0, 2.0),
        spectra=spectra,
        reference={name: values[:, column] for column, name in enumerate(_PROPERTIES)},
        units={"weight": "mg", "hardness": "", "assay": "mg"},
        split=split,
        citation="International Diffuse Reflectance Conference, shootout 2002; distributed by Eigenvector Research",
        licence="none stated; distributed with the owners' permission",
        source_url="https://eigenvector.com/resources/data-sets/",
    )


def _of_npz(path: Path) -> Any:
    held = np.load(path, allow_pickle=False)
    spectra = {f"spec{number}": np.asarray(held[f"inst{number}"], dtype=np.float64) for number in (1, 2)}
    return spectra, np.asarray(held["Y"], dtype=np.float64), held["split"]


def _of_mat(path: Path) -> Any:
    from scipy.io import loadmat

    held: dict[str, Any] = loadmat(path, squeeze_me=True, struct_as_record=False)
    spectra = {
        f"spec{number}": np.concatenate([held[f"{part}_{number}"].data for part, _ in _PARTS]).astype(np.float64)
        for number in (1, 2)
    }
    values = np.concatenate([held[f"{part}_Y"].data for part, _ in _PARTS]).astype(np.float64)
    split = np.concatenate([np.repeat(word, len(held[f"{part}_Y"].data)) for part, word in _PARTS])
    return spectra, values, split
