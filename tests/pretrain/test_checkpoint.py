"""A run that is interrupted anywhere and resumed is the run that was not, bit for bit."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from spektron.core.errors import ConfigError, ResourceError
from spektron.corpus import Corpus
from spektron.pretrain import PretrainConfig, Worker, latest_checkpoint, load_model, pretrain
from spektron.pretrain import checkpoint as checkpoint_module
from spektron.pretrain.checkpoint import Progress, save_checkpoint
from spektron.pretrain.train_step import TrainStep
from tests.model.spectra import tiny
from tests.pretrain.conftest import small

Reports = list[tuple[int, dict[str, float], Path | None]]


class CrashError(Exception):
    pass


def run(
    corpus: Any,
    directory: Path | None,
    config: PretrainConfig | None = None,
    crash_at: int | None = None,
    checkpoint_every: int = 10,
) -> tuple[dict[str, float], Reports]:
    reports: Reports = []

    def report(step: int, metrics: dict[str, float], checkpoint: Path | None) -> None:
        reports.append((step, metrics, checkpoint))
        if step == crash_at:
            raise CrashError

    worker = Worker(checkpoint_every=checkpoint_every)
    metrics = pretrain(config or small(), corpus, checkpoint_dir=directory, report=report, worker=worker)
    return metrics, reports


def crash(corpus: Any, directory: Path, at: int, config: PretrainConfig | None = None, **options: int) -> None:
    with pytest.raises(CrashError):
        run(corpus, directory, config, crash_at=at, **options)


def result(metrics: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if name != "spectra_per_s"}


def assert_same_tensors(one: Path, other: Path) -> None:
    for name in ("model.safetensors", "optimizer.safetensors"):
        left, right = load_file(one / name), load_file(other / name)
        assert left.keys() == right.keys()
        assert [key for key in left if not torch.equal(left[key], right[key])] == []


@pytest.fixture(scope="session")
def straight(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float], Reports]:
    """Forty steps without an interruption."""
    directory = tmp_path_factory.mktemp("straight")
    return directory, *run(corpus, directory)


@pytest.fixture
def copied(straight: tuple[Path, dict[str, float], Reports], tmp_path: Path) -> Path:
    """Checkpoints of the whole run, to be damaged."""
    return Path(shutil.copytree(straight[0], tmp_path / "copy"))


@pytest.mark.parametrize("at", [10, 20, 30])
def test_a_crash_and_a_resumption_change_nothing(
    corpus: Corpus, straight: tuple[Path, dict[str, float], Reports], tmp_path: Path, at: int
) -> None:
    directory, expected, reports = straight
    crash(corpus, tmp_path, at)
    found, resumed = run(corpus, tmp_path)
    assert result(found) == result(expected)
    assert [(step, result(metrics)) for step, metrics, _ in resumed] == [
        (step, result(metrics)) for step, metrics, _ in reports if step > at
    ]
    assert_same_tensors(tmp_path / "step-00000040", directory / "step-00000040")


def test_a_resumption_between_evaluations_keeps_the_mean_of_losses(corpus: Corpus, tmp_path: Path) -> None:
    config = small(steps=12, eval_every=8)
    # How often checkpoints are made is no part of a run: another rhythm before, after and without the crash.
    expected, _ = run(corpus, tmp_path / "straight", config, checkpoint_every=5)
    crash(
        corpus, tmp_path / "crashed", 8, config, checkpoint_every=3
    )  # the last checkpoint is of step 6, two losses into nothing
    found, resumed = run(corpus, tmp_path / "crashed", config)
    assert [step for step, _, _ in resumed] == [8, 12]
    assert result(found) == result(expected)


def test_a_finished_run_reports_once_more_and_trains_no_further(
    corpus: Corpus, straight: tuple[Path, dict[str, float], Reports]
) -> None:
    directory, expected, _ = straight
    found, reports = run(corpus, directory)
    assert found == expected
    assert reports == [(40, expected, directory / "step-00000040")]


def test_the_last_two_checkpoints_are_kept_and_nothing_is_pickled(
    straight: tuple[Path, dict[str, float], Reports],
) -> None:
    directory = straight[0]
    assert sorted(path.name for path in directory.iterdir()) == ["step-00000030", "step-00000040"]
    for folder in directory.iterdir():
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert set(files) == {"model.safetensors", "optimizer.safetensors", "state.json"}
        json.loads(files.pop("state.json"))
        for content in files.values():
            header_bytes = int.from_bytes(content[:8], "little")
            assert json.loads(content[8 : 8 + header_bytes]), "not a safetensors header"


def truncate(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])


def flip(folder: Path) -> None:
    content = bytearray((folder / "optimizer.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "optimizer.safetensors").write_bytes(content)


def halve_state(folder: Path) -> None:
    state = folder / "state.json"
    state.write_text(state.read_text()[:100])


def strip_state(folder: Path) -> None:
    (folder / "state.json").write_text("[]")


def lose(folder: Path) -> None:
    (folder / "optimizer.safetensors").unlink()


DAMAGES = [truncate, flip, halve_state, strip_state, lose]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_named_and_the_one_before_taken(
    copied: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    damage(copied / "step-00000040")
    with caplog.at_level(logging.WARNING):
        assert latest_checkpoint(copied) == copied / "step-00000030"
    assert "step-00000040 is damaged" in caplog.text
    assert "going back" in caplog.text


def test_a_run_goes_on_from_the_checkpoint_before_a_damaged_one(
    corpus: Corpus, straight: tuple[Path, dict[str, float], Reports], copied: Path
) -> None:
    truncate(copied / "step-00000040")
    found, reports = run(corpus, copied)
    assert [step for step, _, _ in reports] == [40]
    assert result(found) == result(straight[1])
    assert_same_tensors(copied / "step-00000040", straight[0] / "step-00000040")


def test_a_checkpoint_is_on_the_disk_before_it_has_its_name(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a power cut leaves: a name only for files that were synced, and a name that was synced itself."""
    events: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def synced(handle: int) -> None:
        fsync(handle)
        path = Path(f"/proc/self/fd/{handle}").readlink()
        events.append("temporary" if path.suffix == ".tmp" else path.name)

    def renamed(path: Path, target: Path) -> Path:
        events.append(f"-> {target.name}")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    run(corpus, tmp_path / "run", small(steps=1))
    before = events.index("-> step-00000001")
    assert set(events[:before]) >= {"model.safetensors", "optimizer.safetensors", "state.json", "temporary"}
    assert "run" in events[before:]


