from __future__ import annotations

import subprocess

import pytest

from spektron.core.provenance import _MAX_FILE_BYTES, _dirty_diff, provenance


def test_provenance_names_code_environment_and_hardware():
    found = provenance()
    assert {"git_commit", "git_dirty_diff", "source_hash", "lock_hash", "python", "torch", "ray", "cpu"} <= found.keys()
    assert all(isinstance(value, str) and value for value in found.values())
    assert len(found["source_hash"]) == len(found["lock_hash"]) == 16


@pytest.fixture
def checkout(tmp_path):
    """A repository with one committed file."""
    (tmp_path / "code.py").write_text("A = 1\n")
    (tmp_path / ".gitignore").write_text("ignored\n")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@t"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], check=True)
    return tmp_path


def test_a_changed_and_an_untracked_file_count_with_their_content(checkout):
    seen = [_dirty_diff(checkout)]
    for name, text in [("code.py", "A = 2\n"), ("new.py", "B = 1\n"), ("new.py", "B = 2\n"), ("grüße.bin", "\xff")]:
        (checkout / name).write_text(text, encoding="latin-1")
        seen.append(_dirty_diff(checkout))
    assert seen[0] == ("clean", "none")
    assert len({digest for digest, _ in seen}) == 5
    assert {unhashed for _, unhashed in seen} == {"none"}
    (checkout / "ignored").write_text("anything")
    assert _dirty_diff(checkout) == seen[-1]


def test_what_is_too_large_to_hash_is_said(checkout):
    (checkout / "data.bin").write_bytes(bytes(_MAX_FILE_BYTES + 1))
    digest, unhashed = _dirty_diff(checkout)
    assert digest != "clean"
    assert unhashed == "1 untracked files by name only, the first data.bin"


def test_without_a_repository_nothing_is_claimed(tmp_path):
    assert _dirty_diff(tmp_path) == ("unknown", "unknown")
