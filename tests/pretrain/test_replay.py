"""A step that gave no number: which spectra it was taken on, and where the number was lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spektron.core.errors import ConfigError
from spektron.corpus import Corpus
from spektron.model import SpectrumEncoder
from spektron.pretrain import DivergedError, Worker, pretrain
from spektron.pretrain.replay import replay
from spektron.spectra.spectrum import SpectrumBatch
from tests.model.spectra import tiny
from tests.pretrain.conftest import small
from tests.pretrain.stand_in import MemoryCorpus, make_batch

COARSE = tiny(scales=("coarse",))


def nothing(*event: object) -> None:
    del event


def diverge(config: Any, corpus: Any, folder: Path, **how: int) -> Path:
    """Train until it diverges; return the record."""
    with pytest.raises(DivergedError) as caught:
        pretrain(config, corpus, checkpoint_dir=folder, report=nothing, worker=Worker(num_threads=1, **how))
    (record,) = folder.glob("diverged-step-*-rank-0.json")
    assert str(record) in caught.value.message
    assert "spektron replay" in caught.value.hint
    return record


@pytest.mark.parametrize("mix", [None, {"simulated": 1.0}])
def test_the_spectra_of_the_step_are_named_as_the_stream_gave_them(
    corpus: Corpus, tmp_path: Path, mix: dict[str, float] | None
) -> None:
    config = small(learning_rate=1e30, min_learning_rate=1e30, warmup_fraction=0.0, encoder=COARSE, mix=mix)
    values = json.loads(diverge(config, corpus, tmp_path).read_text())
    batch = next(
        corpus.stream(num_spectra=None, batch_size=8, seed=config.seed, start_batch=values["step"] - 1, mix=mix)
    )
    assert [row["largest_intensity"] for row in values["rows"]] == [
        pytest.approx(float(np.abs(row).max())) for row in batch.intensity
    ]
    names = [row["spectrum_id"] for row in values["rows"]]
    assert len(set(names)) == 8
    assert all(name.startswith("simulated/") for name in names)
    assert corpus.spectrum_ids(batch) == names
    assert (values["corpus"], values["seed"]) == (corpus.fingerprint, config.seed)


def test_a_spectrum_that_is_not_the_corpus_s_has_no_name(corpus: Corpus) -> None:
    batch = corpus.read("train", 3)
    batch.intensity[1, 700] += 1.0
    one, other, third = corpus.spectrum_ids(batch)
    assert other == ""
    assert one
    assert third


def test_a_learning_rate_far_too_high_is_found_in_the_weights_or_what_they_make(corpus: Corpus, tmp_path: Path) -> None:
    config = small(learning_rate=1e30, min_learning_rate=1e30, warmup_fraction=0.0, encoder=COARSE)
    record = diverge(config, corpus, tmp_path, checkpoint_every=1)
    found = replay(record, corpus)
    assert f"-{found.step:08d}-" in record.name
    assert not np.isfinite([found.loss, found.grad_norm]).all()
    assert all(row.is_finite for row in found.rows)
    assert found.weights or found.modules or found.terms or found.gradients
    assert "no number" in found.sentence or "is not" in found.sentence


class Spoilt(MemoryCorpus):
    """From its eighth batch on, one row of each is not finite, but for what masks hide of it."""

    def stream(self, *, start_batch: int, **how: Any) -> Iterator[SpectrumBatch]:
        for index, batch in enumerate(super().stream(start_batch=start_batch, **how), start_batch):
            if index >= 7:
                spoilt = batch.intensity.copy()
                spoilt[2, :] = np.nan
                batch = replace(batch, intensity=spoilt)
            yield batch


def test_a_spectrum_that_is_not_finite_is_named(tmp_path: Path) -> None:
    corpus = Spoilt(make_batch(32), make_batch(16, seed=1))
    record = diverge(small(encoder=COARSE), corpus, tmp_path, checkpoint_every=3)
    values = json.loads(record.read_text())
    assert [row["finite"] for row in values["rows"]] == [True, True, False, *[True] * 5]
    found = replay(record, corpus)
    assert (found.step, found.first_step) == (8, 7)
    assert found.sentence == "1 of 8 spectra (row 2, of no training spectrum) hold values that are not finite"
    assert [np.isfinite(row.loss) for row in found.rows] == [True, True, False, *[True] * 5]


def test_the_module_that_loses_the_number_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = MemoryCorpus(make_batch(32), make_batch(16, seed=1))
    calls = 0
    patch_tokens = SpectrumEncoder._patch_tokens

    class Loses(torch.nn.Module):
        def forward(self, tokens: Tensor) -> Tensor:
            nonlocal calls
            calls += 1
            return tokens / 0.0 if calls in (5, 6) else tokens

    config = small(encoder=COARSE, eval_every=40)
    build = SpectrumEncoder.__init__

    def with_loser(self: SpectrumEncoder, *given: Any) -> None:
        build(self, *given)
        self.loser = Loses()

    monkeypatch.setattr(SpectrumEncoder, "__init__", with_loser)
    monkeypatch.setattr(SpectrumEncoder, "_patch_tokens", lambda self, *given: self.loser(patch_tokens(self, *given)))
    record = diverge(config, corpus, tmp_path, checkpoint_every=4)
    found = replay(record, corpus)
    assert found.modules[0] == "reconstructor.encoder.loser"
    assert found.sentence.startswith("the first output that is no number is that of reconstructor.encoder.loser; no")
    assert (found.step, found.first_step) == (5, 5)


def test_without_a_folder_the_error_itself_names_the_first_spectra(corpus: Corpus) -> None:
    config = small(learning_rate=1e30, min_learning_rate=1e30, warmup_fraction=0.0, encoder=COARSE)
    with pytest.raises(DivergedError, match=r"on 8 spectra: simulated/.*, …"):
        pretrain(config, corpus, checkpoint_dir=None, report=nothing)


@pytest.mark.parametrize("text", ["", "{}", '{"format": 9}', "[]", '{"format": 2, "config": {"steps": -1}, "step": 1}'])
def test_what_is_no_record_is_refused(text: str, tmp_path: Path, corpus: Corpus) -> None:
    path = tmp_path / "diverged.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="expected"):
        replay(path, corpus)
    with pytest.raises(ConfigError, match="expected the record"):
        replay(tmp_path / "absent.json", corpus)


def test_a_record_of_another_corpus_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    config = small(learning_rate=1e30, min_learning_rate=1e30, warmup_fraction=0.0, encoder=COARSE)
    record = diverge(config, corpus, tmp_path)
    with pytest.raises(ConfigError, match="found memory"):
        replay(record, MemoryCorpus(make_batch(8), make_batch(8)))
