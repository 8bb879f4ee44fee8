"""A pretrained model as people use it: spectra in, embeddings and reconstructions out, kept in a folder without code.

A folder holds ``model.safetensors``, ``config.json`` (format, encoder, what it was trained on, sha256 of the weights)
and ``README.md``, the model card. Reading one runs nothing of it: weights are numbers by name, the rest is JSON, and
both are compared before a model of that size is built."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from spektron.core.errors import ConfigError, SpectrumError
from spektron.core.files import sha256_file, write_text
from spektron.model.attention import AttentionMap, attention_maps
from spektron.model.card import render_model_card
from spektron.model.conditioning import Instrument
from spektron.model.folder import CARD, CONFIG, FORMAT, WEIGHTS, read_config, require_shapes
from spektron.model.reconstruction import MaskedReconstructor
from spektron.spectra.instrument_terms import INSTRUMENT_TERMS
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS, SpectrumBatch

__all__ = ["Embedding", "OutsideRangeWarning", "Pretrained"]

# An axis that ends within this share of the trained range beyond it is the same range measured by another instrument.
_MARGIN = 0.02
# What a spectrum without a modality is called; its code is `UNKNOWN_MODALITY`, the one after the last.
_UNKNOWN = "unknown"
# Codes of each field are below these.
_NUM_TERMS = np.array([len(terms) for terms in INSTRUMENT_TERMS.values()])


class OutsideRangeWarning(UserWarning):
    """Some spectra lie on axes that the model was not trained on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """What a model makes of spectra.

    Attributes
    ----------
    values : ndarray, shape (spectra, dim), float32
        [CLS] of each.
    outside : ndarray, shape (spectra,), bool
        Where the axis reaches beyond what the model was trained on for this modality: the embedding may mean nothing.
    """

    values: NDArray[np.float32]
    outside: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretrained:
    """A trained encoder with its reconstruction head.

    Attributes
    ----------
    model : MaskedReconstructor
        In evaluation mode.
    trained_axis_cm1 : dict
        Modality → lowest start and highest stop of the training spectra in cm⁻¹; empty where nobody knows.
    about : dict
        Plain values for the card: corpus, steps, held-out metrics.
    """

    model: MaskedReconstructor
    trained_axis_cm1: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.model.eval()

    @property
    def dim(self) -> int:
        """Width of an embedding."""
        return self.model.encoder.config.dim

    def embed(self, spectra: SpectrumBatch, *, batch_size: int = 64) -> Embedding:
        """Encode whole spectra.

        Raises
        ------
        SpectrumError
            Where a spectrum has another number of points, values that are not finite, no variation, an axis that does
            not ascend, an unknown modality or an instrument beyond the vocabulary; names the rows.

        Warns
        -----
        OutsideRangeWarning
            Where axes reach beyond the trained range; `Embedding.outside` says which.
        """
        outside = self._outside(_checked(spectra))
        with torch.inference_mode():
            rows = [
                self.model.encoder(*fields, instrument=instrument).cls.numpy()
                for fields, instrument in _batches(spectra, batch_size)
            ]
        values = np.concatenate(rows) if rows else np.empty((0, self.dim), dtype=np.float32)
        return Embedding(values=values, outside=outside)

    def reconstruct(
        self, spectra: SpectrumBatch, mask: NDArray[np.bool_], *, batch_size: int = 64
    ) -> NDArray[np.float32]:
        """Say what lies under a mask.

        Parameters
        ----------
        spectra : SpectrumBatch
        mask : ndarray, shape (spectra, 2048), bool
            True where a point is hidden.
        batch_size : int

        Returns
        -------
        ndarray, shape (spectra, 2048)
            In the units of the intensities; visible points as they are.
        """
        self._outside(_checked(spectra))
        if mask.shape != spectra.intensity.shape or mask.dtype != bool:
            raise SpectrumError(
                f"expected a mask of bool and shape {spectra.intensity.shape}, found {mask.dtype} and {mask.shape}"
            )
        rows = []
        with torch.inference_mode():
            for fields, instrument in _batches(spectra, batch_size, mask):
                out = self.model(*fields, instrument=instrument)
                rows.append((out.values * out.scale.unsqueeze(1) + out.center.unsqueeze(1)).numpy())
        found = np.concatenate(rows) if rows else np.empty((0, NUM_POINTS), dtype=np.float32)
        return np.where(mask, found, spectra.intensity)

    def attention(self, spectra: SpectrumBatch, *, batch_size: int = 8) -> tuple[AttentionMap, ...]:
        """Say where every head of every block looks in whole spectra.

        A map of 351 tokens and 8 heads takes 4 MB a spectrum and block: ask for a few spectra at a time.

        Returns
        -------
        tuple of AttentionMap
            In the order in which a spectrum goes through them; `AttentionMap.on_axis` puts one on the axis.

        Raises
        ------
        SpectrumError
            As `embed`.
        ConfigError
            For no spectra, or a model without attention.
        """
        self._outside(_checked(spectra))
        if not len(spectra):
            raise ConfigError("expected at least one spectrum to look at, found none")
        encoder = self.model.encoder
        parts = [
            attention_maps(encoder, partial(encoder, *fields, instrument=instrument))
            for fields, instrument in _batches(spectra, batch_size)
        ]
        return tuple(
            replace(same[0], weights=np.concatenate([part.weights for part in same]))
            for same in zip(*parts, strict=True)
        )

    def save_pretrained(self, folder: Path) -> None:
        """Write weights, configuration and card into `folder`, which is made if missing."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor.detach().contiguous() for name, tensor in self.model.state_dict().items()}
        save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
        (folder / WEIGHTS).chmod(0o644)  # safetensors' 0600 would keep a shared disk's other users out
        config = {
            "format": FORMAT,
            "encoder": self.model.encoder.config.model_dump(mode="json"),
            "trained_axis_cm1": {name: list(ends) for name, ends in self.trained_axis_cm1.items()},
            "about": dict(self.about),
            "sha256": sha256_file(folder / WEIGHTS),
        }
        write_text(folder / CONFIG, json.dumps(config, indent=1, sort_keys=True))
        write_text(folder / CARD, render_model_card(self.model, self.trained_axis_cm1, self.about))

    @classmethod
    def from_pretrained(cls, folder: Path) -> Pretrained:
        """Read a folder of `save_pretrained`; nothing in it is run.

        Raises
        ------
        ConfigError
            Where a file is missing or damaged, of another format, or the weights are not those of the configuration.
        """
        config = read_config(folder)
        require_shapes(folder / WEIGHTS, config.encoder)
        if (found := sha256_file(folder / WEIGHTS)) != config.sha256:
            raise ConfigError(
                f"{folder / WEIGHTS}: expected sha256 {config.sha256}, found {found}", "copy the folder again"
            )
        model = MaskedReconstructor(config.encoder)
        model.load_state_dict(load_file(folder / WEIGHTS))
        return cls(model=model, trained_axis_cm1=config.trained_axis_cm1, about=config.about)

    def _outside(self, spectra: SpectrumBatch) -> NDArray[np.bool_]:
        outside = np.zeros(len(spectra), dtype=bool)
        if not self.trained_axis_cm1:
            return outside
        lows, highs = zip(*self.trained_axis_cm1.values())
        # Of what modality nobody states may be any that the model knows.
        trained_axis_cm1 = {**self.trained_axis_cm1, _UNKNOWN: (min(lows), max(highs))}
        for number, name in enumerate((*MODALITIES, _UNKNOWN)):
            rows = spectra.modality == number
            if not rows.any():
                continue
            low, high = trained_axis_cm1.get(name, (np.inf, -np.inf))
            margin = _MARGIN * (high - low) if high > low else 0.0
            beyond = (spectra.wavenumber_start_cm1 < low - margin) | (spectra.wavenumber_stop_cm1 > high + margin)
            outside |= rows & beyond
            if (rows & beyond).any():
                trained = f"{low:,.0f} to {high:,.0f} cm⁻¹" if high > low else f"no {name} spectra at all"
                start = spectra.wavenumber_start_cm1[rows & beyond].min()
                stop = spectra.wavenumber_stop_cm1[rows & beyond].max()
                warnings.warn(
                    f"{int((rows & beyond).sum())} of {int(rows.sum())} {name} spectra reach from {start:,.0f} to "
                    f"{stop:,.0f} cm⁻¹; the model was trained on {trained}",
                    OutsideRangeWarning,
                    stacklevel=3,
                )
        return outside


def _batches(
    spectra: SpectrumBatch, batch_size: int, mask: NDArray[np.bool_] | None = None
) -> Iterator[tuple[tuple[torch.Tensor, ...], Instrument]]:
    fields: list[NDArray[Any]] = [
        spectra.intensity[:, None, :],
        spectra.wavenumber_start_cm1,
        spectra.wavenumber_stop_cm1,
        spectra.modality,
        *([] if mask is None else [mask]),
    ]
    for first in range(0, len(spectra), batch_size):
        rows = slice(first, first + batch_size)
        codes, resolution_cm1 = _tensor(spectra.instrument[rows]), _tensor(spectra.resolution_cm1[rows])
        yield tuple(_tensor(field[rows]) for field in fields), Instrument(codes, resolution_cm1)


def _tensor(array: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


def _checked(spectra: SpectrumBatch) -> SpectrumBatch:
    intensity = spectra.intensity
    if intensity.ndim != 2 or intensity.shape[1] != NUM_POINTS:
        raise SpectrumError(
            f"expected intensities of shape (spectra, {NUM_POINTS}), found {intensity.shape}",
            "resample each spectrum: spektron.spectra.spectrum_from_xy",
        )
    if spectra.instrument.shape != (len(spectra), len(_NUM_TERMS)):
        raise SpectrumError(
            f"expected codes of {', '.join(INSTRUMENT_TERMS)} for each of {len(spectra)} spectra, found an instrument "
            f"of shape {spectra.instrument.shape}",
            "read them: spektron.spectra.read_instrument",
        )
    problems = {
        "intensities that are not finite": ~np.isfinite(intensity).all(axis=1),
        "intensities that are all the same": np.ptp(np.nan_to_num(intensity), axis=1) == 0,
        "an axis without end": np.isinf(spectra.wavenumber_start_cm1) | np.isinf(spectra.wavenumber_stop_cm1),
        "an axis that does not ascend": ~(spectra.wavenumber_start_cm1 < spectra.wavenumber_stop_cm1),
        "an unknown modality": (spectra.modality < 0) | (spectra.modality > len(MODALITIES)),
        "an instrument beyond the vocabulary": ((spectra.instrument < 0) | (spectra.instrument >= _NUM_TERMS)).any(1),
        "a resolution that is not above 0 (NaN: not stated)": ~(
            np.isnan(spectra.resolution_cm1) | ((spectra.resolution_cm1 > 0) & np.isfinite(spectra.resolution_cm1))
        ),
    }
    for what, rows in problems.items():
        if rows.any():
            listed = ", ".join(map(str, np.flatnonzero(rows)[:10]))
            raise SpectrumError(f"expected none of {len(spectra)} spectra with {what}, found rows {listed}")
    return spectra
