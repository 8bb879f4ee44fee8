"""What a server does with a request."""

from __future__ import annotations

import logging
import threading
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import PythonModel

from spektron.core.errors import SpectrumError
from spektron.model import OutsideRangeWarning, Pretrained
from spektron.serve.rows import batch_of_rows

__all__ = ["ARTIFACT", "SpectrumEmbedder"]

# Name of the folder of weights among the artifacts of an MLflow model.
ARTIFACT = "pretrained"
_log = logging.getLogger(__name__)


class SpectrumEmbedder(PythonModel):  # type: ignore[misc]
    """MLflow's view of a `Pretrained`: a table of spectra in, a table of embeddings out."""

    def __init__(self) -> None:
        self._pretrained: Pretrained | None = None
        self._lock = threading.Lock()

    def load_context(self, context: Any) -> None:
        """Read the folder of weights; nothing in it is run."""
        self._pretrained = Pretrained.from_pretrained(Path(context.artifacts[ARTIFACT]))

    def predict(self, context: Any, model_input: pd.DataFrame) -> pd.DataFrame:
        """Embed a table of spectra; columns as `batch_of_rows` takes them.

        Returns
        -------
        DataFrame
            ``embedding`` (numbers of float32), ``outside`` (whether the axis reaches beyond the trained range), one
            row for each of `model_input`, in its order.

        Raises
        ------
        MlflowException
            Of code INVALID_PARAMETER_VALUE, which a server answers as HTTP 400; names rows and reasons.
        """
        assert self._pretrained is not None, "MLflow calls load_context first"
        try:
            # One request at a time: filters of warnings are the whole process's, and so are torch's threads.
            with self._lock, warnings.catch_warnings():
                warnings.simplefilter("ignore", OutsideRangeWarning)  # the answer says it
                found = self._pretrained.embed(batch_of_rows(model_input))
        except SpectrumError as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from error
        _log.debug("embedded %d spectra, %d outside the trained range", len(found.outside), int(found.outside.sum()))
        return pd.DataFrame({"embedding": [row.tolist() for row in found.values], "outside": found.outside})
