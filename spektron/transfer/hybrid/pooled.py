"""Any scikit-learn regressor as a calibration for the child, on both instruments' samples together."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.base import RegressorMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.preprocessing import StandardScaler

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known

__all__ = ["Pooled", "gaussian_process"]


class Pooled(ChildCalibration):
    """A regressor fitted on the parent's calibration set and the child's labelled standards at once.

    Spectra of the child are moved by the standards' mean difference. One number scales all channels, so that a
    calibration sample is 1 from the mean of all on average: what a kernel's lengths are in.

    Parameters
    ----------
    regressor : scikit-learn regressor, optional
        It is cloned; `gaussian_process()` by default.

    Attributes
    ----------
    regressor_ : the fitted regressor
    """

    def __init__(self, regressor: RegressorMixin | None = None) -> None:
        self.regressor = regressor

    def _fit(self, known: Known) -> None:
        self._shift = (known.child - known.parent).mean(axis=0)
        self._middle = known.x.mean(axis=0)
        spread = np.sqrt(np.square(known.x - self._middle).sum(axis=1).mean())
        self._spread = float(spread) if spread > 0 else 1.0
        spectra, values = [known.x], [known.y]
        if known.labels is not None:
            spectra.append(known.child - self._shift)
            values.append(known.labels)
        self._scale = StandardScaler().fit(known.y[:, None])
        y = self._scale.transform(np.concatenate(values)[:, None])[:, 0]
        self.regressor_ = clone(gaussian_process() if self.regressor is None else self.regressor)
        with warnings.catch_warnings():
            # A length or strength at its bound is an answer: a plane, or nothing at all.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.regressor_.fit(self._scaled(np.vstack(spectra)), y)

    def _predict(self, child: Array) -> Array:
        found = self.regressor_.predict(self._scaled(child - self._shift))
        predicted: Array = self._scale.inverse_transform(found[:, None])[:, 0]
        return predicted

    def _scaled(self, spectra: Array) -> Array:
        scaled: Array = (spectra - self._middle) / self._spread
        return scaled


def gaussian_process() -> GaussianProcessRegressor:
    """A smooth function and noise, both as strong as the marginal likelihood says.

    Distances are in units of the calibration set's spread, so a length of 1 is strongly curved and of 30 is a plane.
    """
    kernel = ConstantKernel(1.0, (1e-3, 1e4)) * RBF(3.0, (0.3, 100.0)) + WhiteKernel(0.1, (1e-5, 2.0))
    return GaussianProcessRegressor(kernel, random_state=0)
