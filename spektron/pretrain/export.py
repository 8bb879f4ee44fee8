"""From a run's checkpoint to a model that stands by itself, with the ranges it was trained on and its origin."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from spektron import __version__
from spektron.core.errors import ConfigError
from spektron.corpus import Corpus
from spektron.model import Pretrained
from spektron.pretrain.checkpoint import latest_checkpoint, load_model
from spektron.spectra.spectrum import MODALITIES

__all__ = ["export"]

# Axis ends of this share of a modality's spectra on either side are left out: a single odd spectrum of thousands must
# not open the range for all. With fewer than 200 spectra every one counts.
TAIL = 0.005
_METRICS = ("val_mse", "val_spectral_angle", "val_peak_recall", "val_mse_interpolation")


def export(checkpoint: Path, corpus: Corpus) -> Pretrained:
    """Read a checkpoint's model, and what is known of its training.

    Parameters
    ----------
    checkpoint : Path
        A folder ``step-…``, or one that holds such folders: then the last whole one.
    corpus : Corpus
        What it was trained on.

    Raises
    ------
    ConfigError
        When there is no whole checkpoint, or it was trained on another corpus.
    """
    folder = checkpoint if checkpoint.name.startswith("step-") else latest_checkpoint(checkpoint)
    if folder is None:
        raise ConfigError(
            f"expected checkpoints in {checkpoint}, found none",
            "name a folder step-…, or trials/FINGERPRINT under the home folder (a study's trials.csv lists them)",
        )
    model = load_model(folder)
    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    if state["corpus"] != corpus.fingerprint:
        raise ConfigError(
            f"{folder} was trained on corpus {state['corpus']}, found {corpus.fingerprint} ({corpus.name})",
            "name the corpus that the run was trained on: its axis ranges are the model's",
        )
    config, progress = state["config"], state["progress"]
    metrics = {name: progress["metrics"][name] for name in _METRICS if name in progress["metrics"]}
    about = {
        "corpus": corpus.name,
        "corpus fingerprint": corpus.fingerprint,
        "training spectra": config["num_spectra"] or corpus.num_spectra("train"),
        "steps": progress["step"],
        "spectra a step": config["batch_size"],
        "seed": config["seed"],
        "trained encoder": config.get("train_encoder", True),
        "spektron": __version__,
        **metrics,
    }
    return Pretrained(model=model, trained_axis_cm1=_trained_axis(corpus, config["num_spectra"]), about=about)


def _trained_axis(corpus: Corpus, num_spectra: int | None) -> dict[str, tuple[float, float]]:
    """Lowest start and highest stop of each modality's training spectra in cm⁻¹, less the tails."""
    names, start, stop = corpus.axes("train", num_spectra)
    ranges = {}
    for name in MODALITIES:
        rows = names == name
        if rows.any():
            low = np.quantile(start[rows], TAIL, method="lower")
            high = np.quantile(stop[rows], 1 - TAIL, method="higher")
            ranges[name] = (float(low), float(high))
    return ranges
