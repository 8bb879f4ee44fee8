from __future__ import annotations

import json
from pathlib import Path

import pytest

from spektron.core.errors import CorpusError
from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus.sources.simulated import Simulated
from spektron.model import EncoderConfig
from spektron.pretrain import PretrainConfig, Worker, latest_checkpoint, pretrain

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("ray_cluster")]

# Nearly every epoch of 21 spectra ends within a batch, and no worker has half of them.
CONFIG = PretrainConfig(
    steps=20,
    batch_size=8,
    num_spectra=21,
    learning_rate=1e-2,
    eval_every=10,
    encoder=EncoderConfig(dim=16, layers=1, heads=2, scales=("coarse",)),
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return simulated(tmp_path_factory.mktemp("corpora") / "simulated", validation_fraction=0.2)


def simulated(out: Path, **fractions: float) -> Corpus:
    build_corpus([Simulated(num_spectra=240)], out, BuildConfig(name="simulated", test_fraction=0.0, **fractions))
    return Corpus.open(out)


def train_on_two(config: PretrainConfig, corpus_dir: Path, checkpoint_dir: Path, **how: int) -> dict[str, float]:
    from spektron.pretrain.distributed import pretrain_distributed

    return pretrain_distributed(
        config,
        corpus_dir,
        num_workers=2,
        use_gpu=False,
        cpus_per_worker=1.0,
        checkpoint_dir=checkpoint_dir,
        worker=Worker(num_threads=1, **how),
    )


def test_two_workers_train_what_one_would(corpus, tmp_path):
    alone = pretrain(CONFIG, corpus, checkpoint_dir=None, report=lambda *event: None, worker=Worker(num_threads=1))
    killed = tmp_path / "ray-train-0123" / "checkpoint_manager_snapshot.json"  # what a killed try leaves behind
    killed.parent.mkdir()
    killed.write_text("{}")
    together = train_on_two(CONFIG, corpus.folder.path, tmp_path, accumulation=2, checkpoint_every=15)
    assert together.keys() == alone.keys()
    # Nothing differs but the order of additions: the same rows under the same masks, whoever has them. With masks dealt
    # out in another order than rows, train_loss was off by a tenth.
    for metric in ("val_mse", "train_loss", "grad_norm"):
        assert together[metric] == pytest.approx(alone[metric], rel=1e-3), metric
    checkpoint = latest_checkpoint(tmp_path)
    assert checkpoint is not None
    assert checkpoint.name == "step-00000020"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000015", "step-00000020"]
    assert json.loads((checkpoint / "state.json").read_text())["progress"]["metrics"] == together


def test_an_error_of_one_worker_is_raised_as_itself_and_not_retried(tmp_path):
    """Only the first worker reads the validation split; the other waits for it to take part in the first step."""
    empty = simulated(tmp_path / "corpus", validation_fraction=0.0)
    with pytest.raises(CorpusError, match="validation"):
        train_on_two(CONFIG, empty.folder.path, tmp_path / "checkpoints")
