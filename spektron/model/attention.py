"""What each head attends to, by token and by wavenumber.

Training mixes values in one fused kernel that keeps no weights. Here the encoder runs as it always does, and beside it
each attention says its softmax weights from the tokens that it is given; nothing of the usual path is touched.

A weight is no measure of importance: what a head reads goes through later blocks, and round them on the residual
stream (Jain and Wallace 2019, "Attention is not explanation"). It says where a head looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spektron.core.errors import ConfigError
from spektron.model.blocks import WITH_WEIGHTS, Block
from spektron.model.config import EncoderConfig
from spektron.model.encoder import SpectrumEncoder
from spektron.model.merges import layers_of_scales
from spektron.model.scales import Scale
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["AttentionMap", "OnAxis", "Tokens", "attention_maps"]

WHOLE = ("cls", "domain")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one side of attention, in order.

    Attributes
    ----------
    whole : tuple of str
        Those that stand for the whole spectrum and come first: ``cls`` and ``domain``, or none.
    scales : tuple of Scale
        Then one for each window of each scale, scale after scale.
    """

    whole: tuple[str, ...]
    scales: tuple[Scale, ...]

    def __len__(self) -> int:
        return len(self.whole) + sum(scale.num_tokens for scale in self.scales)

    @property
    def windows(self) -> NDArray[np.intp]:
        """First point and the one after the last of each window, shape (tokens − whole, 2)."""
        starts = [np.arange(scale.num_tokens) * scale.stride for scale in self.scales]
        ends = [start + scale.patch for start, scale in zip(starts, self.scales, strict=True)]
        return np.stack([np.concatenate(starts), np.concatenate(ends)], axis=1)

    def place(self, token: str | int) -> int:
        """Where a token stands: one of `whole` by name, a window by its number from 0.

        Raises
        ------
        ConfigError
            Where there is none.
        """
        if isinstance(token, str) and token in self.whole:
            return self.whole.index(token)
        num_windows = len(self) - len(self.whole)
        if isinstance(token, int) and 0 <= token < num_windows:
            return len(self.whole) + token
        names = "".join(f"{name!r}, " for name in self.whole)
        raise ConfigError(f"expected a token of {names}0 to {num_windows - 1}, found {token!r}", "see Tokens.windows")

    def spread(self) -> NDArray[np.float32]:
        """Share of each window's points in its token, shape (tokens − whole, 2048); rows sum to 1."""
        points, (first, last) = np.arange(NUM_POINTS), self.windows.T[:, :, None]
        share = ((points >= first) & (points < last)) / (last - first)
        return np.asarray(share, dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAxis:
    """Where one token looks.

    Attributes
    ----------
    points : ndarray, shape (spectra, heads, 2048), float32
        What goes to each point of the axis: a token's weight is shared evenly by the points of its window, and windows
        and scales add up. The outermost points lie in half as many windows as the others.
    whole : dict
        Name of a token of the whole → what goes to it, shape (spectra, heads). With the sum of `points` this is 1.
    """

    points: NDArray[np.float32]
    whole: dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionMap:
    """Weights of one attention for some spectra.

    Attributes
    ----------
    name : str
        ``block 1``, …; ``ask`` where scales query others; ``fine, block 1``, … in a hierarchy.
    weights : ndarray, shape (spectra, heads, queries, keys), float32
        Rows sum to 1.
    queries, keys : Tokens
    """

    name: str
    weights: NDArray[np.float32]
    queries: Tokens
    keys: Tokens

    def of(self, token: str | int = "cls") -> NDArray[np.float32]:
        """Weights of one query, shape (spectra, heads, keys); see `Tokens.place`."""
        return self.weights[:, :, self.queries.place(token)]

    def on_axis(self, token: str | int | None = "cls") -> OnAxis:
        """Put the weights of one query, or with None the mean of all queries, on the wavenumber axis."""
        found = self.weights.mean(axis=2) if token is None else self.of(token)
        whole = {name: found[:, :, place] for place, name in enumerate(self.keys.whole)}
        return OnAxis(points=found[:, :, len(self.keys.whole) :] @ self.keys.spread(), whole=whole)


def attention_maps(encoder: SpectrumEncoder, call: Callable[[], Any]) -> tuple[AttentionMap, ...]:
    """Run an encoder and listen to every attention in it, in the order in which they come.

    What another thread asks of the same encoder meanwhile would be heard too: one at a time.

    Parameters
    ----------
    encoder : SpectrumEncoder
    call : callable
        Runs `encoder` once.

    Raises
    ------
    ConfigError
        For an encoder whose blocks have no attention.
    """
    found: dict[str, NDArray[np.float32]] = {}
    sides = dict(_sides(encoder.config))

    def listen(name: str, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        assert isinstance(module, WITH_WEIGHTS)
        found[name] = module.weights(*inputs).float().cpu().numpy()

    listened = list(_attentions(encoder.merge))  # all are looked at before any is touched
    hooks = [module.register_forward_pre_hook(partial(listen, name)) for name, module in listened]
    try:
        with torch.no_grad():
            call()
    finally:
        for hook in hooks:
            hook.remove()
    maps = []
    for name, weights in found.items():
        title, queries, keys = sides[name]
        assert weights.shape[2:] == (len(queries), len(keys)), (name, weights.shape)
        maps.append(AttentionMap(name=title, weights=weights, queries=queries, keys=keys))
    return tuple(maps)


def _attentions(merge: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for name, module in merge.named_modules():
        if isinstance(module, WITH_WEIGHTS):
            yield name, module
        if isinstance(module, Block) and not isinstance(module.attention, WITH_WEIGHTS):
            raise ConfigError(
                f"expected blocks of attention, found {type(module.attention).__name__} in its place: such a backbone "
                "attends to nothing, so there is no map",
                "look at what the model reconstructs, or at a model with attention",
            )


def _sides(config: EncoderConfig) -> Iterator[tuple[str, tuple[str, Tokens, Tokens]]]:
    """Name of each attention within its merge → what people call it, who asks, who is asked."""
    windows, query = config.windows, config.query
    if config.merge == "hierarchical":
        for stage, (layers, scale) in enumerate(zip(layers_of_scales(config), windows, strict=True)):
            tokens = Tokens(WHOLE, (scale,))
            for layer in range(layers):
                yield (
                    f"stages.{stage}.{layer}.attention",
                    (f"{config.scales[stage]}, block {layer + 1}", tokens, tokens),
                )
        return
    if config.merge == "cross_attention":
        asked = tuple(scale for place, scale in enumerate(windows) if place != query)
        yield "ask", ("ask", Tokens((), windows[query : query + 1]), Tokens((), asked))
    tokens = Tokens(WHOLE, config.token_windows)
    for layer in range(config.layers):
        yield f"blocks.{layer}.attention", (f"block {layer + 1}", tokens, tokens)
