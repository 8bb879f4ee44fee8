from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spektron.corpus.default import ensure_bundled


@pytest.fixture(scope="session")
def bundled_corpus(tmp_path_factory) -> Path:
    """The newcomer's corpus, built once."""
    return ensure_bundled(tmp_path_factory.mktemp("corpora"))


@pytest.fixture
def home(tmp_path, bundled_corpus) -> Path:
    """A fresh home that has the corpus already."""
    home = tmp_path / "home"
    shutil.copytree(bundled_corpus, home / "corpora" / "bundled")
    return home
