"""`manifest.json`: what a corpus holds, what it was made from, and how to tell that it is whole.

It holds no time and no path, so two builds of the same inputs write the same manifest.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from spektron.core.errors import CorpusError
from spektron.core.settings import Settings
from spektron.core.storage import Storage
from spektron.corpus.schema import SCHEMA_VERSION

__all__ = [
    "CARD_FIGURE_NAME",
    "CARD_NAME",
    "MANIFEST_NAME",
    "REPORT_NAME",
    "BuildConfig",
    "Manifest",
    "Shard",
    "load_manifest",
]

MANIFEST_NAME = "manifest.json"
REPORT_NAME = "report.parquet"
CARD_NAME = "card.md"
CARD_FIGURE_NAME = "card.png"


class BuildConfig(Settings):
    """What bears a corpus's identity besides its sources. Paths are not among it."""

    name: str = Field(default="corpus", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """How people and ledgers call the corpus."""

    seed: int = 0
    """Of the ranks and of the split. Another seed is another order and another split."""

    validation_fraction: float = Field(default=0.05, ge=0, lt=0.5)
    """Expected share of compounds held out for validation; by hash of the compound, so the share is met on average."""

    test_fraction: float = Field(default=0.05, ge=0, lt=0.5)
    """Expected share of compounds held out for testing."""

    max_compound_share: float = Field(default=0.5, gt=0, le=1)
    """A compound with more spectra than this share of a held-out split's target goes to train: one compound measured
    700 times must not be the validation set."""

    rows_per_shard: int = Field(default=16_384, ge=1)
    """128 MiB of intensities a file: few files at 400K rows, and small enough to fetch again when one is damaged."""

    rows_per_group: int = Field(default=1024, ge=1)
    """8 MiB a row group, the least that is read at once. 256 to 4096 read equally fast (410–480K rows/s); smaller ones
    shuffle better, larger ones cost Ray Data fewer objects."""


class Shard(Settings):
    """One Parquet file of a corpus; every row group but the last holds `BuildConfig.rows_per_group` rows."""

    file: str
    split: str
    rows: int
    bytes: int
    sha256: str


class Manifest(Settings):
    """What `manifest.json` says."""

    schema_version: int
    name: str
    fingerprint: str
    """16 hexadecimal digits of the rows' content in rank order; independent of the Parquet encoding."""
    build_key: str
    """16 hexadecimal digits of what the corpus was made from and by: sources, config, code and versions."""
    config: BuildConfig
    sources: tuple[dict[str, Any], ...]
    """``describe()`` of each source, in the order they were read."""
    counts: dict[str, dict[str, dict[str, int]]]
    """source → modality → split → number of spectra."""
    num_compounds: dict[str, int]
    """split → number of compounds."""
    num_spectra: dict[str, int]
    """split → number of spectra."""
    axis_cm1: dict[str, tuple[float, float]]
    """modality → lowest start and highest stop."""
    shards: tuple[Shard, ...]
    """By split, then in rank order."""
    kinds: dict[str, dict[str, int]]
    """kind → split → number of spectra."""
    records: dict[str, dict[str, int]]
    """source → ``read``, ``kept``, ``duplicate``, ``rejected``: every record that was read is one of the three."""
    duplicates: dict[str, dict[str, int]]
    """source → reason → number of spectra that are there already; each is named in `report.parquet`."""
    rejects: dict[str, dict[str, int]]
    """source → reason → number of spectra or files not taken; each is named in `report.parquet`."""
    repairs: dict[str, int]
    """kind → number of spectra mended; each is named in `report.parquet`."""
    notes: tuple[str, ...] = ()
    """What a reader should know before trusting the corpus: an empty split, compounds forced into train."""
    built_with: dict[str, str]
    """Versions of what wrote it."""

    def to_json(self) -> str:
        """Text of `manifest.json`."""
        return self.model_dump_json(indent=1) + "\n"


def load_manifest(place: Storage | Path | str) -> Manifest:
    """Read ``manifest.json`` of the corpus at a path or an address.

    Raises
    ------
    CorpusError
        When it is missing, damaged, or of another schema version.
    """
    folder = Storage.at(place)
    file = f"{folder}/{MANIFEST_NAME}"
    try:
        data = json.loads(folder.read_bytes(MANIFEST_NAME).decode())
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(folder) from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _damaged(folder, str(error)) from None
    if not isinstance(data, dict):
        raise _damaged(folder, f"a {type(data).__name__} at the top")
    if (found := data.get("schema_version")) != SCHEMA_VERSION:
        raise CorpusError(
            f"{file}: expected a corpus of schema version {SCHEMA_VERSION}, found version {found!r}",
            f"build it again: spektron corpus build --out {folder} --overwrite; a newer version needs a newer Spektron",
        )
    try:
        return Manifest.model_validate(data)
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise _damaged(folder, where) from None


def _missing(folder: Storage) -> CorpusError:
    found = "no such corpus"
    if folder.is_local:
        path = folder.path
        found = "no such folder" if not path.exists() else "a folder without it" if path.is_dir() else "a file"
    return CorpusError(
        f"expected a corpus at {folder} (a folder with {MANIFEST_NAME}), found {found}",
        f"build one: spektron corpus build --out {folder}",
    )


def _damaged(folder: Storage, found: str) -> CorpusError:
    return CorpusError(
        f"{folder}/{MANIFEST_NAME}: expected the manifest of a corpus, found {found}",
        f"copy the file again, or build the corpus again: spektron corpus build --out {folder} --overwrite",
    )
