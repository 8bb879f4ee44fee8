"""A pretrained model as an MLflow model: what ``mlflow models serve`` answers and a registry keeps.

Code and numbers stay apart: what is written is a copy of the model's folder (safetensors and JSON) and the short script
that reads it, not a pickled object. Whoever loads the MLflow model runs that script, as with every MLflow model;
whoever trusts only numbers reads the folder in it with `Pretrained.from_pretrained`.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.pyfunc import save_model
from mlflow.types import ColSpec, DataType, Schema
from mlflow.types.schema import Array

from spektron import __version__
from spektron.core.errors import ConfigError
from spektron.model import Pretrained
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS

__all__ = ["EMBEDDING", "INPUTS", "OUTSIDE", "save_mlflow_model"]

INPUTS = ("intensity", "wavenumber_start_cm1", "wavenumber_stop_cm1", "modality")
EMBEDDING, OUTSIDE = "embedding", "outside"
_CODE = Path(__file__).with_name("model_code.py")


def save_mlflow_model(folder: Path, out: Path) -> None:
    """Write the model of `folder` (`Pretrained.save_pretrained`) as an MLflow model to `out`, which must not exist.

    Its input is a table with a row for each spectrum: `NUM_POINTS` intensities on a uniform axis, both ends in cm⁻¹,
    and the modality by name; its output the embedding, and whether the axis reaches beyond what the model was trained
    on.

    Raises
    ------
    ConfigError
        When the folder holds no whole model, or `out` is there already.
    """
    model = Pretrained.from_pretrained(folder)
    if out.exists():
        raise ConfigError(f"expected no {out} yet, found one", "name another folder, or remove it")
    save_model(
        path=out,
        python_model=str(_CODE),
        artifacts={"model": str(folder)},
        signature=_signature(),
        input_example=_example(model),
        pip_requirements=[f"spektron=={__version__}", f"torch=={version('torch').partition('+')[0]}"],
        metadata={"trained_axis_cm1": {name: list(ends) for name, ends in model.trained_axis_cm1.items()}},
    )


def _signature() -> ModelSignature:
    inputs = Schema(
        [
            ColSpec(Array(DataType.double), INPUTS[0]),
            ColSpec(DataType.double, INPUTS[1]),
            ColSpec(DataType.double, INPUTS[2]),
            ColSpec(DataType.string, INPUTS[3]),
        ]
    )
    outputs = Schema([ColSpec(Array(DataType.double), EMBEDDING), ColSpec(DataType.boolean, OUTSIDE)])
    return ModelSignature(inputs=inputs, outputs=outputs)


def _example(model: Pretrained) -> pd.DataFrame:
    """One made-up band on the first axis that the model knows."""
    name, (start, stop) = next(iter(model.trained_axis_cm1.items()), (MODALITIES[0], (400.0, 4000.0)))
    place = np.linspace(0.0, 1.0, NUM_POINTS)
    band = np.exp(-(((place - 0.4) / 0.02) ** 2)) + 0.1 * place
    return pd.DataFrame([dict(zip(INPUTS, ([round(float(v), 6) for v in band], start, stop, name)))])
