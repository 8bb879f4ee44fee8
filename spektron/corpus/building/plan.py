"""What a build is made of: its parts in order, and a key that tells whether a half-done build is this very one."""

from __future__ import annotations

import hashlib
import json
import logging
import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import spektron
from spektron.core.identity import fingerprint
from spektron.core.storage import Storage
from spektron.corpus.manifest import BuildConfig
from spektron.corpus.schema import SCHEMA_VERSION
from spektron.corpus.sources.base import Part, Source

__all__ = ["BuildPlan", "is_claimed", "plan_build", "versions"]

_LOG = logging.getLogger(__name__)

_PLAN_NAME = "plan.json"
# Those of the extras, where they are installed: what they make of a file is part of what is read.
_READERS = ("rdkit", "rdata", "brukeropus", "spc-io", "renishaw-wdf")
# What is read is decided by the code of these packages.
_CODE = ("core", "spectra", "corpus")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """A build, before it has begun.

    Attributes
    ----------
    sources : tuple of Source
    described : tuple of dict
        ``describe()`` of each.
    parts : tuple of (int, Part)
        Place of the source, and its part, in the order in which an earlier spectrum wins over a later duplicate.
    config : BuildConfig
    key : str
        Fingerprint of config, sources, parts, code and versions: what was read under another key is read again.
    """

    sources: tuple[Source, ...]
    described: tuple[dict[str, Any], ...]
    parts: tuple[tuple[int, Part], ...]
    config: BuildConfig
    key: str

    def claim(self, work: Storage) -> bool:
        """Make `work` the working folder of this build; return whether it was already, and holds its finished parts."""
        try:
            same = bool(json.loads(work.read_bytes(_PLAN_NAME))["key"] == self.key)
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            same = False
        if not same:
            if is_claimed(work):
                _LOG.warning("an interrupted build of other sources, options or code lay there: it is begun anew")
            for folder in ("runs", "parts", "shards"):
                work.remove_folder(folder)
            work.write_bytes(_PLAN_NAME, json.dumps({"key": self.key, "num_parts": len(self.parts)}).encode())
        return same


def is_claimed(work: Storage) -> bool:
    """Whether a folder is the working folder of some build."""
    return work.size(_PLAN_NAME) is not None


def plan_build(sources: Sequence[Source], described: Sequence[dict[str, Any]], config: BuildConfig) -> BuildPlan:
    """List the parts of all sources.

    Raises
    ------
    ConfigError
        Where a source finds nothing to read.
    """
    parts = tuple((place, part) for place, source in enumerate(sources) for part in source.parts())
    listed = [(place, ascii(part.file), part.start, part.stop) for place, part in parts]
    bearing = [{"name": source["name"], "config": source["config"]} for source in described]
    key = fingerprint([config, bearing, listed, _code_digest(), versions()])
    return BuildPlan(sources=tuple(sources), described=tuple(described), parts=parts, config=config, key=key)


def versions() -> dict[str, str]:
    """Versions of what reads and writes."""
    packages = {name: version(name) for name in ("spektron", "pyarrow", "numpy", "scipy")}
    for name in _READERS:
        with suppress(PackageNotFoundError):
            packages[name] = version(name)
    return {**packages, "python": platform.python_version(), "schema": str(SCHEMA_VERSION)}


def _code_digest() -> str:
    root = Path(spektron.__file__).parent
    digest = hashlib.sha256()
    for package in _CODE:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
