from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spektron.core.errors import CorpusError
from spektron.corpus import Corpus
from spektron.corpus.checking.unaltered import require_unaltered


def _alter(shard: Path) -> None:
    """Change one byte and keep the size."""
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)


def test_an_altered_shard_is_named(corpus: Corpus, copy_of: Callable[[Corpus], Path], tmp_path: Path) -> None:
    copied = Corpus.open(copy_of(corpus))
    require_unaltered(copied, tmp_path / "cache.json")
    _alter(copied.folder.path / "train-00001.parquet")
    expected = copied.manifest.shards[1].sha256
    with pytest.raises(CorpusError, match=rf"1 of \d+ shards .*train-00001.parquet: expected sha256 {expected}, found"):
        require_unaltered(copied, tmp_path / "cache.json")


def test_what_did_not_change_is_not_hashed_again(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[Path] = []
    monkeypatch.setattr("spektron.corpus.checking.unaltered.sha256_file", lambda path: hashed.append(path) or "wrong")
    with pytest.raises(CorpusError):
        require_unaltered(corpus, tmp_path / "cache.json")
    assert len(hashed) == len(corpus.manifest.shards)
    monkeypatch.undo()
    require_unaltered(corpus, tmp_path / "cache.json")
    monkeypatch.setattr("spektron.corpus.checking.unaltered.sha256_file", lambda path: pytest.fail("hashed again"))
    require_unaltered(corpus, tmp_path / "cache.json")


def test_a_damaged_cache_costs_time_and_nothing_else(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "cache.json").write_text('{"a": [1]}')
    require_unaltered(corpus, tmp_path / "cache.json")
    assert (tmp_path / "cache.json").stat().st_size > 100
