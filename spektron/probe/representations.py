"""What a probe reads: an embedding, that of an untrained twin, or principal components of the spectra themselves."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from sklearn.decomposition import PCA

from spektron.model import UNKNOWN_MODALITY, SpectrumEncoder
from spektron.pretrain import PretrainConfig
from spektron.probe.tasks import LabelledSpectra
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["ProbeConfig", "Representation", "represent"]

Representation = Literal["pretrained", "random", "pca", "pca_task"]
_BATCH = 64


class ProbeConfig(PretrainConfig):
    """A pretraining run, and what is read off it. Principal components train nothing, whatever the run says."""

    representation: Representation = "pretrained"
    """`pretrained`; `random`, the same encoder as it was before the first step; `pca`, components of the corpus's
    training spectra; `pca_task`, components of the task's own spectra. Components are as many as the embedding is
    wide, of spectra brought to zero mean and unit deviation (SNV), and know nothing of the axis."""
    read_limit: int = Field(default=4096, ge=64)
    """Training spectra that the components of `pca` are found on, the first in rank order."""

    @property
    def pretraining(self) -> PretrainConfig:
        """The run alone, as its checkpoints state it."""
        return PretrainConfig.model_validate(self.model_dump(include=set(PretrainConfig.model_fields)))


def represent(
    config: ProbeConfig, data: LabelledSpectra, encoder: SpectrumEncoder | None, corpus_spectra: SpectrumBatch | None
) -> NDArray[np.float64]:
    """Features of a task's spectra.

    Parameters
    ----------
    config : ProbeConfig
    data : LabelledSpectra
    encoder : SpectrumEncoder, optional
        For `pretrained` and `random`.
    corpus_spectra : SpectrumBatch, optional
        For `pca`.

    Returns
    -------
    ndarray, shape (spectra, features)
    """
    if encoder is not None:
        return _embedding(encoder, data)
    source = data.spectra if corpus_spectra is None else corpus_spectra
    size = min(config.encoder.dim, len(source) - 1)
    # Components are found without labels, as embeddings are; a probe's folds come after.
    components = PCA(size, svd_solver="full" if len(source) < 2 * size else "randomized", random_state=config.seed)
    components.fit(_snv(source.intensity))
    return np.asarray(components.transform(_snv(data.spectra.intensity)), dtype=np.float64)


def _embedding(encoder: SpectrumEncoder, data: LabelledSpectra) -> NDArray[np.float64]:
    spectra = data.spectra
    # Who is asked for the modality must not be told.
    told = np.full_like(spectra.modality, UNKNOWN_MODALITY) if data.task.field == "modality" else spectra.modality
    fields: tuple[NDArray[Any], ...] = (
        spectra.intensity[:, None, :],
        spectra.wavenumber_start_cm1,
        spectra.wavenumber_stop_cm1,
        told,
    )
    rows = []
    with torch.inference_mode():
        for first in range(0, len(spectra), _BATCH):
            part = (torch.from_numpy(np.ascontiguousarray(field[first : first + _BATCH])) for field in fields)
            rows.append(encoder(*part).cls)
    return np.asarray(torch.cat(rows).double().numpy())


def _snv(intensity: NDArray[np.float32]) -> NDArray[np.float64]:
    """Standard normal variate: each spectrum to zero mean and unit deviation (Barnes et al. 1989)."""
    values = intensity.astype(np.float64)
    values -= values.mean(axis=1, keepdims=True)
    return np.asarray(values / values.std(axis=1, keepdims=True))
