from __future__ import annotations

from spektron.core.provenance import provenance


def test_provenance_names_code_environment_and_hardware():
    found = provenance()
    assert {"git_commit", "git_dirty_diff", "source_hash", "lock_hash", "python", "torch", "ray", "cpu"} <= found.keys()
    assert all(isinstance(value, str) and value for value in found.values())
    assert len(found["source_hash"]) == len(found["lock_hash"]) == 16
