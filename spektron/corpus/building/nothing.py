"""What is told when not one spectrum of the sources could be kept: the report that names them is never written then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spektron.core.errors import CorpusError
from spektron.core.storage import Storage
from spektron.corpus.building.account import rejected_tables
from spektron.corpus.building.plan import BuildPlan
from spektron.corpus.building.runs import PartAccount

__all__ = ["nothing_kept"]

_COLUMNS = ("spectrum_id", "reason", "detail")
_MOST_REASONS = 4
_MOST_RECORDS = 3
_MOST_CHARACTERS = 160

# What a file leaves unsaid can be said for it, where its source takes the setting.
_SETTINGS = {
    "ambiguous-layout": "layout=xy",
    "ambiguous-modality": "modality=IR",
    "no-axis-unit": "x_unit=cm-1",
    "unknown-modality": "modality=NIR",
    "unknown-unit": "x_unit=nm",
}


def nothing_kept(plan: BuildPlan, work: Storage, accounts: Sequence[PartAccount]) -> CorpusError:
    """Error that gives, for the most frequent reasons, the first records and what was wrong with each."""
    names = ", ".join(str(source.get("name")) for source in plan.described) or "none"
    refused = _first_refused(work, accounts)
    told = [
        f"\n  {reason}: {num:,}" + "".join(f"\n    {record}" for record in records)
        for reason, (num, records) in sorted(refused.items(), key=lambda item: -item[1][0])[:_MOST_REASONS]
    ]
    found = "".join(told) or " nothing to read"
    hints = dict.fromkeys(_settings(plan, refused))
    return CorpusError(
        f"expected at least one spectrum from the sources ({names}), found none:{found}",
        f"say what the files do not: {'; '.join(hints)}"
        if hints
        else "look at the reasons above, and at the folder and format the source was given",
    )


def _first_refused(work: Storage, accounts: Sequence[PartAccount]) -> dict[str, tuple[int, list[str]]]:
    refused: dict[str, tuple[int, list[str]]] = {}
    for table in rejected_tables(work, accounts):
        for name, reason, detail in zip(*(table[key].to_pylist() for key in _COLUMNS), strict=True):
            num, records = refused.get(reason, (0, []))
            if len(records) < _MOST_RECORDS:
                records.append(_short(f"{name}: {detail}" if detail else name))
            refused[reason] = num + 1, records
    return refused


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 2]} …"


def _settings(plan: BuildPlan, refused: dict[str, tuple[int, list[str]]]) -> Iterator[str]:
    for source in plan.sources:
        for reason in refused:
            setting = _SETTINGS.get(reason, "")
            if setting.partition("=")[0] in getattr(type(source), "model_fields", {}):
                yield f"--source {source.name}:FOLDER,{setting}"
