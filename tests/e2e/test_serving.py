"""A model out of a run, served by MLflow: real spectra over HTTP, and what it says of those it cannot read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from spektron.corpus import BuildConfig, Corpus, build_corpus
from spektron.corpus.sources.bundled import Bundled
from spektron.model import EncoderConfig, Pretrained
from spektron.pretrain import PretrainConfig, Worker, pretrain
from spektron.spectra.spectrum import MODALITIES, SpectrumBatch
from tests.e2e.driver import environment, spektron
from tests.e2e.test_tracking import free_port

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The real spectra inside the chemotools package."""
    out = tmp_path_factory.mktemp("corpora") / "bundled"
    build_corpus([Bundled()], out, BuildConfig(name="bundled"))
    return Corpus.open(out)


@pytest.fixture(scope="module")
def folders(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model's folder and the MLflow model of it, by the command line, from a short run's checkpoints."""
    where = tmp_path_factory.mktemp("models")
    encoder = EncoderConfig(dim=32, layers=1, heads=2, scales=("coarse",), embedding="mean")
    config = PretrainConfig(steps=30, batch_size=8, eval_every=30, learning_rate=4e-3, encoder=encoder)
    pretrain(config, corpus, checkpoint_dir=where / "run", report=lambda *event: None, worker=Worker(num_threads=1))
    run, model, served, place = (*(str(where / name) for name in ("run", "model", "mlflow")), str(corpus.folder.path))
    status, output = spektron("model", "export", run, model, "--corpus", place, "--mlflow", served)
    assert status == 0, output
    assert f"mlflow models serve -m {where / 'mlflow'}" in " ".join(output.split())
    return where / "model", where / "mlflow"


@pytest.fixture(scope="module")
def address(folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where ``mlflow models serve`` listens."""
    port, log = free_port(), tmp_path_factory.mktemp("serve") / "log"
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(folders[1]), "-p", str(port)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # MLflow looks for uvicorn there
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--env-manager", "local", "-h", "127.0.0.1"], env=environment(PATH=path), stdout=out, stderr=out
        )
        try:
            deadline = time.monotonic() + 180
            while time.monotonic() < deadline:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=2)
                    break
                except OSError:
                    assert process.poll() is None, log.read_text()
                    time.sleep(0.3)
            else:
                raise AssertionError(log.read_text())
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


def ask(address: str, rows: list[dict[str, Any]]) -> tuple[int, Any]:
    """Post rows as MLflow's clients do; return the status and what came back."""
    body = json.dumps({"dataframe_records": rows}).encode()
    request = urllib.request.Request(f"{address}/invocations", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def rows_of(batch: SpectrumBatch) -> list[dict[str, Any]]:
    return [
        {
            "intensity": batch.intensity[row].astype(float).tolist(),
            "wavenumber_start_cm1": float(batch.wavenumber_start_cm1[row]),
            "wavenumber_stop_cm1": float(batch.wavenumber_stop_cm1[row]),
            "modality": MODALITIES[batch.modality[row]],
        }
        for row in range(len(batch))
    ]


def test_the_server_gives_the_embeddings_of_the_model(corpus: Corpus, folders: tuple[Path, Path], address: str) -> None:
    batch = corpus.read("validation", 5)
    batch.wavenumber_stop_cm1[2] = 9000.0  # beyond what the model was trained on
    status, answer = ask(address, rows_of(batch))
    assert status == 200, answer
    with pytest.warns(UserWarning, match="1 of 5 IR spectra"):
        expected = Pretrained.from_pretrained(folders[0]).embed(batch)
    found = answer["predictions"]
    np.testing.assert_allclose([row["embedding"] for row in found], expected.values, rtol=1e-6)
    assert [row["outside"] for row in found] == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"intensity": [1.0, 2.0]}, "row 1: expected 2048 intensities on a uniform axis, found 2"),
        ({"modality": "UV"}, "row 1: expected a modality of IR, RAMAN, NIR, found 'UV'"),
        ({"intensity": [0.5] * 2048}, "intensities that are all the same, found rows 1"),
        ({"wavenumber_stop_cm1": 1.0}, "an axis that does not ascend, found rows 1"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(corpus: Corpus, address: str, change: dict[str, Any], message: str) -> None:
    first, second = rows_of(corpus.read("validation", 2))
    status, answer = ask(address, [first, {**second, **change}])
    assert status == 400
    assert message in json.dumps(answer, ensure_ascii=False)


def test_a_missing_column_is_named(corpus: Corpus, address: str) -> None:
    (row,) = rows_of(corpus.read("validation", 1))
    del row["modality"]
    status, answer = ask(address, [row])
    assert status == 400
    assert "modality" in json.dumps(answer)


def test_spectra_of_a_source_are_embedded_into_a_table(folders: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "embeddings.parquet"
    status, output = spektron("model", "embed", str(folders[0]), "--source", "bundled", "--out", str(out))
    assert status == 0, output
    table = pq.read_table(out)
    assert f"{len(table):,} spectra embedded" in output
    assert "not read: 60 no-axis, such as coffee_0" in output
    assert len(table["embedding"][0].as_py()) == 32
    assert len(set(table["spectrum_id"].to_pylist())) == len(table)


def test_a_model_shows_its_card(folders: tuple[Path, Path]) -> None:
    status, output = spektron("model", "show", str(folders[0]))
    assert status == 0
    assert "Trained on" in output
    assert "bundled" in output


def test_what_cannot_be_exported_says_why(corpus: Corpus, tmp_path: Path) -> None:
    status, output = spektron(
        "model", "export", str(tmp_path), str(tmp_path / "m"), "--corpus", str(corpus.folder.path)
    )
    assert status == 2
    assert "expected checkpoints in" in output
    status, output = spektron("model", "show", str(tmp_path))
    assert status == 2
    assert "config.json" in output
