"""Asking a server patiently, and telling what may pass from what will not."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import requests

from spektron.core.errors import CorpusError

__all__ = ["BROKEN", "NotFoundError", "Patience", "TryAgain", "get", "open_once", "unreachable"]

_TIMEOUT_S = (20.0, 60.0)  # to connect, and between two chunks
# Worth another try: too many requests, and what a gateway or a restarting server says.
_PASSING = {408, 429, 500, 502, 503, 504}
BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
# Lengths and ranges must count the file's own bytes, not those of a compressed transfer.
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "spektron (corpus fetch)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long to wait.

    Attributes
    ----------
    num_tries : int
        In a row without a single byte gained.
    first_wait_s, longest_wait_s : float
        Doubled from try to try; a server's ``Retry-After`` counts up to the longest.
    """

    num_tries: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0

    def wait(self, failures: int, asked_s: float = 0.0) -> None:
        """Sleep before the next try."""
        time.sleep(min(max(self.first_wait_s * 2.0 ** (failures - 1), asked_s), self.longest_wait_s))


class NotFoundError(CorpusError):
    """The server knows no such file."""


class TryAgain(Exception):
    """A passing failure: what was seen, how long the server asked to wait, and whether to begin again from nothing."""

    def __init__(self, seen: str, asked_s: float = 0.0, from_start: bool = False) -> None:
        super().__init__(seen)
        self.asked_s, self.from_start = asked_s, from_start


def get(url: str, patience: Patience, headers: dict[str, str] | None = None) -> requests.Response:
    """Open `url` as a stream, patiently.

    Raises
    ------
    CorpusError
        No network, or an answer that will not change (404, 403, ...).
    """
    failures = 0
    while True:
        try:
            return open_once(url, headers or {})
        except TryAgain as error:
            failures += 1
            if failures >= patience.num_tries:
                raise unreachable(url, failures, error) from error
            patience.wait(failures, error.asked_s)


def open_once(url: str, headers: dict[str, str]) -> requests.Response:
    """Ask once, and say how a failure is to be taken.

    Raises
    ------
    TryAgain
        Where a later try may do.
    CorpusError
        Where none will.
    """
    try:
        response = requests.get(url, headers=_HEADERS | headers, stream=True, timeout=_TIMEOUT_S)
    except BROKEN as error:
        raise TryAgain(str(error)) from error
    except requests.RequestException as error:
        raise CorpusError(f"expected an address that can be asked, found {url}: {error}", "check it") from error
    if response.status_code in _PASSING:
        response.close()
        raise TryAgain(f"status {response.status_code}", _seconds(response.headers.get("Retry-After", "")))
    if response.status_code >= 400 and response.status_code != 416:
        response.close()
        refusal = NotFoundError if response.status_code in (404, 410) else CorpusError
        raise refusal(
            f"expected a file at {url}, found status {response.status_code} ({response.reason})",
            "the publisher may have moved it: look at the source's page, fetch it by hand into the same folder, or "
            "name another server with SPEKTRON_MIRROR",
        )
    return response


def _seconds(text: str) -> float:
    """``Retry-After`` in seconds; the other form, a date, is not worth reading."""
    return float(text) if re.fullmatch(r"\d{1,6}", text.strip()) else 0.0


def unreachable(url: str, tries: int, error: Exception) -> CorpusError:
    """What to raise when the last try has failed."""
    return CorpusError(
        f"expected an answer from {url}, found none in {tries} tries: {error}",
        "check the network, or name another server with SPEKTRON_MIRROR; the same command goes on where this stopped",
    )
