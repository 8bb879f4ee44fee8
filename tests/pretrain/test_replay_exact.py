"""A replay is the run it replays: the same rows under the same masks, and where one process trained, the same bits."""

from __future__ import annotations

import json
from functools import partial
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spektron.cli.study import ReplayStep
from spektron.core.errors import CorpusError, ResourceError
from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus.streaming import ray_read, stream
from spektron.corpus.streaming.reading import read_slices
from spektron.model.reconstruction import ReconstructionHead
from spektron.pretrain import DivergedError, PretrainConfig, Worker, diverged, pretrain
from spektron.pretrain.health import TrainingWindow
from spektron.pretrain.replay import _batches, replay
from spektron.pretrain.train_step import TrainStep
from spektron.pretrain.views import ViewConfig
from spektron.spectra.spectrum import SpectrumBatch
from tests.corpus.conftest import TinySource, make_spectrum
from tests.model.spectra import tiny
from tests.pretrain.conftest import small
from tests.pretrain.stand_in import MemoryCorpus, make_batch

COARSE = tiny(scales=("coarse",), dropout=0.1)


def run(config: PretrainConfig, corpus: Any, folder: Path | None, **how: int) -> DivergedError:
    with pytest.raises(DivergedError) as caught:
        pretrain(
            config, corpus, checkpoint_dir=folder, report=lambda *_: None, worker=Worker(**{"num_threads": 1, **how})
        )
    return caught.value


@pytest.mark.parametrize(
    ("changes", "size", "where"),
    [
        ({"views": ViewConfig(), "byol_weight": 0.1}, 3.3e38, "but their views are not"),
        ({"encoder.normalisation": "none"}, 1e30, "the first output that is no number"),
    ],
)
def test_of_a_whole_corpus_the_one_spectrum_that_makes_a_nan_is_named(
    tmp_path: Path, changes: dict[str, Any], size: float, where: str
) -> None:
    intensity = make_spectrum(7).intensity
    huge = make_spectrum(7, spectrum_id="tiny/huge", intensity=intensity / np.abs(intensity).max() * np.float32(size))
    spectra = [make_spectrum(i) for i in range(60) if i != 7]
    config = BuildConfig(name="tiny", validation_fraction=0.2, test_fraction=0.0, seed=3)
    build_corpus([TinySource([*spectra, huge])], tmp_path / "corpus", config)
    error = run(
        small(encoder=COARSE).with_values(changes),
        corpus := Corpus.open(tmp_path / "corpus"),
        tmp_path / "trial",
        checkpoint_every=2,
    )
    (record,) = (tmp_path / "trial").glob("diverged-*")
    found = replay(record, corpus)
    assert str(record) in error.message
    assert "1 of 8 spectra (tiny/huge)" in found.sentence
    assert where in found.sentence
    assert [row.spectrum_id for row in found.rows if not np.isfinite(row.loss)] == ["tiny/huge"]
    assert found.step - found.first_step < 2


def test_the_operation_of_a_lost_gradient_is_named_and_the_loss_has_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under dropout, in two parts, three steps after the checkpoint."""
    steps = [0]
    inputs, head = TrainStep._inputs, ReconstructionHead.forward

    def noted(self: TrainStep, step: int, batch: SpectrumBatch) -> Any:
        steps.append(step)
        return inputs(self, step, batch)

    def forward(self: ReconstructionHead, tokens: Tensor) -> Tensor:
        # A number itself, but its slope is infinite, and none where the loss has no slope.
        return head(self, tokens + torch.sqrt(tokens * 0.0) if self.training and steps[-1] == 7 else tokens)

    monkeypatch.setattr(TrainStep, "_inputs", noted)
    monkeypatch.setattr(ReconstructionHead, "forward", forward)
    corpus = MemoryCorpus(make_batch(32), make_batch(16, seed=1))
    run(small(encoder=COARSE), corpus, tmp_path, accumulation=2, checkpoint_every=4)
    (record,) = tmp_path.glob("diverged-*")
    values = json.loads(record.read_text())
    assert (values["step"], values["grad_norm"]) == (7, "nan")
    found = replay(record, corpus)
    assert (found.step, found.first_step) == (7, 5)
    assert str(found.loss) == values["loss"] != "nan"
    assert found.operation == "SqrtBackward0"
    assert "made by SqrtBackward0" in found.sentence
    assert "reconstructor.encoder.cls_token" in found.gradients
    assert not [name for name in found.gradients if name.startswith("reconstructor.head")], "nearer to the loss"


class Streamed:
    """A corpus of which nothing is kept in memory."""

    def __init__(self, corpus: Corpus) -> None:
        self.stream = partial(corpus.stream, resident_bytes=0)


@pytest.mark.parametrize("kept", [True, False], ids=["in memory", "streamed"])
@pytest.mark.parametrize("mix", [None, {"simulated": 1.0}])
def test_the_rows_of_all_workers_are_taken_where_each_had_them(
    corpus: Corpus, kept: bool, mix: dict[str, float] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamed rows meet in other batches with another number of workers; masks go by the place in the batch."""
    monkeypatch.setattr(ray_read, "ray_is_ready", lambda: not kept)
    monkeypatch.setattr(stream, "ray_tables", lambda slices, columns: (table for table in read_slices(slices, columns)))
    source: Any = corpus if kept else Streamed(corpus)
    config = small(batch_size=6, mix=mix)
    found = list(islice(_batches(config, source, 3, 40), 3))
    for rank in range(3):
        own = source.stream(
            num_spectra=None, batch_size=2, seed=0, rank=rank, world_size=3, start_batch=40, mix=mix, instruments=False
        )
        for batch, mine in zip(found, own):
            np.testing.assert_array_equal(batch.take(slice(rank, None, 3)).intensity, mine.intensity)
    alone = next(source.stream(num_spectra=None, batch_size=6, seed=0, start_batch=40, mix=mix))
    assert np.array_equal(alone.intensity, found[0].intensity) == kept


