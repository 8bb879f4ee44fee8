"""What of an encoder is trained: low-rank adapters, everything, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import torch
from peft import AdaLoraConfig, AdaLoraModel, LoraConfig, LoraModel
from torch import Tensor, nn

from spektron.core.errors import ConfigError
from spektron.model import SpectrumEncoder

__all__ = ["Adapter", "AdapterKind", "parameter_groups"]

AdapterKind = Literal["lora", "schedule", "adalora", "full", "probe"]

# Queries, keys and values come of one matrix product, as do those of cross-attention's two sides.
_TARGETS = r".*(\.qkv|\.query|\.key_value|\.mlp\.0|\.mlp\.2)"
_NAME = "default"
_LEAST_RANK = 4
_BLOCK = re.compile(r"merge\.(?:blocks|stages\.(\d+))\.(\d+)\.")
_POOLED = re.compile(r"merge\.pooled\.(\d+)\.")
_AFTER = re.compile(r"merge\.(?:norm|spread)\b")
_SINGULAR_VALUES = 10.0
"""Rate of AdaLoRA's singular values over that of other adapters: a step along one moves a layer's weights by the step,
one of LoRA's factors by that times the root of its entries."""


class Adapter:
    """Low-rank adapters of an encoder's queries, keys, values and feed-forward layers, or what stands in their place.

    Parameters
    ----------
    encoder : SpectrumEncoder
        Changed in place.
    kind : {"lora", "schedule", "adalora", "full", "probe"}
        "lora": rank stays (Hu et al. 2022). "schedule": from `rank` to half and to a quarter, by singular values of
        what the adapters are after a third and two thirds of the steps. "adalora": as many ranks in all, given to the
        layers that use them (Zhang et al. 2023). "full": every weight. "probe": none.
    rank : int
    steps : int
        Of the training to come.

    Raises
    ------
    ConfigError
        For another kind, a rank below 1, adapters of an encoder without attention, or a schedule of fewer than 3 steps.
    """

    def __init__(self, encoder: SpectrumEncoder, kind: AdapterKind, rank: int, steps: int) -> None:
        if kind not in ("lora", "schedule", "adalora", "full", "probe"):
            raise ConfigError(f"expected an adapter of lora, schedule, adalora, full, probe, found {kind!r}")
        if rank < 1:
            raise ConfigError(f"expected a rank of at least 1, found {rank}")
        if kind == "schedule" and steps < 3:
            raise ConfigError(
                f"expected at least 3 steps for ranks that fall twice, found {steps}",
                "an adapter cut before its first step has nothing to keep: give more steps, or the adapter lora",
            )
        self._kind, self._rank, self._steps = kind, rank, steps
        self._tuner: Any = None
        encoder.requires_grad_(kind == "full")
        if kind in ("full", "probe"):
            return
        if encoder.config.backbone != "transformer":
            raise ConfigError(
                f"expected an encoder with attention to adapt, found the backbone {encoder.config.backbone}",
                "take all weights (full) or none (probe)",
            )
        # The tuner asks a module's `config` for what ours does not have, so it is given one without.
        holder = nn.ModuleDict({"encoder": encoder})
        common = {"target_modules": _TARGETS, "lora_alpha": 2 * rank, "lora_dropout": 0.0}
        if kind == "adalora":
            # Ranks are given up between a fifth and four fifths of the steps.
            start, end = steps // 5, steps // 5
            every = max(1, steps // 20)
            settings = AdaLoraConfig(
                init_r=rank,
                target_r=max(1, rank // 4),
                tinit=start,
                tfinal=end,
                deltaT=every,
                total_step=steps,
                **common,
            )
            self._tuner = AdaLoraModel(holder, settings, _NAME)
            # As singular vectors are, and as the penalty asks. Drawn with a deviation of 0.02, as they come, they made
            # 1e-4 of the weights' norm in 50 steps, which is the probe.
            for layer in _adapted(self._tuner):
                nn.init.orthogonal_(layer.lora_A[_NAME])
                nn.init.orthogonal_(layer.lora_B[_NAME])
        else:
            self._tuner = LoraModel(holder, LoraConfig(r=rank, **common), _NAME)

    def penalty(self) -> Tensor | None:
        """What AdaLoRA asks of its two factors: to be orthogonal."""
        if self._kind != "adalora":
            return None
        terms = []
        for name, factor in self._tuner.named_parameters():
            if "lora_A" in name or "lora_B" in name:
                gram = factor @ factor.T if "lora_A" in name else factor.T @ factor
                terms.append((gram - torch.eye(len(gram))).norm())
        return 0.5 * torch.stack(terms).mean()

    def after_step(self, step: int) -> None:
        """Let AdaLoRA see the gradients and take ranks away; a step of the optimizer would bring them back."""
        if self._kind == "adalora" and step < self._steps:
            self._tuner.update_and_allocate(step)

    def settled(self, step: int) -> bool:
        """Whether ranks are what they stay at from this step on."""
        if self._kind == "adalora":
            return step > self._steps - self._steps // 5
        return self._kind != "schedule" or step >= 2 * self._steps // 3

    def prunes(self, step: int) -> int | None:
        """Rank from this step on, where it changes."""
        if self._kind != "schedule":
            return None
        points = {self._steps // 3: self._rank // 2, 2 * self._steps // 3: self._rank // 4}
        wanted = points.get(step)
        return None if wanted is None else min(self._rank, max(wanted, min(_LEAST_RANK, self._rank)))

    def prune(self, rank: int) -> None:
        """Keep the greatest singular values of every adapter; the parameters are others afterwards."""
        for layer in _adapted(self._tuner):
            down, up = layer.lora_A[_NAME].weight, layer.lora_B[_NAME].weight
            left, values, right = torch.linalg.svd((up @ down).detach(), full_matrices=False)
            root = values[:rank].sqrt()
            layer.lora_A[_NAME].weight = nn.Parameter(root[:, None] * right[:rank])
            layer.lora_B[_NAME].weight = nn.Parameter(left[:, :rank] * root)
            layer.r[_NAME] = rank

    def ranks(self) -> dict[str, int]:
        """Rank in use by layer, singular values of exactly 0 not counted."""
        found = {}
        for name, layer in self._tuner.named_modules() if self._tuner is not None else ():
            if hasattr(layer, "lora_E") and _NAME in layer.lora_E:
                found[name] = int(torch.count_nonzero(layer.lora_E[_NAME]))
            elif hasattr(layer, "lora_A") and _NAME in layer.lora_A:
                found[name] = int(layer.lora_A[_NAME].weight.shape[0])
        return found


def _adapted(tuner: Any) -> Iterator[Any]:
    for layer in tuner.modules():
        if hasattr(layer, "lora_A") and _NAME in layer.lora_A:
            yield layer


def parameter_groups(
    backbone: nn.Module, head: nn.Module, *, learning_rate: float, head_learning_rate: float, layer_decay: float
) -> list[dict[str, Any]]:
    """What the optimizer gets: lower blocks learn more slowly (Howard and Ruder 2018).

    A block's rate is `learning_rate` times `layer_decay` for every block above it. What lies before the first block is
    one lower still; what comes after the last learns as fast as it. AdaLoRA's singular values have ten times the rate.
    """
    depths = _depths(name for name, _ in backbone.named_parameters())
    top = max(depths.values(), default=0)
    groups: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, parameter in backbone.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((depths[name], "lora_E" in name), []).append(parameter)
    found: list[dict[str, Any]] = [
        {
            "params": parameters,
            "lr": learning_rate * layer_decay ** (top - depth) * (_SINGULAR_VALUES if singular else 1.0),
        }
        for (depth, singular), parameters in sorted(groups.items(), key=lambda one: one[0])
    ]
    learning = [one for one in head.parameters() if one.requires_grad]
    return [*found, {"params": learning, "lr": head_learning_rate}]


def _depths(names: Iterable[str]) -> dict[str, int]:
    """How many blocks a parameter's own comes after; −1 before the first. Stages of a U-Net follow each other."""
    names = list(names)
    blocks = {name: (int(match[1] or 0), int(match[2])) for name in names if (match := _BLOCK.search(name))}
    order = {block: depth for depth, block in enumerate(sorted(set(blocks.values())))}
    found = {}
    for name in names:
        if name in blocks:
            found[name] = order[blocks[name]]
        elif match := _POOLED.search(name):  # what a stage is given by the one before
            found[name] = order[int(match[1]) + 1, 0]
        else:
            found[name] = len(order) - 1 if _AFTER.search(name) else -1
    return found
