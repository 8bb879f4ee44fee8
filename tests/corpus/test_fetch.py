"""Fetching from a real server on localhost that breaks off, lies, changes its files and refuses."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import shutil
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.progress import Progress

from spektron.core.errors import ConfigError, CorpusError, ResourceError
from spektron.corpus.fetching import download as download_module
from spektron.corpus.fetching.fetch import Patience, fetch
from spektron.corpus.fetching.registry import PUBLICATIONS, Figshare, Osf, Place, Plain, Publication, WebBook, Zenodo
from spektron.corpus.sources.words import SOURCES
from tests.corpus.file_server import File, Server, serving

HASTE = Patience(num_tries=3, first_wait_s=0.01, longest_wait_s=0.05)
CHUNK = download_module._CHUNK_BYTES
DATA = np.random.default_rng(0).bytes(3_000_000)
OTHER = np.random.default_rng(1).bytes(3_000_000)


@pytest.fixture(autouse=True)
def no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPEKTRON_MIRROR", raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving({}) as running:
        yield running


def publication(place: Place, *files: str, **more: Any) -> dict[str, Publication]:
    return {
        "here": Publication(
            place=place, files=files, licence="CC BY 4.0", citation="Doe (2025)", homepage="https://example.org", **more
        )
    }


def bring(server: Server, folder: Path, *files: str, said: list[str] | None = None, **more: Any) -> list[Path]:
    offered = publication(Plain(server.url), *(files or ("a.bin",)))
    say = said.append if said is not None else (lambda _: None)
    return fetch("here", folder, publications=offered, patience=HASTE, say=say, **more)


def record(folder: Path) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((folder / "fetched.json").read_text())
    return kept


def parts(folder: Path) -> list[Path]:
    return list((folder / ".fetching").glob("*/part"))


def test_a_file_is_fetched_recorded_and_not_fetched_twice(server: Server, tmp_path: Path) -> None:
    server.files["sub/a.bin"] = File(DATA)
    said: list[str] = []
    assert bring(server, tmp_path, "sub/a.bin", said=said) == [tmp_path / "sub/a.bin"]
    assert (tmp_path / "sub/a.bin").read_bytes() == DATA
    assert record(tmp_path)["files"]["sub/a.bin"]["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert record(tmp_path)["licence"] == "CC BY 4.0"
    assert record(tmp_path)["citation"] == "Doe (2025)"
    assert "CC BY 4.0" in said[0]
    assert "Doe (2025)" in said[0]
    assert "no published hash" in said[1]
    bring(server, tmp_path, "sub/a.bin")
    assert len(server.requests) == 1
    assert parts(tmp_path) == []


def test_the_licence_is_said_before_anything_is_asked(server: Server, tmp_path: Path) -> None:
    with pytest.raises(CorpusError):
        bring(server, tmp_path, said=(said := []))
    assert "licence: CC BY 4.0" in said[0]


@pytest.mark.parametrize("mark", [{"etag": '"one"'}, {"modified": "Mon, 03 Nov 2025 10:00:00 GMT"}])
def test_broken_connections_are_continued(server: Server, tmp_path: Path, mark: dict[str, str]) -> None:
    server.files["a.bin"] = File(DATA, break_after=[15 * CHUNK + 1, 10 * CHUNK, 5], **mark)
    bring(server, tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert [asked.split("=")[-1] for asked in server.ranges_asked()] == ["", *(f"{n * CHUNK}-" for n in (15, 25, 25))]


def test_a_later_call_continues_what_an_earlier_one_left(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = File(DATA, etag='"one"', break_after=[30 * CHUNK, 0, 0, 0])
    with pytest.raises(CorpusError, match="none in 3 tries"):
        bring(server, tmp_path)
    assert not (tmp_path / "a.bin").exists()
    assert [part.stat().st_size for part in parts(tmp_path)] == [30 * CHUNK]
    server.requests.clear()
    server.files["a.bin"].break_after.clear()
    bring(server, tmp_path)
    assert server.ranges_asked() == [f"bytes={30 * CHUNK}-"]
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert parts(tmp_path) == []


def test_a_file_that_changed_in_between_is_not_spliced(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = File(DATA, etag='"one"', break_after=[15 * CHUNK], then=[(OTHER, '"two"')])
    bring(server, tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == OTHER


def test_a_file_that_became_shorter_is_begun_again(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = File(DATA, etag='"one"', break_after=[15 * CHUNK], then=[(OTHER[:500], '"one"')])
    bring(server, tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == OTHER[:500]


def test_without_a_mark_or_a_hash_nothing_is_continued(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = File(DATA, break_after=[15 * CHUNK], then=[(OTHER, "")])
    bring(server, tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == OTHER
    assert server.ranges_asked() == ["", ""]


def test_a_weak_mark_is_no_mark(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = File(DATA, etag='W/"one"', break_after=[15 * CHUNK], then=[(OTHER, 'W/"one"')])
    bring(server, tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == OTHER


@pytest.mark.parametrize("flaw", [{"ranges": False}, {"lie_about_range": True}])
def test_servers_without_right_ranges_give_the_whole(server: Server, tmp_path: Path, flaw: dict[str, bool]) -> None:
    server.files["a.bin"] = File(DATA, etag='"one"', break_after=[15 * CHUNK], **flaw)
    bring(server, tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == DATA


def test_a_server_that_tells_no_length_is_believed(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = File(DATA, lengths=False)
    bring(server, tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == DATA


@pytest.mark.parametrize("status", [429, 500, 503])
def test_passing_refusals_are_waited_out(server: Server, tmp_path: Path, status: int) -> None:
    server.files["a.bin"] = File(DATA, statuses=[status, status])
    bring(server, tmp_path)
    assert len(server.requests) == 3


def test_a_server_s_wish_to_wait_is_granted_up_to_a_limit(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = File(DATA, statuses=[429], retry_after="1")
    begun = time.monotonic()
    patience = Patience(num_tries=2, first_wait_s=0.0, longest_wait_s=0.3)
    fetch("here", tmp_path, publications=publication(Plain(server.url), "a.bin"), patience=patience, say=lambda _: None)
    assert 0.3 <= time.monotonic() - begun < 1.0


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (500, 3)])
def test_lasting_refusals_say_what_to_do(server: Server, tmp_path: Path, status: int, tries: int) -> None:
    server.files["a.bin"] = File(DATA, statuses=[status] * 9)
    with pytest.raises(CorpusError, match=f"status {status}") as caught:
        bring(server, tmp_path)
    assert "SPEKTRON_MIRROR" in caught.value.hint
    assert len(server.requests) == tries
    assert not (tmp_path / "a.bin").exists()


def test_no_network_says_so(tmp_path: Path) -> None:
    with serving({}) as gone:
        url = gone.url
    with pytest.raises(CorpusError, match="none in 3 tries") as caught:
        fetch("here", tmp_path, publications=publication(Plain(url), "a.bin"), patience=HASTE, say=lambda _: None)
    assert "check the network" in caught.value.hint


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_in_place_of_data_is_refused(server: Server, tmp_path: Path, kind: str) -> None:
    server.files["a.bin"] = File(b"\n<!DOCTYPE html><html><title>Please  log in</title></html>", kind=kind)
    with pytest.raises(CorpusError, match="a web page: 'Please log in'"):
        bring(server, tmp_path)
    assert not (tmp_path / "a.bin").exists()


def test_redirects_are_followed_and_continued(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = File(b"", redirect=f"{server.url}/signed")
    server.files["signed"] = File(DATA, etag='"one"', break_after=[15 * CHUNK])
    bring(server, tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert server.ranges_asked()[-1] == f"bytes={15 * CHUNK}-"


def test_a_damaged_file_is_fetched_again_and_must_be_what_it_was(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = File(DATA)
    bring(server, tmp_path)
    (tmp_path / "a.bin").write_bytes(DATA[:-1] + b"!")
    bring(server, tmp_path, said=(said := []))
    assert any("has changed since" in line for line in said)
    assert (tmp_path / "a.bin").read_bytes() == DATA
    (tmp_path / "a.bin").unlink()
    server.files["a.bin"].data = OTHER
    with pytest.raises(CorpusError, match=hashlib.sha256(OTHER).hexdigest()) as caught:
        bring(server, tmp_path)
    assert "fetched.json" in caught.value.hint
    assert not (tmp_path / "a.bin").exists()
    assert parts(tmp_path) == []


def test_a_file_put_there_by_hand_is_taken_and_held_to(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(DATA)
    bring(server, tmp_path)
    assert server.requests == []
    assert "trusted" in record(tmp_path)["files"]["a.bin"]["checked_against"]


def test_what_a_killed_process_left_complete_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    """Killed while the hash was taken: all bytes are there, under their own and a second name."""
    server.files["a.bin"] = File(DATA, etag='"one"', break_after=[len(DATA) - 1, 0, 0])
    with pytest.raises(CorpusError):
        bring(server, tmp_path)
    (part,) = parts(tmp_path)
    part.write_bytes(DATA)
    shutil.copy(part, part.with_name("tmpabc"))
    server.files["a.bin"].break_after.clear()
    server.requests.clear()
    bring(server, tmp_path)
    assert server.ranges_asked() == [f"bytes={len(DATA)}-"]
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert list((tmp_path / ".fetching").glob("*/*")) == []


def test_a_full_disk_is_seen_before_and_during(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    too_much = shutil.disk_usage(tmp_path).free + 10**12
    offered = publication(Plain(server.url), "a.bin", approximate_bytes=too_much)
    with pytest.raises(ResourceError, match="fetching here needs"):
        fetch("here", tmp_path, publications=offered, patience=HASTE, say=lambda _: None)
    assert server.requests == []

    server.files["a.bin"] = File(DATA)
    monkeypatch.setattr(download_module, "_total", lambda _: too_much)  # as a server's Content-Length would say
    with pytest.raises(ResourceError, match=r"the rest of a\.bin needs"):
        bring(server, tmp_path)
    assert not (tmp_path / "a.bin").exists()


def _fetch_in_process(url: str, folder: str, queue: Any) -> None:
    with_ = publication(Plain(url), "a.bin")
    fetch("here", Path(folder), publications=with_, patience=Patience(first_wait_s=0.01), say=lambda _: None)
    queue.put(hashlib.sha256((Path(folder) / "a.bin").read_bytes()).hexdigest())


def test_two_fetches_of_one_file_at_once_fetch_it_once(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = File(DATA, etag='"one"', break_after=[15 * CHUNK])
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    both = [context.Process(target=_fetch_in_process, args=(server.url, str(tmp_path), queue)) for _ in range(2)]
    for process in both:
        process.start()
    assert [queue.get(timeout=60) for _ in both] == [hashlib.sha256(DATA).hexdigest()] * 2
    for process in both:
        process.join()
    assert server.ranges_asked() == ["", f"bytes={15 * CHUNK}-"]


def test_a_killed_fetch_is_continued(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = File(DATA, etag='"one"', hang_after=20 * CHUNK)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    doomed = context.Process(target=_fetch_in_process, args=(server.url, str(tmp_path), queue))
    doomed.start()
    deadline = time.monotonic() + 30
    while not any(part.stat().st_size >= 10 * CHUNK for part in parts(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.02)
    doomed.kill()
    doomed.join()
    (part,) = parts(tmp_path)
    begun = part.stat().st_size
    assert 10 * CHUNK <= begun <= 20 * CHUNK
    bring(server, tmp_path)
    assert server.ranges_asked() == ["", f"bytes={begun}-"]
    assert (tmp_path / "a.bin").read_bytes() == DATA


def test_progress_counts_bytes_from_where_it_continues(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = File(DATA, etag='"one"', break_after=[15 * CHUNK])
    bars = Progress(disable=True)
    bring(server, tmp_path, progress=bars)
    assert [(task.description, task.completed, task.total) for task in bars.tasks] == [("a.bin", len(DATA), len(DATA))]


def test_without_a_terminal_a_long_download_is_told_of_in_lines(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spektron.corpus.fetching.fetch._LOG_EVERY_S", 0.0)
    server.files["a.bin"] = File(DATA)
    said: list[str] = []
    bring(server, tmp_path, said=said)
    assert "a.bin: 1,408 KiB of 2,930 KiB" in said
    assert len(said) > 20


def test_a_mirror_takes_the_publisher_s_place(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files["m/here/a%20b.bin"] = File(DATA)
    monkeypatch.setenv("SPEKTRON_MIRROR", f"{server.url}/m/")
    offered = publication(Zenodo(1, api_url="http://127.0.0.1:9"), "a b.bin")
    fetch("here", tmp_path, publications=offered, patience=HASTE, say=lambda _: None)
    assert (tmp_path / "a b.bin").read_bytes() == DATA


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def serve_archive(server: Server, kind: str, data: bytes, claimed: bytes) -> Place:
    """An archive's answer in its own form, with the size and hash of `claimed`, and the file with `data`."""
    address = f"{server.url}/get/a.bin"
    server.files["get/a.bin"] = File(data, break_after=[15 * CHUNK])
    if kind == "zenodo":
        file: Any = {
            "key": "a.bin",
            "size": len(claimed),
            "checksum": f"md5:{md5(claimed)}",
            "links": {"self": address},
        }
        answers, place = {"api/records/7": {"files": [file]}}, Zenodo(7, f"{server.url}/api")
    elif kind == "figshare":
        file = {"name": "a.bin", "size": len(claimed), "computed_md5": md5(claimed), "download_url": address}
        answers = {"api/articles/7/files?page_size=1000": [], "api/articles/8/files?page_size=1000": [file]}
        return _answer(server, answers, Figshare((7, 8), f"{server.url}/api"))
    else:
        hashes = {"sha256": hashlib.sha256(claimed).hexdigest()}
        attributes = {"name": "a.bin", "kind": "file", "size": len(claimed), "extra": {"hashes": hashes}}
        listed = {"data": [{"attributes": attributes, "links": {"download": address}}], "links": {"next": None}}
        folder = {"data": [{"attributes": {"kind": "folder", "name": "x"}}], "links": {"next": f"{server.url}/page2"}}
        answers = {"api/nodes/abc/files/osfstorage/?page[size]=100": folder, "page2": listed}
        return _answer(server, answers, Osf("abc", f"{server.url}/api"))
    return _answer(server, answers, place)


