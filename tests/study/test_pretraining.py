"""What a pretraining trial makes of its placement, and what of it bears identity."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pytest

from spektron.core.errors import ConfigError
from spektron.core.storage import Storage
from spektron.pretrain import PretrainConfig, Worker
from spektron.study import pretraining
from spektron.study.plan import make_plan
from spektron.study.pretraining import pretrain_trial
from spektron.study.study import Placement
from spektron.study.trial import CorpusIdentity
from studies.corpus_scaling import STUDY
from tests.model.spectra import tiny
from tests.pretrain.stand_in import MemoryCorpus, make_batch

CORPUS = CorpusIdentity(name="c", fingerprint="f", num_train=1316, summary={}, num_train_by_kind={"experimental": 1316})


@dataclass
class Context:
    config: PretrainConfig
    checkpoint_dir: Path
    placement: Placement
    corpus_dir: Storage = Storage("/nowhere")  # noqa: RUF009
    split: str = "validation"
    reports: list[tuple[int, Path | None]] = field(default_factory=list)

    def report(self, step: int, metrics: Any, checkpoint: Path | None = None) -> None:
        self.reports.append((step, checkpoint))


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spectra in memory stand in for the folder of a corpus."""
    corpus = MemoryCorpus(make_batch(32), make_batch(16, seed=1))
    monkeypatch.setattr(pretraining.Corpus, "open", lambda place: corpus)


def run(tmp_path: Path, **placement: Any) -> Context:
    config = PretrainConfig(steps=4, batch_size=6, eval_every=2, encoder=tiny(scales=("coarse",)))
    context = Context(config, tmp_path, Placement(**placement))
    pretrain_trial(context)
    return context


def test_the_rhythm_of_checkpoints_is_the_placements(memory: None, tmp_path: Path) -> None:
    context = run(tmp_path, checkpoint_every=2)
    assert [checkpoint is not None for _, checkpoint in context.reports] == [True, True]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000002", "step-00000004"]


def test_a_batch_is_cut_as_the_placement_says(memory: None, tmp_path: Path) -> None:
    run(tmp_path / "three", accumulation=3)
    with pytest.raises(ConfigError, match="workers × accumulation = 1 × 4 = 4, found 6"):
        run(tmp_path / "four", accumulation=4)


HOW: dict[str, Any] = {
    "accumulation": 2,
    "compile": True,
    "recompute": True,
    "checkpoint_every": 7,
    "num_workers": 2,
}


def test_every_way_of_training_is_reachable(memory: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[Worker] = []
    monkeypatch.setattr(pretraining, "pretrain", lambda *_, worker, **__: seen.append(worker) or {})
    run(tmp_path, gpus_per_worker=1.0, threads_per_worker=3, **{k: v for k, v in HOW.items() if k != "num_workers"})
    plain = Worker()
    assert {f.name for f in fields(Worker) if getattr(seen[0], f.name) == getattr(plain, f.name)} == {
        "rank",
        "world_size",
    }


@pytest.mark.parametrize(
    "values",
    [{f"train.{name}": value} for name, value in HOW.items()],
)
def test_how_it_is_carried_out_is_no_part_of_a_trials_identity(values: dict[str, Any]) -> None:
    plain, other = (make_plan(STUDY, STUDY.with_preset("laptop", v), CORPUS) for v in ({}, values))
    assert [trial.fingerprint for trial in plain.trials] == [trial.fingerprint for trial in other.trials]


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ({"computed": 1.0}, "training spectra of, found computed"),
        ({"experimental": -1.0}, "expected positive weights"),
        ({}, "expected positive weights"),
    ],
)
def test_a_mixture_that_the_corpus_cannot_give_is_refused_by_the_plan(mix: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_plan(STUDY, STUDY.with_preset("smoke", {"config.mix": mix}), CORPUS)
    make_plan(STUDY, STUDY.with_preset("smoke", {"config.mix": {"experimental": 2.0}}), CORPUS)
