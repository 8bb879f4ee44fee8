"""A folder of `Pretrained.save_pretrained` as a model that ``mlflow models serve`` answers with."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pandas as pd

# Before MLflow is imported: a model that is saved tells nobody.
os.environ.setdefault("MLFLOW_ENABLE_TELEMETRY", "false")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("DO_NOT_TRACK", "true")

import mlflow.pyfunc
from mlflow.models import ModelSignature
from mlflow.types.schema import AnyType, Array, ColSpec, DataType, Schema

from spektron import __version__
from spektron.core.errors import ConfigError
from spektron.model import Pretrained
from spektron.serve import model_code
from spektron.serve.answering import ARTIFACT
from spektron.serve.rows import COLUMNS
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS

__all__ = ["input_example", "save_mlflow_model"]

# "Any": MLflow's own check of an array of doubles refuses counts (integers), and names no row of what it refuses;
# `batch_of_rows` takes them, and does.
SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(AnyType(), name) for name in COLUMNS[:3]] + [ColSpec(DataType.string, COLUMNS[3])]),
    outputs=Schema([ColSpec(Array(DataType.double), "embedding"), ColSpec(DataType.boolean, "outside")]),
)


def save_mlflow_model(folder: Path, out: Path) -> None:
    """Write an MLflow model with signature and input example; the folder is copied, and read to see that it is whole.

    Whoever serves it needs Spektron installed; MLflow itself runs the copy of `spektron.serve.model_code` in `out`, so
    an MLflow model from others is code from others, unlike the folder that it is made from.

    Parameters
    ----------
    folder : Path
        Of `Pretrained.save_pretrained`.
    out : Path
        Folder to make; must not be there.

    Raises
    ------
    ConfigError
        When `folder` is no whole model, or something lies at `out`.
    """
    if out.exists():
        raise ConfigError(
            f"expected nothing at {out}, found {'a folder' if out.is_dir() else 'a file'}", "name another"
        )
    pretrained = Pretrained.from_pretrained(folder)
    logging.getLogger("mlflow").setLevel(logging.ERROR)  # hints for other kinds of models
    mlflow.pyfunc.save_model(
        path=str(out),
        python_model=str(model_code.__file__),
        artifacts={ARTIFACT: str(folder)},
        signature=SIGNATURE,
        input_example=input_example(pretrained),
        pip_requirements=[f"spektron=={__version__}"],
    )


def input_example(pretrained: Pretrained) -> pd.DataFrame:
    """Two spectra of bands that nobody measured, on the first axis that the model knows."""
    modality = next((name for name in MODALITIES if name in pretrained.trained_axis_cm1), MODALITIES[0])
    start, stop = pretrained.trained_axis_cm1.get(modality, (400.0, 4000.0))
    x = np.linspace(0.0, 1.0, NUM_POINTS)
    bands = [np.exp(-(((x - place) / 0.02) ** 2)) for place in (0.3, 0.7)]
    return pd.DataFrame(
        {
            "intensity": [np.round(band, 4).tolist() for band in bands],
            "wavenumber_start_cm1": start,
            "wavenumber_stop_cm1": stop,
            "modality": modality,
        }
    )
