"""The encoder of vibrational spectra and its heads. torch only."""

from spektron.model.config import SCALES, EncoderConfig, Scale, ScaleName
from spektron.model.encoder import EncoderOutput, SpectrumEncoder
from spektron.model.flops import block_flops, num_parameters, training_flops
from spektron.model.normalise import Normalised, normalise_visible
from spektron.model.reconstruction import MaskedReconstructor, Reconstruction, ReconstructionHead

__all__ = [
    "SCALES",
    "EncoderConfig",
    "EncoderOutput",
    "MaskedReconstructor",
    "Normalised",
    "Reconstruction",
    "ReconstructionHead",
    "Scale",
    "ScaleName",
    "SpectrumEncoder",
    "block_flops",
    "normalise_visible",
    "num_parameters",
    "training_flops",
]
