"""Checkpoints that a crash cannot spoil: folders written beside their place, synced, and renamed into it.

``step-00000200/`` holds ``model.safetensors``, ``optimizer.safetensors`` (AdamW's moments by parameter name) and
``state.json`` (step, configuration, corpus, the loss window, checksums). Nothing is pickled. No random state is kept,
because there is none: data order, masks and dropout are functions of (seed, step, rank).
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from spektron.core.errors import ConfigError
from spektron.core.files import disk_errors, sha256_file
from spektron.core.identity import differences
from spektron.model import MaskedReconstructor
from spektron.pretrain.config import PretrainConfig

__all__ = [
    "Loaded",
    "Progress",
    "latest_checkpoint",
    "load_checkpoint",
    "load_model",
    "read_checkpoint",
    "save_checkpoint",
]

FORMAT = 2
# What of a run's parameters is the model; the rest are heads of the second objective and its target.
_OF_MODEL = "reconstructor."
# The one before the last is what remains when the last is found damaged.
KEEP = 2
_MODEL, _OPTIMIZER, _STATE = "model.safetensors", "optimizer.safetensors", "state.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    step : int
        Optimizer steps done.
    loss_total, loss_count : float, int
        Sum and number of training losses since the last evaluation, a mean over the workers.
    metrics : dict
        Of the last evaluation; empty before the first.
    """

    step: int = 0
    loss_total: float = 0.0
    loss_count: int = 0
    metrics: dict[str, float] = field(default_factory=dict)


def save_checkpoint(
    directory: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    *,
    config: PretrainConfig,
    corpus_fingerprint: str,
) -> Path:
    """Write ``directory/step-…``, all of it or nothing, and remove what it makes obsolete.

    Kept are this checkpoint and the one before it. Whatever lies after this step is removed: a run only writes step n
    when what it found beyond n was damaged, and a damaged folder must not push out a whole one.

    Raises
    ------
    ResourceError
        When the disk is full; earlier checkpoints are untouched.
    """
    directory.mkdir(parents=True, exist_ok=True)
    _remove(directory.glob(".step-*.tmp"))  # what a killed writer left behind; only one process writes here
    final = directory / f"step-{progress.step:08d}"
    temporary = Path(tempfile.mkdtemp(prefix=f".{final.name}.", suffix=".tmp", dir=directory))
    try:
        with disk_errors(final):
            save_file(_contiguous(model.state_dict()), temporary / _MODEL)
            save_file(_contiguous(_moments(model, optimizer)), temporary / _OPTIMIZER)
            state = {
                "format": FORMAT,
                "config": config.model_dump(mode="json"),
                "corpus": corpus_fingerprint,
                "progress": asdict(progress),
                "sha256": {name: sha256_file(temporary / name) for name in (_MODEL, _OPTIMIZER)},
            }
            (temporary / _STATE).write_text(json.dumps(state, indent=1), encoding="utf-8")
            temporary.chmod(0o755)  # mkdtemp's 0700 would keep a shared disk's other users out
            _sync(temporary)
            _remove([final])  # only there when it was found damaged
            temporary.rename(final)
            _sync_path(directory)
    finally:
        _remove([temporary])
    _remove(folder for folder in _folders(directory) if folder.name > final.name)
    _remove(_folders(directory)[KEEP:])
    return final


def latest_checkpoint(directory: Path) -> Path | None:
    """Find the last whole checkpoint; damaged ones are passed over with a warning that names what is wrong."""
    for folder in _folders(directory):
        if not (damage := _damage(folder)):
            return folder
        _log.warning("checkpoint %s is damaged (%s): going back to the one before", folder, damage)
    return None


def load_checkpoint(
    folder: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    config: PretrainConfig,
    corpus_fingerprint: str,
) -> Progress:
    """Put model and optimizer back to where they were.

    Raises
    ------
    ConfigError
        When the checkpoint belongs to another configuration, corpus or format; names the fields.
    """
    state = _read_state(folder)
    found = {"format": state["format"], "config": state["config"], "corpus": state["corpus"]}
    wanted = {"format": FORMAT, "config": config.model_dump(mode="json"), "corpus": corpus_fingerprint}
    if changed := differences(found, wanted):
        listed = "; ".join(f"{path} is {old}, expected {new}" for path, (old, new) in changed.items())
        raise ConfigError(
            f"checkpoint {folder} belongs to another run: {listed}",
            "give this run its own checkpoint folder, or use the settings the checkpoint was made with",
        )
    model.load_state_dict(load_file(folder / _MODEL))
    _restore_moments(load_file(folder / _OPTIMIZER), model, optimizer)
    return Progress(**state["progress"])


class Loaded(NamedTuple):
    """A checkpoint without its optimizer.

    Attributes
    ----------
    model : MaskedReconstructor
        On the CPU and in evaluation mode.
    config : PretrainConfig
    corpus_fingerprint : str
        Of the corpus that it was trained on.
    progress : Progress
    """

    model: MaskedReconstructor
    config: PretrainConfig
    corpus_fingerprint: str
    progress: Progress


def load_model(folder: Path) -> MaskedReconstructor:
    """Read the model of a checkpoint, as `read_checkpoint` does."""
    return read_checkpoint(folder).model


def read_checkpoint(folder: Path) -> Loaded:
    """Read the model of a checkpoint, and what it was made with.

    Raises
    ------
    ConfigError
        When the folder is not a whole checkpoint of this format; says what is wrong with it.
    """
    if damage := _damage(folder):
        raise ConfigError(
            f"expected a whole checkpoint at {folder}, found {damage}",
            "name a folder step-… of a run; the one before the last is kept too",
        )
    state = _read_state(folder)
    if state["format"] != FORMAT:
        raise ConfigError(f"checkpoint {folder} has format {state['format']}, expected {FORMAT}", "pretrain again")
    try:
        config = PretrainConfig.model_validate(state["config"])
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise ConfigError(
            f"checkpoint {folder}: expected a configuration of this version, found {problems}", "pretrain again"
        ) from error
    model = MaskedReconstructor(config.encoder)
    tensors = load_file(folder / _MODEL)
    model.load_state_dict(
        {name.removeprefix(_OF_MODEL): tensor for name, tensor in tensors.items() if name.startswith(_OF_MODEL)}
    )
    return Loaded(model.eval(), config, state["corpus"], Progress(**state["progress"]))


def _folders(directory: Path) -> list[Path]:
    return sorted(directory.glob("step-*"), reverse=True)


def _damage(folder: Path) -> str:
    try:
        state = _read_state(folder)
        if state["format"] != FORMAT:
            return ""  # not damaged but of another time: `load_checkpoint` refuses it by name
        for name in (_MODEL, _OPTIMIZER):
            expected, found = state["sha256"][name], sha256_file(folder / name)
            if found != expected:
                return f"{name}: expected sha256 {expected}, found {found}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _read_state(folder: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((folder / _STATE).read_text(encoding="utf-8"))
    return state


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _moments(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimizer.state
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    return {f"{key}:{name}": value for name, p in trained for key, value in state[p].items()}


def _restore_moments(tensors: dict[str, Tensor], model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    parameters = dict(model.named_parameters())
    for label, tensor in tensors.items():
        key, _, name = label.partition(":")
        parameter = parameters[name]
        optimizer.state[parameter][key] = tensor.to(parameter.device)


def _contiguous(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().contiguous() for name, tensor in tensors.items()}


def _sync(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        _sync_path(path)


def _sync_path(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
