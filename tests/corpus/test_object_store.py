"""The same corpus on a real S3 server as on a disk."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow.fs
import pytest

from spektron.core.errors import ConfigError, CorpusError
from spektron.core.storage import Storage
from spektron.corpus import Corpus, build_corpus, render_info, verify_corpus
from spektron.spectra.spectrum import Spectrum
from tests.corpus.conftest import SMALL, TinySource

moto_server = pytest.importorskip("moto.server", reason="the S3 server of the dev extra is not installed")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """Address of an empty bucket."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    name = f"bucket-{abs(hash(request.node.name))}"
    query = f"scheme=http&endpoint_override={endpoint}&region=us-east-1&allow_bucket_creation=true"
    pyarrow.fs.FileSystem.from_uri(f"s3://{name}?{query}")[0].create_dir(name)
    return f"s3://{name}/corpora/tiny?{query}"


def test_a_build_there_is_the_build_here(bucket: str, corpus: Corpus, spectra: list[Spectrum]) -> None:
    manifest = build_corpus([TinySource(list(spectra))], bucket, SMALL)
    assert manifest == corpus.manifest

    there = Corpus.open(bucket)
    assert verify_corpus(bucket).ok
    assert np.array_equal(there.read("validation").intensity, corpus.read("validation").intensity)
    settings = {"num_spectra": 100, "batch_size": 16, "seed": 0}
    streams = (islice(one.stream(**settings), 8) for one in (there, corpus))  # type: ignore[arg-type]
    for ours, theirs in zip(*streams, strict=True):
        assert np.array_equal(ours.intensity, theirs.intensity)
    assert there.folder.names() == corpus.folder.names(), "nothing of the building is left"
    assert render_info(bucket)


def test_an_interrupted_build_goes_on(bucket: str, corpus: Corpus, spectra: list[Spectrum]) -> None:
    told: list[tuple[str, int]] = []

    def stop(phase: str, done: int, total: int | None) -> None:
        told.append((phase, done))
        if (phase, done) == ("reading", 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_corpus([TinySource(list(spectra))], bucket, SMALL, progress=stop)
    with pytest.raises(CorpusError, match="found no such corpus"):
        Corpus.open(bucket)
    told.clear()
    assert build_corpus([TinySource(list(spectra))], bucket, SMALL, progress=lambda *what: told.append(what[:2])) == (
        corpus.manifest
    )
    assert next(what for what in told if what[0] == "reading") == ("reading", 3)


def test_nothing_is_replaced_there_by_accident(bucket: str, spectra: list[Spectrum]) -> None:
    build_corpus([TinySource(spectra[:50])], bucket, SMALL)
    with pytest.raises(CorpusError, match=r"config\.seed: 0 → 7"):
        build_corpus([TinySource(spectra[:50])], bucket, SMALL.model_copy(update={"seed": 7}))
    second = build_corpus([TinySource(spectra[:60])], bucket, SMALL, overwrite=True)
    assert Corpus.open(bucket).manifest == second
    assert verify_corpus(bucket).ok


def test_a_damaged_shard_there_is_named(bucket: str, spectra: list[Spectrum]) -> None:
    build_corpus([TinySource(spectra[:50])], bucket, SMALL)
    folder = Storage.at(bucket)
    folder.write_bytes("train-00000.parquet", folder.read_bytes("train-00000.parquet")[:-100])
    with pytest.raises(CorpusError, match=r"train-00000\.parquet: expected"):
        Corpus.open(bucket)
    assert any(
        "train-00000.parquet: expected sha256" in p or "with sha256" in p for p in verify_corpus(bucket).problems
    )


def test_an_address_that_no_file_system_answers_to() -> None:
    with pytest.raises(ConfigError, match="expected a folder or the address"):
        Storage.at("gopher://example/corpus")


def test_secrets_in_an_address_are_not_shown(tmp_path: Path) -> None:
    assert str(Storage("s3://key:secret@bucket/folder?region=x")).find("region") == -1
    assert "secret" not in str(Storage("s3://key:secret@bucket/folder?region=x"))
    assert str(Storage.at(tmp_path)) == str(tmp_path)
