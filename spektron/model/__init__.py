"""The encoder of vibrational spectra and its heads. torch only."""

from spektron.model.attention import AttentionMap, OnAxis, Tokens
from spektron.model.config import EncoderConfig, Merge, Normalisation, Positions
from spektron.model.encoder import UNKNOWN_MODALITY, EncoderOutput, SpectrumEncoder
from spektron.model.flops import block_flops, num_parameters, training_flops
from spektron.model.normalise import Normalised, normalise_visible
from spektron.model.pretrained import Embedding, OutsideRangeWarning, Pretrained
from spektron.model.reconstruction import MaskedReconstructor, Reconstruction, ReconstructionHead
from spektron.model.scales import SCALES, Scale

__all__ = [
    "SCALES",
    "UNKNOWN_MODALITY",
    "AttentionMap",
    "Embedding",
    "EncoderConfig",
    "EncoderOutput",
    "MaskedReconstructor",
    "Merge",
    "Normalisation",
    "Normalised",
    "OnAxis",
    "OutsideRangeWarning",
    "Positions",
    "Pretrained",
    "Reconstruction",
    "ReconstructionHead",
    "Scale",
    "SpectrumEncoder",
    "Tokens",
    "block_flops",
    "normalise_visible",
    "num_parameters",
    "training_flops",
]
