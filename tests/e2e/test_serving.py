"""A real ``mlflow models serve`` answers what `embed` says, and tells what it cannot take."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spektron.corpus import Corpus
from spektron.corpus.axis_range import training_axis_cm1
from spektron.model import EncoderConfig, MaskedReconstructor, Pretrained
from spektron.serve.save import save_mlflow_model
from spektron.spectra.spectrum import MODALITIES, SpectrumBatch
from tests.e2e.driver import ROOT, environment

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("serving")]

Post = Callable[[object], tuple[int, Any]]


@pytest.fixture(scope="module")
def packed(bundled_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Pretrained, SpectrumBatch, Path]:
    """A model with the axes of real spectra, some of them, and the MLflow model."""
    corpus = Corpus.open(bundled_corpus)
    torch.manual_seed(0)
    model = MaskedReconstructor(EncoderConfig(dim=32, layers=2, heads=4, scales=("medium", "coarse")))
    pretrained = Pretrained(model=model, trained_axis_cm1=training_axis_cm1(corpus))
    folder = tmp_path_factory.mktemp("served")
    pretrained.save_pretrained(folder / "model")
    save_mlflow_model(folder / "model", folder / "mlflow")
    return pretrained, corpus.read("validation", 12), folder / "mlflow"


@pytest.fixture(scope="module")
def post(packed: tuple[Pretrained, SpectrumBatch, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    """Send JSON to a server of that model; status and what it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = ["models", "serve", "-m", str(packed[2]), "--env-manager", "local", "--host", "127.0.0.1", "--workers", "1"]
    path = tmp_path_factory.mktemp("log") / "server.log"
    # MLflow looks for its server's program on the path, as an activated environment has it.
    path_with_mlflow = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    with path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *words, "--port", str(port)],
            cwd=path.parent,  # nothing of the repository is at hand but what is installed
            env=environment(PYTHONPATH=str(ROOT), PATH=path_with_mlflow, MLFLOW_ENABLE_TELEMETRY="false"),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/ping", process, path)
        yield lambda body: _post(f"http://127.0.0.1:{port}/invocations", body)
    finally:
        # The server is a child of the command: both are of the session that was started here.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text())


def _post(url: str, body: object) -> tuple[int, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def rows_of(spectra: SpectrumBatch) -> list[dict[str, Any]]:
    return [
        {
            "intensity": intensity.tolist(),
            "wavenumber_start_cm1": float(start),
            "wavenumber_stop_cm1": float(stop),
            "modality": MODALITIES[modality],
        }
        for intensity, start, stop, modality in zip(
            spectra.intensity, spectra.wavenumber_start_cm1, spectra.wavenumber_stop_cm1, spectra.modality
        )
    ]


def test_a_server_says_what_embed_says(packed: tuple[Pretrained, SpectrumBatch, Path], post: Post) -> None:
    pretrained, spectra, _ = packed
    rows = rows_of(spectra)
    for body in ({"dataframe_records": rows}, {"inputs": rows}):
        status, answer = post(body)
        assert status == 200, answer
        found = np.array([row["embedding"] for row in answer["predictions"]], dtype=np.float32)
        # Threads and batches are the same, so are the sums; another build of torch in the server would differ by 1e-6.
        np.testing.assert_allclose(found, pretrained.embed(spectra).values, rtol=0, atol=1e-6)
        assert not any(row["outside"] for row in answer["predictions"])


def test_a_row_outside_the_trained_range_is_marked(packed: tuple[Pretrained, SpectrumBatch, Path], post: Post) -> None:
    first, second = rows_of(packed[1])[:2]
    status, answer = post({"dataframe_records": [first, second | {"modality": "RAMAN", "wavenumber_stop_cm1": 4900}]})
    assert status == 200, answer
    assert [row["outside"] for row in answer["predictions"]] == [False, True]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"intensity": [1, 2, 3]}, "row 1: expected 2048 intensities, found 3"),
        ({"intensity": [None] * 2048}, "row 1: expected numbers, found no value at point 0"),
        ({"intensity": [7] * 2048}, "row 1: expected intensities that vary, found 7 at all points"),
        ({"wavenumber_stop_cm1": "x"}, "row 1: expected an "),
        ({"modality": "UV"}, "row 1: expected a modality of IR, RAMAN, NIR, found 'UV'"),
    ],
)
def test_a_bad_row_is_a_400_that_names_it(
    changes: dict[str, Any], told: str, packed: tuple[Pretrained, SpectrumBatch, Path], post: Post
) -> None:
    first, second = rows_of(packed[1])[:2]
    status, answer = post({"dataframe_records": [first, second | changes]})
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert told in answer["message"]
    assert "Traceback" not in json.dumps(answer)


def test_the_input_example_is_answered(packed: tuple[Pretrained, SpectrumBatch, Path], post: Post) -> None:
    status, answer = post(json.loads((packed[2] / "serving_input_example.json").read_text()))
    assert status == 200, answer
    assert [len(row["embedding"]) for row in answer["predictions"]] == [32, 32]
