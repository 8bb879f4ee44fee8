"""Samples as instruments that nobody has would measure them: in the place of pairs, and to learn to learn from."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spektron.pretrain.views import Gain, Noise, Saturation, ViewConfig, ViewMaker
from spektron.spectra.spectrum import MODALITIES
from spektron.transfer.neural.frozen import on_model_axis

__all__ = ["BETWEEN_BENCHES", "simulated_children"]

Array = NDArray[np.float64]

BETWEEN_BENCHES = ViewConfig(
    gain=Gain(factor=(0.95, 1.05), max_tilt=0.05),
    noise=Noise(shot_snr=(2e3, 1e5), detector_snr=(2e3, 1e5)),
    saturation=Saturation(chance=0.0),
)
"""How instruments of one laboratory differ: as in pretraining, but that both are calibrated in absorbance, to 5 %, that
no detector of either ends below the highest band, and that samples are measured long enough for noise of 1e-5 to 5e-4
of the highest band, as benches for quantitative work do."""


def simulated_children(
    spectra: Array,
    wavenumber_cm1: Any,
    number: int,
    *,
    seed: int = 0,
    modality: str = "NIR",
    views: ViewConfig = BETWEEN_BENCHES,
) -> Array:
    """Measure the same samples on instruments drawn at random.

    What an instrument changes is worked out on a uniform axis in cm⁻¹, and added to the spectra on their own: so one
    that changes nothing gives the spectra as they are.

    Parameters
    ----------
    spectra : ndarray, shape (samples, channels)
        Of the parent.
    wavenumber_cm1 : array, shape (channels,)
        Strictly ascending or descending.
    number : int
        Of instruments.
    seed : int
    modality : {"IR", "RAMAN", "NIR"}
    views : ViewConfig
        How instruments differ.

    Returns
    -------
    ndarray, shape (number, samples, channels)

    Raises
    ------
    ConfigError
        For an axis of another length, or one that goes back.
    """
    axis = np.ascontiguousarray(wavenumber_cm1, dtype=np.float64)
    rows = np.ascontiguousarray(spectra, dtype=np.float64)
    return _cached(rows.tobytes(), rows.shape, axis.tobytes(), number, seed, modality, views).copy()


@lru_cache(maxsize=4)
def _cached(
    rows: bytes, shape: tuple[int, ...], axis: bytes, number: int, seed: int, modality: str, views: ViewConfig
) -> Array:
    """Properties of one set are calibrated one after the other, of the same spectra."""
    return _simulated(
        np.frombuffer(rows).reshape(shape), np.frombuffer(axis), number, seed=seed, modality=modality, views=views
    )


def _simulated(spectra: Array, axis: Array, number: int, *, seed: int, modality: str, views: ViewConfig) -> Array:
    before = torch.from_numpy(on_model_axis(spectra, axis))
    samples, points = before.shape
    rows = before.repeat(number, 1)
    start, stop = (torch.full((len(rows),), float(end)) for end in (axis.min(), axis.max()))
    kinds = torch.full((len(rows),), MODALITIES.index(modality))
    instrument = np.repeat(np.arange(number), samples)
    after = ViewMaker(views).on_instruments(rows, start, stop, kinds, (seed,), instrument=instrument)
    change = (after - rows).double().numpy()
    uniform = np.linspace(axis.min(), axis.max(), points)
    on_axis = np.stack([np.interp(axis, uniform, row) for row in change])
    found: Array = spectra + on_axis.reshape(number, samples, -1)
    return found
