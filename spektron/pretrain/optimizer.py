"""AdamW with weight decay on matrices only, and the learning rate of a step."""

from __future__ import annotations

import math

import torch
from torch import nn

from spektron.pretrain.config import PretrainConfig

__all__ = ["build_optimizer", "learning_rate_at", "set_learning_rate"]


def build_optimizer(model: nn.Module, config: PretrainConfig) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter 2019) over two groups: weights of linear maps, and everything else without decay.

    Decay pulls towards zero, which regularises a map but only blurs what a norm, a bias or an embedding stands for.
    """
    trained = {id(parameter): parameter for parameter in model.parameters() if parameter.requires_grad}
    linear = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    matrices = [weight for weight in linear if id(weight) in trained]
    decayed = {id(weight) for weight in matrices}
    others = [parameter for name, parameter in trained.items() if name not in decayed]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    # Fused: one pass over memory per parameter, several times faster than the default on a CPU too.
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(config.beta1, config.beta2), fused=True)


def learning_rate_at(step: int, config: PretrainConfig) -> float:
    """Learning rate of step 1, 2, …, `config.steps`: linear warm-up, then a cosine to `min_learning_rate`."""
    warmup = round(config.warmup_fraction * config.steps)
    if step <= warmup:
        return config.learning_rate * step / warmup
    progress = (step - warmup) / max(1, config.steps - warmup)
    span = config.learning_rate - config.min_learning_rate
    return config.min_learning_rate + 0.5 * span * (1.0 + math.cos(math.pi * progress))


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Use one learning rate in all groups."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
