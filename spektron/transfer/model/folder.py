"""A transfer's folder: JSON and numbers, from which it is made again; reading one runs nothing and trusts nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from spektron.core.errors import ConfigError
from spektron.core.files import atomic_path, sha256_file, write_text
from spektron.core.identity import differences, fingerprint
from spektron.core.provenance import provenance
from spektron.transfer.model.child_files import ChildFiles
from spektron.transfer.model.comparison import expected_rmsep
from spektron.transfer.model.parts import Array, TransferParts
from spektron.transfer.model.transfer_model import PropertyModel, TransferModel

__all__ = ["CONFIG", "DATA", "load_transfer", "save_transfer"]

CONFIG, DATA = "model.json", "data.safetensors"
# 2: all that was said of the child's files, and a fingerprint. Format 1 has none, so what it says cannot be trusted.
_FORMAT: Final = 2
_FINGERPRINT = "fingerprint"
_MOST_CONFIG_BYTES = 1 << 24
# Of a property's standard deviation: far above rounding, far below anything measured.
_SAME = 1e-6
_ARRAYS = ("axis", "calibration", "child", "parent")


class _ExpectedError(BaseModel):
    """Cross-validated RMSEP on the child, with the ends of its interval."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rmsep: float
    low: float
    high: float
    confidence: float


class _Config(BaseModel):
    """What `model.json` says."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal[2]
    method: str
    correction: str
    unit: Literal["nm", "cm-1"]
    files: ChildFiles
    properties: list[str]
    calibration_ids: list[str]
    standard_ids: list[str]
    choices: dict[str, str]
    expected: dict[str, _ExpectedError]
    provenance: dict[str, str]
    sha256: str


def save_transfer(model: TransferModel, folder: Path, files: ChildFiles | None = None) -> None:
    """Write a transfer's folder; files of these names there are replaced.

    Parameters
    ----------
    model : TransferModel
    folder : Path
        Made where it is not there.
    files : ChildFiles, optional
    """
    parts = model.parts
    arrays: dict[str, Array] = {name: np.ascontiguousarray(getattr(parts, name)) for name in _ARRAYS}
    for place, (name, values) in enumerate(parts.references.items()):
        arrays[f"reference.{place}"] = values
        arrays[f"predicted.{place}"] = _predicted(model, name)
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(folder / DATA) as path:
        save_file(arrays, path)
    config = _Config(
        format=_FORMAT,
        method=parts.method,
        correction=parts.correction,
        unit="nm" if parts.unit == "nm" else "cm-1",
        files=files or ChildFiles(),
        properties=list(parts.references),
        calibration_ids=list(parts.calibration_ids),
        standard_ids=list(parts.standard_ids),
        choices={name: found.choice() for name, found in model.properties.items()},
        expected={name: _expected(parts.method, found) for name, found in model.properties.items()},
        provenance=provenance(),
        sha256=sha256_file(folder / DATA),
    )
    write_text(folder / CONFIG, json.dumps(signed(config.model_dump(mode="json")), indent=1, ensure_ascii=False) + "\n")


def signed(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with the fingerprint of all others: what tells that somebody edited one."""
    others = _unsigned(settings)
    return {**others, _FINGERPRINT: fingerprint(others)}


def _unsigned(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != _FINGERPRINT}


def load_transfer(folder: Path, told: Callable[[str], None] = lambda what: None) -> tuple[TransferModel, ChildFiles]:
    """Read a folder, make the transfer again, and compare what it predicts with what it predicted when it was written.

    Parameters
    ----------
    folder : Path
    told : callable
        As in `TransferModel.fit`.

    Raises
    ------
    ConfigError
        Where the folder is none, damaged, edited, of another format, or makes other predictions here than it did where
        it was written.
    """
    config = _read_config(folder / CONFIG)
    arrays = _read_arrays(folder / DATA, config)
    names = config.properties
    parts = TransferParts(
        method=config.method,
        correction=config.correction,
        unit=config.unit,
        calibration_ids=tuple(config.calibration_ids),
        standard_ids=tuple(config.standard_ids),
        references={name: arrays[f"reference.{place}"] for place, name in enumerate(names)},
        **{name: arrays[name] for name in _ARRAYS},
    )
    try:
        model = TransferModel.fit(parts, told)
    except (ValueError, KeyError) as error:
        raise ConfigError(f"{folder}: expected a transfer that can be made again, found: {error}", _AGAIN) from error
    for place, name in enumerate(names):
        stored = arrays[f"predicted.{place}"]
        spread = float(np.nanstd(parts.references[name]))
        apart = float(np.abs(_predicted(model, name) - stored).max())
        if not apart <= _SAME * spread:
            raise ConfigError(
                f"{folder}: expected {name} of the standards as predicted when it was written, found it {apart:.3g} "
                f"apart (at most {_SAME * spread:.3g}): {_what_differs(config.provenance)}",
                _AGAIN,
            )
    return model, config.files


