"""The files of a pretrained model's folder, read without running or trusting any of them.

Weights are numbers by name (safetensors), the rest is JSON; both are compared before a model of that size is made.
Other files in the folder are never looked at, whatever they are called.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor

from spektron.core.errors import ConfigError
from spektron.model.config import EncoderConfig
from spektron.model.reconstruction import MaskedReconstructor
from spektron.spectra.spectrum import MODALITIES

__all__ = ["CARD", "CONFIG", "FORMAT", "WEIGHTS", "FolderConfig", "read_config", "require_file", "require_shapes"]

FORMAT = 1
WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
# A configuration is a few hundred bytes; what is larger is none.
_MOST_CONFIG_BYTES = 1 << 20


class FolderConfig(NamedTuple):
    """What `config.json` says.

    Attributes
    ----------
    encoder : EncoderConfig
    trained_axis_cm1 : dict
        Modality → lowest start and highest stop in cm⁻¹.
    about : dict
        Plain values.
    sha256 : str
        Of the weights' file.
    """

    encoder: EncoderConfig
    trained_axis_cm1: dict[str, tuple[float, float]]
    about: dict[str, Any]
    sha256: str


def read_config(folder: Path) -> FolderConfig:
    """Read `config.json`.

    Raises
    ------
    ConfigError
        Where it is missing, too large, of another format, or says what no model's configuration says.
    """
    path = folder / CONFIG
    try:
        require_file(path)
        if (size := path.stat().st_size) > _MOST_CONFIG_BYTES:
            raise ConfigError(f"{path}: expected a configuration, found {size} bytes", "this is no model folder")
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            found = values.get("format") if isinstance(values, dict) else type(values).__name__
            raise ConfigError(f"{path}: expected format {FORMAT}, found {found!r}", "save the model again")
        config = FolderConfig(
            encoder=EncoderConfig.model_validate(values["encoder"]),
            trained_axis_cm1={str(name): _range(name, ends) for name, ends in values["trained_axis_cm1"].items()},
            about=dict(values["about"]),
            sha256=str(values["sha256"]),
        )
        if unknown := sorted(values.keys() - {"format", *FolderConfig._fields}):
            raise ValueError(f"unknown names: {', '.join(map(repr, unknown[:5]))}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, ValidationError) as error:
        if isinstance(error, ConfigError):
            raise
        problem = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise ConfigError(
            f"{path}: expected the configuration of a model, found {problem}", "copy the folder again"
        ) from error
    return config


def require_file(path: Path) -> None:
    """Raise `FileNotFoundError` or `ConfigError` unless a regular file, or a link to one, is there.

    A named pipe in its place would be waited for until somebody writes into it.
    """
    if not path.is_file() and path.exists():
        raise ConfigError(f"{path}: expected a regular file, found another thing", "copy the folder again")


def require_shapes(path: Path, config: EncoderConfig) -> None:
    """Compare names and shapes in the weights' head with those of the configuration, before either is made.

    Raises
    ------
    ConfigError
        Where the file holds no weights, or those of another model.
    """
    with torch.device("meta"):
        expected = _shapes(MaskedReconstructor(config).state_dict())
    try:
        require_file(path)
        with safe_open(path, framework="pt") as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ConfigError(f"{path}: expected weights, found {error}", "copy the folder again") from error
    if wrong := sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)):
        name = wrong[0]
        raise ConfigError(
            f"{path}: expected {name} of shape {expected.get(name, 'none')}, found {found.get(name, 'none')}"
            f" ({len(wrong)} differ)",
            "these are the weights of another model than config.json describes",
        )


def _range(modality: str, ends: Any) -> tuple[float, float]:
    low, high = map(float, ends)
    if modality not in MODALITIES or not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(
            f"expected from low to high cm⁻¹ for {', '.join(MODALITIES)}, found {low} to {high} for {modality!r}"
        )
    return low, high


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}
