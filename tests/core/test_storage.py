"""What a place that is not this machine may answer, without any server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow.fs
import pytest

from spektron.core import storage
from spektron.core.errors import ConfigError, CorpusError
from spektron.core.storage import Storage
from spektron.corpus import render_info

ADDRESS = "s3://key:secret@bucket/corpus?region=us-east-1"


def _write_nothing(place: Storage) -> None:
    with place.writing("a") as file:
        file.write(b"")


USES: dict[str, Callable[[Storage], Any]] = {
    "read": lambda place: place.read_bytes("a"),
    "open": lambda place: place.open("a"),
    "size": lambda place: place.size("a"),
    "names": lambda place: place.names(),
    "write": _write_nothing,
    "remove": lambda place: place.remove("a"),
    "remove folder": lambda place: place.remove_folder("a"),
    "info": render_info,
}


class Silent:
    """A file system whose server is away: pyarrow raises an `OSError` that names no file."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def fail(*words: Any) -> Any:
            raise OSError("AWS Error NETWORK_CONNECTION during HeadObject operation")

        return fail


@pytest.mark.parametrize("use", USES)
def test_a_server_that_does_not_answer_is_no_damaged_corpus(use: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_file_system", lambda location: (Silent(), "bucket/corpus"))
    with pytest.raises(CorpusError, match="expected an answer from s3://bucket/corpus, found: AWS Error") as caught:
        USES[use](Storage(ADDRESS))
    assert "network" in caught.value.hint
    assert "secret" not in str(caught.value)


def test_what_is_done_while_writing_there_keeps_its_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = pyarrow.fs._MockFileSystem()
    memory.create_dir("bucket/corpus")
    monkeypatch.setattr(storage, "_file_system", lambda location: (memory, "bucket/corpus"))
    with pytest.raises(PermissionError), Storage(ADDRESS).writing("a"):
        raise PermissionError(13, "Permission denied", "/etc/shadow")


@pytest.mark.parametrize("address", ["s3://", "s3:///folder", "s3://?region=us-east-1"])
def test_an_address_without_a_bucket_is_none(address: str) -> None:
    with pytest.raises(ConfigError, match="expected a folder or the address of one"):
        Storage.at(address)
