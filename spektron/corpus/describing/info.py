"""`spektron corpus info`: what a corpus holds, as tables for a terminal. Reads the manifest only."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spektron.core.files import size_text
from spektron.core.storage import Storage
from spektron.corpus.manifest import CARD_NAME, Manifest, load_manifest
from spektron.corpus.schema import SPLITS

__all__ = ["render_info"]


def render_info(place: Storage | Path | str) -> RenderableType:
    """Summary of the corpus at `place`: counts, axes, what was rejected and mended, licences, fingerprint.

    Raises
    ------
    CorpusError
        When there is no manifest that this version can read.
    """
    folder = Storage.at(place)
    manifest = load_manifest(folder)
    parts: list[RenderableType | None] = [
        _licences(manifest),  # the longest table first: what is asked for most stands above the prompt
        _repairs(manifest) if manifest.repairs else None,
        _reasons("There already", manifest.duplicates) if manifest.duplicates else None,
        _reasons("Rejected", manifest.rejects) if manifest.rejects else None,
        _axes(manifest),
        _counts(manifest),
        _heading(folder, manifest),
    ]
    return Group(*(part for part in parts if part is not None))


def _heading(path: Storage, manifest: Manifest) -> Text:
    num_bytes = sum(shard.bytes for shard in manifest.shards)
    text = Text()
    text.append(f"{manifest.name}", style="bold").append(f"  fingerprint {manifest.fingerprint}  at {path}\n")
    text.append(
        f"{sum(manifest.num_spectra.values()):,} spectra of {sum(manifest.num_compounds.values()):,} compounds in "
        f"{len(manifest.shards)} shards, {size_text(num_bytes)}; seed {manifest.config.seed}"
    )
    read, kept = (sum(record[name] for record in manifest.records.values()) for name in ("read", "kept"))
    text.append(f"\n{read:,} records read, {kept:,} kept; the data card with examples: {path}/{CARD_NAME}")
    for note in manifest.notes:
        text.append(f"\nnote: {note}", style="yellow")
    return text


def _counts(manifest: Manifest) -> Table:
    table = _table("Spectra", "source", "modality", *SPLITS, "all")
    for source, modalities in manifest.counts.items():
        for modality, splits in modalities.items():
            numbers = [splits[split] for split in SPLITS]
            table.add_row(source, modality, *(f"{num:,}" for num in [*numbers, sum(numbers)]))
    table.add_section()
    for label, row in (("all spectra", manifest.num_spectra), ("compounds", manifest.num_compounds)):
        table.add_row(label, "", *(f"{row[split]:,}" for split in SPLITS), f"{sum(row.values()):,}", style="bold")
    return table


def _axes(manifest: Manifest) -> Table:
    table = _table("Axes (cm⁻¹)", "modality", "lowest start", "highest stop")
    for modality, (start, stop) in manifest.axis_cm1.items():
        table.add_row(modality, f"{start:,.1f}", f"{stop:,.1f}")
    return table


def _reasons(title: str, counts: dict[str, dict[str, int]]) -> Table:
    table = _table(f"{title} (by name: spektron corpus report)", "source", "reason", "number")
    for source, reasons in counts.items():
        for reason, num in reasons.items():
            table.add_row(source, reason, f"{num:,}")
    return table


def _repairs(manifest: Manifest) -> Table:
    table = _table("Kept after mending", "what was mended", "number")
    for kind, num in manifest.repairs.items():
        table.add_row(kind, f"{num:,}")
    return table


def _licences(manifest: Manifest) -> Table | None:
    table = _table("Licences", "source", "set", "licence", "citation")
    for source in manifest.sources:
        for name, terms in source.get("licences", {}).items():
            terms = terms if isinstance(terms, dict) else {"licence": str(terms)}
            row = [str(terms.get(key) or "not stated") for key in ("licence", "citation")]
            table.add_row(str(source.get("name", "")), name, *row)
    return table if table.row_count else None


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    numeric = {*SPLITS, "all", "number", "lowest start", "highest stop"}
    for column in columns:
        table.add_column(column, justify="right" if column in numeric else "left", overflow="fold")
    return table
