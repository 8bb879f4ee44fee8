"""Files named one by one, each read by the source whose endings it has: JCAMP-DX, text tables, instruments' own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from spektron.core.errors import ConfigError
from spektron.corpus.sources._small_files import SmallFiles
from spektron.corpus.sources.base import Reject
from spektron.spectra.spectrum import Spectrum

__all__ = ["read_file"]

# Modules are imported when a file asks for them.
_READERS = (("jcamp", "Jcamp"), ("csv", "Csv"), ("vendor", "Vendor"))


def read_file(path: Path, stated: Mapping[str, str] | None = None) -> Iterator[Spectrum | Reject]:
    """Yield every spectrum of one file, kept or refused.

    Parameters
    ----------
    path : Path
    stated : mapping, optional
        What the file may not say itself, as settings of its source: ``modality``, ``x_unit``, ``intensity_unit``.
        Those that its source does not have are left out: such files state it.

    Raises
    ------
    ConfigError
        For a file that is not there, an ending that no source reads, or a setting that cannot be.
    """
    if not path.is_file():
        found = "a folder" if path.is_dir() else "another thing" if path.exists() else "nothing"
        raise ConfigError(
            f"expected a file of spectra at {path}, found {found}", "name files, for example with FOLDER/*.csv"
        )
    kinds = [_kind(*reader) for reader in _READERS]
    kind = next((kind for kind in kinds if re.fullmatch(kind.file_names, path.name, re.IGNORECASE | re.DOTALL)), None)
    if kind is None:
        known = "; ".join(kind.file_example for kind in kinds)
        raise ConfigError(f"expected a file of a known ending, found {path}", f"known are {known}")
    settings: dict[str, Any] = {name: text for name, text in (stated or {}).items() if name in kind.model_fields}
    try:
        source = kind(folder=path.parent, **settings)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}, found {e['input']!r}" for e in error.errors()
        )
        raise ConfigError(
            f"{path}: {problems}", "state what the file's axis and intensities are measured in"
        ) from error
    yield from source.read_file(path)


def _kind(module: str, name: str) -> type[SmallFiles]:
    kind: type[SmallFiles] = getattr(import_module(f"spektron.corpus.sources.{module}"), name)
    return kind