def _answer(server: Server, answers: dict[str, Any], place: Place) -> Place:
    for path, answer in answers.items():
        for name in (path, path.replace("[", "%5B").replace("]", "%5D")):
            server.files[name] = File(json.dumps(answer).encode(), kind="application/json")
    return place


@pytest.mark.parametrize("kind", ["zenodo", "figshare", "osf"])
def test_archives_are_asked_for_address_and_hash(server: Server, tmp_path: Path, kind: str) -> None:
    offered = publication(serve_archive(server, kind, DATA, DATA), "a.bin")
    fetch("here", tmp_path, publications=offered, patience=HASTE, say=lambda _: None)
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert server.ranges_asked()[-1] == f"bytes={15 * CHUNK}-"  # a hash makes up for a missing mark
    assert record(tmp_path)["files"]["a.bin"]["checked_against"].startswith(("md5:", "sha256:"))


@pytest.mark.parametrize("kind", ["zenodo", "figshare", "osf"])
def test_wrong_bytes_are_refused(server: Server, tmp_path: Path, kind: str) -> None:
    offered = publication(serve_archive(server, kind, OTHER, DATA), "a.bin")
    with pytest.raises(CorpusError, match=r"expected a\.bin with (md5|sha256):"):
        fetch("here", tmp_path, publications=offered, patience=HASTE, say=lambda _: None)
    assert not (tmp_path / "a.bin").exists()
    assert parts(tmp_path) == []


