"""By how much the instrument of a view may differ, in the units in which instruments are specified."""

from __future__ import annotations

from pydantic import Field, model_validator

from spektron.core.settings import Settings

__all__ = ["ViewConfig"]


class ViewConfig(Settings):
    """Largest differences; each is drawn evenly up to its largest value, for each view on its own.

    Intensities are in units of the spectrum's own range (highest minus lowest point). 0 leaves an effect out.
    """

    chance: float = Field(default=0.5, ge=0.0, le=1.0)
    """Of each effect to act on a view."""
    temperature_k: float = Field(default=20.0, ge=0.0, le=500.0)
    """Difference of the sample's temperature, in K: bands move by up to 0.03 cm⁻¹ and broaden by 0.03 cm⁻¹ for each."""
    broadening_cm1: float = Field(default=16.0, ge=0.0, le=500.0)
    """Full width at half maximum of the line shape that a coarser instrument adds, in cm⁻¹: a Gaussian or a slit's."""
    stray_light: float = Field(default=0.02, ge=0.0, lt=1.0)
    """Share of the light that misses the sample; IR and NIR."""
    peak_absorbance: float = Field(default=2.0, gt=0.0, le=6.0)
    """Absorbance of the strongest band, up to; what stray light does depends on it."""
    shift_cm1: float = Field(default=4.0, ge=0.0, le=500.0)
    """Offset of the wavenumber axis, to either side, in cm⁻¹."""
    stretch: float = Field(default=5e-4, ge=0.0, le=0.1)
    """Relative error of the axis' scale, to either side; 5e-4 are 2 cm⁻¹ at 4000."""
    gain: float = Field(default=2.0, ge=1.0, le=1e3)
    """Factor of the intensities, up or down."""
    baseline: float = Field(default=0.2, ge=0.0, le=10.0)
    """Standard deviation of a cubic baseline's coefficients (Legendre polynomials), in ranges."""
    scatter: float = Field(default=0.3, ge=0.0, le=10.0)
    """Height of a background that rises with wavenumber by a power of 1 to 4, to either side, in ranges."""
    saturation: float = Field(default=0.2, ge=0.0, lt=1.0)
    """Share of the range, at most, that lies above the detector's ceiling and is cut off."""
    noise: float = Field(default=0.02, ge=0.0, le=1.0)
    """Standard deviation of noise where the signal is highest, in ranges: white (detector) and growing with the root of
    the signal (shot), in any proportion."""

    @model_validator(mode="after")
    def _strong_enough_to_differ(self) -> ViewConfig:
        if self.chance and not self.effects:
            raise ValueError("expected at least one effect with a size, found none: leave views out instead")
        return self

    @property
    def effects(self) -> tuple[str, ...]:
        """Names of those that can act, in the order of light: sample, optics, axis, electronics."""
        sizes = {
            "temperature": self.temperature_k,
            "broadening": self.broadening_cm1,
            "stray_light": self.stray_light,
            "axis": self.shift_cm1 + self.stretch,
            "gain": self.gain - 1.0,
            "background": self.baseline + self.scatter,
            "saturation": self.saturation,
            "noise": self.noise,
        }
        return tuple(name for name, size in sizes.items() if size)
