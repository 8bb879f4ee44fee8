"""Fine-tuning on a few dozen spectra: all of them in every step, few steps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from spektron.transfer.neural.adapters import Adapter, parameter_groups
from spektron.transfer.neural.network import Backbone, Head

__all__ = ["Examples", "Recipe", "train"]

_WARM_UP = 10
"""One step in so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a network is trained."""

    steps: int
    learning_rate: float
    head_learning_rate: float
    weight_decay: float
    layer_decay: float
    heteroscedastic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What a network is trained on.

    Attributes
    ----------
    values : Tensor, shape (rows, versions, 2048)
        Labelled rows first, then both instruments' spectra of the standards.
    y : Tensor, shape (labelled,)
        Standardised.
    child, parent : Tensor of int64, shape (standards,)
        Rows of the standards on either instrument, which are to be predicted alike.
    """

    values: Tensor
    y: Tensor
    child: Tensor
    parent: Tensor


def train(backbone: Backbone, head: Head, adapter: Adapter | None, examples: Examples, recipe: Recipe) -> None:
    """Train in place.

    The loss is the squared error of the labelled rows (or their Gaussian likelihood, its gradient weighed by the
    standard deviation: β-NLL, Seitzer et al. 2022), plus the squared difference of what one standard is predicted from
    both instruments: the neural twin of difference-augmented calibration.
    """
    frozen = not any(parameter.requires_grad for parameter in backbone.parameters())
    with torch.no_grad():
        fixed = backbone(examples.values) if frozen else None
    backbone.train()
    head.train()
    optimizer, schedule = _optimizer(backbone, head, recipe, 0)
    for step in range(recipe.steps):
        if adapter is not None and (rank := adapter.prunes(step)) is not None:
            adapter.prune(rank)
            optimizer, schedule = _optimizer(backbone, head, recipe, step)
        features = backbone(examples.values) if fixed is None else fixed
        head.recentre(features[: len(examples.y)])
        loss = _loss(head(features), examples, recipe.heteroscedastic)
        if adapter is not None and (penalty := adapter.penalty()) is not None:
            loss = loss + 0.1 * penalty
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 1.0)
        optimizer.step()
        schedule.step()
        if adapter is not None:
            adapter.after_step(step)
    backbone.eval()
    head.eval()
    with torch.no_grad():
        head.recentre(backbone(examples.values[: len(examples.y)]))


def _optimizer(
    backbone: Backbone, head: Head, recipe: Recipe, step: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    groups = parameter_groups(
        backbone,
        head,
        learning_rate=recipe.learning_rate,
        head_learning_rate=recipe.head_learning_rate,
        layer_decay=recipe.layer_decay,
    )
    optimizer = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
    warm = max(1, recipe.steps // _WARM_UP)

    def share(done: int) -> float:
        """Up from nothing wherever the optimizer begins, whose first steps are all of full length; then down."""
        return min(1.0, (done + 1) / warm) * max(0.0, 1 - (step + done) / recipe.steps)

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, share)


def _loss(predicted: Tensor, examples: Examples, heteroscedastic: bool) -> Tensor:
    mean, log_variance = predicted.unbind(dim=1)
    labelled = len(examples.y)
    if heteroscedastic:
        variance = log_variance[:labelled].exp()
        errors = F.gaussian_nll_loss(mean[:labelled], examples.y, variance, reduction="none")
        error = (errors * variance.detach().sqrt()).mean()
    else:
        error = F.mse_loss(mean[:labelled], examples.y)
    return error + F.mse_loss(mean[examples.child], mean[examples.parent]) * (len(examples.child) / labelled)
