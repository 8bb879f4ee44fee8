"""Recalibration: the child's own calibration, of the standards alone."""

from __future__ import annotations

from spektron.transfer._samples import same_sample
from spektron.transfer.classical._calibration import ChildCalibration, Known, whole_number
from spektron.transfer.pls import MAX_LATENT, choose_num_latent, fit_pls

__all__ = ["Recalibration"]


class Recalibration(ChildCalibration):
    """Partial least squares of the labelled standards; the parent is not looked at.

    What every transfer has to beat: hopeless with few standards, and without a rival once there are enough.

    Parameters
    ----------
    num_latent : int, optional
        Latent variables. None: the smallest number within 5 % of the least error, of 10 folds over standards (each
        left out alone where there are fewer).

    Attributes
    ----------
    num_latent_ : int
    """

    _least_standards = 3
    _needs_labels = True

    def __init__(self, num_latent: int | None = None) -> None:
        self.num_latent = num_latent

    def _fit(self, known: Known) -> None:
        assert known.labels is not None
        whole_number("num_latent", self.num_latent, 1)
        most = min(MAX_LATENT, len(known.child) - 2)
        wanted = self.num_latent or choose_num_latent(known.child, known.labels, most, sample=same_sample(known.parent))
        model = fit_pls(known.child, known.labels, wanted)
        self.num_latent_ = len(model.coefficients)
        self._keep(model.coefficients[-1], model.x_mean, model.y_mean)
