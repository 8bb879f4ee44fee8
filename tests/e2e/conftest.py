from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spektron.corpus.default import ensure_bundled


@pytest.fixture(scope="session")
def bundled_corpus(tmp_path_factory) -> Path:
    """The newcomer's corpus, built once."""
    return ensure_bundled(tmp_path_factory.mktemp("corpora"))


@pytest.fixture(autouse=True)
def _one_cluster_at_a_time(request) -> None:
    """A test's group is part of its id where groups keep tests apart; without it two Ray clusters run at a time."""
    group = request.node.get_closest_marker("xdist_group")
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith(f"@{group.args[0]}"), "pytest-xdist wrote no group to this test's id"


@pytest.fixture
def home(tmp_path, bundled_corpus) -> Path:
    """A fresh home that has the corpus already."""
    home = tmp_path / "home"
    shutil.copytree(bundled_corpus, home / "corpora" / "bundled")
    return home
