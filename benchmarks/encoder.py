"""The encoder's blocks against those of two libraries, and what backbones, merges and dropout cost.

Run ``python benchmarks/encoder.py``. All contestants in one run, in turns, in float32: forward, backward and AdamW of
a stack of blocks on tokens that are ready, at one width, depth, number of tokens and dropout; then whole
reconstruction steps of one encoder with each merge, and with each backbone. Ratios are of spectra per second, of
the best rounds.

- ``transformers.models.bert`` with ``attn_implementation="sdpa"``
- ``torch.nn.TransformerEncoder``, pre-norm, GELU
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import get_args

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from spektron.model import Backbone, EncoderConfig, MaskedReconstructor, Merge, num_parameters, training_flops
from spektron.model.blocks import Block

Step = Callable[[], None]


def training_step(module: nn.Module, forward: Callable[[], Tensor]) -> Step:
    """Forward, backward and update."""
    optimizer = torch.optim.AdamW(module.train().parameters(), lr=1e-4, fused=True)

    def step() -> None:
        forward().square().mean().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def stacks(config: EncoderConfig, batch: int) -> dict[str, Step]:
    """Three stacks of blocks of the same size."""
    from transformers.models.bert.modeling_bert import BertConfig, BertEncoder

    tokens = torch.randn(batch, config.num_tokens + 2, config.dim)
    ours = nn.Sequential(*(Block(config) for _ in range(config.layers)))
    layer = nn.TransformerEncoderLayer(
        config.dim,
        config.heads,
        config.mlp_ratio * config.dim,
        dropout=config.dropout,
        activation="gelu",
        batch_first=True,
        norm_first=True,
    )
    torchs = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
    settings = BertConfig(
        hidden_size=config.dim,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        intermediate_size=config.mlp_ratio * config.dim,
        hidden_dropout_prob=config.dropout,
        attention_probs_dropout_prob=config.dropout,
    )
    settings._attn_implementation = "sdpa"
    bert = BertEncoder(settings)
    return {
        "ours": training_step(ours, lambda: ours(tokens)),
        "Hugging Face BERT, sdpa": training_step(bert, lambda: bert(tokens).last_hidden_state),
        "torch.nn.TransformerEncoder": training_step(torchs, lambda: torchs(tokens)),
    }


def variants(configs: dict[str, EncoderConfig], batch: int) -> dict[str, Step]:
    """Reconstruction of each encoder, a quarter of the points hidden."""
    axis = (torch.full((batch,), 400.0), torch.full((batch,), 4000.0), torch.zeros(batch, dtype=torch.long))
    mask = torch.zeros(batch, 2048, dtype=torch.bool)
    mask[:, 512:1024] = True
    spectra = torch.randn(batch, 1, 2048)
    found = {}
    for name, config in configs.items():
        model = MaskedReconstructor(config)
        found[name] = training_step(model, lambda model=model: model(spectra, *axis, mask).values)  # type: ignore[misc]
    return found


def best_seconds(steps: dict[str, Step], rounds: int) -> dict[str, float]:
    """Least seconds of each over some rounds in turns, after one to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds + 1):
        for name, step in steps.items():
            begun = time.perf_counter()
            step()
            seconds[name].append(time.perf_counter() - begun)
    return {name: min(each[1:]) for name, each in seconds.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--batch", type=int, default=8)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    console, batch = Console(), arguments.batch
    own: list[float] = []
    for dropout in (0.0, 0.1):
        config = EncoderConfig(dropout=dropout)
        seconds = best_seconds(stacks(config, batch), arguments.rounds)
        table = Table(title=f"Blocks, {config.layers} × {config.dim} × {config.heads}, dropout {dropout:g}")
        for name in ("", "spectra/s", "ours against it"):
            table.add_column(name, justify="left" if not name else "right")
        for name, value in seconds.items():
            table.add_row(name, f"{batch / value:.2f}", f"{value / seconds['ours']:.2f}")
        console.print(table)
        own.append(seconds["ours"])
    console.print(f"dropout of 0.1 costs {own[1] / own[0] - 1:+.0%} of our blocks' time")
    for field, names in (("merge", get_args(Merge)), ("backbone", get_args(Backbone))):
        configs = {name: EncoderConfig.model_validate({field: name}) for name in names}
        seconds = best_seconds(variants(configs, batch), arguments.rounds)
        table = Table(title=f"Whole reconstruction steps, batch {batch}, {arguments.threads} threads")
        for name in (field, "spectra/s", f"against {names[0]}", "GFLOP/s", "parameters"):
            table.add_column(name, justify="left" if name == field else "right")
        for name, value in seconds.items():
            operations, ratio = training_flops(configs[name]) * batch, seconds[names[0]] / value
            size = f"{num_parameters(MaskedReconstructor(configs[name])):,}"
            table.add_row(name, f"{batch / value:.2f}", f"{ratio:.2f}", f"{operations / value / 1e9:.0f}", size)
        console.print(table)


if __name__ == "__main__":
    main()
