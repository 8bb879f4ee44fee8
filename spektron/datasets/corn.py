"""Corn: 80 samples on three NIR spectrometers, the set that most work on calibration transfer is judged on."""

from __future__ import annotations

from typing import Any

import numpy as np

from spektron.datasets._published import Archive, published_file
from spektron.datasets.instrument_set import InstrumentSet

__all__ = ["load_corn"]

_ARCHIVE = Archive(
    url="https://eigenvector.com/wp-content/uploads/2019/06/corn.mat_.zip",
    sha256="8a2d1a03648b6ad334caaafa5d8377bf945ba1477a5082c4963d705d07cca795",
    member="corn.mat",
    member_sha256="e28fd4be274a54ca57b1f2c67ef5a8bf4981f8314bcc73e4c64836fe658c46b5",
)
_INSTRUMENTS = ("m5", "mp5", "mp6")


def load_corn() -> InstrumentSet:
    """Load the corn set: 1100 to 2498 nm in 700 channels; moisture, oil, protein and starch in per cent.

    Found below ``SPEKTRON_DATA``, or fetched once and checked.

    Raises
    ------
    ConfigError
        When the file is another one or cannot be fetched.
    """
    from scipy.io import loadmat

    held: dict[str, Any] = loadmat(published_file(_ARCHIVE), squeeze_me=True, struct_as_record=False)
    properties = [str(name).strip().lower() for name in held["propvals"].label[1][0]]
    values = np.asarray(held["propvals"].data, dtype=np.float64)
    return InstrumentSet(
        name="corn",
        wavelength_nm=np.asarray(held["m5spec"].axisscale[1][0], dtype=np.float64),
        spectra={name: np.asarray(held[f"{name}spec"].data, dtype=np.float64) for name in _INSTRUMENTS},
        reference={name: values[:, column] for column, name in enumerate(properties)},
        units=dict.fromkeys(properties, "%"),
        citation="M. Blackburn, Cargill; distributed by Eigenvector Research",
        licence="none stated; distributed with the owner's permission",
        source_url="https://eigenvector.com/resources/data-sets/",
    )
