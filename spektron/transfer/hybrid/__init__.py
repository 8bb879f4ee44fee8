"""A classical calibration and something flexible beside it, which counts for what it adds on left-out samples."""

from spektron.transfer.hybrid._share import believed_share
from spektron.transfer.hybrid.hybrid import Framing, Hybrid
from spektron.transfer.hybrid.pooled import Pooled

__all__ = ["Framing", "Hybrid", "Pooled", "believed_share"]
