"""Slope and bias correction: the parent's predictions of the child's spectra, put on a line."""

from __future__ import annotations

import numpy as np

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, at_least
from spektron.transfer.pls import choose_num_latent, fit_pls

__all__ = ["SBC"]


class SBC(ChildCalibration):
    """Slope and bias correction (Osborne and Fearn 1983) of the parent's partial least squares.

    The child's spectra are predicted as they come; a straight line from those predictions to the standards' property is
    laid over them. Without the property, the parent's own predictions of the standards take its place. Standards that
    are all predicted alike, or all have one property, say nothing of a slope: the bias alone is corrected then.

    Parameters
    ----------
    slope : bool
        False corrects the bias alone, the safer choice with two or three standards.
    num_latent : int, optional
        Latent variables of the parent's model; chosen by cross-validation on its set where it is not given.

    Attributes
    ----------
    slope_, bias_ : float
        Property = slope × prediction + bias.
    num_latent_ : int
    """

    def __init__(self, slope: bool = True, num_latent: int | None = None) -> None:
        self.slope = slope
        self.num_latent = num_latent

    def _fit(self, known: Known) -> None:
        at_least("num_latent", self.num_latent, 1)
        wanted = choose_num_latent(known.x, known.y) if self.num_latent is None else self.num_latent
        model = fit_pls(known.x, known.y, wanted)
        self.num_latent_ = len(model.coefficients)
        predicted = model.predict(known.child, self.num_latent_)
        target = model.predict(known.parent, self.num_latent_) if known.labels is None else known.labels
        centred = predicted - predicted.mean()
        known_slope = self.slope and _vary(predicted) and _vary(target)
        self.slope_ = float(centred @ target) / float(centred @ centred) if known_slope else 1.0
        self.bias_ = float(target.mean() - self.slope_ * predicted.mean())
        self._keep(self.slope_ * model.coefficients[-1], model.x_mean, self.slope_ * model.y_mean + self.bias_)


def _vary(values: Array) -> bool:
    """By more than rounding, of a prediction's many products."""
    return bool(np.ptp(values) > 1e-9 * np.abs(values).max())
