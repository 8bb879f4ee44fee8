"""What MLflow runs to load and ask a model (``models from code``); everything else is numbers in the model's folder."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import INVALID_PARAMETER_VALUE, MlflowException

from spektron.core.errors import SpektronError
from spektron.model import OutsideRangeWarning, Pretrained
from spektron.serve.mlflow_model import EMBEDDING, INPUTS, OUTSIDE
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS, SpectrumBatch


class EmbeddingModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Rows of spectra in, embeddings and flags out."""

    def load_context(self, context: Any) -> None:
        """Read the folder that lies beside."""
        self.model = Pretrained.from_pretrained(Path(context.artifacts["model"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Embed each row; a row that cannot be is named in an error that the server gives as 400."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", OutsideRangeWarning)  # the flag says it
                found = self.model.embed(_batch(model_input))
        except (SpektronError, ValueError) as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from error
        return pd.DataFrame({EMBEDDING: found.values.astype(np.float64).tolist(), OUTSIDE: found.outside})


def _batch(table: pd.DataFrame) -> SpectrumBatch:
    intensity, start, stop, modality = (table[name] for name in INPUTS)
    for row, (values, name) in enumerate(zip(intensity, modality)):
        if len(values) != NUM_POINTS:
            raise ValueError(f"row {row}: expected {NUM_POINTS} intensities on a uniform axis, found {len(values)}")
        if name not in MODALITIES:
            raise ValueError(f"row {row}: expected a modality of {', '.join(MODALITIES)}, found {name!r}")
    return SpectrumBatch(
        intensity=np.array(intensity.tolist(), dtype=np.float32).reshape(len(table), NUM_POINTS),
        wavenumber_start_cm1=start.to_numpy(np.float32),
        wavenumber_stop_cm1=stop.to_numpy(np.float32),
        modality=np.array([MODALITIES.index(name) for name in modality], dtype=np.int64),
    )


mlflow.models.set_model(EmbeddingModel())
