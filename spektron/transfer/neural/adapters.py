"""What of an encoder is trained: low-rank adapters, everything, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_BLOCK = re.compile(r"(?:blocks|stages\.\d+)\.(\d+)\.")


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
        For another kind, a rank below 1, or adapters of an encoder without attention.
    """

    def __init__(self, encoder: SpectrumEncoder, kind: AdapterKind, rank: int, steps: int) -> None:
        if kind not in ("lora", "schedule", "adalora", "full", "probe"):
            raise ConfigError(f"expected an adapter of lora, schedule, adalora, full, probe, found {kind!r}")
        if rank < 1:
            raise ConfigError(f"expected a rank of at least 1, found {rank}")
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

    A block's rate is `learning_rate` times `layer_decay` for every block above it; what lies before the first block is
    one lower still.
    """
    named = [(name, one) for name, one in backbone.named_parameters() if one.requires_grad]
    places = [int(match[1]) if (match := _BLOCK.search(name)) else -1 for name, _ in named]
    top = max(places, default=0)
    groups: dict[int, list[nn.Parameter]] = {}
    for place, (_, parameter) in zip(places, named, strict=True):
        groups.setdefault(place, []).append(parameter)
    found: list[dict[str, Any]] = [
        {"params": parameters, "lr": learning_rate * layer_decay ** (top - place)}
        for place, parameters in sorted(groups.items())
    ]
    return [*found, {"params": list(head.parameters()), "lr": head_learning_rate}]
