"""What a detector and its electronics add, in units of the spectrum's range. All of ``(batch, points)``."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["background", "noisy"]


def background(baseline: Tensor, scatter: Tensor, power: Tensor, points: int) -> Tensor:
    """A cubic (Legendre polynomials up to the third) and a background that rises with a power of the wavenumber.

    Parameters
    ----------
    baseline : Tensor, shape (batch, 4)
        Coefficients.
    scatter, power : Tensor, shape (batch,)
        Height at the upper end, and the power of the place (0 to 1) along the axis.
    points : int

    Returns
    -------
    Tensor, shape (batch, points)
    """
    place = torch.linspace(-1.0, 1.0, points, device=baseline.device)
    terms = torch.stack(
        [torch.ones_like(place), place, (3.0 * place**2 - 1.0) / 2.0, (5.0 * place**3 - 3.0 * place) / 2.0]
    )
    rising = ((place + 1.0) / 2.0).unsqueeze(0) ** power.unsqueeze(1)
    return baseline @ terms + scatter.unsqueeze(1) * rising


def noisy(values: Tensor, white: Tensor, shot: Tensor, grain: Tensor) -> Tensor:
    """Add noise of standard deviation ``white`` everywhere and ``shot · √signal``, the signal 1 at the highest point.

    Parameters
    ----------
    values : Tensor, shape (batch, points)
        About 0 to 1.
    white, shot : Tensor, shape (batch,)
    grain : Tensor, shape (batch, points)
        Standard normal.
    """
    signal = values.clamp(0.0, 1.0)
    sigma = (white.square().unsqueeze(1) + shot.square().unsqueeze(1) * signal).sqrt()
    return values + sigma * grain
