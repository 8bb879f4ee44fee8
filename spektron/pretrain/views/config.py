"""All the ways in which the same sample looks otherwise on another instrument, in the order light meets them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from spektron.core.settings import Settings
from spektron.pretrain.views.axis import AxisError
from spektron.pretrain.views.baseline import Baseline
from spektron.pretrain.views.effect import ASCENDING, Effect
from spektron.pretrain.views.gain import Gain
from spektron.pretrain.views.lineshape import Resolution
from spektron.pretrain.views.noise import Noise
from spektron.pretrain.views.saturation import Saturation
from spektron.pretrain.views.stray_light import StrayLight
from spektron.pretrain.views.temperature import Temperature

__all__ = ["ViewConfig"]

Absorbance = Annotated[float, Field(ge=0.01, le=3.0)]


class ViewConfig(Settings):
    """How instruments differ. Each effect has a chance of its own; a chance of 0 leaves it out."""

    temperature: Temperature = Temperature()
    """Sample: bands shift and broaden."""
    resolution: Resolution = Resolution()
    """Optics: a broader line."""
    stray_light: StrayLight = StrayLight()
    """Optics: light past the sample (IR and NIR)."""
    axis: AxisError = AxisError()
    """Wavenumber calibration: shift and stretch."""
    gain: Gain = Gain()
    """Response: a factor, and a tilt."""
    baseline: Baseline = Baseline()
    """Background: polynomial and scatter."""
    noise: Noise = Noise()
    """Detector: shot and electronics."""
    saturation: Saturation = Saturation()
    """Detector: a ceiling."""
    peak_absorbance: Annotated[tuple[Absorbance, Absorbance], ASCENDING] = (0.1, 1.5)
    """What the range of an IR or NIR spectrum is taken as, in absorbance, for stray light and noise: units differ
    between sources, and path lengths are chosen. Drawn evenly in its logarithm."""

    @property
    def effects(self) -> tuple[Effect, ...]:
        """From the sample to the detector."""
        return (
            *(self.temperature, self.resolution, self.stray_light, self.axis),
            *(self.gain, self.baseline, self.noise, self.saturation),
        )
