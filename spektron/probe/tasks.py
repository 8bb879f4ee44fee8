"""What can be asked of an embedding: classes and properties that a corpus names in its compounds' ids.

A table's spectra carry their label in the compound's id (``tecator_meat/{"fat": 16.5, "moisture": 66.2, ...}``,
``quadram_olive_oils/{"Provenance": "Spain", ...}``, ``orange_collagen/lipids``): the label is what must stay on one
side of a split. Repeats of one sample share an id, so folds are made of ids wherever a class or property spans several.
"""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import CorpusError
from spektron.corpus import Corpus
from spektron.corpus.schema import BATCH_COLUMNS, SPLITS
from spektron.corpus.streaming.reading import collect, read_slices, split_slices
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["LIBRARY_TASKS", "MODALITY_TASK", "LabelledSpectra", "ProbeTask", "labelled_spectra"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTask:
    """A class or a property of the spectra of one source.

    Attributes
    ----------
    name : str
        Part of the metric's name.
    source : str
        Whose spectra; empty for all of the corpus.
    field : str
        Key in the compound's id; empty where the whole id is the label, ``modality`` for that of the spectrum.
    kind : {"class", "property"}
    """

    name: str
    source: str
    field: str
    kind: Literal["class", "property"]


# One property of each set; its others are nearly linear in it (fat and moisture of meat), and would count it twice.
LIBRARY_TASKS = (
    ProbeTask(name="collagen_tissue", source="table/orange_collagen", field="", kind="class"),
    ProbeTask(name="cheese_milk", source="table/scio_cheese", field="", kind="class"),
    ProbeTask(name="meat_species", source="table/quadram_meats", field="meat", kind="class"),
    ProbeTask(name="oil_country", source="table/quadram_olive_oils", field="Provenance", kind="class"),
    ProbeTask(name="coffee_variety", source="table/quadram_coffee", field="Varietal", kind="class"),
    ProbeTask(name="meat_fat", source="table/tecator_meat", field="fat", kind="property"),
    ProbeTask(name="barley_protein", source="table/auroranir_barley", field="protein", kind="property"),
    ProbeTask(name="dough_sucrose", source="table/dough_nir", field="sucrose", kind="property"),
    ProbeTask(name="soil_nitrogen", source="table/prospectr_nirsoil", field="Nt", kind="property"),
    ProbeTask(name="soil_carbon", source="table/prospectr_nirsoil", field="Ciso", kind="property"),
    ProbeTask(name="emulsion_pufa", source="table/raman_pufa", field="%Pufa", kind="property"),
    ProbeTask(name="sediment_silica", source="table/ftirsr_lake_sediment", field="bsi", kind="property"),
)
MODALITY_TASK = ProbeTask(name="modality", source="", field="modality", kind="class")

# Of a class: one is held out, and of the others one is again, to choose the penalty by.
LEAST_GROUPS = 3
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSpectra:
    """A task's spectra.

    Attributes
    ----------
    spectra : SpectrumBatch
    labels : ndarray, shape (spectra,)
        Class numbers (int64) or property values (float64).
    groups : ndarray, shape (spectra,), int64
        What must not be on both sides of a fold: compounds; whole sources for the modality; every spectrum its own
        where a class is one compound.
    """

    task: ProbeTask
    spectra: SpectrumBatch
    labels: NDArray[Any]
    groups: NDArray[np.int64]


def labelled_spectra(corpus: Corpus, tasks: tuple[ProbeTask, ...]) -> list[LabelledSpectra]:
    """Read the spectra of all splits that have a label.

    Left out are tasks whose source the corpus lacks, classes of fewer groups than `LEAST_GROUPS`, and, with a warning,
    tasks of which fewer than two classes, or a property that does not vary, are then left.

    Raises
    ------
    CorpusError
        When the corpus has the source of none of the tasks that name one, or a source has no such label.
    """
    tables = [
        table
        for split in SPLITS
        if corpus.num_spectra(split)
        for table in read_slices(
            split_slices(corpus.folder, corpus.manifest, split, corpus.num_spectra(split)),
            [*BATCH_COLUMNS, "compound_id", "source"],
        )
    ]
    rows = collect(iter(tables), sum(map(len, tables)))
    compounds = np.array([name for table in tables for name in table["compound_id"].to_pylist()], dtype=object)
    sources = np.array([name for table in tables for name in table["source"].to_pylist()], dtype=object)
    present = [task for task in tasks if not task.source or (sources == task.source).any()]
    named = [task.source for task in tasks if task.source]
    if named and not any(task.source for task in present):
        raise CorpusError(
            f"expected spectra of {', '.join(named[:3])} or others with labels, found none in {corpus.folder}",
            "build a corpus of labelled sets: spektron corpus build --source table:DIR on the library's folders",
        )
    found = [_answerable(_labelled(task, rows, compounds, sources)) for task in present]
    return [one for one in found if one is not None]


def _labelled(
    task: ProbeTask, rows: SpectrumBatch, compounds: NDArray[np.object_], sources: NDArray[np.object_]
) -> LabelledSpectra:
    if task.field == "modality":
        chosen = np.arange(len(rows))
        labels: NDArray[Any] = rows.modality
        groups = np.unique(sources, return_inverse=True)[1]
        return LabelledSpectra(task=task, spectra=rows, labels=labels, groups=groups)
    chosen = np.flatnonzero(sources == task.source)
    found = [_label(str(compounds[row]), task) for row in chosen]
    known = np.array([value is not None for value in found])
    if not known.any():
        raise CorpusError(
            f"expected labels {task.field or 'in the ids'!r} of {task.source}, found such as {compounds[chosen[0]]!r}",
            "the set was built with other labels: build the corpus again from the library's tables",
        )
    chosen = chosen[known]
    values = np.array([value for value in found if value is not None])
    labels = values.astype(np.float64) if task.kind == "property" else np.unique(values, return_inverse=True)[1]
    groups = np.unique(compounds[chosen].astype(str), return_inverse=True)[1]
    if not task.field:  # the class is the compound: no group can be left out whole
        groups = np.arange(len(chosen))
    return LabelledSpectra(task=task, spectra=rows.take(chosen), labels=labels, groups=groups)


def _answerable(one: LabelledSpectra) -> LabelledSpectra | None:
    """Without classes that cannot be on both sides of folds; None where nothing is left to tell apart."""
    kept = np.ones(len(one.labels), dtype=bool)
    if one.task.kind == "class":
        groups_of = {label: len(np.unique(one.groups[one.labels == label])) for label in np.unique(one.labels)}
        kept = np.array([groups_of[label] >= LEAST_GROUPS for label in one.labels])
    if len(np.unique(one.labels[kept])) < 2 or len(np.unique(one.groups[kept])) < LEAST_GROUPS:
        _log.warning(
            "probe %s is left out: expected two %s or more, and of each class %d groups, found fewer",
            *(one.task.name, "classes" if one.task.kind == "class" else "values", LEAST_GROUPS),
        )
        return None
    rows = np.flatnonzero(kept)
    return replace(one, spectra=one.spectra.take(rows), labels=one.labels[rows], groups=one.groups[rows])


def _label(compound: str, task: ProbeTask) -> str | float | None:
    text = compound.partition("/")[2]
    if not task.field:
        return text or None
    value: Any = None
    if text.startswith("{"):
        value = json.loads(text).get(task.field)
    elif text.startswith(f"{task.field}="):
        value = text.partition("=")[2]
    if task.kind == "class" or value is None:
        return None if value is None else str(value)
    number = float(value)
    return number if math.isfinite(number) else None
