"""``spektron corpus``: fetch, build, look at and check corpora."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from spektron.cli.printing import printed_console
from spektron.core.errors import ConfigError
from spektron.core.storage import Storage
from spektron.corpus import BuildConfig
from spektron.report.phases import phase_bars

__all__ = ["Build", "Fetch", "Info", "Report", "Verify"]

# An option that takes several words and may be given several times: none of them takes another's place.
_Words = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """Download a public source's files: resumable, checked against hashes, licence and citation first."""

    source: Annotated[str, tyro.conf.Positional]
    """chembl, uspto, nist, rruff, multimodal, qm9s or openspecy."""
    folder: Path
    """Where the files shall lie; what is there already is checked and not fetched again."""
    files: Annotated[_Words, tyro.conf.UseAppendAction, tyro.conf.arg(metavar="FILE …")] = ()
    """Only these of the source's files. For nist: CAS numbers, or one text file with a CAS number a line."""

    def run(self) -> int:
        from spektron.corpus.fetching.fetch import fetch
        from spektron.corpus.fetching.registry import PUBLICATIONS

        words = _flat(self.files)
        files: Path | tuple[str, ...] | None = words or None
        if len(words) == 1 and Path(words[0]).is_file():
            files = Path(words[0])
        found = fetch(self.source, self.folder, files=files)
        is_packed = PUBLICATIONS[self.source].is_packed
        unpack = "".join(f"unzip {path} -d {self.folder} && " for path in found if is_packed)
        printed_console().print(
            f"{len(found)} files in {self.folder}; look next: {unpack}spektron corpus build --source "
            f"{self.source}:{self.folder} --out CORPUS",
            highlight=False,
            soft_wrap=True,  # to be copied
        )
        return 0


@dataclass(frozen=True, kw_only=True)
class Build:
    """Build a corpus: Parquet shards, manifest.json, and a report that names every spectrum that was not kept."""

    out: str
    """Folder to make, or an address such as s3://bucket/folder."""
    source: Annotated[_Words, tyro.conf.UseAppendAction, tyro.conf.arg(metavar="SOURCE …")] = ()
    """What to read: bundled, simulated:NUM, or chembl, uspto, table, …:FOLDER[,setting=value]; the earlier one wins
    where two hold the same spectrum."""
    name: str | None = None
    """How people and ledgers call it; by default the folder's name."""
    seed: int = 0
    """Of ranks and splits."""
    validation: float = BuildConfig().validation_fraction
    """Share of the spectra held out for validation, by compound."""
    test: float = BuildConfig().test_fraction
    """Share of the spectra held out for testing, by compound."""
    overwrite: bool = False
    """Replace what is there."""
    workers: int = 1
    """Who reads and writes: this process, or as many tasks of a Ray cluster (RAY_ADDRESS, else one on this machine)."""

    def run(self) -> int:
        from spektron.corpus import build_corpus, render_info
        from spektron.corpus.building.workers import workers
        from spektron.corpus.manifest import nameable
        from spektron.corpus.sources import open_source

        if not (words := _flat(self.source)):
            raise ConfigError("expected what to read, found no --source", "for example --source bundled")
        for option, share in (("--validation", self.validation), ("--test", self.test)):
            if not 0 <= share < 0.5:
                raise ConfigError(f"{option}: expected a share from 0 to below 0.5, found {share:g}", "for example 0.1")
        out = Storage.at(self.out)
        config = BuildConfig().with_values(
            {
                "name": self.name if self.name is not None else nameable(out.name),
                "seed": self.seed,
                "validation_fraction": self.validation,
                "test_fraction": self.test,
            }
        )
        sources = [open_source(word) for word in words]
        with workers(self.workers) as many, phase_bars() as progress:
            build_corpus(sources, out, config, overwrite=self.overwrite, workers=many, progress=progress)
        printed_console().print(render_info(out))
        printed_console().print(
            f"look next: {out}/card.md, and spektron corpus report {out} for every record not kept or mended"
        )
        return 0


@dataclass(frozen=True, kw_only=True)
class Info:
    """Show a corpus: counts, axis ranges, rejects, repairs, licences."""

    folder: Annotated[str, tyro.conf.Positional]
    """The corpus: a folder or its address."""

    def run(self) -> int:
        from spektron.corpus import render_info

        printed_console().print(render_info(self.folder))
        return 0


@dataclass(frozen=True, kw_only=True)
class Report:
    """Name the spectra of a corpus's sources that were rejected, were there already, or were mended."""

    folder: Annotated[str, tyro.conf.Positional]
    """The corpus: a folder or its address."""
    outcome: Literal["rejected", "duplicate", "mended"] | None = None
    """Only these."""
    reason: str | None = None
    """Only those of this reason."""
    source: str | None = None
    """Only those of this source."""
    limit: int = 50
    """How many to name; 0 for all."""

    def run(self) -> int:
        from spektron.corpus.describing.report import render_report

        chosen = {"outcome": self.outcome, "reason": self.reason, "source": self.source}
        wanted = {name: value for name, value in chosen.items() if value is not None}
        printed_console().print(render_report(self.folder, wanted, self.limit))
        return 0


@dataclass(frozen=True, kw_only=True)
class Verify:
    """Check every shard of a corpus against its manifest."""

    folder: Annotated[str, tyro.conf.Positional]
    """The corpus: a folder or its address."""

    def run(self) -> int:
        from spektron.corpus import verify_corpus

        with phase_bars() as progress:
            report = verify_corpus(self.folder, progress)
        report.require_ok()
        printed_console().print(
            f"{self.folder}: {report.num_spectra:,} spectra, every shard and every row as the manifest says"
        )
        return 0


def _flat(given: _Words) -> tuple[str, ...]:
    return tuple(word for words in given for word in words)
