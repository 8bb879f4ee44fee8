"""Learning how to learn from a few standards: model-agnostic meta-learning of a linear predictor.

What is learned are not the coefficients but how they are found: how much of the parent's coefficient is kept in each
direction before a standard is seen, and how far a step on the standards goes in it (Finn et al. 2017, ICML, with a
learned rate for each weight: Li et al. 2017, Meta-SGD). Episodes are instruments that are simulated and samples that
the parent's coefficients have not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import grad, vmap

__all__ = ["Episodes", "Learner", "Standards", "adapted", "meta_train"]

_RATE = 0.05
_EXACT = 1e-12  # of a property without variation, which there is nothing to learn about
_LOOSE_SHARE, _LOOSE_RATE = 0.5, 2.0
"""How far a share, and the logarithm of a rate, are thought to be from where they start: standard deviations."""


class Standards(NamedTuple):
    """Of one episode: coordinates ``(standards, directions)`` on both instruments, and the property ``(standards,)``.

    All less the parent's mean, the child's moved by the mean difference.
    """

    child: Tensor
    parent: Tensor
    y: Tensor


class Learner(NamedTuple):
    """What is learned over episodes.

    Attributes
    ----------
    kept : Tensor, shape (directions,)
        Share of the parent's coefficient that adaptation starts at.
    log_rate : Tensor, shape (directions,)
    log_pairs : Tensor, shape ()
        How much a standard's predictions from both instruments agreeing counts against its property.
    """

    kept: Tensor
    log_rate: Tensor
    log_pairs: Tensor

    @classmethod
    def first(cls, directions: int) -> Learner:
        """What is taken before any episode: all of the parent, and small steps."""
        return cls(torch.ones(directions), torch.zeros(directions), torch.zeros(()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """Fold by fold, in each instrument by instrument, all stacked in the first dimension.

    Attributes
    ----------
    instruments : int
    standards : Standards
        Each with a first dimension of episodes.
    start : Tensor, shape (episodes, directions)
        The parent's coefficients, made without the samples asked for.
    asked : Tensor, shape (episodes, samples, directions)
        Samples of the child, to be predicted.
    y : Tensor, shape (episodes, samples)
    counts : Tensor, shape (episodes, samples)
        1, or 0 where there is no such sample.
    """

    instruments: int
    standards: Standards
    start: Tensor
    asked: Tensor
    y: Tensor
    counts: Tensor


def adapted(learner: Learner, start: Tensor, standards: Standards, steps: int) -> Tensor:
    """Coefficients after some steps on the standards, shape (directions,).

    The largest rate that does not diverge is 2 over the largest curvature; a rate of 1 here (its logarithm 0) is half
    of one over the curvature's trace, so that steps begin safe however many standards there are.
    """
    weights = learner.kept * start
    pairs = learner.log_pairs.exp()
    apart = standards.child - standards.parent

    def loss(at: Tensor) -> Tensor:
        missed = (standards.child @ at - standards.y).square().mean()
        return 0.5 * (missed + pairs * (apart @ at).square().mean())

    curvature = standards.child.square().sum(dim=1).mean() + pairs * apart.square().sum(dim=1).mean()
    rate = 0.5 * learner.log_rate.exp() / curvature.clamp_min(1e-12)
    for _ in range(steps):
        weights = weights - rate * grad(loss)(weights)
    return weights


def meta_train(episodes: Episodes, steps: int, epochs: int, num_samples: int) -> tuple[Learner, list[float]]:
    """Learn over all episodes at once, by Adam.

    Parameters
    ----------
    episodes : Episodes
    steps : int
        Of each adaptation; gradients go through them.
    epochs : int
    num_samples : int
        Samples that episodes are made of, each left out once an instrument: what the errors say is weighed against the
        prior by.

    Returns
    -------
    Learner
    list of float
        Geometric mean over instruments of the mean squared error asked for, epoch by epoch.
    """
    first = Learner.first(episodes.start.shape[1])
    learner = Learner(*(each.clone().requires_grad_() for each in first))
    optimizer = torch.optim.Adam(learner, lr=_RATE)

    def predicted(start: Tensor, child: Tensor, parent: Tensor, y: Tensor, asked: Tensor) -> Tensor:
        return asked @ adapted(learner, start, Standards(child, parent, y), steps)

    history: list[float] = []
    for _ in range(epochs):
        optimizer.zero_grad()
        found = vmap(predicted)(episodes.start, *episodes.standards, episodes.asked)
        missed = ((found - episodes.y).square() * episodes.counts).sum(dim=1).reshape(-1, episodes.instruments)
        # By instrument, for one that is far worse than the others is not to count for all of them.
        error = (missed.sum(dim=0) / num_samples).clamp_min(_EXACT).log().mean()
        far = [(learner.kept - first.kept) / _LOOSE_SHARE]
        far += [each / _LOOSE_RATE for each in (learner.log_rate, learner.log_pairs[None])]
        objective = 0.5 * num_samples * error + 0.5 * torch.cat(far).square().sum()
        objective.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        history.append(float(error.detach().exp()))
    return Learner(*(each.detach() for each in learner)), history
