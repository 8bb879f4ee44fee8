"""From a checkpoint to a model that people use: its weights, the axes it knows, and what is known of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spektron import __version__
from spektron.core.errors import ConfigError
from spektron.corpus import Corpus
from spektron.corpus.axis_range import training_axis_cm1
from spektron.model import Pretrained
from spektron.pretrain.checkpoint import Loaded, latest_checkpoint, read_checkpoint

__all__ = ["export_model"]


def export_model(checkpoint: Path, corpus: Corpus) -> Pretrained:
    """Make a `Pretrained` of a checkpoint and the corpus that it was trained on.

    Of a checkpoint weights, configuration and metrics are kept; the optimizer and heads of other objectives are not.

    Parameters
    ----------
    checkpoint : Path
        A folder ``step-…``, or the folder of a run that holds them: then its last whole one.
    corpus : Corpus
        Asked for the axes of the spectra that the run saw (`spektron.corpus.axis_range`).

    Raises
    ------
    ConfigError
        When there is no whole checkpoint, or it was trained on another corpus.
    CorpusError
        When a shard of the corpus is missing or damaged.
    """
    folder = _one_step(checkpoint)
    loaded = read_checkpoint(folder)
    if loaded.corpus_fingerprint != corpus.fingerprint:
        raise ConfigError(
            f"expected the corpus that {folder} was trained on, of fingerprint {loaded.corpus_fingerprint}, found "
            f"{corpus.name} of fingerprint {corpus.fingerprint}",
            "name that corpus: its axes and its name go into the model's card",
        )
    config = loaded.config
    axis_cm1 = training_axis_cm1(corpus, num_spectra=config.num_spectra, mix=config.mix)
    return Pretrained(model=loaded.model, trained_axis_cm1=axis_cm1, about=_about(loaded, corpus))


def _one_step(folder: Path) -> Path:
    if folder.name.startswith("step-") or not folder.is_dir():
        return folder  # what is wrong with it is told when it is read
    if found := latest_checkpoint(folder):
        return found
    raise ConfigError(
        f"expected a checkpoint (a folder step-…) at or in {folder}, found none that is whole",
        "a study's runs keep theirs in HOME/trials/FINGERPRINT; its report's trials.csv has the fingerprints",
    )


def _about(loaded: Loaded, corpus: Corpus) -> dict[str, Any]:
    config, step = loaded.config, loaded.progress.step
    held_out = {name: value for name, value in sorted(loaded.progress.metrics.items()) if name.startswith("val_")}
    return {
        "corpus": corpus.name,
        "corpus_fingerprint": corpus.fingerprint,
        "training_spectra": _num_unique(loaded, corpus),
        "steps": step,
        "steps_planned": config.steps,
        "spektron": __version__,
        # A checkpoint between two evaluations holds the metrics of the one before it.
        "held_out_at_step": (step if step == config.steps else step - step % config.eval_every) if held_out else None,
        "held_out": held_out,
        "pretraining": config.model_dump(mode="json", exclude={"encoder"}),
    }


def _num_unique(loaded: Loaded, corpus: Corpus) -> int:
    config = loaded.config
    if config.mix is not None:
        return sum(share.unique for share in corpus.shares(config.mix, config.num_spectra))
    return config.num_spectra or corpus.num_spectra("train")
