"""A baseline by asymmetric penalised least squares, whose smoothness and asymmetry are learned.

Asymmetric least squares (Eilers and Boelens 2005) on P-splines (Eilers and Marx 1996): cubic B-splines on equal knots,
coefficients ``c`` that minimise ``Σ_i w_i (y_i − (B c)_i)² / 64 + λ |D² c|² + ε |c|²``, with weight p where the curve
lies above its baseline and 1 − p below, found by a fixed number of rounds. A masked point weighs 0; across a gap the
penalty carries the baseline on.

**Gradients.** Which points lie above is piecewise constant, so that only the last solution depends on λ and p, and all
rounds run without a graph. At the solution one step of iterative refinement, ``c + A⁻¹ (b − A c)`` with A⁻¹ held
constant, adds nothing but rounding, and its derivative is that of the solution (the implicit function theorem). So
backward is one more solve with the same factor.

**Conditioning.** All in float64. The eigenvalues of B'WB / 64 are at most 1, those of D'D at most 16, λ is kept below
1e5, and the ridge ε keeps all of A's above 1e-6 even where nothing is visible: the condition is below 2e12, and a
Cholesky factor holds to about 1e14 (1 / (35 · 2⁻⁵³) and a little less). The ridge pulls towards 0, the mean of what is
visible: by less than 0.1 % in an ordinary spectrum, by 10 % at most where one point in a hundred is visible and all of
them weigh 0.001.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy.interpolate import BSpline
from torch import Tensor, nn

from spektron.model.preprocessing.config import ASYMMETRY_BOUNDS, SMOOTHNESS_BOUNDS
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["AsymmetricBaseline", "baseline_flops"]

# Points of a knot interval: 115 cm⁻¹ of a mid-infrared axis, wider than a band and narrower than a background.
INTERVAL = 64
# A cubic B-spline lives on this many intervals, and overlaps with as many splines on each side less one.
SUPPORT = 4
NUM_SPLINES = NUM_POINTS // INTERVAL + SUPPORT - 1
# After 8 one point in 25,000 still changes sides on real spectra, after 6 one in 270; Eilers and Boelens: 5 to 10.
ROUNDS = 8
RIDGE = 1e-6


class AsymmetricBaseline(nn.Module):
    """The baseline of each spectrum, from its visible points.

    Parameters
    ----------
    smoothness, asymmetry : float
        λ and p to start from, within `SMOOTHNESS_BOUNDS` and `ASYMMETRY_BOUNDS`, which learning does not leave.
    """

    splines: Tensor
    products: Tensor
    penalty: Tensor
    places: Tensor

    def __init__(self, smoothness: float, asymmetry: float) -> None:
        super().__init__()
        self.log_smoothness = nn.Parameter(torch.tensor(_unbounded(math.log10(smoothness), *_LOG_SMOOTHNESS)))
        self.logit_asymmetry = nn.Parameter(torch.tensor(_unbounded(_logit(asymmetry), *_LOGIT_ASYMMETRY)))
        for name, array in _constants().items():
            # Derived, so kept out of checkpoints.
            self.register_buffer(name, torch.tensor(array), persistent=False)

    @property
    def smoothness(self) -> Tensor:
        """λ, scalar, float64."""
        return 10.0 ** _bounded(self.log_smoothness, *_LOG_SMOOTHNESS)

    @property
    def asymmetry(self) -> Tensor:
        """p, scalar, float64."""
        return torch.sigmoid(_bounded(self.logit_asymmetry, *_LOGIT_ASYMMETRY))

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Fit the baselines.

        Parameters
        ----------
        values : Tensor, shape (batch, 2048)
            Finite everywhere; what stands at masked points does not matter.
        mask : Tensor, shape (batch, 2048), bool
            True where a point is hidden.

        Returns
        -------
        Tensor, shape (batch, 2048)
            At masked points too; 0 for a spectrum of which nothing is visible.
        """
        curve, visible = values.double(), (~mask).double()
        smoothness, asymmetry = self.smoothness, self.asymmetry
        with torch.no_grad():
            weights = visible
            for _ in range(ROUNDS):
                found, _ = self._solve(curve, weights, smoothness)
                above = curve > found @ self.splines
                weights = visible * torch.where(above, asymmetry, 1.0 - asymmetry)
            found, factor = self._solve(curve, weights, smoothness)
        weights = visible * torch.where(above, asymmetry, 1.0 - asymmetry)
        rest = self._projected(weights * (curve - found @ self.splines))
        rest = rest - smoothness * (found @ self.penalty) - RIDGE * found
        refined = found + torch.cholesky_solve(rest.unsqueeze(-1), factor).squeeze(-1)
        return (refined @ self.splines).to(values.dtype)

    def _solve(self, curve: Tensor, weights: Tensor, smoothness: Tensor) -> tuple[Tensor, Tensor]:
        """Coefficients ``(batch, splines)`` and the Cholesky factor of their normal equations."""
        # All splines are one, shifted by an interval: what two of them share is a window of the weights, weighted.
        reach = (SUPPORT - 1) * INTERVAL
        windows = F.pad(weights, (reach, reach)).unfold(-1, SUPPORT * INTERVAL, INTERVAL)
        shared = F.pad((windows @ self.products).flatten(1), (0, 1))
        normal = shared[:, self.places] + smoothness * self.penalty
        normal.diagonal(dim1=-2, dim2=-1).add_(RIDGE)
        # Without the check of `cholesky`, which would wait for a GPU; the ridge makes it positive definite.
        factor, _ = torch.linalg.cholesky_ex(normal)
        return torch.cholesky_solve(self._projected(weights * curve).unsqueeze(-1), factor).squeeze(-1), factor

    def _projected(self, curve: Tensor) -> Tensor:
        """``B' y / 64``: ``(batch, 2048)`` → ``(batch, splines)``."""
        return curve @ self.splines.T / INTERVAL


