"""From sources to a corpus: two passes over the rows, bounded memory, and a folder that appears complete or not at all.

Pass 1 reads the sources, turns away what cannot be a row (counted and named), and spills the rest into buckets by rank.
Pass 2 sorts one bucket at a time and writes the shards of the three splits in rank order.
"""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from spektron.core.errors import CorpusError
from spektron.core.files import disk_errors, require_free_bytes
from spektron.corpus.admission import Admission
from spektron.corpus.content import ContentHash
from spektron.corpus.manifest import MANIFEST_NAME, REPORT_NAME, BuildConfig, Manifest
from spektron.corpus.rebuild import kept_build, refuse_other_build
from spektron.corpus.schema import ROW_BYTES, SCHEMA_VERSION, SPLITS
from spektron.corpus.shards import ShardWriter
from spektron.corpus.sources.base import Source, read_all
from spektron.corpus.spill import Spill
from spektron.corpus.split import CompoundSplitter, spectrum_rank
from spektron.corpus.tally import Tally
from spektron.corpus.target import building_folder, publish

__all__ = ["Progress", "build_corpus"]

Progress = Callable[[str, int, int | None], None]
"""Called with (phase, rows done, rows in all or None): phases are ``reading`` and ``writing``."""

# How often progress is told, in rows.
_TELL_EVERY = 256


def build_corpus(
    sources: Sequence[Source],
    out: Path,
    config: BuildConfig,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Build the corpus `out` from `sources`.

    The same sources and config give the same fingerprint and, with the same pyarrow, the same bytes in every shard.
    Besides one bucket (1/64 of the corpus), about 0.3 KB a row stay in memory. A failure, an interrupt or a full disk
    leaves no trace of `out`.

    Parameters
    ----------
    sources : sequence of Source
        Read one after the other.
    out : Path
        Folder to create. If it already is the corpus of this very build, it is left as it is and its manifest returned.
    config : BuildConfig
        Name, seed, fractions, shard sizes.
    overwrite : bool
        Replace whatever corpus stands at `out`, once the new one is complete.
    progress : callable, optional
        See `Progress`.

    Returns
    -------
    Manifest

    Raises
    ------
    CorpusError
        When `out` holds something else, another build of it is running, or no spectrum was kept.
    ResourceError
        When the disk is, or would become, full.
    """
    out = Path(out)
    tell = progress or (lambda phase, done, total: None)
    described = tuple(source.describe() for source in sources)
    refuse_other_build(out, config, described, overwrite=overwrite)
    _require_disk(out, described)
    with building_folder(out) as folder, disk_errors(out):
        admission = Admission()
        with Spill(folder / "spill") as spill:
            _read(sources, config, admission, spill, tell)
            _require_rows(admission, described)
            manifest = _write(spill, folder, config, described, admission, tell)
        (folder / "spill").rmdir()
        _write_accounts(folder, manifest, admission)
        if not overwrite and (kept := kept_build(out, manifest)):
            return kept
        publish(folder, out)
    return manifest


def _read(sources: Iterable[Source], config: BuildConfig, admission: Admission, spill: Spill, tell: Progress) -> None:
    num_read = 0
    for source in sources:
        for item in read_all(source):
            if spectrum := admission.admit(item):
                spill.add(spectrum, spectrum_rank(spectrum.spectrum_id, config.seed))
            num_read += 1
            if num_read % _TELL_EVERY == 0:
                tell("reading", num_read, None)
    tell("reading", num_read, num_read)
    spill.finish()


def _write(
    spill: Spill,
    folder: Path,
    config: BuildConfig,
    described: tuple[dict[str, Any], ...],
    admission: Admission,
    tell: Progress,
) -> Manifest:
    splitter = CompoundSplitter(config, admission.num_by_compound)
    writers = {split: ShardWriter(folder, split, config) for split in SPLITS}
    content, tally, num_written = ContentHash(), Tally(), 0
    try:
        for table in spill.sorted_buckets():
            for split, rows in _by_split(table, splitter).items():
                writers[split].add(rows)
                content.update(split, rows)
                tally.update(split, rows)
            num_written += len(table)
            tell("writing", num_written, admission.num_kept)
        for writer in writers.values():
            writer.close()
    finally:
        for writer in writers.values():
            writer.abandon()
    return Manifest(
        schema_version=SCHEMA_VERSION,
        name=config.name,
        fingerprint=content.fingerprint(),
        config=config,
        sources=described,
        counts=tally.counts(),
        num_compounds=tally.num_compounds(),
        num_spectra=tally.num_spectra(),
        axis_cm1=tally.axis_cm1(),
        shards=tuple(shard for split in SPLITS for shard in writers[split].shards),
        rejects=admission.reject_counts(),
        repairs=admission.repair_counts(),
        notes=_notes(config, tally.num_spectra(), splitter.forced_to_train),
        built_with={
            "spektron": version("spektron"),
            "pyarrow": pa.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    )


def _by_split(table: pa.Table, splitter: CompoundSplitter) -> dict[str, pa.Table]:
    splits = np.array([splitter.split_of(compound) for compound in table["compound_id"].to_pylist()])
    rows = {split: np.flatnonzero(splits == split) for split in SPLITS}
    return {split: table.take(places) for split, places in rows.items() if len(places)}


def _notes(config: BuildConfig, num_spectra: dict[str, int], forced: Counter[str]) -> tuple[str, ...]:
    notes = [
        f"the {split} split is empty: too few compounds for a fraction of {fraction:g}; "
        "raise the fraction or choose another seed"
        for split, fraction in (("validation", config.validation_fraction), ("test", config.test_fraction))
        if fraction > 0 and not num_spectra[split]
    ]
    if forced:
        largest = ", ".join(f"{compound} ({num})" for compound, num in sorted(forced.items(), key=lambda i: -i[1])[:5])
        notes.append(f"{len(forced)} compounds are in train because they are too large to hold out: {largest}")
    return tuple(notes)


def _require_disk(out: Path, described: Iterable[dict[str, Any]]) -> None:
    # Buckets are removed as they are written out, so rows and buckets together never take much more than the rows.
    known = [source.get("config", {}).get("num_spectra") for source in described]
    rows = sum(num for num in known if isinstance(num, int))
    require_free_bytes(out.parent, int(1.1 * rows * ROW_BYTES), f"a corpus of {rows} spectra")


def _require_rows(admission: Admission, described: Iterable[dict[str, Any]]) -> None:
    if admission.num_kept:
        return
    names = ", ".join(str(source.get("name")) for source in described) or "none"
    reasons = Counter(row["reason"] for row in admission.rejects)
    found = ", ".join(f"{reason}: {num}" for reason, num in reasons.most_common()) or "nothing to read"
    first = f"; the first: {admission.rejects[0]}" if admission.rejects else ""
    raise CorpusError(
        f"expected at least one spectrum from the sources ({names}), found none; rejected by reason: {found}{first}",
        "look at the reasons above, and at the folder and format the source was given",
    )


def _write_accounts(folder: Path, manifest: Manifest, admission: Admission) -> None:
    report = {
        "fingerprint": manifest.fingerprint,
        "num_kept": admission.num_kept,
        "rejects": admission.rejects,
        "repaired": admission.repaired,
    }
    (folder / REPORT_NAME).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / MANIFEST_NAME).write_text(manifest.to_json(), encoding="utf-8")
