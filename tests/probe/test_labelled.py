"""Which questions a corpus can be asked: those that its sets have labels for, in groups enough for folds."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spektron.core.errors import CorpusError
from spektron.core.storage import Storage
from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.probe import LIBRARY_TASKS, MODALITY_TASK, ProbeConfig, labelled_spectra
from spektron.study import Placement, probing
from tests.corpus.conftest import TinySource, make_spectrum

MEATS = ("pork", "turkey", "chicken")


def meats(first: int, count: int, **changes: Any) -> list[Any]:
    """Three kinds of meat, every sample its own compound."""
    return [
        make_spectrum(
            i,
            **{
                "source": "table/quadram_meats",
                "compound_id": "quadram_meats/" + json.dumps({"meat": MEATS[i % 3], "number": i}),
                "modality": "IR",
                **changes,
            },
        )
        for i in range(first, first + count)
    ]


def built(spectra: list[Any], out: Path) -> Corpus:
    build_corpus([TinySource(spectra)], out, BuildConfig(name="labelled", validation_fraction=0.2))
    return Corpus.open(out)


def test_a_corpus_without_labelled_sets_is_refused_whatever_else_could_be_asked(tmp_path: Path) -> None:
    corpus = built([make_spectrum(i) for i in range(30)], tmp_path / "tiny")
    with pytest.raises(CorpusError, match=r"expected spectra of table/orange_collagen, .* found none"):
        labelled_spectra(corpus, (*LIBRARY_TASKS, MODALITY_TASK))


def test_a_trial_probes_what_there_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    out = tmp_path / "meats"
    built(meats(0, 45), out)
    config = ProbeConfig.model_validate(
        {"representation": "random", "encoder": {"dim": 16, "heads": 2, "layers": 1, "scales": ["coarse"]}}
    )
    context: Any = SimpleNamespace(
        config=config, corpus_dir=Storage.at(out), checkpoint_dir=tmp_path, split="validation", placement=Placement()
    )
    with caplog.at_level(logging.WARNING):
        found = probing.probe_trial(context)
    assert sorted(found) == ["probe_class", "probe_error", "probe_meat_species"]
    assert found["probe_error"] == found["probe_class"] == found["probe_meat_species"]
    assert "probe modality is left out" in caplog.text


def test_nothing_is_trained_where_nothing_can_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "pork"
    pork = [spectrum for spectrum in meats(0, 60) if '"pork"' in spectrum.compound_id]
    built(pork, out)
    monkeypatch.setattr(probing, "pretrain_in", lambda *given: pytest.fail("trained all the same"))
    context: Any = SimpleNamespace(config=ProbeConfig(), corpus_dir=Storage.at(out), checkpoint_dir=tmp_path)
    with pytest.raises(CorpusError, match="expected a labelled set of two classes or values, found none"):
        probing.probe_trial(context)


def test_a_class_that_cannot_be_on_both_sides_of_folds_is_left_out(tmp_path: Path) -> None:
    kinds = {"IR": ("a", "b", "c"), "NIR": ("d", "e", "f"), "RAMAN": ("g",)}
    spectra = meats(0, 12)
    number = len(spectra)
    for modality, sources in kinds.items():
        for source in sources:
            for _ in range(4):
                spectra.append(make_spectrum(number, modality=modality, source=source, compound_id=f"c-{number}"))
                number += 1
    corpus = built(spectra, tmp_path / "mixed")
    (_, modality) = labelled_spectra(corpus, (*LIBRARY_TASKS, MODALITY_TASK))
    assert modality.task is MODALITY_TASK
    assert np.unique(modality.labels).size == 2
    assert len(modality.spectra) == len(modality.labels) == len(modality.groups) == number - 4
