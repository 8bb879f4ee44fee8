"""A downloader for pooch that goes on where it stopped, and never splices two versions of a file.

Bytes go to a ``part`` file, with the server's mark of the version (ETag or Last-Modified) beside it. A broken
connection, or a killed process, is continued with ``Range`` and ``If-Range``: the server sends the rest only if it is
still the same version, and all of it otherwise (RFC 9110, §13.1.5 and §14). Where neither mark nor published hash would
tell a splice, the file is begun again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import requests

from spektron.core.errors import CorpusError
from spektron.core.files import disk_errors, require_free_bytes, write_text
from spektron.corpus.fetching.http import BROKEN, Patience, TryAgain, open_once, unreachable

__all__ = ["Downloader"]

# What is lost of a connection that breaks, at most: requests gives whole chunks only.
_CHUNK_BYTES = 1 << 16
Advance = Callable[[int, int | None], None]


@dataclass(slots=True, kw_only=True)
class Downloader:
    """What pooch calls as ``downloader(url, output_file, pooch)``.

    Attributes
    ----------
    name : str
        Of the file, for messages.
    part : Path
        Where unfinished bytes lie, from one process to the next. Complete, they stay until the caller removes them, so
        that a process killed while the hash is taken has lost nothing.
    has_hash : bool
        A hash will be checked afterwards, so that a splice would be found out.
    advance : callable
        Told the bytes so far and, where known, in all.
    patience : Patience
        When to give up.
    resumed : bool
        Whether bytes of an earlier connection are part of the result.
    """

    name: str
    part: Path
    has_hash: bool
    advance: Advance
    patience: Patience = field(default_factory=Patience)
    resumed: bool = False

    def __call__(self, url: str, output_file: str, pooch: object = None) -> None:
        """Bring all of `url` to `output_file`.

        Raises
        ------
        CorpusError
            No network, no such file, or a web page in place of data.
        ResourceError
            The disk is or would be full.
        """
        failures = 0
        while True:
            before = _size(self.part)
            try:
                self._continue(url, self.part)
                break
            except TryAgain as error:
                if error.from_start:
                    self.discard()
                failures = 1 if _size(self.part) > before else failures + 1
                if failures >= self.patience.num_tries:
                    raise unreachable(url, failures, error) from error
                self.patience.wait(failures, error.asked_s)
        Path(output_file).unlink(missing_ok=True)
        try:
            Path(output_file).hardlink_to(self.part)
        except OSError:  # a filesystem without hard links
            self.part.replace(output_file)

    def discard(self) -> None:
        """Forget what was fetched so far."""
        self.part.unlink(missing_ok=True)
        _mark_path(self.part).unlink(missing_ok=True)

    def _continue(self, url: str, part: Path) -> None:
        """Add what is missing to `part`, over one connection."""
        have, mark = _size(part), _read_mark(part, url)
        if have and not (mark or self.has_hash):
            have = 0
        asked = {"Range": f"bytes={have}-"} if have else {}
        if have and mark:
            asked["If-Range"] = mark
        with open_once(url, asked) as response:
            if response.status_code == 416:
                if _total(response) == have:
                    return
                raise TryAgain("the file is shorter than what was fetched of it", from_start=True)
            begin = _begin(response, have, mark)
            if _is_page(response.headers.get("Content-Type", "")):
                self._refuse_page(url, next(response.iter_content(4096), b""))
            self._receive(response, part, begin, _total(response))

    def _receive(self, response: requests.Response, part: Path, begin: int, total: int | None) -> None:
        if total is not None:
            require_free_bytes(part, total - begin, f"the rest of {self.name}")
        with disk_errors(part), part.open("r+b" if begin else "wb") as file:
            file.truncate(begin)
            file.seek(begin)
            _write_mark(part, response)
            self.resumed = begin > 0
            self._copy(response, file, total)
        if total is not None and (found := _size(part)) != total:
            raise TryAgain(f"the connection ended after {found} of {total} bytes")

    def _copy(self, response: requests.Response, file: BinaryIO, total: int | None) -> None:
        self.advance(file.tell(), total)
        try:
            for chunk in response.iter_content(_CHUNK_BYTES):
                if file.tell() == 0 and re.match(rb"\s*<(!doctype html|html)", chunk[:100], re.IGNORECASE):
                    self._refuse_page(response.url, chunk)
                file.write(chunk)
                self.advance(file.tell(), total)
        except BROKEN as error:
            raise TryAgain(str(error)) from error

    def _refuse_page(self, url: str, head: bytes) -> None:
        if Path(self.name).suffix.lower() not in (".html", ".htm"):
            raise CorpusError(
                f"expected the data of {self.name} at {url}, found a web page: {_title(head)!r}",
                "a login, a notice or a proxy stands before the file: open the address in a browser, or name another "
                "server with SPEKTRON_MIRROR",
            )


def _begin(response: requests.Response, have: int, mark: str) -> int:
    """Where in the file the response's first byte belongs."""
    if response.status_code != 206:
        return 0  # the server knows no ranges, or holds another version than the one begun
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    if found is None or int(found.group(1)) != have or (mark and _mark(response) not in ("", mark)):
        # Not the range that was asked for, or of another version although it was told which: take the whole anew.
        raise TryAgain(f"range {response.headers.get('Content-Range')!r} for {have}-", from_start=True)
    return have


def _total(response: requests.Response) -> int | None:
    """Length of the whole file, where the server says it."""
    whole = response.headers.get("Content-Range", "").rpartition("/")[2]
    if whole.isdecimal():
        return int(whole)
    length = response.headers.get("Content-Length", "")
    return int(length) if response.status_code == 200 and length.isdecimal() else None


def _is_page(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")


def _title(head: bytes) -> str:
    text = head[:4096].decode("utf-8", "replace")
    found = re.search(r"<title[^>]*>(.{0,200}?)</title>", text, re.IGNORECASE | re.DOTALL)
    return " ".join((found.group(1) if found else text[:100]).split())


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _mark_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _mark(response: requests.Response) -> str:
    """Strong ETag, or date of the last change; a weak ETag does not promise the same bytes."""
    etag = str(response.headers.get("ETag", ""))
    return etag if etag and not etag.startswith("W/") else str(response.headers.get("Last-Modified", ""))


def _write_mark(part: Path, response: requests.Response) -> None:
    # The address asked for, not the one redirected to: archives redirect to signed addresses, new each time.
    asked = (response.history[0] if response.history else response).url
    write_text(_mark_path(part), json.dumps({"url": asked, "mark": _mark(response)}))


def _read_mark(part: Path, url: str) -> str:
    try:
        kept: Any = json.loads(_mark_path(part).read_text(encoding="utf-8"))
        return str(kept["mark"]) if kept["url"] == url else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""
