"""The random twin of a run: its encoder as it was drawn, its head trained."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from spektron.model import training_flops
from spektron.pretrain import PretrainConfig, Worker, pretrain
from spektron.pretrain.checkpoint import load_model
from spektron.pretrain.train_step import TrainStep
from spektron.pretrain.views import ViewConfig
from tests.pretrain.conftest import small
from tests.pretrain.stand_in import MemoryCorpus, make_batch


def test_the_head_alone_is_trained_on_the_same_encoder() -> None:
    trained, twin = (TrainStep(small(train_encoder=flag), Worker()) for flag in (True, False))
    first = {name: tensor.clone() for name, tensor in trained.model.state_dict().items()}
    assert all(torch.equal(first[name], tensor) for name, tensor in twin.model.state_dict().items())
    for step in range(1, 4):
        trained(step, make_batch(8, step))
        twin(step, make_batch(8, step))

    def changed(step: TrainStep) -> set[str]:
        return {name for name, tensor in step.model.state_dict().items() if not torch.equal(tensor, first[name])}

    head = {name for name in first if name.startswith("head.")}
    assert changed(twin) == head
    assert changed(trained) > head


def test_nothing_is_computed_or_kept_for_an_encoder_that_is_not_trained() -> None:
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    config = small(train_encoder=False)
    twin = TrainStep(config, Worker())
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        twin(1, make_batch(8))
    # The loss's derivatives are convolutions and no part of the model.
    counted = {str(name): operations for name, operations in counter.get_flop_counts()["Global"].items()}
    products = sum(operations for name, operations in counted.items() if "convolution" not in name)
    assert products == 8 * training_flops(config.encoder, train_encoder=False)
    assert products < 8 * training_flops(config.encoder) / 2
    head = {id(parameter) for parameter in twin.model.head.parameters()}
    assert {id(p) for group in twin.optimizer.param_groups for p in group["params"]} == head
    assert {id(parameter) for parameter in twin.optimizer.state} == head


def test_a_twin_resumes_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    corpus = MemoryCorpus(make_batch(32), make_batch(16, 1))
    config, worker = small(steps=6, eval_every=3, train_encoder=False), Worker(checkpoint_every=3)
    straight = pretrain(config, corpus, checkpoint_dir=None, report=lambda *_: None, worker=worker)

    def stop(step: int, metrics: dict[str, float], checkpoint: Path | None) -> None:
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(config, corpus, checkpoint_dir=tmp_path, report=stop, worker=worker)
    resumed = pretrain(config, corpus, checkpoint_dir=tmp_path, report=lambda *_: None, worker=worker)
    assert resumed["train_loss"] == straight["train_loss"]

    encoder = load_model(tmp_path / "step-00000006").encoder.state_dict()
    drawn = TrainStep(config, Worker()).model.encoder.state_dict()
    assert all(torch.equal(drawn[name], tensor) for name, tensor in encoder.items())


def test_agreement_cannot_train_an_encoder_that_stays() -> None:
    with pytest.raises(ValidationError, match="byol_weight: expected 0"):
        PretrainConfig(train_encoder=False, byol_weight=0.1, views=ViewConfig())
