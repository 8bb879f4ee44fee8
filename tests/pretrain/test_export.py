"""A checkpoint becomes a folder that people use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spektron.core.errors import ConfigError
from spektron.corpus import Corpus
from spektron.corpus.axis_range import training_axis_cm1
from spektron.model import Pretrained
from spektron.pretrain import export_model, load_model, pretrain
from tests.pretrain.conftest import small


@pytest.fixture(scope="module")
def run(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    """A short run on 100 spectra: its folder of checkpoints, and what it reported last."""
    folder = tmp_path_factory.mktemp("run")
    config = small(steps=4, eval_every=2, num_spectra=100)
    metrics = pretrain(config, corpus, checkpoint_dir=folder, report=lambda step, metrics, checkpoint: None)
    return folder, metrics


def test_a_model_keeps_weights_axes_and_what_is_known(
    run: tuple[Path, dict[str, float]], corpus: Corpus, tmp_path: Path
) -> None:
    folder, metrics = run
    export_model(folder, corpus).save_pretrained(tmp_path / "m")
    found = Pretrained.from_pretrained(tmp_path / "m")
    spectra = corpus.read("validation", 5)
    of_checkpoint = Pretrained(model=load_model(folder / "step-00000004")).embed(spectra)
    np.testing.assert_array_equal(found.embed(spectra).values, of_checkpoint.values)
    assert found.trained_axis_cm1 == training_axis_cm1(corpus, num_spectra=100)
    assert (found.about["corpus"], found.about["corpus_fingerprint"]) == ("simulated", corpus.fingerprint)
    assert (found.about["steps"], found.about["training_spectra"]) == (4, 100)
    held_out = {name: value for name, value in metrics.items() if name.startswith("val_")}
    assert (found.about["held_out"], found.about["held_out_at_step"]) == (held_out, 4)
    assert found.about["pretraining"]["learning_rate"] == 3e-3
    card = (tmp_path / "m" / "README.md").read_text()
    assert f"| corpus_fingerprint | {corpus.fingerprint} |" in card
    assert f"| val_mse | {metrics['val_mse']:.4g} |" in card


def test_a_step_is_exported_by_name_and_a_run_by_its_last(run: tuple[Path, dict[str, float]], corpus: Corpus) -> None:
    assert export_model(run[0] / "step-00000004", corpus).about["steps"] == 4
    with pytest.raises(ConfigError, match="step-00000009, found FileNotFoundError"):
        export_model(run[0] / "step-00000009", corpus)
    with pytest.raises(ConfigError, match="found none that is whole"):
        export_model(run[0].parent, corpus)


def test_another_corpus_is_refused(run: tuple[Path, dict[str, float]], corpus: Corpus) -> None:
    other = replace(corpus, manifest=corpus.manifest.model_copy(update={"fingerprint": "0" * 16, "name": "other"}))
    with pytest.raises(ConfigError, match=f"of fingerprint {corpus.fingerprint}, found other of fingerprint 0000"):
        export_model(run[0], other)


def test_a_checkpoint_of_another_version_is_named(
    run: tuple[Path, dict[str, float]], corpus: Corpus, tmp_path: Path
) -> None:
    copy = tmp_path / "step-00000004"
    copy.mkdir()
    for path in (run[0] / "step-00000004").iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    state = json.loads((copy / "state.json").read_text())
    state["config"]["momentum"] = 0.9
    (copy / "state.json").write_text(json.dumps(state))
    with pytest.raises(ConfigError, match="expected a configuration of this version, found momentum: Extra inputs"):
        export_model(copy, corpus)