_AGAIN = "make it again with `spektron transfer fit`"


def _what_differs(written: dict[str, str]) -> str:
    found = [f"{name} {old or 'none'} (here {new or 'none'})" for name, (old, new) in _versions(written).items()]
    return f"it was written with {', '.join(found)}" if found else "by the same versions, from other data"


def _versions(written: dict[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """What of the provenance may change a prediction, where it is another here; hashes tell a chemist nothing."""
    here = provenance()
    names = ("python", "host_platform", "cpu", "spektron", "numpy", "scipy", "scikit-learn", "chemotools")
    return differences(*({name: one.get(name) for name in names} for one in (written, here)))


def _expected(method: str, found: PropertyModel) -> _ExpectedError:
    expected = asdict(expected_rmsep(method, found.intervals))
    return _ExpectedError(**{name: expected[name] for name in _ExpectedError.model_fields})


def _predicted(model: TransferModel, name: str) -> Array:
    """Predictions and interval's ends of the standards, shape (standards, 3)."""
    found = model.properties[name].intervals.predict_interval(model.parts.child)
    return np.column_stack(found)


def _read_config(path: Path) -> _Config:
    try:
        if not path.is_file():
            raise ConfigError(
                f"{path}: expected a transfer's folder, found no {CONFIG}", "`spektron transfer fit` writes one"
            )
        if (size := path.stat().st_size) > _MOST_CONFIG_BYTES:
            raise ConfigError(f"{path}: expected a transfer's configuration, found {size} bytes", _AGAIN)
        settings = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(settings, dict):
            raise ConfigError(f"{path}: expected a transfer's configuration, found other JSON", _AGAIN)
        if (found := settings.get("format")) != _FORMAT:
            raise ConfigError(f"{path}: expected format {_FORMAT}, found {found!r}: another version wrote it", _AGAIN)
        if settings != signed(settings):
            raise ConfigError(
                f"{path} was edited after it was written: expected settings of the fingerprint it names, found others",
                "fit it again; how new files are to be read may be said to `spektron transfer apply`",
            )
        return _Config.model_validate(_unsigned(settings))
    except ConfigError:
        raise
    except (OSError, ValueError, RecursionError, ValidationError) as error:
        problem = " ".join(str(error).split())[:300]
        raise ConfigError(f"{path}: expected a transfer's configuration, found: {problem}", _AGAIN) from error


def _read_arrays(path: Path, config: _Config) -> dict[str, Array]:
    try:
        if sha256_file(path) != config.sha256:
            raise ConfigError(f"{path}: expected the data that {CONFIG} names, found others", "copy the folder again")
        arrays: dict[str, Any] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ConfigError(f"{path}: expected a transfer's data, found: {error}", "copy the folder again") from error
    channels, samples, standards = len(arrays.get("axis", ())), len(config.calibration_ids), len(config.standard_ids)
    expected = {
        "axis": (channels,),
        "calibration": (samples, channels),
        "child": (standards, channels),
        "parent": (standards, channels),
    }
    for place, _ in enumerate(config.properties):
        expected |= {f"reference.{place}": (samples,), f"predicted.{place}": (standards, 3)}
    found = {name: (values.shape, values.dtype.name) for name, values in arrays.items()}
    if wrong := {name for name in expected.keys() | found.keys() if found.get(name) != (expected.get(name), "float64")}:
        name = min(wrong)
        raise ConfigError(
            f"{path}: expected {name} of shape {expected.get(name, 'none')}, found {found.get(name, 'none')}", _AGAIN
        )
    if broken := [name for name in _ARRAYS if not np.isfinite(arrays[name]).all()]:
        raise ConfigError(f"{path}: expected finite values, found others in {', '.join(broken)}", _AGAIN)
    return arrays
