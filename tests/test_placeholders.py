"""What was to be filled in has been."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLACEHOLDER = re.compile(r"@[A-Z_]+@")


@pytest.mark.parametrize("folder", ["spektron", "studies"])
def test_no_source_file_has_a_placeholder(folder: str) -> None:
    files = [file for ending in ("py", "js", "css") for file in sorted((ROOT / folder).rglob(f"*.{ending}"))]
    assert files
    lines = [f"{file.relative_to(ROOT)}: {line}" for file in files for line in file.read_text("utf-8").splitlines()]
    assert [line for line in lines if PLACEHOLDER.search(line)] == []
