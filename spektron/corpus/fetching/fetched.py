"""The folder that fetched files lie in: what is held, what it was checked against, and what is unfinished."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spektron.core.errors import ConfigError, CorpusError
from spektron.core.files import sha256_file, write_text
from spektron.corpus.fetching.locate import Remote
from spektron.corpus.fetching.registry import Publication

__all__ = ["RECORD_NAME", "Say", "Store"]

RECORD_NAME = "fetched.json"

Say = Callable[[str], None]


class Store:
    """A folder of fetched files, its record, and the staging place of what is unfinished."""

    def __init__(self, folder: Path, say: Say) -> None:
        self.folder, self.say = folder, say
        self._staging = folder / ".fetching"
        try:
            self._staging.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"expected a folder to fetch into, found {error.strerror} at {folder}", "choose another folder"
            ) from error

    def holds(self, name: str) -> bool:
        """Whether a file is there, and is what was fetched."""
        entry, path = self._entries().get(name), self.folder / name
        if entry is None or not path.is_file():
            return False
        return bool(path.stat().st_size == entry["bytes"]) and sha256_file(path) == entry["sha256"]

    def lacks(self, name: str) -> bool:
        """Whether a file must be fetched; says so of one that was held and is another now."""
        if self.holds(name):
            return False
        if name in self._entries() and (self.folder / name).exists():
            self.say(f"{name} has changed since it was fetched; it is fetched again")
        return True

    def expected_hash(self, remote: Remote) -> str | None:
        """Hash to check against: the one recorded, else the publisher's."""
        entry = self._entries().get(remote.name)
        return f"sha256:{entry['sha256']}" if entry else remote.known_hash

    def num_begun(self, name: str) -> int:
        """Bytes of an earlier, broken download."""
        part = self._place(name) / "part"
        return part.stat().st_size if part.is_file() else 0

    def adopt(self, remote: Remote, expected: str | None) -> bool:
        """Take a file that was put here by hand, if it is the right one as far as can be told."""
        import pooch

        path = self.folder / remote.name
        if not path.is_file():
            return False
        if expected is not None:
            algorithm, _, digest = expected.partition(":")
            if pooch.file_hash(str(path), alg=algorithm) != digest:
                return False
        self._record(remote, expected, "found in the folder")
        return True

    def take(self, remote: Remote, whole: Path, expected: str | None) -> None:
        """Give a checked file its name, and record it."""
        path = self.folder / remote.name
        path.parent.mkdir(parents=True, exist_ok=True)
        whole.replace(path)
        self._record(remote, expected, "first download")

    def keep_notice(self, publication: Publication) -> None:
        """Keep licence and citation beside the files."""
        self._update(lambda kept: kept.update(licence=publication.licence, citation=publication.citation))

    @contextmanager
    def alone_with(self, name: str) -> Iterator[Path]:
        """Keep others from a file's staging folder; it goes when the file is complete."""
        place = self._place(name)
        with self._locked(place.name):
            place.mkdir(parents=True, exist_ok=True)
            for left in place.iterdir():  # what a killed process was hashing: a second name of the part
                if left.name not in ("part", "part.json"):
                    left.unlink()
            try:
                yield place
            except BaseException:
                if not (place / "part").exists():
                    shutil.rmtree(place)
                raise
            shutil.rmtree(place)

    def _place(self, name: str) -> Path:
        return self._staging / name.replace("/", "--")

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with (self._staging / f"{name}.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # waits; gone with the process
            yield

    def _record(self, remote: Remote, expected: str | None, without: str) -> None:
        path = self.folder / remote.name
        entry = {
            "sha256": sha256_file(path),
            "bytes": path.stat().st_size,
            "url": remote.url,
            "checked_against": remote.known_hash or expected or f"nothing published; trusted at the {without}",
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        before = self._entries().get(remote.name)
        if before is not None:
            entry["checked_against"] = before["checked_against"]
        elif remote.known_hash is None:
            self.say(f"{remote.name}: no published hash; its sha256 is kept and checked from now on")
        self._update(lambda kept: kept["files"].update({remote.name: entry}))

    def _update(self, change: Callable[[dict[str, Any]], object]) -> None:
        with self._locked("record"):
            kept = {"files": self._entries(), **self._read()}
            change(kept)
            write_text(self.folder / RECORD_NAME, json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True))

    def _entries(self) -> dict[str, Any]:
        files: dict[str, Any] = self._read().get("files", {})
        return files

    def _read(self) -> dict[str, Any]:
        path = self.folder / RECORD_NAME
        if not path.exists():
            return {}
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            for entry in kept["files"].values():
                entry["sha256"], entry["bytes"], entry["checked_against"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CorpusError(
                f"expected the record of what was fetched, found something else in {path}",
                "remove it: files are then checked against the publisher's hashes, or trusted anew",
            ) from error
        result: dict[str, Any] = kept
        return result
