"""Views: the same sample as other instruments would have measured it, seeded and batched."""

from spektron.pretrain.views.axis import AxisError
from spektron.pretrain.views.baseline import Baseline
from spektron.pretrain.views.config import ViewConfig
from spektron.pretrain.views.effect import Effect
from spektron.pretrain.views.gain import Gain
from spektron.pretrain.views.lineshape import Resolution
from spektron.pretrain.views.maker import ViewMaker
from spektron.pretrain.views.noise import Noise
from spektron.pretrain.views.rows import Rows
from spektron.pretrain.views.saturation import Saturation
from spektron.pretrain.views.stray_light import StrayLight
from spektron.pretrain.views.temperature import Temperature

__all__ = [
    "AxisError",
    "Baseline",
    "Effect",
    "Gain",
    "Noise",
    "Resolution",
    "Rows",
    "Saturation",
    "StrayLight",
    "Temperature",
    "ViewConfig",
    "ViewMaker",
]
