"""Sources as words on a command line: ``bundled``, ``simulated:20000,seed=1``, ``chembl:FOLDER,hwhm_cm1=4``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from spektron.core.errors import ConfigError
from spektron.core.settings import Settings
from spektron.corpus.sources._file_source import FileSource
from spektron.corpus.sources.base import Source
from spektron.corpus.sources.table import Table

__all__ = ["SOURCES", "as_word", "open_source"]

# Word → module, class, and the setting that stands behind the colon. Modules are imported when they are asked for.
SOURCES = {
    "bundled": ("bundled", "Bundled", ""),
    "chembl": ("chembl", "Chembl", "folder"),
    "csv": ("csv", "Csv", "folder"),
    "jcamp": ("jcamp", "Jcamp", "folder"),
    "multimodal": ("multimodal", "Multimodal", "folder"),
    "nist": ("nist", "Nist", "folder"),
    "openspecy": ("openspecy", "Openspecy", "folder"),
    "qm9s": ("qm9s", "Qm9s", "folder"),
    "rruff": ("rruff", "Rruff", "folder"),
    "simulated": ("simulated", "Simulated", "num_spectra"),
    "table": ("table", "Table", "folder"),
    "uspto": ("uspto", "Uspto", "folder"),
    "vendor": ("vendor", "Vendor", "folder"),
}

# A folder's name may hold commas and equals signs: only what looks like a setting at the end is one.
_SETTING = re.compile(r",\s*(?P<key>[a-z][a-z0-9_]*)\s*=\s*(?P<value>[^,=]*)$")


def open_source(spec: str) -> Source:
    """Make the source that a word names: ``NAME``, ``NAME:FOLDER`` or ``NAME:FOLDER,setting=value,…``.

    Several values of one setting are joined by ``+``.

    Raises
    ------
    ConfigError
        For an unknown name, settings that do not fit, a folder that is missing or holds nothing the source reads.
    """
    name, _, rest = spec.strip().partition(":")
    if name not in SOURCES:
        raise ConfigError(f"expected a source, found {spec!r}", f"the sources are {forms()}")
    kind, first = _kind(name), SOURCES[name][2]
    if bool(rest) != bool(first):
        raise ConfigError(f"expected {_form(name, kind)}, found {spec!r}", f"the sources are {forms()}")
    try:
        source = kind.model_validate(_values(kind, first, rest))
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{spec!r}: {problems}", f"the form is {_form(name, kind)}") from error
    if isinstance(source, FileSource | Table):
        source.require_files()  # a folder that is missing is told now, not after the others were read
    assert isinstance(source, Source)
    return source


def forms() -> str:
    """All sources, as words."""
    return ", ".join(
        f"{name}:{'NUM' if first == 'num_spectra' else 'FOLDER'}" if first else name
        for name, (_, _, first) in SOURCES.items()
    )


def _form(name: str, kind: type[Settings]) -> str:
    first = SOURCES[name][2]
    others = "".join(f"[,{field}=…]" for field in kind.model_fields if field != first)
    return f"{name}:{first.upper()}{others}" if first else name


def _values(kind: type[Settings], first: str, rest: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    # Settings are taken from the end, until what is left is a folder that exists.
    while (found := _SETTING.search(rest)) and not (first == "folder" and _folder(rest).exists()):
        key = found["key"]
        _require_setting(key, found["value"], values, [field for field in kind.model_fields if field != first])
        values[key] = _value(kind, key, found["value"].strip())
        rest = rest[: found.start()]
    if first == "folder":
        values[first] = _folder(rest)
    elif first:
        values[first] = rest.strip().replace("_", "")
    return values


def as_word(described: Mapping[str, Any]) -> str:
    """Word of what `Source.describe` describes, FOLDER for the folder it read; empty for a source that has none."""
    name = str(described.get("name"))
    if name not in SOURCES:
        return ""
    first, config, fields = SOURCES[name][2], described.get("config", {}), _kind(name).model_fields
    told = [
        f",{key}={'+'.join(map(str, _many(value)))}"
        for key, value in config.items()
        if key in fields and key != first and _many(value) != _many(fields[key].default)
    ]
    head = config.get(first, "FOLDER") if first else ""
    return f"{name}:{head}{''.join(told)}" if first else name


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _kind(name: str) -> type[Settings]:
    module, class_name, _ = SOURCES[name]
    kind: type[Settings] = getattr(import_module(f"spektron.corpus.sources.{module}"), class_name)
    return kind


def _require_setting(key: str, text: str, values: dict[str, Any], known: list[str]) -> None:
    hint = f"the settings are {', '.join(known) or 'none'}"
    if key in values:
        raise ConfigError(
            f"expected each setting once, found {key}={text} and {key}=… again", "join several values of one by +"
        )
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}? {hint}" if near else hint
        raise ConfigError(f"expected a setting that there is, found {key}={text}", hint)


def _folder(text: str) -> Path:
    return Path(text.strip()).expanduser()


def _value(kind: type[Settings], key: str, text: str) -> Any:
    is_many = "tuple" in str(kind.model_fields[key].annotation)
    values = text.upper().split("+") if key == "modalities" else text.split("+")
    return tuple(values) if is_many else text
