"""The MLflow model in this process: no pickle, a signature, an example, and the embeddings of `embed`."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import pytest
import torch
from mlflow.exceptions import MlflowException

from spektron.core.errors import ConfigError
from spektron.model import MaskedReconstructor, Pretrained
from spektron.serve.rows import batch_of_rows
from spektron.serve.save import input_example, save_mlflow_model
from tests.model.spectra import tiny
from tests.pretrain.stand_in import make_batch
from tests.serve.test_rows import row


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pretrained, Path]:
    torch.manual_seed(0)
    model = MaskedReconstructor(tiny(scales=("coarse",)))
    pretrained = Pretrained(model=model, trained_axis_cm1={"IR": (400.0, 4000.0), "RAMAN": (100.0, 3500.0)})
    folder = tmp_path_factory.mktemp("m")
    pretrained.save_pretrained(folder / "model")
    save_mlflow_model(folder / "model", folder / "out")
    return pretrained, folder / "out"


def test_nothing_is_pickled_and_only_the_stated_code_is_there(packed: tuple[Pretrained, Path]) -> None:
    files = {path.relative_to(packed[1]).as_posix() for path in packed[1].rglob("*") if path.is_file()}
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".pt", ".bin"))]
    assert [name for name in files if name.endswith(".py")] == ["model_code.py"]
    assert {"artifacts/model/model.safetensors", "input_example.json", "serving_input_example.json"} <= files
    assert "spektron==" in (packed[1] / "requirements.txt").read_text()


def test_a_loaded_model_embeds_as_the_one_that_was_packed(packed: tuple[Pretrained, Path]) -> None:
    pretrained, out = packed
    loaded = mlflow.pyfunc.load_model(str(out))
    spectra = make_batch(5)
    rows = [
        row(intensity=intensity.tolist(), wavenumber_start_cm1=1000.0, wavenumber_stop_cm1=stop)
        for intensity, stop in zip(spectra.intensity, (4000.0, 4000.0, 6000.0, 4000.0, 4000.0))
    ]
    found = loaded.predict(json.loads(json.dumps(rows)))
    with pytest.warns(match="reach"):
        expected = pretrained.embed(batch_of_rows(rows))
    np.testing.assert_array_equal(np.array(found["embedding"].tolist(), dtype=np.float32), expected.values)
    assert found["outside"].tolist() == [False, False, True, False, False]
    with pytest.raises(MlflowException, match="row 1: expected a modality") as caught:
        loaded.predict([row(), row(modality="UV")])
    assert caught.value.get_http_status_code() == 400


def test_signature_and_example_fit_each_other(packed: tuple[Pretrained, Path]) -> None:
    pretrained, out = packed
    loaded = mlflow.pyfunc.load_model(str(out))
    assert loaded.metadata.signature.inputs.input_names() == list(row())
    assert loaded.metadata.signature.outputs.input_names() == ["embedding", "outside"]
    found = loaded.predict(input_example(pretrained))
    assert found["outside"].tolist() == [False, False]
    assert found["embedding"][0] != found["embedding"][1]


def test_what_cannot_be_packed_is_told(packed: tuple[Pretrained, Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected nothing at .*, found a folder"):
        save_mlflow_model(packed[1].parent / "model", packed[1])
    with pytest.raises(ConfigError, match=r"config\.json"):
        save_mlflow_model(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
