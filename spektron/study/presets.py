"""Values that presets of pretraining studies share: a model for two laptop cores, and the scale of a GPU cluster."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["CLUSTER", "LAPTOP", "SMOKE"]

# A model that a laptop core trains in half a minute: coarse patches alone are 31 tokens a spectrum, 9 % of all three
# scales', and beat linear interpolation across the masks by a factor of 10 on the bundled spectra.
LAPTOP: Mapping[str, Any] = MappingProxyType(
    {
        "config.steps": 2000,
        "config.batch_size": 8,
        "config.learning_rate": 4e-3,
        "config.eval_every": 400,
        "train.checkpoint_every": 400,
        "config.encoder.dim": 64,
        "config.encoder.layers": 2,
        "config.encoder.heads": 4,
        "config.encoder.scales": ["coarse"],
    }
)

# Is everything wired? Nothing is learnt in 20 steps.
SMOKE: Mapping[str, Any] = MappingProxyType({**LAPTOP, "config.steps": 20, "config.eval_every": 10})

CLUSTER: Mapping[str, Any] = MappingProxyType(
    {
        "config.steps": 50_000,
        "config.batch_size": 256,
        "config.precision": "bf16",
        "config.eval_every": 1_000,
        "space.seed": [0, 1, 2],
        "train.checkpoint_every": 1_000,
        "train.gpus_per_worker": 1,
        "train.threads_per_worker": 4,
        "train.autoscaling": True,
        "train.max_concurrent": 8,
    }
)
