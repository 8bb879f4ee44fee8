"""Archives that nobody vouches for."""

from __future__ import annotations

import io
import os
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._zip import list_entries, read_entry
from spektron.spectra import SpectrumRejected
from tests.corpus.files_experimental import write_zip

LONGEST = 2**20


def contents(path: Path) -> Iterator[tuple[str, bytes | str]]:
    """Name and content, or reason, of each entry."""
    with path.open("rb") as handle:
        for entry in list_entries(path).entries:
            try:
                yield entry.name, read_entry(handle, entry, LONGEST)
            except SpectrumRejected as error:
                yield entry.name, error.reason


def test_names_are_given_as_they_are_and_sorted(tmp_path: Path) -> None:
    names = ["b", "../../a", "/etc/passwd", "c\nd", "é", "C:\\x", "sub/", "a" * 5000]
    path = write_zip(tmp_path / "a.zip", {name: name.encode() for name in names if not name.endswith("/")})
    with zipfile.ZipFile(path, "a") as archive:
        archive.mkdir("sub")
    assert list(contents(path)) == sorted((name, name.encode()) for name in names if not name.endswith("/"))
    assert list(tmp_path.iterdir()) == [path]


def test_entries_of_one_name_are_all_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a", b"first")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a", b"second")
    assert list(contents(tmp_path / "a.zip")) == [("a", b"first"), ("a", b"second")]


def test_a_bomb_is_refused_whatever_it_claims(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"bomb": bytes(40 * LONGEST), "small": b"x"})
    assert dict(contents(path)) == {"bomb": "too-large", "small": b"x"}
    raw = bytearray(path.read_bytes())
    for signature, at in ((b"PK\1\2", 24), (b"PK\3\4", 22)):  # the size is said to be 100 bytes
        place = raw.index(signature) + at
        raw[place : place + 4] = struct.pack("<I", 100)
    path.write_bytes(raw)
    tracemalloc.start()
    assert dict(contents(path)) == {"bomb": "too-large", "small": b"x"}
    assert tracemalloc.get_traced_memory()[1] < 8 * LONGEST
    tracemalloc.stop()


def test_entries_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """Of thousands of directory entries for one place each would unpack it again."""
    path = write_zip(tmp_path / "a.zip", {"aaaa": b"x" * 1000, "bbbb": b"y" * 1000})
    raw = bytearray(path.read_bytes())
    second = raw.rindex(b"PK\1\2")
    raw[second + 42 : second + 46] = struct.pack("<I", 0)
    path.write_bytes(raw)
    assert [reason for _, reason in contents(path)] == ["damaged-record", "damaged-record"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_without_a_bound_on_memory_are_refused(tmp_path: Path, method: int) -> None:
    assert dict(contents(write_zip(tmp_path / "a.zip", {"a": b"x" * 99}, method))) == {"a": "damaged-record"}


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a": b"x"})
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(raw)
    assert dict(contents(path)) == {"a": "damaged-record"}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_lost_directory_costs_nothing_that_is_there(tmp_path: Path, method: int) -> None:
    entries = {f"e{i}": random.Random(i).randbytes(200 + i) for i in range(30)}
    path = write_zip(tmp_path / "a.zip", entries, method)
    whole = path.read_bytes()
    directory = whole.index(b"PK\1\2")
    path.write_bytes(whole[: directory + 10])
    archive = list_entries(path)
    assert (archive.rebuilt, archive.loss, len(archive.entries)) == (True, "", 30)
    assert dict(contents(path)) == entries
    path.write_bytes(whole[: directory - 5])
    archive = list_entries(path)
    assert len(archive.entries) == 29
    assert "'e29' that is cut short" in archive.loss


def test_entries_whose_sizes_follow_them_are_found_too(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        """What cannot be written twice, so that sizes are written behind the data."""

        def __init__(self, path: Path) -> None:
            self.file = path.open("wb")

        def writable(self) -> bool:
            return True

        def write(self, data: object, /) -> int:
            return self.file.write(data)  # type: ignore[arg-type]

    path = tmp_path / "a.zip"
    pipe = Pipe(path)
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for i in range(5):
            archive.writestr(f"e{i}", b"%d " % i * 1000)
    pipe.file.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b"PK\1\2")])
    assert dict(contents(path)) == {f"e{i}": b"%d " % i * 1000 for i in range(5)}
    path.write_bytes(whole[: whole.index(b"PK\1\2") - 30])
    assert [name for name, _ in contents(path)] == ["e0", "e1", "e2", "e3"]


def test_a_directory_that_points_elsewhere_names_its_entries(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a": b"x" * 100, "b": b"y" * 100})
    raw = bytearray(path.read_bytes())
    first = raw.index(b"PK\1\2")
    raw[first + 42 : first + 46] = struct.pack("<I", 7)
    path.write_bytes(raw)
    assert dict(contents(path)) == {"a": "damaged-record", "b": b"y" * 100}


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\3\4", b"no archive at all"])
def test_what_is_no_archive_is_unreadable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UnfitFile, match="expected a zip archive, found none") as found:
        list_entries(tmp_path / "a.zip")
    assert found.value.reason == "unreadable-file"


def test_an_empty_archive_and_a_pipe(tmp_path: Path) -> None:
    assert list_entries(write_zip(tmp_path / "a.zip", {})).entries == []
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnfitFile, match="regular"):
        list_entries(tmp_path / "pipe")


def test_a_directory_that_would_fill_the_memory_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with path.open("wb") as file:
        file.truncate(2**30)
        file.seek(0, 2)
        file.write(struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 65535, 65535, 2**30, 0, 0))
    with pytest.raises(UnfitFile, match="expected a directory of up to") as found:
        list_entries(path)
    assert found.value.reason == "too-large"


ARCHIVE = io.BytesIO()
with zipfile.ZipFile(ARCHIVE, "w", zipfile.ZIP_DEFLATED) as _archive:
    for _i in range(4):
        _archive.writestr(f"entry{_i}.txt", b"12.5, %d\n" % _i * 100)


@example(flips=[(473, 1)], cut=None)  # a directory that states a place before the file
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flips=st.lists(st.tuples(st.integers(0, len(ARCHIVE.getvalue()) - 1), st.integers(0, 255)), max_size=8),
    cut=st.one_of(st.none(), st.integers(0, len(ARCHIVE.getvalue()))),
)
def test_any_damage_is_named(tmp_path: Path, flips: list[tuple[int, int]], cut: int | None) -> None:
    raw = bytearray(ARCHIVE.getvalue())
    for place, value in flips:
        raw[place] = value
    path = tmp_path / "a.zip"
    path.write_bytes(raw[:cut])
    try:
        found = dict(contents(path))
    except UnfitFile:
        return
    for name, content in found.items():
        if isinstance(content, bytes) and name.startswith("entry") and not flips:
            assert content == b"12.5, %d\n" % int(name[5]) * 100
