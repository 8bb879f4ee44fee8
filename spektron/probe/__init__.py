"""Linear probes: how much of what spectra are labelled with can be read off an embedding by a linear map."""

from spektron.probe.linear import probe_error
from spektron.probe.representations import ProbeConfig, Representation, represent
from spektron.probe.tasks import LIBRARY_TASKS, MODALITY_TASK, LabelledSpectra, ProbeTask, labelled_spectra

__all__ = [
    "LIBRARY_TASKS",
    "MODALITY_TASK",
    "LabelledSpectra",
    "ProbeConfig",
    "ProbeTask",
    "Representation",
    "labelled_spectra",
    "probe_error",
    "represent",
]
