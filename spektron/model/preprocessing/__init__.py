"""What may be made of a spectrum before it is cut into patches, with numbers that are learned with the encoder."""

from spektron.model.preprocessing.baseline import AsymmetricBaseline
from spektron.model.preprocessing.config import PreprocessingConfig
from spektron.model.preprocessing.fill import fill_masked
from spektron.model.preprocessing.savgol import DerivativeFilter
from spektron.model.preprocessing.stack import Preprocessing, build_preprocessing, preprocessing_flops

__all__ = [
    "AsymmetricBaseline",
    "DerivativeFilter",
    "Preprocessing",
    "PreprocessingConfig",
    "build_preprocessing",
    "fill_masked",
    "preprocessing_flops",
]
