from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from spektron.core.errors import ConfigError
from spektron.corpus import Corpus
from spektron.pretrain import DivergedError, PretrainConfig, Worker, latest_checkpoint, pretrain
from spektron.pretrain.health import TrainingWindow
from spektron.pretrain.train_step import TrainStep
from spektron.spectra.spectrum import SpectrumBatch
from tests.model.spectra import tiny
from tests.pretrain.conftest import small
from tests.pretrain.stand_in import MemoryCorpus, make_batch


def silent(step: int, metrics: dict[str, float], checkpoint: Path | None) -> None:
    del step, metrics, checkpoint


def memory() -> MemoryCorpus:
    return MemoryCorpus(make_batch(32), make_batch(16, seed=1))


def test_a_model_learns_from_simulated_spectra(corpus: Corpus) -> None:
    history: list[dict[str, float]] = []
    config = small(
        steps=120, batch_size=16, eval_every=40, learning_rate=5e-3, encoder=tiny(dim=32, scales=("medium", "coarse"))
    )
    last = pretrain(config, corpus, checkpoint_dir=None, report=lambda step, metrics, _: history.append(metrics))
    assert [metrics["seen"] for metrics in history] == [640.0, 1280.0, 1920.0]
    assert last == history[-1]
    assert last["val_mse"] < 0.92 * last["val_mse_mean"], "no better than the visible mean"
    assert last["val_mse"] < history[0]["val_mse"]
    assert last["train_loss"] < history[0]["train_loss"]
    assert len({metrics["val_mse_mean"] for metrics in history}) == 1


def test_metrics_say_how_far_a_run_is(corpus: Corpus) -> None:
    config = small(steps=5, eval_every=5, num_spectra=20)
    metrics = pretrain(config, corpus, checkpoint_dir=None, report=silent)
    assert (metrics["unique"], metrics["seen"], metrics["epochs"]) == (20.0, 40.0, 2.0)
    assert metrics["lr"] == pytest.approx(config.min_learning_rate)
    assert metrics["spectra_per_s"] > 0.0
    assert metrics["grad_norm"] > 0.0


def test_the_last_step_is_evaluated_and_kept_wherever_it_falls(tmp_path: Path) -> None:
    steps: list[tuple[int, bool]] = []
    pretrain(
        small(steps=5, eval_every=3),
        memory(),
        checkpoint_dir=tmp_path,
        worker=Worker(checkpoint_every=4),
        report=lambda step, _, checkpoint: steps.append((step, checkpoint is not None)),
    )
    assert steps == [(3, False), (5, True)]
    latest = latest_checkpoint(tmp_path)
    assert latest is not None
    assert latest.name == "step-00000005"


def test_one_seed_is_one_run_and_another_is_another() -> None:
    def weights(seed: int) -> dict[str, float]:
        metrics = pretrain(small(steps=4, seed=seed), memory(), checkpoint_dir=None, report=silent)
        return {name: value for name, value in metrics.items() if name != "spectra_per_s"}

    torch.manual_seed(1)
    first = weights(3)
    torch.manual_seed(2)  # what a study did before does not reach a trial
    assert weights(3) == first
    assert weights(4)["val_mse"] != first["val_mse"]


def test_building_a_model_leaves_the_global_random_state() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    TrainStep(small(), Worker())
    assert torch.equal(torch.rand(3), expected)


class Spoilt(MemoryCorpus):
    """One training row is not a number, from a batch on."""

    def stream(self, *, start_batch: int, **arguments: Any) -> Iterator[SpectrumBatch]:
        for index, batch in enumerate(super().stream(start_batch=start_batch, **arguments), start_batch + 1):
            if index >= 7:
                batch = replace(batch, intensity=np.where(np.arange(len(batch))[:, None] == 0, np.nan, batch.intensity))
            yield batch


def test_a_diverged_run_names_the_step_and_keeps_the_checkpoint_before(tmp_path: Path) -> None:
    corpus = Spoilt(make_batch(32), make_batch(16, seed=1))
    with pytest.raises(DivergedError, match=r"diverged at step 7: .*found loss nan") as caught:
        pretrain(small(), corpus, checkpoint_dir=tmp_path, report=silent, worker=Worker(checkpoint_every=3))
    assert "learning_rate" in caught.value.hint
    latest = latest_checkpoint(tmp_path)
    assert latest is not None
    assert latest.name == "step-00000006"


