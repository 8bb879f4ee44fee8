"""What a build does when there already is something at its place: nothing is replaced by accident."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spektron.core.errors import CorpusError
from spektron.core.identity import differences
from spektron.core.storage import Storage
from spektron.corpus.building.plan import is_claimed
from spektron.corpus.building.target import WORK_NAME
from spektron.corpus.manifest import MANIFEST_NAME, BuildConfig, Manifest, load_manifest

__all__ = ["kept_build", "refuse_other_build"]


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
    if changed := differences(_identity(old.config, old.sources), _identity(config, sources)):
        fields = "; ".join(f"{path}: {before!r} → {now!r}" for path, (before, now) in list(changed.items())[:8])
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


def _identity(config: BuildConfig, sources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    described = [{"name": source.get("name"), "config": source.get("config", {})} for source in sources]
    return {"config": config.model_dump(mode="json"), "sources": described}
