"""Bring a public source's files to a folder: resumable, checked, licence first.

Every file is checked against the publisher's hash where there is one. Where there is none, the sha256 found at the
first download is kept in ``fetched.json`` beside the files and checked ever after ("trust on first use": it shows that
a file has changed since, not that it was right at first). A file appears under its name only when it is whole and
checked; what is unfinished lies in ``.fetching`` and is continued by the next call, of this or another process. Two
processes that fetch one file wait for each other.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from spektron.core.errors import ConfigError, CorpusError
from spektron.core.files import require_free_bytes, size_text
from spektron.corpus.fetching.download import Downloader
from spektron.corpus.fetching.fetched import RECORD_NAME, Say, Store
from spektron.corpus.fetching.http import NotFoundError, Patience
from spektron.corpus.fetching.locate import Remote, locate, wanted_names
from spektron.corpus.fetching.registry import PUBLICATIONS, Publication, WebBook

__all__ = ["MIRROR_VARIABLE", "RECORD_NAME", "Patience", "fetch", "notice"]

MIRROR_VARIABLE = "SPEKTRON_MIRROR"
# How often a long download is told of in a log.
_LOG_EVERY_S = 15.0


def fetch(
    source: str,
    folder: Path,
    *,
    files: Sequence[str] | Path | None = None,
    progress: Progress | None = None,
    say: Say = print,
    publications: Mapping[str, Publication] = PUBLICATIONS,
    patience: Patience | None = None,
) -> list[Path]:
    """Fetch what is missing of a source's files; what is there is checked.

    With ``SPEKTRON_MIRROR`` set, files come from ``<mirror>/<source>/<name>`` and no publisher is asked.

    Parameters
    ----------
    source : str
        A key of `publications`.
    folder : Path
        Where the files shall lie; made if missing.
    files : sequence of str or Path, optional
        Names among the publication's files; all of them by default. For ``nist``: CAS numbers (``64-17-5``, or
        ``64-17-5:1`` for a compound's second spectrum), or the path of a text file with one a line.
    progress : rich.progress.Progress, optional
        Where to show the bytes; by default a bar of its own on stderr, if that is a terminal.
    say : callable
        Told the licence, the citation, and what happens to each file.
    publications : mapping
        The registry.
    patience : Patience, optional
        When to give up on a connection.

    Returns
    -------
    list of Path
        The files, in the order asked for.

    Raises
    ------
    ConfigError
        An unknown source or file, a CAS number that is none.
    CorpusError
        No network, no such file, a web page in place of data, or a hash that does not match.
    ResourceError
        The disk is, or would be, full.
    """
    publication = _publication(source, publications)
    names = wanted_names(source, publication, files)
    mirror = os.environ.get(MIRROR_VARIABLE, "").strip()
    say(notice(source, publication))
    store = Store(folder, say)
    wanted = [name for name in names if store.lacks(name)]
    found = locate(publication, wanted, f"{mirror.rstrip('/')}/{source}" if mirror else "", patience or Patience())
    require_free_bytes(folder, _needed_bytes(publication, names, found, store), f"fetching {source}")
    with _shown(progress) as bars:
        job = _Job(store=store, bars=bars, patience=patience or Patience())
        _fetch_all(job, found, publication.place if not mirror else None)
    store.keep_notice(publication)
    return [folder / name for name in names]


def notice(source: str, publication: Publication) -> str:
    """Licence, citation and what else to know, for printing."""
    size = publication.approximate_bytes
    lines = [
        f"{source}: {publication.homepage}" + (f", about {size / 1e9:.1f} GB" if size else ""),
        f"  licence: {publication.licence}",
        f"  cite: {publication.citation}",
    ]
    return "\n".join([*lines, f"  {publication.note}"] if publication.note else lines)


def _publication(source: str, publications: Mapping[str, Publication]) -> Publication:
    if source not in publications:
        raise ConfigError(f"expected a source to fetch, found {source!r}", f"choose among {sorted(publications)}")
    return publications[source]


def _needed_bytes(publication: Publication, names: Sequence[str], found: Sequence[Remote], store: Store) -> int:
    """What is still to come, as far as it is known."""
    if found and all(remote.num_bytes is None for remote in found):
        return (publication.approximate_bytes or 0) * len(found) // max(len(publication.files), len(names), 1)
    return sum(max((remote.num_bytes or 0) - store.num_begun(remote.name), 0) for remote in found)


@contextmanager
def _shown(progress: Progress | None) -> Iterator[Progress]:
    if progress is not None:
        yield progress
        return
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as own:
        yield own


def _fetch_all(job: _Job, found: Sequence[Remote], place: object) -> None:
    """Fetch each file; compounds without a spectrum are named together at the end."""
    missing: list[str] = []
    for number, remote in enumerate(found):
        if isinstance(place, WebBook) and number:
            time.sleep(place.pause_s)
        try:
            job.fetch(remote)
        except NotFoundError:
            if not remote.name.endswith(".jdx"):
                raise
            missing.append(remote.name)
    if missing:
        raise CorpusError(
            f"expected an IR spectrum of each compound, found none of {len(missing)} of {len(found)}: "
            + ", ".join(missing[:20])
            + (" ..." if len(missing) > 20 else ""),
            "the others are fetched; leave these out, or name another of their spectra (64-17-5:1)",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    store: Store
    bars: Progress
    patience: Patience

    def fetch(self, remote: Remote) -> None:
        """Bring one file under its name, alone among all processes."""
        with self.store.alone_with(remote.name) as staging:
            if self.store.holds(remote.name):
                return  # another process was faster
            expected = self.store.expected_hash(remote)
            if not self.store.adopt(remote, expected):
                self._download(remote, expected, staging)

    def _download(self, remote: Remote, expected: str | None, staging: Path) -> None:
        import pooch

        # pooch warns that it trusts an unknown hash, and tells it; fetched.json keeps it instead.
        pooch.get_logger().setLevel(logging.ERROR)
        bar, told = self.bars.add_task(remote.name, total=remote.num_bytes), time.monotonic()

        def advance(done: int, total: int | None) -> None:
            nonlocal told
            total = total or remote.num_bytes
            self.bars.update(bar, completed=done, total=total)
            if self.bars.disable and time.monotonic() - told > _LOG_EVERY_S:  # no terminal to draw a bar on
                told = time.monotonic()
                self.store.say(f"{remote.name}: {size_text(done)} of {size_text(total) if total else 'unknown size'}")

        downloader = Downloader(
            name=remote.name,
            part=staging / "part",
            has_hash=expected is not None,
            advance=advance,
            patience=self.patience,
        )
        for last in (False, True):
            try:
                whole = pooch.retrieve(remote.url, expected, fname="whole", path=staging, downloader=downloader)
                break
            except ValueError as error:
                # Parts of two versions, put together where the server gave no mark to tell them by: once more, whole.
                spliced = downloader.resumed and not last
                downloader.discard()
                if not spliced:
                    raise self._mismatch(remote, expected, error) from error
        self._refuse_missing_spectrum(Path(whole), downloader)
        self.store.take(remote, Path(whole), expected)

    def _mismatch(self, remote: Remote, expected: str | None, error: ValueError) -> CorpusError:
        got = re.search(r"got ([0-9a-f]{8,})", str(error))
        return CorpusError(
            f"expected {remote.name} with {expected}, found {got.group(1) if got else error} at {remote.url}",
            f"fetch again; if it stays so, the publisher has changed the file: to accept that, remove the file and its "
            f"entry in {self.store.folder / RECORD_NAME}",
        )

    def _refuse_missing_spectrum(self, whole: Path, downloader: Downloader) -> None:
        """The WebBook says "not found" with status 404, and in earlier years in a file of the right form."""
        if downloader.name.endswith(".jdx"):
            with whole.open("rb") as file:
                head = file.read(200)
            if b"Spectrum not found" in head:
                downloader.discard()
                raise NotFoundError(f"expected a spectrum in {downloader.name}, found none", "leave it out")