def test_a_learning_rate_far_too_high_is_divergence_not_a_result() -> None:
    config = small(learning_rate=1e30, warmup_fraction=0.0, min_learning_rate=1e30)
    with pytest.raises(DivergedError):
        pretrain(config, memory(), checkpoint_dir=None, report=silent)


def test_the_window_adds_up_and_stops_at_what_is_no_number() -> None:
    window = TrainingWindow()
    for step, loss in enumerate((1.0, 3.0), 1):
        window.add(step, make_batch(1), torch.tensor(loss), torch.tensor(0.5))
    assert (window.total, window.count, window.grad_norm) == (4.0, 2, 0.5)
    with pytest.raises(DivergedError, match=r"step 3: .*gradient norm inf"):
        window.add(3, make_batch(2), torch.tensor(1.0), torch.tensor(torch.inf))
    assert window.diverged is not None
    assert (window.diverged[0], len(window.diverged[1])) == (3, 2)


def test_bf16_trains_and_scores_in_float32() -> None:
    metrics = pretrain(small(steps=4, precision="bf16"), memory(), checkpoint_dir=None, report=silent)
    exact = pretrain(small(steps=4), memory(), checkpoint_dir=None, report=silent)
    assert metrics["val_mse"] == pytest.approx(exact["val_mse"], rel=0.02)
    assert metrics["val_mse"] != exact["val_mse"]


@pytest.mark.parametrize("num_spectra", [33, 10**6])
def test_more_spectra_than_there_are_is_refused(num_spectra: int) -> None:
    with pytest.raises(ConfigError, match=f"expected 1 to 32, .*found {num_spectra}"):
        pretrain(small(num_spectra=num_spectra), memory(), checkpoint_dir=None, report=silent)


def test_a_batch_that_does_not_split_is_refused() -> None:
    worker = Worker(accumulation=3)
    with pytest.raises(ConfigError, match="multiple of workers × accumulation = 1 × 3 = 3, found 8") as caught:
        pretrain(small(), memory(), checkpoint_dir=None, report=silent, worker=worker)
    assert "batch_size=9" in caught.value.hint
    assert Worker(rank=1, world_size=2, accumulation=2).rows_of(8) == 4


def test_the_split_that_is_judged_on_is_the_one_named() -> None:
    corpus = memory()
    corpus._splits["test"] = make_batch(16, seed=2)

    def reference(**split: str) -> float:
        config = small(steps=1)
        return pretrain(config, corpus, checkpoint_dir=None, report=silent, **split)["val_mse_mean"]  # type: ignore[arg-type]

    assert reference() == reference(held_out_split="validation") != reference(held_out_split="test")


@pytest.mark.parametrize(
    "fields", [{"rank": 1}, {"rank": -1}, {"world_size": 0}, {"accumulation": 0}, {"checkpoint_every": 0}]
)
def test_a_worker_that_cannot_be_is_refused(fields: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="0 ≤ rank < world_size"):
        Worker(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"encoder": {"in_channels": 3}}, "in_channels: expected 1, found 3"),
        ({"learning_rate": float("inf")}, "finite"),
        ({"loss": {"peak_tolerance_cm1": float("inf")}}, "finite"),
        ({"seed": 2**63}, "less than"),
        ({"encoder": {"scales": ["2048/2048"]}}, "at least 2048 visible points, .* found 1536"),
        ({"encoder": {"scales": ["coarse"]}, "mask": {"ratio": 0.97}}, "at least 128 visible points, .* found 64"),
        ({"encoder": {"scales": ["1600/448"]}, "mask": "paper"}, "found 1408 at a ratio of 0.3"),
    ],
)
def test_a_run_that_cannot_be_is_refused_before_its_first_step(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        PretrainConfig.model_validate(changes)


def test_learning_rates_out_of_order_are_refused() -> None:
    with pytest.raises(ValidationError, match="min_learning_rate ≤ learning_rate"):
        PretrainConfig(learning_rate=1e-4, min_learning_rate=1e-3)
