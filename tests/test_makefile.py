"""What `make` runs can run as it is run."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_make_bench_runs_what_needs_no_argument() -> None:
    listed = re.search(r"^BENCHMARKS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed
    needs = re.compile(r'add_argument\(\s*"[a-z]|required=True')
    alone = {path.stem for path in (ROOT / "benchmarks").glob("*.py") if not needs.search(path.read_text())}
    assert set(listed[1].split()) == alone - {"scaling_coverage"}, "all but the one that takes ten minutes"