def test_a_splice_that_the_hash_finds_out_is_mended(server: Server, tmp_path: Path) -> None:
    offered = publication(serve_archive(server, "zenodo", OTHER, DATA), "a.bin")
    server.files["get/a.bin"].then = [(DATA, "")]
    fetch("here", tmp_path, publications=offered, patience=HASTE, say=lambda _: None)
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert server.ranges_asked() == ["", "", f"bytes={15 * CHUNK}-", ""]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"<html>busy</html>", "expected JSON"),
        (b'{"files": [{"key": 3}]}', "list of files"),
        (b'{"files": []}', "found"),
    ],
)
def test_an_archive_s_other_answers_are_named(server: Server, tmp_path: Path, answer: bytes, says: str) -> None:
    server.files["records/7"] = File(answer)
    with pytest.raises(CorpusError, match=says):
        fetch("here", tmp_path, publications=publication(Zenodo(7, server.url), "a.bin"), say=lambda _: None)


def spectrum_path(cas: str, index: int = 0) -> str:
    return f"cgi?JCAMP=C{cas}&Index={index}&Type=IR"


def test_compounds_are_asked_for_one_by_one_with_a_pause(server: Server, tmp_path: Path) -> None:
    server.files[spectrum_path("64175")] = File(b"##TITLE=ETHANOL\n##END=\n", kind="chemical/x-jcamp-dx")
    server.files[spectrum_path("7732185", 1)] = File(b"##TITLE=WATER\n##END=\n")
    server.files[spectrum_path("71432")] = File(b"##TITLE=Spectrum not found.\n##END=\n")
    (tmp_path / "cas.txt").write_text("64-17-5  # ethanol\n\n7732-18-5:1\n71-43-2\n67-64-1\n64175\n")
    offered = publication(WebBook(f"{server.url}/cgi", pause_s=0.1))
    begun = time.monotonic()
    with pytest.raises(CorpusError, match=r"none of 2 of 4: C71432-0\.jdx, C67641-0\.jdx"):
        fetch("here", tmp_path, files=tmp_path / "cas.txt", publications=offered, patience=HASTE, say=lambda _: None)
    assert time.monotonic() - begun >= 0.3
    assert sorted(path.name for path in tmp_path.glob("*.jdx")) == ["C64175-0.jdx", "C7732185-1.jdx"]
    assert fetch("here", tmp_path, files=["64-17-5"], publications=offered, say=lambda _: None)[0].is_file()


