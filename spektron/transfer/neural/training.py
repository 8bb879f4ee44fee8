"""Fine-tuning on a few dozen spectra: all of them in every step, few steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from torch import Tensor

from spektron.transfer.neural.adapters import Adapter, parameter_groups
from spektron.transfer.neural.network import Backbone, Head

__all__ = ["Examples", "Recipe", "learn_noise", "train"]

_WARM_UP = 0.3
"""Share of the steps in which the rate rises."""
_PENALTY = 0.1
_FOLDS = 10
_VARIANCE_STEPS, _VARIANCE_RATE = 200, 1e-2
_VARIANCE_PENALTY = 10.0
"""Coefficients of the logarithm of the variance are drawn to 0 as if their deviation were 0.3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a network is trained."""

    steps: int
    learning_rate: float
    head_learning_rate: float
    weight_decay: float
    layer_decay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What a network is trained on.

    Attributes
    ----------
    values : Tensor, shape (rows, versions, 2048)
        Labelled rows first, then those that are only one of a pair.
    y : Tensor, shape (labelled,)
        Standardised.
    sample : Tensor of int64, shape (labelled,)
        Which sample each is of: a standard that is a calibration sample has two rows, a repeat one more.
    child, parent : Tensor of int64, shape (standards,)
        Rows of the standards on either instrument, which are to be predicted alike.
    """

    values: Tensor
    y: Tensor
    sample: Tensor
    child: Tensor
    parent: Tensor


def train(backbone: Backbone, head: Head, adapter: Adapter | None, examples: Examples, recipe: Recipe) -> None:
    """Train in place, and keep the best state by what is minimized, the start among them.

    The loss is the squared error of the labelled rows, and what dropout adds to it, plus the squared difference of what
    one standard is predicted from both instruments: the neural twin of difference-augmented calibration.
    """
    fixed = not any(parameter.requires_grad for parameter in backbone.parameters())
    again = backbone.prepared(examples.values)
    if fixed:
        with torch.no_grad():
            features = again()
    backbone.train()
    optimizer, schedule = _optimizer(backbone, head, recipe, 0)
    best = _Best()
    for step in range(recipe.steps + 1):
        if adapter is not None and (rank := adapter.prunes(step)) is not None:
            adapter.prune(rank)
            optimizer, schedule = _optimizer(backbone, head, recipe, step)
            best = _Best()
        if not fixed:
            features = again()
        head.recentre(features[: len(examples.y)])
        penalty = None if adapter is None else adapter.penalty()
        head.eval()
        with torch.no_grad():  # nothing hidden: states are compared by what they predict
            reached = _total(_loss(head, features, examples), penalty)
        if adapter is None or adapter.settled(step):
            best.see(float(reached), (*backbone.parameters(), *head.parameters()), head.centre)
        if step == recipe.steps:
            break
        head.train()
        loss = _total(_loss(head, features, examples), penalty)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 1.0)
        optimizer.step()
        schedule.step()
        if adapter is not None:
            adapter.after_step(step)
    best.restore(head)
    backbone.eval()
    head.eval()


class _Best:
    """The state that reached the least."""

    def __init__(self) -> None:
        self._reached = float("inf")
        self._kept: list[tuple[Tensor, Tensor]] = []
        self._centre: Tensor | None = None

    def see(self, reached: float, parameters: Iterable[Tensor], centre: Tensor) -> None:
        if reached < self._reached:
            self._reached, self._centre = reached, centre.detach()
            self._kept = [(one, one.detach().clone()) for one in parameters if one.requires_grad]

    def restore(self, head: Head) -> None:
        with torch.no_grad():
            for parameter, kept in self._kept:
                parameter.copy_(kept)
        if self._centre is not None:
            head.centre = self._centre


def learn_noise(head: Head, features: Tensor, examples: Examples, heteroscedastic: bool) -> None:
    """Learn in place the variance of the errors, the mean as it is.

    Parameters
    ----------
    head : Head
        Trained.
    features : Tensor, shape (labelled, features)
        Of the trained encoder.
    examples : Examples
    heteroscedastic : bool
        Learn how it depends on the features too.

    Notes
    -----
    Of errors of samples that a ridge regression of the components was made without: those that the network makes of its
    own training samples are too small, and smallest where it bends most. What the variance varies by is their
    likelihood's maximum, coefficients drawn to 0. The mean is not trained by this likelihood, which would have it give
    up what is hard (Seitzer et al. 2022).
    """
    with torch.no_grad():
        scores = head.scores(features).double().numpy()
        squared = torch.from_numpy(np.square(_left_out(scores, examples, head.penalty))).float()
        head.log_variance.bias.fill_(float(squared.mean().clamp_min(1e-6).log()))
    if not heteroscedastic:
        return
    coefficients = head.log_variance.weight
    head.log_variance.requires_grad_(True)
    optimizer = torch.optim.Adam(head.log_variance.parameters(), lr=_VARIANCE_RATE)
    for _ in range(_VARIANCE_STEPS):
        log_variance = head.log_variances(features)
        loss = (log_variance + squared / log_variance.exp()).mean() / 2
        loss = loss + _VARIANCE_PENALTY * coefficients.square().sum() / (2 * len(squared))
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
    head.log_variance.requires_grad_(False)


def _left_out(scores: NDArray[np.float64], examples: Examples, penalty: float) -> NDArray[np.float64]:
    """Errors of labelled rows, all rows of a sample left out together."""
    y = examples.y.double().numpy()
    _, sample = np.unique(examples.sample.numpy(), return_inverse=True)
    number = min(_FOLDS, int(sample.max()) + 1)
    fold = (np.random.default_rng(0).permutation(int(sample.max()) + 1) % number)[sample]
    errors = np.empty(len(y))
    for left in (fold == one for one in range(number)):
        errors[left] = Ridge(penalty).fit(scores[~left], y[~left]).predict(scores[left]) - y[left]
    return errors


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
    warm = max(1, round(_WARM_UP * recipe.steps))

    def share(done: int) -> float:
        """Up from nothing wherever the optimizer begins, whose first steps are all of full length; then down."""
        return min(1.0, (done + 1) / warm) * max(0.0, 1 - (step + done) / recipe.steps)

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, share)


def _total(loss: Tensor, penalty: Tensor | None) -> Tensor:
    return loss if penalty is None else loss + _PENALTY * penalty


def _loss(head: Head, features: Tensor, examples: Examples) -> Tensor:
    labelled = len(examples.y)
    mean = head(features)
    between = F.mse_loss(mean[examples.child], mean[examples.parent])
    error = F.mse_loss(mean[:labelled], examples.y) + head.hidden_variance(features[:labelled])
    return error + between * (len(examples.child) / labelled)
