"""An encoder as it is: spectra on an instrument's own axis in, features out."""

from __future__ import annotations

import copy
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spektron.core.errors import ConfigError
from spektron.model import EncoderConfig, Pretrained, SpectrumEncoder
from spektron.model.encoder import EncoderOutput
from spektron.model.folder import read_config
from spektron.spectra.resample import resample_uniform
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS

__all__ = ["ENCODER", "FrozenEncoder", "encoder_of", "frozen_encoder", "on_model_axis"]

Array = NDArray[np.float64]

ENCODER = EncoderConfig(dim=64, layers=2, heads=4, scales=("coarse",), embedding="mean")
"""What is drawn where there is no pretrained model: small enough to be fine-tuned on a core in seconds."""
_BATCH = 64
_MOST_ROWS = 20_000
"""Of 130 features each, 21 MB, and 2 MB of names; spectra themselves, of 700 channels, would be 112 MB."""


def encoder_of(model: Path | None, *, random: bool = False, seed: int = 0) -> SpectrumEncoder:
    """An encoder of one's own, in evaluation mode.

    Parameters
    ----------
    model : Path, optional
        Folder of a pretrained model; without it `ENCODER` is drawn at random.
    random : bool
        Draw one of the same configuration instead: its untrained twin.
    seed : int
        Of what is drawn.

    Raises
    ------
    ConfigError
        For a folder without a model, or one that takes several channels.
    """
    trained = None if model is None else _trained(*_named(model))
    if trained is not None and trained.config.in_channels != 1:
        raise ConfigError(
            f"{model}: expected a model of one channel, found {trained.config.in_channels}",
            "corrections of a spectrum are put beside it here: give a model of single spectra",
        )
    if trained is not None and not random:
        return copy.deepcopy(trained).eval()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SpectrumEncoder(ENCODER if trained is None else trained.config).eval()


def _named(model: Path) -> tuple[Path, str]:
    """Where a model lies and which weights lie there now: a folder may have been written again."""
    folder = model.resolve()
    return folder, read_config(folder).sha256


@lru_cache(maxsize=4)
def _trained(folder: Path, sha256: str) -> SpectrumEncoder:
    # Weights are drawn before they are read; the first fit in a process would have other random numbers than the next.
    with torch.random.fork_rng(devices=[]):
        return Pretrained.from_pretrained(folder).model.encoder


def on_model_axis(spectra: Array, wavenumber_cm1: Array) -> NDArray[np.float32]:
    """Resample to 2048 points, uniform and ascending in cm⁻¹.

    Parameters
    ----------
    spectra : ndarray, shape (samples, channels)
    wavenumber_cm1 : ndarray, shape (channels,)
        Strictly ascending or descending.

    Raises
    ------
    ConfigError
        For an axis of another length, or one that goes back.
    """
    if wavenumber_cm1.shape != spectra.shape[1:]:
        raise ConfigError(
            f"wavenumber_cm1: expected one wavenumber for each of {spectra.shape[1]} channels, found shape "
            f"{wavenumber_cm1.shape}"
        )
    order = slice(None, None, -1) if wavenumber_cm1[0] > wavenumber_cm1[-1] else slice(None)
    axis = wavenumber_cm1[order]
    if not (np.isfinite(axis).all() and (np.diff(axis) > 0).all()):
        raise ConfigError("wavenumber_cm1: expected finite wavenumbers that ascend or descend, found others")
    rows = [resample_uniform(axis, spectrum[order]) for spectrum in spectra]
    return np.asarray(rows, dtype=np.float32).reshape(len(spectra), NUM_POINTS)


class FrozenEncoder:
    """Features of spectra on one axis; each spectrum is encoded once.

    Features are the mean of the tokens that come out and [CLS], times the spectrum's own deviation, and its mean and
    deviation themselves: the encoder sees spectra of zero mean and unit deviation, and how much a sample absorbs is
    what its properties are proportional to.
    """

    def __init__(self, encoder: SpectrumEncoder, wavenumber_cm1: Array, modality: str = "NIR") -> None:
        self._encoder = encoder
        self._axis = wavenumber_cm1
        self._modality = MODALITIES.index(modality)
        self._known: dict[bytes, Array] = {}

    def __call__(self, spectra: Array) -> Array:
        """Shape (samples, channels) → (samples, features)."""
        names = [blake2b(row.tobytes(), digest_size=16).digest() for row in np.ascontiguousarray(spectra)]
        if len(self._known) > _MOST_ROWS:
            self._known.clear()
        new = {name: row for name, row in zip(names, spectra, strict=True) if name not in self._known}
        if new:
            self._known.update(zip(new, self._encoded(np.stack(list(new.values()))), strict=True))
        return np.stack([self._known[name] for name in names])

    def __getstate__(self) -> dict[str, Any]:
        # One encoder serves all estimators of a process: a file of one has no business with spectra of the others.
        return {**self.__dict__, "_known": {}}

    def _encoded(self, spectra: Array) -> Array:
        values = torch.from_numpy(on_model_axis(spectra, self._axis)).unsqueeze(1)
        with torch.inference_mode():
            rows = [
                features_of(self._encoder, part, self._axis, self._modality) for part in torch.split(values, _BATCH)
            ]
        found: Array = torch.cat(rows).double().numpy()
        return found


def features_of(encoder: SpectrumEncoder, values: Tensor, wavenumber_cm1: Array, modality: int) -> Tensor:
    """Of intensities ``(batch, 1, 2048)``; ``(batch, 2 · dim + 2)``."""
    ends = values.new_tensor([wavenumber_cm1.min(), wavenumber_cm1.max()]).expand(len(values), 2)
    kinds = torch.full((len(values),), modality)
    return pooled(encoder(values, ends[:, 0], ends[:, 1], kinds))


def pooled(out: EncoderOutput) -> Tensor:
    """Mean token and [CLS] in the spectrum's own unit, its mean and deviation: ``(batch, 2 · dim + 2)``."""
    whole = torch.cat([out.tokens.mean(dim=1), out.cls], dim=1) * out.scale[:, :1]
    return torch.cat([whole, out.center[:, :1], out.scale[:, :1]], dim=1)


@lru_cache(maxsize=4)
def _cached(model: tuple[Path, str] | None, random: bool, seed: int, axis: bytes, modality: str) -> FrozenEncoder:
    encoder = encoder_of(None if model is None else model[0], random=random, seed=seed)
    return FrozenEncoder(encoder, np.frombuffer(axis, dtype=np.float64), modality)


def frozen_encoder(
    wavenumber_cm1: Array, model: Path | None, *, random: bool = False, seed: int = 0, modality: str = "NIR"
) -> FrozenEncoder:
    """The same object for the same arguments and weights, so that what was encoded once need not be again."""
    axis = np.ascontiguousarray(wavenumber_cm1, dtype=np.float64)
    return _cached(None if model is None else _named(model), random, seed, axis.tobytes(), modality)
