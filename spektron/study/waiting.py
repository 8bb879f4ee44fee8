"""Saying so when a cluster holds no trial; Tune itself waits without a word."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ray.tune import Callback

from spektron.study.cluster import living_nodes
from spektron.study.resources import Node, demand_of, in_words, num_fitting
from spektron.study.study import Placement

__all__ = ["NodesWatch"]

# Nodes of a cloud take two to five minutes from the demand to the first task.
_PATIENCE_S, _LOOK_EVERY_S = 300.0, 10.0


class NodesWatch(Callback):  # type: ignore[misc]
    """Says so when for some minutes the nodes have held no trial, and again while that lasts.

    Parameters
    ----------
    placement : Placement
        Of the trials.
    tell : callable
        Takes a sentence for the screen.
    nodes, clock : callable
        The nodes there are; monotonic seconds.
    """

    def __init__(
        self,
        placement: Placement,
        tell: Callable[[str], None],
        nodes: Callable[[], Sequence[Node]] = living_nodes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._placement, self._tell, self._nodes, self._clock = placement, tell, nodes, clock
        self._look_at = self._since = clock()
        self._told = 0

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles callbacks for ``Tuner.restore``, which is never used."""
        return {}

    def on_step_begin(self, iteration: int, trials: Sequence[Any], **info: Any) -> None:
        """Look now and then, while Tune waits as while trials run."""
        now = self._clock()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY_S
        nodes = self._nodes()
        if num_fitting(self._placement, nodes):
            self._since, self._told = now, 0
        elif now - self._since >= _PATIENCE_S * (self._told + 1):
            self._told += 1
            self._tell(self._sentence(nodes, now - self._since))

    def _sentence(self, nodes: Sequence[Node], waited_s: float) -> str:
        return (
            f"no trial could start for {waited_s / 60:.0f} minutes: {demand_of(self._placement)}; found "
            f"{in_words(nodes)}. Waiting on: `ray status` tells whether a node is on its way, or whether no type of "
            "node is large enough (then stop this with Ctrl-C and lower train.cpus_per_worker or train.gpus_per_worker)"
        )
