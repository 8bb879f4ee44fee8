"""The encoder of vibrational spectra and its heads. torch only."""

from spektron.model.attention import AttentionMap, OnAxis, Tokens
from spektron.model.conditioning import Instrument
from spektron.model.config import Backbone, Conditioning, EncoderConfig, Merge, Normalisation, Positions
from spektron.model.encoder import UNKNOWN_MODALITY, EncoderOutput, SpectrumEncoder
from spektron.model.flops import block_flops, num_parameters, training_flops
from spektron.model.normalise import Normalised, normalise_visible
from spektron.model.preprocessing import PreprocessingConfig
from spektron.model.pretrained import Embedding, OutsideRangeWarning, Pretrained
from spektron.model.reconstruction import MaskedReconstructor, Reconstruction, ReconstructionHead
from spektron.model.scales import SCALES, Scale

__all__ = [
    "SCALES",
    "UNKNOWN_MODALITY",
    "AttentionMap",
    "Backbone",
    "Conditioning",
    "Embedding",
    "EncoderConfig",
    "EncoderOutput",
    "Instrument",
    "MaskedReconstructor",
    "Merge",
    "Normalisation",
    "Normalised",
    "OnAxis",
    "OutsideRangeWarning",
    "Positions",
    "PreprocessingConfig",
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
