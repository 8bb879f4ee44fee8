"""The trial function of studies of embeddings: pretrain or not, then ask linear probes."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import torch

from spektron.core.errors import CorpusError, StudyError
from spektron.corpus import Corpus
from spektron.model import MaskedReconstructor, SpectrumEncoder
from spektron.pretrain.checkpoint import latest_checkpoint, load_model
from spektron.probe import LIBRARY_TASKS, MODALITY_TASK, ProbeConfig, labelled_spectra, probe_error, represent
from spektron.study.arms import Measure
from spektron.study.pretraining import pretrain_in
from spektron.study.study import TrialContext

__all__ = ["PROBE_ERROR", "PROBE_MEASURES", "probe_trial"]

_TASKS = (*LIBRARY_TASKS, MODALITY_TASK)
PROBE_ERROR = Measure(metric="probe_error", label="Probe error", relative=True)
PROBE_MEASURES = (
    Measure(metric="probe_class", label="Classes", relative=True),
    Measure(metric="probe_property", label="Properties", relative=True),
    Measure(metric="probe_modality", label="Modality", relative=True),
)


def probe_trial(context: TrialContext) -> dict[str, float]:
    """Pretrain, if the representation asks for it, and probe it.

    Returns
    -------
    dict
        ``probe_<task>``, each relative to knowing nothing; ``probe_class`` and ``probe_property``, means over the tasks
        of one kind that the corpus has labels for; ``probe_error``, the mean of these. The modality stands by itself.
        Of a pretrained encoder its held-out metrics too.

    Raises
    ------
    CorpusError
        Before anything is trained, where the corpus holds no labelled set.
    """
    config: ProbeConfig = context.config
    corpus = Corpus.open(context.corpus_dir)
    data = labelled_spectra(corpus, _TASKS)
    if all(one.task is MODALITY_TASK for one in data):
        raise CorpusError(
            f"expected a labelled set of two classes or values, found none in {corpus.folder}",
            "build a larger corpus of the library's labelled sets",
        )
    metrics = pretrain_in(context, config.pretraining) if config.representation == "pretrained" else {}
    torch.set_num_threads(context.placement.threads_per_worker)
    encoder = _encoder(config, context.checkpoint_dir)
    spectra = (
        corpus.read("train", min(corpus.num_spectra("train"), config.read_limit))
        if config.representation == "pca"
        else None
    )
    errors = {
        f"probe_{one.task.name}": probe_error(
            represent(config, one, encoder, spectra), one.labels, one.groups, config.seed
        )
        for one in data
    }
    of_kind: dict[str, list[float]] = {}
    for one in data:
        if one.task is not MODALITY_TASK:
            of_kind.setdefault(f"probe_{one.task.kind}", []).append(errors[f"probe_{one.task.name}"])
    kinds = {name: fmean(values) for name, values in of_kind.items()}
    return {**metrics, **errors, **kinds, "probe_error": fmean(kinds.values())}


def _encoder(config: ProbeConfig, checkpoint_dir: Path) -> SpectrumEncoder | None:
    if config.representation == "pretrained":
        folder = latest_checkpoint(checkpoint_dir)
        if folder is None:
            raise StudyError(
                f"expected the checkpoint of the last step in {checkpoint_dir}, found none",
                "the folder was emptied while the trial ran: run the study again",
            )
        return load_model(folder).encoder
    if config.representation == "random":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)  # as the run begins: the twin is the encoder before its first step
            return MaskedReconstructor(config.encoder).eval().encoder
    return None
