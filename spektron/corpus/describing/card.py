"""The data card of a corpus: what it holds, what it does not and why, where it is from, and how it was built.

Markdown for people, in the order in which they ask. Everything in it stands in the manifest, so it holds no time and no
path, and two builds of the same inputs write the same card.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from spektron.core.files import size_text
from spektron.corpus.building.gate import BUILD_REASONS, DUPLICATE_REASONS
from spektron.corpus.describing.card_figure import MOST_PANELS
from spektron.corpus.manifest import CARD_FIGURE_NAME, BuildConfig, Manifest
from spektron.corpus.schema import SPLITS
from spektron.corpus.sources.base import REJECT_REASONS
from spektron.corpus.sources.words import as_word
from spektron.spectra.convert import REPAIRS

__all__ = ["render_card"]

_MEANING = {**REJECT_REASONS, **BUILD_REASONS, **DUPLICATE_REASONS, **REPAIRS}


def render_card(manifest: Manifest) -> str:
    """Text of `card.md`."""
    return (
        "\n\n".join(
            [
                _heading(manifest),
                f"![Example spectra of each source and modality; the lowest one is named]({CARD_FIGURE_NAME})",
                *_cut(manifest),
                *(f"**Note:** {_cell(note)}" for note in manifest.notes),
                "## What it holds",
                _counts(manifest),
                _kinds(manifest),
                _axes(manifest),
                "## Every record of the sources",
                _records(manifest),
                *_reasons("Rejected", manifest.rejects),
                *_reasons("There already", manifest.duplicates),
                *_repairs(manifest.repairs),
                "## Licences",
                _licences(manifest),
                "## How it was built",
                _built(manifest),
            ]
        )
        + "\n"
    )


def _heading(manifest: Manifest) -> str:
    num_bytes = sum(shard.bytes for shard in manifest.shards)
    return (
        f"# Corpus {_cell(manifest.name)}\n\n"
        f"{sum(manifest.num_spectra.values()):,} spectra of {sum(manifest.num_compounds.values()):,} compounds, "
        f"{len(manifest.shards)} shards, {size_text(num_bytes)}. Fingerprint `{manifest.fingerprint}`."
    )


def _cut(manifest: Manifest) -> list[str]:
    """What the figure leaves out."""
    num = sum(len(modalities) for modalities in manifest.counts.values())
    what = "sources and modalities shown: those of which there is most"
    return [f"{MOST_PANELS} of {num} {what}."] if num > MOST_PANELS else []


def _counts(manifest: Manifest) -> str:
    rows: list[list[object]] = [
        [source, modality, *_over_splits(splits)]
        for source, modalities in manifest.counts.items()
        for modality, splits in modalities.items()
    ]
    for label, totals in (("**all spectra**", manifest.num_spectra), ("**compounds**", manifest.num_compounds)):
        rows.append([label, "", *_over_splits(totals)])
    return _table(["source", "modality", *SPLITS, "all"], rows)


def _kinds(manifest: Manifest) -> str:
    rows = [[kind, *_over_splits(splits)] for kind, splits in manifest.kinds.items()]
    return _table(["kind", *SPLITS, "all"], rows)


def _over_splits(counts: Mapping[str, int]) -> list[int]:
    return [*(counts[split] for split in SPLITS), sum(counts.values())]


def _axes(manifest: Manifest) -> str:
    rows = [[modality, f"{start:,.1f}", f"{stop:,.1f}"] for modality, (start, stop) in manifest.axis_cm1.items()]
    return _table(["modality", "lowest start, cm⁻¹", "highest stop, cm⁻¹"], rows)


def _records(manifest: Manifest) -> str:
    columns = ["read", "kept", "duplicate", "rejected"]
    rows = [[source, *(record[name] for name in columns)] for source, record in manifest.records.items()]
    totals = [sum(record[name] for record in manifest.records.values()) for name in columns]
    return (
        _table(["source", *columns], [*rows, ["**all**", *totals]])
        + "\n\nEach one that was not kept, and each that was mended, by name: `spektron corpus report`."
    )


def _reasons(title: str, counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    if not counts:
        return []
    rows = [
        [source, reason, num, _MEANING.get(reason, "")]
        for source, reasons in counts.items()
        for reason, num in reasons.items()
    ]
    return [f"### {title}", _table(["source", "reason", "number", "what it means"], rows)]


def _repairs(repairs: Mapping[str, int]) -> list[str]:
    if not repairs:
        return []
    rows = [[kind, num, _MEANING.get(kind, "")] for kind, num in repairs.items()]
    return ["### Kept after mending", _table(["what was mended", "number", "what it means"], rows)]


def _licences(manifest: Manifest) -> str:
    rows = []
    for source in manifest.sources:
        for name, terms in source.get("licences", {}).items():
            rows.append([source.get("name", ""), name, terms.get("licence", ""), terms.get("citation", "")])
    return _table(["source", "set", "licence", "citation"], rows) if rows else "None stated."


def _built(manifest: Manifest) -> str:
    made = {
        "config": manifest.config.model_dump(mode="json"),
        "sources": [_short(source) for source in manifest.sources],
        "built_with": manifest.built_with,
        "build_key": manifest.build_key,
    }
    if command := _command(manifest):
        made = {"command": command, **made}
    return f"```json\n{json.dumps(made, indent=1, ensure_ascii=False)}\n```"


def _command(manifest: Manifest) -> str:
    """What to type to build the same again, folders left to fill in; empty where no command builds it."""
    config = manifest.config
    words = [as_word(source) for source in manifest.sources]
    typed = {"name", "seed", "validation_fraction", "test_fraction"}
    if "" in words or config.model_dump(exclude=typed) != BuildConfig().model_dump(exclude=typed):
        return ""
    given = f"--name {config.name} --seed {config.seed} --validation {config.validation_fraction:g}"
    return f"spektron corpus build --source {' '.join(words)} --out FOLDER {given} --test {config.test_fraction:g}"


def _short(source: Mapping[str, object]) -> dict[str, object]:
    """A source's settings; of many files only how many there are, for the manifest names each."""
    config = source.get("config", {})
    config = dict(config) if isinstance(config, Mapping) else {}
    files = config.get("files")
    if isinstance(files, Mapping) and len(files) > 3:
        config["files"] = f"{len(files)} files, each with its sha256 in manifest.json"
    return {"name": source.get("name"), "config": config}


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    """A value as a cell: what a publisher wrote must not become markup."""
    if isinstance(value, int):
        return f"{value:,}"
    text = " ".join(str(value).split())
    return text.replace("|", "\\|").replace("<", "&lt;")
