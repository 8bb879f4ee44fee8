from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from spektron.model import SpectrumEncoder
from spektron.pretrain import PretrainConfig, Worker, draw_masks, train_step
from spektron.pretrain.byol import Byol, ByolConfig, agreement_loss, embedding_spread, momentum_at
from spektron.pretrain.objective import Objective
from spektron.pretrain.train_step import TrainStep
from spektron.pretrain.views import ViewConfig
from tests.model.spectra import arguments, tiny
from tests.pretrain.stand_in import make_batch

SMALL = ByolConfig(hidden_dim=16, projection_dim=8)


def contrastive(**changes: object) -> PretrainConfig:
    values = {
        "encoder": tiny(scales=("coarse",)),
        "byol": SMALL,
        "byol_weight": 0.5,
        "views": ViewConfig(),
        "steps": 10,
    }
    return PretrainConfig.model_validate({**values, **changes})


@pytest.mark.parametrize(("angle", "loss"), [(0.0, 0.0), (math.pi / 3, 1.0), (math.pi / 2, 2.0), (math.pi, 4.0)])
def test_the_loss_is_of_the_angle_alone(angle: float, loss: float) -> None:
    one = torch.tensor([[3.0, 0.0], [0.0, 0.1]])
    turn = torch.tensor([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    assert agreement_loss(one, 7.0 * one @ turn).item() == pytest.approx(loss, abs=1e-6)


def test_momentum_rises_from_its_first_value_to_one() -> None:
    values = [momentum_at(step, 100, 0.9) for step in range(101)]
    assert values[0] == pytest.approx(0.9)
    assert values[50] == pytest.approx(0.95)
    assert values[100] == 1.0
    assert values == sorted(values)


def test_the_target_follows_by_its_momentum_and_gets_no_gradient() -> None:
    encoder = SpectrumEncoder(tiny(scales=("coarse",)))
    byol = Byol(SMALL, encoder)
    before = byol.target_encoder.cls_token.clone()
    assert torch.equal(before, encoder.cls_token)
    with torch.no_grad():
        encoder.cls_token += 1.0
        byol.projector[0].bias += 2.0
    head = byol.target_projector[0].bias.clone()
    byol.follow(encoder, 0.9)
    torch.testing.assert_close(byol.target_encoder.cls_token, before + 0.1)
    torch.testing.assert_close(byol.target_projector[0].bias, head + 0.2)
    assert not byol.targets(*arguments()).requires_grad
    assert not any(parameter.requires_grad for parameter in byol.target_encoder.parameters())


def test_nothing_is_dropped_from_the_target() -> None:
    objective = Objective(contrastive(encoder=tiny(scales=("coarse",), dropout=0.5))).train()
    assert objective.byol is not None
    assert torch.equal(objective.byol.targets(*arguments()), objective.byol.targets(*arguments()))
    online = [objective.reconstructor.encoder(*arguments()).cls for _ in range(2)]
    assert not torch.equal(*online)


def test_every_trained_parameter_takes_part() -> None:
    objective = Objective(contrastive())
    mask = torch.zeros(2, 2048, dtype=torch.bool)
    mask[:, 500:700] = True
    online = objective(*arguments(2), mask)
    assert online.prediction is not None
    (online.prediction.square().sum() + online.reconstruction.values.square().sum()).backward()
    trained = {name for name, parameter in objective.named_parameters() if parameter.requires_grad}
    assert [name for name, p in objective.named_parameters() if name in trained and p.grad is None] == []
    assert {name.split(".")[1] for name, p in objective.named_parameters() if name not in trained} == {
        "target_encoder",
        "target_projector",
    }


def test_without_weight_there_is_no_second_network() -> None:
    assert Objective(contrastive(byol_weight=0.0)).byol is None


def test_each_view_predicts_the_other() -> None:
    step = TrainStep(contrastive(reconstruction_weight=0.0, byol_weight=2.0), Worker())
    first, second = step._inputs(1, make_batch(3))
    byol = step.objective.byol
    assert byol is not None
    assert not torch.equal(first.intensity, second.intensity)
    assert not torch.equal(first.mask, second.mask)
    with torch.no_grad():
        together = type(first).together([first, second])
        found = step._loss_of(together)
        predicted = [step.objective(*view).prediction for view in (first, second)]
        targets = [byol.targets(*view[:4]) for view in (first, second)]
        crossed = agreement_loss(predicted[0], targets[1]) + agreement_loss(predicted[1], targets[0])
    assert found.item() == pytest.approx(crossed.item(), rel=1e-5)  # 2.0 × the mean over both


@pytest.mark.parametrize(("changes", "count"), [({}, 2), ({"views": None, "byol_weight": 0.0}, 1)])
def test_a_mask_is_drawn_for_each_view_and_no_other(
    changes: dict[str, object], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[np.ndarray] = []

    def spy(*given: Any, **place: Any) -> np.ndarray:
        drawn.append(draw_masks(*given, **place))
        return drawn[-1]

    monkeypatch.setattr(train_step, "draw_masks", spy)
    inputs = TrainStep(contrastive(**changes), Worker())._inputs(1, make_batch(3))
    assert len(drawn) == len(inputs) == count
    for mask, batch in zip(drawn, inputs, strict=True):
        np.testing.assert_array_equal(mask, batch.mask.numpy())


def test_a_step_moves_the_online_network_and_then_the_target_a_little() -> None:
    step = TrainStep(contrastive(learning_rate=1e-2, warmup_fraction=0.0), Worker())
    assert step.objective.byol is not None
    online, target = step.model.encoder.cls_token, step.objective.byol.target_encoder.cls_token
    before = online.detach().clone()
    step(1, make_batch(4))
    moved, followed = online.detach() - before, target - before
    assert moved.abs().max() > 1e-3
    torch.testing.assert_close(followed, (1.0 - momentum_at(1, 10, SMALL.momentum)) * moved, rtol=1e-3, atol=1e-7)


def test_two_runs_of_a_step_are_equal_bit_for_bit() -> None:
    losses = []
    for _ in range(2):
        step = TrainStep(contrastive(), Worker())
        losses.append([step(number, make_batch(4, number))[0].item() for number in range(1, 4)])
    assert losses[0] == losses[1]


def test_accumulated_parts_are_the_whole_batch() -> None:
    whole, parts = TrainStep(contrastive(), Worker()), TrainStep(contrastive(), Worker(accumulation=2))
    one, other = (step(1, make_batch(4))[0].item() for step in (whole, parts))
    assert one == pytest.approx(other, rel=1e-5)


def test_embeddings_that_collapse_are_seen() -> None:
    generator = torch.Generator().manual_seed(0)
    spread, rank = embedding_spread(torch.randn(2000, 16, generator=generator))
    assert spread == pytest.approx(1.0, abs=0.01)
    assert rank == pytest.approx(16.0, rel=0.02)
    one = torch.ones(50, 16)
    assert embedding_spread(one) == (pytest.approx(0.0, abs=1e-6), pytest.approx(1.0))
    line = torch.linspace(-1.0, 1.0, 50)[:, None] * one
    assert embedding_spread(line)[1] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"views": None}, "expected views"),
        ({"byol_weight": 0.0, "reconstruction_weight": 0.0}, "at least one objective"),
    ],
)
def test_objectives_that_cannot_be_are_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        contrastive(**changes)
