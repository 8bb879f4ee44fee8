"""Same seed, same machine: 50 losses are the same bits, also across a checkpoint in the middle of an epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import Tensor

from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.model import EncoderConfig
from spektron.pretrain import PretrainConfig, Worker, pretrain
from spektron.pretrain.health import TrainingWindow
from spektron.pretrain.views import ViewConfig
from spektron.spectra.spectrum import SpectrumBatch
from tests.corpus.conftest import TinySource, make_spectrum
from tests.model.spectra import tiny

STEPS, STOP = 50, 23


def coarse(**fields: Any) -> EncoderConfig:
    """Few tokens, so that 50 steps take a second."""
    return tiny(scales=("coarse",), **fields)


WAYS: dict[str, dict[str, Any]] = {
    "default": {},
    "byol and views": {"views": ViewConfig(), "byol_weight": 0.1},
    "curriculum": {"mask": "paper"},
    "dropout": {"encoder": coarse(dropout=0.2)},
    "cnn, mean": {"encoder": coarse(backbone="cnn", embedding="mean")},
    "hidden metadata": {"encoder": coarse(conditioning="film"), "metadata_dropout": 0.3, "modality_dropout": 0.2},
    "all terms": {"loss": {"peak_weight": 0.5, "angle_weight": 0.1}},
    "mix": {"mix": {"computed": 0.7, "experimental": 0.3}},
}
ALL = WAYS["byol and views"] | WAYS["curriculum"] | WAYS["dropout"] | WAYS["mix"]


@pytest.fixture(scope="module")
def two_kinds(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """120 spectra, a third of them experimental."""
    out = tmp_path_factory.mktemp("corpora") / "two_kinds"
    kinds = ("computed", "computed", "experimental")
    spectra = [make_spectrum(i, kind=kinds[i % 3], compound_id=f"compound-{i}") for i in range(120)]
    build_corpus([TinySource(list(spectra))], out, BuildConfig(name="two-kinds", validation_fraction=0.2))
    return Corpus.open(out)


class Killed(Exception):
    """As a kill between two steps."""


def config_of(way: dict[str, Any]) -> PretrainConfig:
    # 6 does not divide the training spectra, and 23 steps end within an epoch and between evaluations.
    values = {"steps": STEPS, "batch_size": 6, "eval_every": 20, "encoder": coarse(), **way}
    return PretrainConfig.model_validate(
        {k: v.model_dump() if hasattr(v, "model_dump") else v for k, v in values.items()}
    )


def losses(
    monkeypatch: pytest.MonkeyPatch,
    config: PretrainConfig,
    corpus: Corpus,
    folder: Path,
    worker: Worker,
    stop: int = STEPS,
) -> NDArray[np.int32]:
    """Every step's loss as bits; the run is killed before step `stop` + 1."""
    seen: list[float] = []
    add = TrainingWindow.add

    def spy(self: TrainingWindow, step: int, batch: SpectrumBatch, loss: Tensor, grad_norm: Tensor) -> None:
        if step > stop:
            raise Killed
        seen.append(float(loss))
        add(self, step, batch, loss, grad_norm)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingWindow, "add", spy)
        try:
            pretrain(config, corpus, checkpoint_dir=folder, report=lambda *event: None, worker=worker)
        except Killed:
            assert stop < STEPS
    return np.array(seen, np.float32).view(np.int32)


@pytest.mark.parametrize(
    ("way", "accumulation"),
    [*((way, 1) for way in WAYS.values()), ({}, 2), (ALL, 2)],
    ids=[*WAYS, "in two parts", "all at once, in two parts"],
)
def test_fifty_losses_are_the_same_bits_whole_and_resumed(
    way: dict[str, Any],
    accumulation: int,
    corpus: Corpus,
    two_kinds: Corpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corpus = two_kinds if "mix" in way else corpus
    config, worker = config_of(way), Worker(num_threads=1, checkpoint_every=STOP, accumulation=accumulation)
    assert (STOP * config.batch_size) % corpus.num_spectra("train"), "the checkpoint is to fall within an epoch"

    once = losses(monkeypatch, config, corpus, tmp_path / "once", worker)
    before = losses(monkeypatch, config, corpus, tmp_path / "halves", worker, stop=STOP)
    after = losses(monkeypatch, config, corpus, tmp_path / "halves", worker)

    assert len(once) == STEPS
    assert len(set(once.tolist())) > STEPS // 2, "losses that do not change say nothing"
    assert (len(before), len(after)) == (STOP, STEPS - STOP)
    np.testing.assert_array_equal(once, np.concatenate([before, after]))


@pytest.mark.parametrize("way", ["default", "dropout", "byol and views"])
def test_blocks_that_are_computed_again_change_no_bit(
    way: str, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(WAYS[way])
    kept = losses(monkeypatch, config, corpus, tmp_path / "kept", Worker(num_threads=1), stop=12)
    again = losses(monkeypatch, config, corpus, tmp_path / "again", Worker(num_threads=1, recompute=True), stop=12)
    np.testing.assert_array_equal(kept, again)


def test_another_seed_is_another_run(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, worker = config_of({}), Worker(num_threads=1)
    one = losses(monkeypatch, config, corpus, tmp_path / "one", worker)
    other = losses(monkeypatch, config.with_values({"seed": 1}), corpus, tmp_path / "other", worker)
    assert not (one == other).any()
