"""What a build does when there already is something at its place: nothing is replaced by accident."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from spektron.core.errors import CorpusError
from spektron.core.identity import differences
from spektron.core.storage import Storage
from spektron.corpus.building.plan import is_claimed
from spektron.corpus.building.target import WORK_NAME
from spektron.corpus.manifest import MANIFEST_NAME, BuildConfig, Manifest, load_manifest

__all__ = ["kept_build", "refuse_other_build"]

_MOST_CHANGES = 8


def refuse_other_build(
    out: Storage, config: BuildConfig, sources: Sequence[dict[str, Any]], *, overwrite: bool
) -> None:
    """Raise `CorpusError` before any work if `out` holds something that this build may not replace.

    A folder without a manifest is never replaced, not even with `overwrite`: it may be anything. Without `overwrite`, a
    corpus of another config or other sources is refused, naming the fields that differ.
    """
    if not _is_something(out):
        return
    if out.size(MANIFEST_NAME) is None:
        raise CorpusError(
            f"expected {out} to be absent, empty or a corpus, found something else there", "choose another --out"
        )
    if overwrite:
        return
    old = load_manifest(out)
    if changed := [*_changed_config(old.config, config), *_changed_sources(old.sources, sources)]:
        more = [f"{len(changed) - _MOST_CHANGES} more"] if len(changed) > _MOST_CHANGES else []
        fields = "; ".join([*changed[:_MOST_CHANGES], *more])
        raise CorpusError(
            f"{out} already holds the corpus {old.name!r} ({old.fingerprint}) from another build: {fields}",
            "give another --out, or replace it with --overwrite (trials made from it then no longer match)",
        )


def kept_build(out: Storage, manifest: Manifest) -> Manifest | None:
    """Return the manifest of the corpus at `out` if it is the same as the one just built.

    None if nothing is there, or if a shard of it is missing or cut short: the new build then takes its place.

    Raises
    ------
    CorpusError
        When config and sources agree but the content does not: the files behind a source have changed.
    """
    if out.size(MANIFEST_NAME) is None:
        return None
    old = load_manifest(out)
    if old.fingerprint != manifest.fingerprint:
        raise CorpusError(
            f"{out} already holds the corpus {old.name!r} of the same configuration with fingerprint "
            f"{old.fingerprint}; the sources now give {manifest.fingerprint}",
            "the sources' content or the code that reads it has changed: give another --out, or --overwrite",
        )
    return old if all(out.size(shard.file) == shard.bytes for shard in old.shards) else None


def _is_something(out: Storage) -> bool:
    if out.is_local:
        return out.path.exists() and not (out.path.is_dir() and not any(out.path.iterdir()))
    # In an object store a build that was interrupted stands where the corpus will.
    return bool(out.names()) and not is_claimed(out / WORK_NAME)


def _changed_config(old: BuildConfig, new: BuildConfig) -> Iterator[str]:
    for path, (before, now) in differences(old, new).items():
        yield f"config.{path}: {before!r} → {now!r}"


def _changed_sources(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What the sources differ in, each called by its name: files by how many, for there may be thousands."""
    before, now = _by_name(old), _by_name(new)
    if gone := [name for name in before if name not in now]:
        yield f"sources: {', '.join(gone)} no longer given"
    if added := [name for name in now if name not in before]:
        yield f"sources: {', '.join(added)} added"
    if not gone and not added and list(before) != list(now):
        yield f"sources: given as {', '.join(now)}, before as {', '.join(before)}"
    for name in (name for name in before if name in now):
        yield from _changed_source(name, before[name], now[name])


def _changed_source(name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    files_before, files_now = old.get("files"), new.get("files")
    if isinstance(files_before, dict) and isinstance(files_now, dict):
        old, new = ({key: config[key] for key in config if key != "files"} for config in (old, new))
        if told := _changed_files(files_before, files_now):
            yield f"{name}: {told}"
    for path, (before, now) in differences(old, new).items():
        yield f"{name}: {path}: {_short(before)} → {_short(now)}"


def _changed_files(old: dict[str, Any], new: dict[str, Any]) -> str:
    which = {
        "added": sorted(new.keys() - old.keys()),
        "gone": sorted(old.keys() - new.keys()),
        "changed": sorted(name for name in old.keys() & new.keys() if old[name] != new[name]),
    }
    return ", ".join(
        f"{len(names)} file{'s' * (len(names) > 1)} {what} ({_few(names)})" for what, names in which.items() if names
    )


def _few(names: list[str]) -> str:
    return ", ".join(names[:2]) + (", …" if len(names) > 2 else "")


def _by_name(sources: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Config of each source; of several with one name, the later ones are numbered."""
    table: dict[str, dict[str, Any]] = {}
    for source in sources:
        name = str(source.get("name"))
        number = sum(known.partition(" #")[0] == name for known in table)
        table[f"{name} #{number + 1}" if number else name] = dict(source.get("config", {}))
    return table


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:58]} …"