def test_damaged_checkpoints_never_push_out_a_whole_one(corpus: Corpus, copied: Path) -> None:
    for folder in copied.iterdir():
        truncate(folder)
    crash(corpus, copied, 10)
    assert latest_checkpoint(copied) == copied / "step-00000010"
    assert [path.name for path in copied.iterdir()] == ["step-00000010"]


def test_what_a_killed_writer_left_is_cleared_and_never_taken(corpus: Corpus, copied: Path) -> None:
    half = copied / ".step-00000050.abc.tmp"
    shutil.copytree(copied / "step-00000040", half)
    assert latest_checkpoint(copied) == copied / "step-00000040"
    shutil.rmtree(copied / "step-00000040")
    run(corpus, copied)
    assert not half.exists()


def test_no_checkpoint_is_none(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path) is None
    assert latest_checkpoint(tmp_path / "absent") is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"learning_rate": 1e-4}, "config.learning_rate"), ({"encoder.layers": 2}, "config.encoder.layers")],
)
def test_a_checkpoint_of_another_configuration_is_refused(
    corpus: Corpus, copied: Path, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ConfigError, match=f"belongs to another run: {field} is .*, expected"):
        run(corpus, copied, small().with_values(changes))


class OtherCorpus:
    """The same rows under another name."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus, self.fingerprint = corpus, "0123456789abcdef"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._corpus, name)


def test_a_checkpoint_of_another_corpus_is_refused(corpus: Corpus, copied: Path) -> None:
    with pytest.raises(ConfigError, match=f"corpus is {corpus.fingerprint}, expected 0123456789abcdef"):
        run(OtherCorpus(corpus), copied)


def test_a_checkpoint_of_another_format_is_refused_and_not_taken_for_damaged(corpus: Corpus, copied: Path) -> None:
    state = copied / "step-00000040" / "state.json"
    state.write_text(json.dumps({**json.loads(state.read_text()), "format": 99, "sha256": {}}))
    with pytest.raises(ConfigError, match="format is 99, expected 2"):
        run(corpus, copied)
    with pytest.raises(ConfigError, match="format 99, expected 2"):
        load_model(copied / "step-00000040")


def test_a_loaded_model_is_the_trained_one(straight: tuple[Path, dict[str, float], Reports]) -> None:
    folder = straight[0] / "step-00000040"
    model = load_model(folder)
    saved = load_file(folder / "model.safetensors")
    assert not model.training
    assert all(torch.equal(value, saved[f"reconstructor.{name}"]) for name, value in model.state_dict().items())


def test_what_is_no_checkpoint_is_refused(copied: Path) -> None:
    truncate(copied / "step-00000040")
    for folder in (copied / "step-00000040", copied / "absent"):
        with pytest.raises(ConfigError, match=f"whole checkpoint at {folder}"):
            load_model(folder)


def test_a_full_disk_leaves_earlier_checkpoints(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    step = TrainStep(small(encoder=tiny(scales=("coarse",))), Worker())
    monkeypatch.setattr(checkpoint_module, "save_file", full)
    with pytest.raises(ResourceError, match="disk is full"):
        save_checkpoint(copied, step.model, step.optimizer, Progress(step=50), config=small(), corpus_fingerprint="")
    assert sorted(path.name for path in copied.iterdir()) == ["step-00000030", "step-00000040"]