@pytest.mark.parametrize("files", [None, ["64-17-6"], ["ethanol"], Path("nowhere.txt")])
def test_what_is_no_cas_number_is_refused(tmp_path: Path, files: Any) -> None:
    with pytest.raises(ConfigError, match="CAS"):
        fetch("nist", tmp_path, files=files, say=lambda _: None)


def test_unknown_sources_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'nowhere'"):
        fetch("nowhere", tmp_path)
    with pytest.raises(ConfigError, match=r"\['part3\.db'\]"):
        fetch("chembl", tmp_path, files=["part3.db"])
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="folder to fetch into"):
        fetch("rruff", tmp_path / "file", say=lambda _: None)


def test_a_damaged_record_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "fetched.json").write_text('{"files": {"a.bin": 3}}')
    with pytest.raises(CorpusError, match=r"fetched\.json"):
        bring(server, tmp_path)


def test_every_publication_says_what_it_must() -> None:
    for source, offered in PUBLICATIONS.items():
        assert offered.licence, source
        assert offered.citation, source
        module, reader, _ = SOURCES[source]
        kind = getattr(import_module(f"spektron.corpus.sources.{module}"), reader)
        assert (offered.licence, offered.citation) == (kind.licence, kind.citation), source
        assert bool(offered.files) != isinstance(offered.place, WebBook), source
        assert len(set(offered.files)) == len(offered.files), source
