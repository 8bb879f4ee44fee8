"""Sources as words on a command line: ``bundled``, ``simulated:20000,seed=1``, ``table:/path/to/folder``."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from spektron.core.errors import ConfigError
from spektron.corpus.sources.base import Source
from spektron.corpus.sources.bundled import Bundled
from spektron.corpus.sources.simulated import Simulated
from spektron.corpus.sources.table import Table

__all__ = ["open_source"]

_FORMS = "bundled, simulated:NUM[,seed=S][,modalities=IR+RAMAN+NIR] or table:/path/to/folder"


def open_source(spec: str) -> Source:
    """Make the source that a word names.

    Raises
    ------
    ConfigError
        For an unknown kind, settings that do not fit, a folder that is missing or holds no Parquet file.
    """
    kind, _, rest = spec.strip().partition(":")
    if kind == "bundled" and not rest:
        return Bundled()
    if kind == "simulated" and rest:
        return _simulated(spec, rest)
    if kind == "table" and rest:
        table = Table(folder=Path(rest).expanduser())
        table.require_files()
        return table
    raise ConfigError(f"expected a source, found {spec!r}", f"the forms are {_FORMS}")


def _simulated(spec: str, rest: str) -> Simulated:
    count, *settings = (word.strip() for word in rest.split(","))
    values: dict[str, object] = {"num_spectra": count.replace("_", "")}
    for setting in settings:
        key, _, value = setting.partition("=")
        if key not in {"seed", "modalities"} or not value or key in values:
            raise ConfigError(f"expected seed=S or modalities=IR+RAMAN once each, found {setting!r}", f"see {_FORMS}")
        values[key] = tuple(value.upper().split("+")) if key == "modalities" else value
    try:
        return Simulated.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{spec!r}: {problems}", f"the form is {_FORMS}") from error
