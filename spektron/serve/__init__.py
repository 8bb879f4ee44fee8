"""Models that others ask: MLflow's own format, and its server."""

from spektron.serve.mlflow_model import save_mlflow_model

__all__ = ["save_mlflow_model"]