def baseline_flops() -> int:
    """Operations of forward and backward for one curve that has no gradient itself; factors are not counted."""
    curve = 2 * NUM_SPLINES * NUM_POINTS
    solved = 2 * NUM_SPLINES * SUPPORT * INTERVAL * SUPPORT + curve
    penalised = 2 * NUM_SPLINES**2
    # Rounds; the last solution and what is left of it; the refinement's two products, and the same backward.
    return ROUNDS * (solved + curve) + solved + curve + penalised + 2 * (curve + curve)


def _constants() -> dict[str, np.ndarray]:
    spline = BSpline.basis_element(range(SUPPORT + 1))((np.arange(SUPPORT * INTERVAL) + 0.5) / INTERVAL)
    long = np.zeros((NUM_SPLINES, NUM_POINTS + 2 * (SUPPORT - 1) * INTERVAL))
    for number in range(NUM_SPLINES):
        long[number, number * INTERVAL :][: len(spline)] = spline
    shifted = [np.pad(spline, (shift * INTERVAL, 0))[: len(spline)] for shift in range(SUPPORT)]
    second = np.diff(np.eye(NUM_SPLINES), n=2, axis=0)
    one, other = np.indices((NUM_SPLINES, NUM_SPLINES))
    apart, none = abs(one - other), NUM_SPLINES * SUPPORT
    return {
        # B', (splines, points): those at the ends reach beyond the axis.
        "splines": np.ascontiguousarray(long[:, (SUPPORT - 1) * INTERVAL :][:, :NUM_POINTS]),
        # A spline times itself and times the next three, (points of a spline, 4).
        "products": np.stack([spline * other for other in shifted], axis=1) / INTERVAL,
        "penalty": second.T @ second,
        # Where each element of B'WB stands among the shared weights, (splines, splines); far ones share nothing.
        "places": np.where(apart < SUPPORT, np.minimum(one, other) * SUPPORT + apart, none),
    }


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))


def _bounded(raw: Tensor, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.sigmoid(raw.double())


def _unbounded(value: float, low: float, high: float) -> float:
    return _logit((value - low) / (high - low))


_LOG_SMOOTHNESS = (math.log10(SMOOTHNESS_BOUNDS[0]), math.log10(SMOOTHNESS_BOUNDS[1]))
_LOGIT_ASYMMETRY = (_logit(ASYMMETRY_BOUNDS[0]), _logit(ASYMMETRY_BOUNDS[1]))
