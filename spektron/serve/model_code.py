"""The code of an MLflow model ("models from code"): MLflow keeps a copy of this file, and runs it to load the model.

So no object is pickled. Weights are read from the artifact's folder, which holds no code.
"""

from mlflow.models import set_model

from spektron.serve.answering import SpectrumEmbedder

set_model(SpectrumEmbedder())
