"""Neural transfer: frozen and fine-tuned encoders as calibrations for the child. Imports torch."""

from spektron.transfer.neural.embedded import Embedded
from spektron.transfer.neural.embedded_correction import EmbeddedCorrection
from spektron.transfer.neural.fine_tuned import FineTuned
from spektron.transfer.neural.frozen import FrozenEncoder, frozen_encoder

__all__ = ["Embedded", "EmbeddedCorrection", "FineTuned", "FrozenEncoder", "frozen_encoder"]
