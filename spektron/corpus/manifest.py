"""`manifest.json`: what a corpus holds, what it was made from, and how to tell that it is whole.

It holds no time and no path, so two builds of the same inputs write the same manifest.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from spektron.core.errors import CorpusError
from spektron.core.settings import Settings
from spektron.core.storage import Storage
from spektron.corpus.schema import SCHEMA_VERSION, SPLITS

__all__ = [
    "CARD_FIGURE_NAME",
    "CARD_NAME",
    "MANIFEST_NAME",
    "REPORT_NAME",
    "BuildConfig",
    "Manifest",
    "Shard",
    "load_manifest",
    "nameable",
    "rebuild_command",
]

MANIFEST_NAME = "manifest.json"
REPORT_NAME = "report.parquet"
CARD_NAME = "card.md"
CARD_FIGURE_NAME = "card.png"


Count = Annotated[int, Field(ge=0)]
Split = Annotated[str, Field(pattern="^(train|validation|test)$")]

# Letters of any alphabet; names stand in addresses and file names, so no spaces, slashes or brackets.
NAME_PATTERN = r"^\w[\w.-]*$"


def rebuild_command(place: object) -> str:
    """What to type to build a corpus again."""
    return f"spektron corpus build --source SOURCE --out {place} --overwrite"


def nameable(text: str) -> str:
    """Make a corpus's name of a folder's: what a name may not hold becomes a dash."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.") or "corpus"


class BuildConfig(Settings):
    """What bears a corpus's identity besides its sources. Paths are not among it."""

    name: str = Field(default="corpus", pattern=NAME_PATTERN)
    """How people and ledgers call the corpus."""

    seed: int = 0
    """Of the ranks and of the split. Another seed is another order and another split."""

    validation_fraction: float = Field(default=0.1, ge=0, lt=0.5)
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

    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.parquet$")
    """In the corpus's own folder: a name that leads elsewhere is refused."""
    split: Split
    rows: int = Field(ge=1)
    bytes: int = Field(ge=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(Settings):
    """What `manifest.json` says."""

    schema_version: int
    name: str = Field(pattern=NAME_PATTERN)
    fingerprint: str = Field(pattern="^[0-9a-f]{16}$")
    """16 hexadecimal digits of the rows' content in rank order; independent of the Parquet encoding."""
    build_key: str
    """16 hexadecimal digits of what the corpus was made from and by: sources, config, code and versions."""
    config: BuildConfig
    sources: tuple[dict[str, Any], ...]
    """``describe()`` of each source, in the order they were read."""
    counts: dict[str, dict[str, dict[Split, Count]]]
    """source → modality → split → number of spectra."""
    num_compounds: dict[Split, Count]
    """split → number of compounds."""
    num_spectra: dict[Split, Count]
    """split → number of spectra."""
    axis_cm1: dict[str, tuple[float, float]]
    """modality → lowest start and highest stop."""
    shards: tuple[Shard, ...]
    """By split, then in rank order."""
    kinds: dict[str, dict[Split, Count]]
    """kind → split → number of spectra."""
    records: dict[str, dict[str, Count]]
    """source → ``read``, ``kept``, ``duplicate``, ``rejected``: every record that was read is one of the three."""
    duplicates: dict[str, dict[str, Count]]
    """source → reason → number of spectra that are there already; each is named in `report.parquet`."""
    rejects: dict[str, dict[str, Count]]
    """source → reason → number of spectra or files not taken; each is named in `report.parquet`."""
    repairs: dict[str, Count]
    """kind → number of spectra mended; each is named in `report.parquet`."""
    notes: tuple[str, ...] = ()
    """What a reader should know before trusting the corpus: an empty split, compounds forced into train."""
    built_with: dict[str, str]
    """Versions of what wrote it."""

    @model_validator(mode="after")
    def _adds_up(self) -> Manifest:
        """Refuse a manifest whose numbers contradict each other: what reads it trusts them."""
        for split in SPLITS:
            of_sources = [splits[split] for source in self.counts.values() for splits in source.values()]
            found = {
                "num_spectra": self.num_spectra[split],
                "shards": sum(shard.rows for shard in self.shards if shard.split == split),
                "counts": sum(of_sources),
                "kinds": sum(splits[split] for splits in self.kinds.values()),
            }
            if len(set(found.values())) > 1:
                raise ValueError(f"expected one number of {split} spectra, found {found}")
        kept = sum(record["kept"] for record in self.records.values())
        if kept != sum(self.num_spectra.values()):
            raise ValueError(f"expected as many records kept as spectra, found {kept}")
        return self

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
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(folder, str(error)) from None
    if not isinstance(data, dict):
        raise _damaged(folder, f"a {type(data).__name__} at the top")
    if (found := data.get("schema_version")) != SCHEMA_VERSION:
        raise CorpusError(
            f"{file}: expected a corpus of schema version {SCHEMA_VERSION}, found version {found!r}",
            f"build it again: {rebuild_command(folder)}; a newer version needs a newer Spektron",
        )
    try:
        return Manifest.model_validate(data)
    except (ValidationError, KeyError) as error:
        if isinstance(error, KeyError):
            raise _damaged(folder, f"no value for {error}") from None
        where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise _damaged(folder, where) from None


def _missing(folder: Storage) -> CorpusError:
    found = "no such corpus"
    if folder.is_local:
        path = folder.path
        found = "no such folder" if not path.exists() else "a folder without it" if path.is_dir() else "a file"
    return CorpusError(
        f"expected a corpus at {folder} (a folder with {MANIFEST_NAME}), found {found}",
        f"build one: spektron corpus build --source SOURCE --out {folder}",
    )


def _damaged(folder: Storage, found: str) -> CorpusError:
    return CorpusError(
        f"{folder}/{MANIFEST_NAME}: expected the manifest of a corpus, found {found}",
        f"copy the file again, or build the corpus again: {rebuild_command(folder)}",
    )
