from __future__ import annotations

import math

import pytest
import torch

from spektron.model import MaskedReconstructor
from spektron.pretrain import PretrainConfig, Worker
from spektron.pretrain.optimizer import build_optimizer, learning_rate_at, set_learning_rate
from spektron.pretrain.train_step import TrainStep
from tests.model.spectra import tiny
from tests.pretrain.stand_in import make_batch

MATRICES = {
    "encoder.patches.0.project.weight",
    "encoder.merge.blocks.0.attention.qkv.weight",
    "encoder.merge.blocks.0.attention.out.weight",
    "encoder.merge.blocks.0.mlp.0.weight",
    "encoder.merge.blocks.0.mlp.2.weight",
    "head.points.0.weight",
}


def test_weight_decay_is_on_matrices_only() -> None:
    model = MaskedReconstructor(tiny(scales=("coarse",)))
    optimizer = build_optimizer(model, PretrainConfig(weight_decay=0.3))
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    decayed, others = optimizer.param_groups
    assert {names[id(p)] for p in decayed["params"]} == MATRICES
    assert {names[id(p)] for p in others["params"]} == set(names.values()) - MATRICES
    assert (decayed["weight_decay"], others["weight_decay"]) == (0.3, 0.0)


def test_without_a_gradient_only_matrices_shrink() -> None:
    model = MaskedReconstructor(tiny(scales=("coarse",)))
    optimizer = build_optimizer(model, PretrainConfig(weight_decay=0.5, learning_rate=0.1))
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.detach(), before[name] * (0.95 if name in MATRICES else 1.0))


def test_the_learning_rate_rises_to_its_peak_and_falls_to_its_end() -> None:
    config = PretrainConfig(steps=100, warmup_fraction=0.1, learning_rate=1.0, min_learning_rate=0.2)
    rates = [learning_rate_at(step, config) for step in range(1, 101)]
    assert rates[:10] == pytest.approx([k / 10 for k in range(1, 11)])
    assert rates[54] == pytest.approx(0.6), "half way between warm-up and end"
    assert rates[32] == pytest.approx(0.2 + 0.4 * (1 + math.cos(math.pi * 23 / 90)))
    assert rates[-1] == pytest.approx(0.2)
    assert rates[9:] == sorted(rates[9:], reverse=True)


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("warmup", [0.0, 0.5, 0.99])
def test_the_shortest_runs_have_a_learning_rate(steps: int, warmup: float) -> None:
    config = PretrainConfig(steps=steps, warmup_fraction=warmup)
    rates = [learning_rate_at(step, config) for step in range(1, steps + 1)]
    assert all(0.0 < rate <= config.learning_rate for rate in rates)


def test_all_groups_get_the_learning_rate() -> None:
    optimizer = build_optimizer(MaskedReconstructor(tiny(scales=("coarse",))), PretrainConfig())
    set_learning_rate(optimizer, 0.125)
    assert [group["lr"] for group in optimizer.param_groups] == [0.125, 0.125]


def test_a_gradient_is_clipped_and_reported_unclipped() -> None:
    batch, worker = make_batch(4), Worker()
    config = PretrainConfig(steps=10, batch_size=4, encoder=tiny(scales=("coarse",)), beta1=0.0, grad_clip=1e6)
    free, clipped = TrainStep(config, worker), TrainStep(config.with_values({"grad_clip": 1e-3}), worker)
    _, norm = free(1, batch)
    _, same = clipped(1, batch)
    assert norm.item() == same.item() > 1e-3
    # With beta1 = 0 the first moment is the gradient the optimizer was given.
    given = torch.cat([state["exp_avg"].flatten() for state in clipped.optimizer.state.values()])
    assert given.norm().item() == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("accumulation", [2, 4])
def test_accumulated_parts_give_the_gradient_of_the_whole(accumulation: int) -> None:
    batch = make_batch(4)
    config = PretrainConfig(steps=10, batch_size=4, encoder=tiny(scales=("coarse",)), beta1=0.0)
    whole, parts = TrainStep(config, Worker()), TrainStep(config, Worker(accumulation=accumulation))
    (loss, norm), (same_loss, same_norm) = whole(1, batch), parts(1, batch)
    assert same_loss.item() == pytest.approx(loss.item(), rel=1e-5)
    assert same_norm.item() == pytest.approx(norm.item(), rel=1e-4)
