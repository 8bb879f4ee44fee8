"""Files as their publisher gives them out: from a folder of one's own, or fetched once and checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spektron.core.errors import ConfigError
from spektron.core.files import sha256_file

__all__ = ["Archive", "published_file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A zip with one file in it that is wanted.

    Attributes
    ----------
    url, sha256 : str
        Of the zip.
    member, member_sha256 : str
        Of the file.
    copies : mapping
        Name → sha256 of other files that hold the same numbers.
    """

    url: str
    sha256: str
    member: str
    member_sha256: str
    copies: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, str]:
        """Name → sha256 of every file that holds the numbers."""
        return {self.member: self.member_sha256, **self.copies}


def published_file(archive: Archive) -> Path:
    """Find the file below ``SPEKTRON_DATA``, or fetch it into the cache that pooch keeps for this user.

    Raises
    ------
    ConfigError
        When it is not the published one, or cannot be fetched.
    """
    path = _own(archive) or _fetched(archive)
    if (found := sha256_file(path)) != archive.known[path.name]:
        raise ConfigError(
            f"{path}: expected the published file (sha256 {archive.known[path.name]}), found {found}",
            f"remove it, or put the {archive.member} of {archive.url} in its place",
        )
    return path


def _own(archive: Archive) -> Path | None:
    folder = os.environ.get("SPEKTRON_DATA")
    if not folder:
        return None
    if not Path(folder).is_dir():
        raise ConfigError(f"SPEKTRON_DATA: expected a folder, found {folder}", "name the folder that holds the files")
    found = [path for name in archive.known for path in sorted(Path(folder).rglob(name)) if path.is_file()]
    return found[0] if found else None


def _fetched(archive: Archive) -> Path:
    import pooch
    import requests

    try:
        files = pooch.retrieve(
            archive.url,
            f"sha256:{archive.sha256}",
            path=pooch.os_cache("spektron"),
            processor=pooch.Unzip(members=[archive.member]),
            progressbar=True,
        )
    except (OSError, ValueError, requests.RequestException) as error:
        raise ConfigError(
            f"{archive.member}: expected {archive.url}, found {error}",
            f"put {archive.member} into a folder and set SPEKTRON_DATA to it",
        ) from error
    return Path(files[0])
