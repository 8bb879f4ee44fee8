"""Canonical JSON and fingerprints: the same content has the same name on every machine.

A fingerprint is taken of plain values only (None, bool, int, float, str, and lists or string-keyed mappings of these;
pydantic models and dataclasses are dumped first). What cannot be written canonically is an error, because a silent
``repr`` of an object would give two names to one thing, or one name to two.

What never bears identity: paths, hosts, node and GPU counts, time. The types that hold those are not passed here.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from spektron.core.errors import ConfigError

__all__ = ["canonical_json", "differences", "fingerprint"]

# 64 bits: among a million trials the chance of one collision is about 3e-8, and the name still fits in a table.
FINGERPRINT_HEX = 16


def canonical_json(value: Any) -> str:
    """Write `value` as JSON with sorted keys, no spaces and shortest floats.

    Integral floats are written as integers (``1.0`` → ``1``), so that a value read back from a command line or a
    database names the same trial.

    Raises
    ------
    ConfigError
        For NaN, infinities, non-string keys and objects with no canonical form; names where it stands.
    """
    return json.dumps(_plain(value, "value"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(value: Any) -> str:
    """Sixteen hexadecimal digits of the SHA-256 of `value`'s canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:FINGERPRINT_HEX]


def differences(old: Any, new: Any) -> dict[str, tuple[Any, Any]]:
    """Name every leaf in which two values differ, as ``{dotted.path: (old, new)}``; absent leaves are None."""
    left, right = dict(_leaves(_plain(old, ""), "")), dict(_leaves(_plain(new, ""), ""))
    paths = sorted(left.keys() | right.keys())
    return {path: (left.get(path), right.get(path)) for path in paths if left.get(path) != right.get(path)}


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if value is None or isinstance(value, bool | str):
        return value
    if hasattr(value, "item") and getattr(value, "shape", None) == ():  # a numpy scalar
        value = value.item()
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ConfigError(
                f"{where}: expected a finite number, found {value}", "a value that bears identity is finite"
            )
        return int(value) if value.is_integer() else value
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        if bad := [key for key in value if not isinstance(key, str)]:
            raise ConfigError(f"{where}: expected string keys, found {bad[0]!r}", "use names as keys")
        return {key: _plain(item, f"{where}.{key}") for key, item in value.items()}
    raise ConfigError(
        f"{where}: expected a plain value, found {type(value).__name__}",
        "give a number, text, list or mapping; an object has no name that is the same on every machine",
    )


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    else:
        yield path, value
