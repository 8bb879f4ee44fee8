"""From what is wanted of a publication to addresses, sizes and hashes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from spektron.core.errors import ConfigError, CorpusError
from spektron.corpus.fetching.http import Patience, get
from spektron.corpus.fetching.registry import Figshare, Osf, Plain, Publication, WebBook, Zenodo

__all__ = ["Remote", "locate", "wanted_names"]

# An archive's answer lists at most some hundred files; more than this is no such answer.
_MAX_ANSWER_BYTES = 16 << 20
_MAX_PAGES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A file to fetch: `known_hash` is ``algorithm:hex`` or None, `num_bytes` None where unknown."""

    name: str
    url: str
    known_hash: str | None = None
    num_bytes: int | None = None


def wanted_names(source: str, publication: Publication, files: Sequence[str] | Path | None) -> list[str]:
    """Names of the files to fetch, in the registry's order or the user's.

    Raises
    ------
    ConfigError
        A file that the source does not have, or a CAS number that is none.
    """
    if isinstance(publication.place, WebBook):
        return _compounds(files)
    if files is None:
        return list(publication.files)
    if isinstance(files, Path):
        raise ConfigError(f"expected names of files of {source}, found a path: {files}", "name them one by one")
    if unknown := sorted(set(files) - set(publication.files)):
        raise ConfigError(f"expected files of {source}, found {unknown}", f"choose among {list(publication.files)}")
    return list(dict.fromkeys(files))


def _compounds(files: Sequence[str] | Path | None) -> list[str]:
    if files is None:
        raise ConfigError(
            "expected CAS numbers, found none: NIST offers no bulk download",
            "name compounds (64-17-5, or 64-17-5:1 for its second spectrum), or a text file with one a line",
        )
    if isinstance(files, Path):
        if not files.is_file():
            raise ConfigError(f"expected a text file of CAS numbers, found nothing at {files}", "check the path")
        files = [line.partition("#")[0].strip() for line in files.read_text(encoding="utf-8-sig").splitlines()]
    return list(dict.fromkeys(_compound(text) for text in files if text))


def _compound(text: str) -> str:
    """``64-17-5:1`` → ``C64175-1.jdx``, the number's check digit verified."""
    found = re.fullmatch(r"(\d{2,7})-?(\d{2})-?(\d)(?::(\d{1,3}))?", text.strip())
    digits = "".join(found.group(1, 2)) if found else ""
    if not found and re.search(r"[./\\]", text):
        raise ConfigError(f"expected CAS numbers or a text file of them, found no such file: {text}", "check the path")
    if not found or sum(i * int(d) for i, d in enumerate(reversed(digits), 1)) % 10 != int(found.group(3)):
        raise ConfigError(f"expected a CAS number, found {text!r}", "write it like 64-17-5; its last digit is a check")
    return f"C{digits}{found.group(3)}-{found.group(4) or 0}.jdx"


def locate(publication: Publication, names: Sequence[str], mirror: str, patience: Patience) -> list[Remote]:
    """Find address, size and hash of each file.

    With a mirror (``<mirror>/<name>``) no publisher is asked, so that it also serves where there is no other network.

    Raises
    ------
    CorpusError
        The archive cannot be asked, or does not have a file of that name.
    """
    place = publication.place
    if mirror:
        return [Remote(name=name, url=f"{mirror.rstrip('/')}/{quote(name)}") for name in names]
    if isinstance(place, Plain):
        return [Remote(name=name, url=f"{place.base_url}/{quote(name)}") for name in names]
    if isinstance(place, WebBook):
        return [_spectrum(place, name) for name in names]
    listed = {remote.name: remote for remote in _listing(place, patience)}
    if missing := [name for name in names if name not in listed]:
        raise CorpusError(
            f"expected {missing} at {publication.homepage}, found {sorted(listed)}",
            "the publisher may have renamed them: look at the page and fetch them by hand into the same folder",
        )
    return [listed[name] for name in names]


def _spectrum(place: WebBook, name: str) -> Remote:
    compound, _, index = name.removesuffix(".jdx").partition("-")
    return Remote(name=name, url=f"{place.cgi_url}?JCAMP={compound}&Index={index}&Type=IR")


def _listing(place: Zenodo | Figshare | Osf, patience: Patience) -> Iterator[Remote]:
    if isinstance(place, Zenodo):
        yield from _read(f"{place.api_url}/records/{place.record}", _zenodo, patience)
    elif isinstance(place, Figshare):
        for article in place.articles:
            yield from _read(f"{place.api_url}/articles/{article}/files?page_size=1000", _figshare, patience)
    else:
        yield from _read(f"{place.api_url}/nodes/{place.node}/files/osfstorage/?page[size]=100", _osf, patience)


def _read(url: str, parse: Any, patience: Patience) -> Iterator[Remote]:
    """Files of an archive's answer and of the pages that follow it."""
    for _ in range(_MAX_PAGES):
        answer = _json(url, patience)
        try:
            found: list[Remote] = list(parse(answer))
            links = answer.get("links", {}) if isinstance(answer, dict) else {}
            url = links.get("next") or "" if parse is _osf else ""
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CorpusError(
                f"expected a list of files from {url}, found another answer ({type(error).__name__}: {error})",
                "the archive's interface may have changed: fetch the files by hand into the same folder",
            ) from error
        yield from found
        if not url:
            return


def _json(url: str, patience: Patience) -> Any:
    import json

    with get(url, patience, {"Accept": "application/json"}) as response:
        body = b""
        for chunk in response.iter_content(1 << 16):
            body += chunk
            if len(body) > _MAX_ANSWER_BYTES:
                break
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CorpusError(
            f"expected JSON from {url}, found {body[:80]!r}",
            "a login, a notice or a proxy may stand before the archive: open the address in a browser",
        ) from error


def _zenodo(answer: Any) -> Iterable[Remote]:
    for file in answer["files"]:
        # Before and after the archive's change of software in 2023.
        name, checksum = str(file.get("key") or file["filename"]), str(file["checksum"])
        yield Remote(
            name=name,
            url=str(file["links"].get("self") or file["links"]["download"]),
            known_hash=_hash("md5", checksum.removeprefix("md5:")),
            num_bytes=int(file.get("size") or file["filesize"]),
        )


def _figshare(answer: Any) -> Iterable[Remote]:
    for file in answer:
        yield Remote(
            name=str(file["name"]),
            url=str(file["download_url"]),
            known_hash=_hash("md5", str(file.get("computed_md5") or file.get("supplied_md5") or "")),
            num_bytes=int(file["size"]),
        )


def _osf(answer: Any) -> Iterable[Remote]:
    for file in answer["data"]:
        attributes = file["attributes"]
        if attributes["kind"] == "file":
            hashes = (attributes.get("extra") or {}).get("hashes") or {}
            yield Remote(
                name=str(attributes["name"]),
                url=str(file["links"]["download"]),
                known_hash=_hash("sha256", str(hashes.get("sha256") or "")),
                num_bytes=int(attributes["size"]),
            )


def _hash(algorithm: str, digest: str) -> str | None:
    lengths = {"md5": 32, "sha256": 64}
    return f"{algorithm}:{digest.lower()}" if re.fullmatch(rf"[0-9a-fA-F]{{{lengths[algorithm]}}}", digest) else None