def test_a_name_is_of_all_numbers(tmp_path: Path) -> None:
    """The same intensities on another axis, and of another modality, are other spectra."""
    first = make_spectrum(0)
    others = {"axis": {"wavenumber_stop_cm1": 3900.0}, "modality": {"modality": "NIR"}}
    twins = [make_spectrum(0, spectrum_id=f"tiny/{name}", **change) for name, change in others.items()]
    more = [make_spectrum(i) for i in range(2, 40)]
    config = BuildConfig(name="tiny", validation_fraction=0.2, test_fraction=0.0)
    build_corpus([TinySource([first, *twins, *more])], tmp_path / "corpus", config)
    corpus = Corpus.open(tmp_path / "corpus")
    rows = corpus.read("train")
    same = np.flatnonzero((rows.intensity == first.intensity).all(axis=1))
    names = [corpus.spectrum_ids(rows)[place] for place in same]
    expected = {(0, 4000.0): "tiny/0", (0, 3900.0): "tiny/axis", (2, 4000.0): "tiny/modality"}
    assert len(names) == 3
    assert names == [expected[int(rows.modality[row]), float(rows.wavenumber_stop_cm1[row])] for row in same]


class _OnGpu:
    """A loss that would have to be waited for."""

    device = SimpleNamespace(type="cuda")

    def __init__(self, value: float) -> None:
        self._value = value

    def float(self) -> Tensor:
        return torch.tensor(self._value)


def test_on_a_gpu_the_first_bad_step_is_named_with_its_own_batch_though_it_is_seen_late() -> None:
    window = TrainingWindow()
    batches = [make_batch(2, seed) for seed in range(20)]

    def add(step: int, loss: float) -> None:
        window.add(step, batches[step - 1], _OnGpu(loss), torch.tensor(0.5))  # type: ignore[arg-type]

    for step in range(1, 20):
        add(step, np.nan if step >= 7 else 1.0)
    assert window.diverged is None
    with pytest.raises(DivergedError, match="diverged at step 7"):
        add(20, np.nan)
    assert window.diverged is not None
    assert (window.diverged.step, window.diverged.batch) == (7, batches[6])
    assert window.count == 6


def test_an_infinite_loss_leaves_no_gradient_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or one worker would stop while the others wait for it; a finite loss keeps its bits."""
    step, other = TrainStep(small(encoder=COARSE), Worker()), TrainStep(small(encoder=COARSE), Worker())
    batch = make_batch(8)
    before, norm = step(1, batch)
    assert torch.isfinite(norm)
    loss_of = other._loss_of
    monkeypatch.setattr(other, "_loss_of", lambda part: loss_of(part) + torch.inf)  # its derivative stays finite
    loss, norm = other(1, batch)
    assert (loss.item(), before.item() > 0.0) == (np.inf, True)
    assert torch.isnan(norm)


def test_what_stands_in_the_way_of_names_is_told_beside_the_divergence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small(learning_rate=1e30, min_learning_rate=1e30, warmup_fraction=0.0, encoder=COARSE)
    corpus = MemoryCorpus(make_batch(32), make_batch(16, seed=1))

    def gone(*_: Any) -> Any:
        raise CorpusError("expected the shard, found no such file", "copy it again")

    monkeypatch.setattr(corpus, "spectrum_ids", gone)
    assert "names could not be looked up: expected the shard" in run(config, corpus, tmp_path).message
    (record,) = tmp_path.glob("diverged-*")
    assert {row["spectrum_id"] for row in json.loads(record.read_text())["rows"]} == {""}

    def full(*_: Any) -> None:
        raise ResourceError("the disk is full", "free some space")

    monkeypatch.setattr(diverged, "write_text", full)
    message = run(config, corpus, tmp_path).message
    assert message.startswith("training diverged at step")
    assert "on 8 spectra: ?, ?, ?, ?, ?, …" in message
    assert "the disk is full" in message


def test_the_command_names_the_spectrum(corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = small(learning_rate=1e30, min_learning_rate=1e30, warmup_fraction=0.0, encoder=COARSE)
    error = run(config, corpus, tmp_path, checkpoint_every=1)
    (record,) = tmp_path.glob("diverged-*")
    assert f"spektron replay {record}" in error.hint
    assert ReplayStep(record=record, corpus=corpus.folder.path).run() == 0
    told = capsys.readouterr().out
    assert f"step {int(record.name[14:22])}" in told
    for row in json.loads(record.read_text())["rows"]:
        assert row["spectrum_id"] in told
