"""Which channels the encoder sees beside the spectrum itself, and where their learned numbers start."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from spektron.core.settings import Settings

__all__ = ["ASYMMETRY_BOUNDS", "SMOOTHNESS_BOUNDS", "PreprocessingConfig"]

# Smoothness is λ per point and knot interval: at 0.01 the 35 splines follow what they can, at 1e5 only a line is left.
SMOOTHNESS_BOUNDS = (1e-2, 1e5)
# Eilers and Boelens use 0.001 to 0.1 for bands that point up; the mirror of it is for bands that point down.
ASYMMETRY_BOUNDS = (1e-3, 1.0 - 1e-3)


class PreprocessingConfig(Settings):
    """Channels beside the spectrum, made of its visible points; none by default.

    There is no order among them: each is made of the spectrum as it was normalised, not of another channel."""

    baseline: bool = False
    """One channel more: the spectrum minus a baseline fitted to it."""
    derivatives: tuple[Literal[1, 2], ...] = Field(default=(), max_length=2)
    """One channel more for each: first or second derivative along the axis, by learned Savitzky–Golay filters."""
    window: int = Field(default=15, ge=3, le=255)
    """Points of a derivative filter, odd. 15 are 27 cm⁻¹ of a mid-infrared axis, about the width of a band."""
    degree: int = Field(default=3, ge=1, le=12)
    """Polynomials up to this degree are differentiated exactly, whatever is learned; at least the order of the
    derivative. Of a window, window − degree − 1 numbers are left to learn."""
    smoothness: float = Field(default=10.0, gt=SMOOTHNESS_BOUNDS[0], lt=SMOOTHNESS_BOUNDS[1])
    """λ that the baseline starts from: what a squared second difference of neighbouring spline coefficients costs, in
    units of the squared error of the points of one knot interval (64)."""
    asymmetry: float = Field(default=0.01, gt=ASYMMETRY_BOUNDS[0], lt=ASYMMETRY_BOUNDS[1])
    """p that the baseline starts from: weight of points above it; those below weigh 1 − p."""

    @field_validator("derivatives")
    @classmethod
    def _in_order(cls, derivatives: tuple[Literal[1, 2], ...]) -> tuple[Literal[1, 2], ...]:
        if len(set(derivatives)) < len(derivatives):
            raise ValueError(f"expected each derivative once, found {list(derivatives)}")
        return tuple(sorted(derivatives))

    @model_validator(mode="after")
    def _can_be(self) -> PreprocessingConfig:
        if not self.window % 2:
            raise ValueError(f"window: expected an odd number of points, found {self.window}")
        if self.degree > self.window - 2:
            raise ValueError(
                f"degree: expected at most window − 2 ({self.window - 2}), or nothing is left to learn, "
                f"found {self.degree}"
            )
        if self.derivatives and self.degree < max(self.derivatives):
            raise ValueError(
                f"degree: expected at least the order of the derivative ({max(self.derivatives)}), found {self.degree}"
            )
        return self

    @property
    def channels(self) -> int:
        """Channels that one channel becomes, itself among them."""
        return 1 + self.baseline + len(self.derivatives)
