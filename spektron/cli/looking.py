"""A model's reconstructions and attention on spectra of a corpus, as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from spektron.core.errors import ConfigError
from spektron.corpus import Corpus
from spektron.model import Pretrained
from spektron.model.attention import attention_maps
from spektron.pretrain import HELD_OUT_MASK, draw_masks
from spektron.pretrain.evaluate import HELD_OUT_KEY
from spektron.report.spectrum_figures import draw_attention, draw_reconstruction
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS, SpectrumBatch

__all__ = ["look"]


def look(folder: Path, corpus_dir: Path, split: str, rows: Sequence[int], out: Path) -> list[Path]:
    """Draw rows of a split under the held-out masks, and the attention on the first of them.

    Returns the files: ``reconstruction.png``, and ``attention.png`` where the model is a transformer.

    Raises
    ------
    ConfigError
        For rows that the split does not have.
    """
    model, corpus = Pretrained.from_pretrained(folder), Corpus.open(corpus_dir)
    available = corpus.num_spectra(split)
    if not rows or min(rows) < 0 or max(rows) >= available:
        raise ConfigError(f"--rows: expected places from 0 to {available - 1}, found {list(rows)}", "choose others")
    batch = corpus.read(split, max(rows) + 1)
    mask = draw_masks(HELD_OUT_MASK, batch.intensity, HELD_OUT_KEY)[list(rows)]
    batch = batch.take(np.array(rows, dtype=np.intp))
    predicted = model.reconstruct(batch, mask)
    axes = [np.linspace(a, b, NUM_POINTS) for a, b in zip(batch.wavenumber_start_cm1, batch.wavenumber_stop_cm1)]
    names = [MODALITIES[number] for number in batch.modality]
    titles = [f"{split} {row}, {name}" for row, name in zip(rows, names, strict=True)]
    descending = [name != "RAMAN" for name in names]
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / "reconstruction.png"]
    draw_reconstruction(axes, list(batch.intensity), list(predicted), list(mask), titles, descending).savefig(paths[0])
    if model.model.encoder.config.backbone == "transformer":
        paths.append(out / "attention.png")
        maps = [
            (one.name, one.over_axis()[0][0].numpy())
            for one in attention_maps(model.model.encoder, *_arguments(batch))
            if one.num_whole  # of [CLS]; where one scale asks the others it is not there
        ]
        draw_attention(axes[0], batch.intensity[0], maps, titles[0], descending=descending[0]).savefig(paths[1])
    return paths


def _arguments(batch: SpectrumBatch) -> list[torch.Tensor]:
    """The first row, as the encoder takes it."""
    first = batch.take(slice(0, 1))
    fields = (first.intensity[:, None], first.wavenumber_start_cm1, first.wavenumber_stop_cm1, first.modality)
    return [torch.from_numpy(np.ascontiguousarray(field)) for field in fields]
