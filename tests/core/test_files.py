from __future__ import annotations

import errno
import pickle

import pytest

from spektron.core.errors import CorpusError, ResourceError
from spektron.core.files import atomic_path, disk_errors, require_free_bytes, sha256_file, write_text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.json"
    write_text(path, "old")

    def half() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_full_disk_says_what_to_do(tmp_path):
    with pytest.raises(ResourceError, match="disk is full") as caught, disk_errors(tmp_path / "not" / "there"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert "free some space" in caught.value.hint


def test_a_full_disk_told_in_words_is_the_same_error(tmp_path):
    with pytest.raises(ResourceError, match="disk is full"), disk_errors(tmp_path):
        raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")


def test_other_errors_of_the_system_pass_through(tmp_path):
    with pytest.raises(PermissionError), disk_errors(tmp_path):
        raise PermissionError(errno.EACCES, "no")


def test_space_is_asked_for_before_work_starts(tmp_path):
    require_free_bytes(tmp_path / "new", 1, "nothing")
    with pytest.raises(ResourceError, match="found"):
        require_free_bytes(tmp_path / "new", 2**60, "a corpus")


def test_sha256(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert sha256_file(tmp_path / "x").startswith("ba7816bf8f01cfea")


def test_errors_survive_the_way_from_a_worker():
    error = pickle.loads(pickle.dumps(CorpusError("expected a, found b", "do c")))  # noqa: S301
    assert (error.message, error.hint) == ("expected a, found b", "do c")
    assert "hint: do c" in str(error)
