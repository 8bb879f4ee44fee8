"""The curves: how loss falls with corpus size, model size, and data seen more than once.

Sizes are counts (spectra, tokens, parameters) and losses are positive; nothing here fits anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spektron.core.errors import FitError

__all__ = ["DataConstrainedLaw", "corpus_loss", "effective_data", "joint_loss"]

Floats = NDArray[np.float64]


def corpus_loss(num_spectra: ArrayLike, *, E: float, B: float, beta: float) -> Floats:
    """``E + B · D^(−β)``: loss of one fixed model over the size of its corpus."""
    return np.asarray(E + B * np.asarray(num_spectra, dtype=np.float64) ** -beta)


def joint_loss(
    num_params: ArrayLike, num_tokens: ArrayLike, *, E: float, A: float, B: float, alpha: float, beta: float
) -> Floats:
    """``E + A · N^(−α) + B · D^(−β)`` (Hoffmann et al. 2022, equation 2)."""
    model_term = A * np.asarray(num_params, dtype=np.float64) ** -alpha
    return np.asarray(E + model_term + B * np.asarray(num_tokens, dtype=np.float64) ** -beta)


def effective_data(unique: ArrayLike, seen: ArrayLike, r_star: float) -> Floats:
    """How much fresh data a repeated corpus is worth (Muennighoff et al. 2023, equation 5).

    ``D' = U + U · R* · (1 − exp(−R / R*))`` with ``R = max(D / U − 1, 0)`` repetitions after the first epoch.

    Parameters
    ----------
    unique, seen : array_like
        Distinct items U > 0 in the corpus, and items D ≥ U that training passed over; same unit.
    r_star : float
        Repetitions after which a further one is worth 1/e of a fresh epoch; > 0. The published value for language
        is 15.39; it is no constant of nature and is worth fitting for spectra.

    Raises
    ------
    FitError
        When U or R* is not positive, or fewer items were seen than are unique.
    """
    unique_d, seen_d = np.broadcast_arrays(np.asarray(unique, float), np.asarray(seen, float))
    if not (np.all(unique_d > 0) and r_star > 0):
        raise FitError("expected unique > 0 and r_star > 0", "count the distinct items of the corpus")
    if np.any(seen_d < unique_d):
        raise FitError(
            f"expected at least as many items seen as are unique, found {seen_d.min():g} seen",
            "when training stopped before one epoch, what was seen is what is unique: pass it as both",
        )
    return np.asarray(unique_d * (1.0 + _saturate(seen_d / unique_d - 1.0, r_star)))


def _saturate(repeats: Floats, r_star: float) -> Floats:
    return np.asarray(r_star * -np.expm1(-repeats / r_star))


@dataclass(frozen=True, slots=True, kw_only=True)
class DataConstrainedLaw:
    """``L(N, D, U) = E + A · N'^(−α) + B · D'^(−β)``: a model trained on U unique items, D items seen.

    `D'` is `effective_data`; `N'` discounts, in the same form, parameters beyond what U unique items can use,
    ``N_opt(U) = G · (G · U)^(β/α)`` with ``G = (αA / βB)^(1/(α+β))`` (Muennighoff et al. 2023, equations 4–6).

    Attributes
    ----------
    E, A, B, alpha, beta : float
        As in `joint_loss`.
    r_star_data, r_star_params : float
        Decay of the worth of repeated data and of excess parameters.
    """

    E: float
    A: float
    B: float
    alpha: float
    beta: float
    r_star_data: float
    r_star_params: float

    def loss(self, num_params: ArrayLike, seen: ArrayLike, unique: ArrayLike) -> Floats:
        """Predicted loss for N parameters, D items seen and U unique items (broadcast against each other)."""
        data = effective_data(unique, seen, self.r_star_data)
        return joint_loss(
            self._effective_params(num_params, unique),
            data,
            E=self.E,
            A=self.A,
            B=self.B,
            alpha=self.alpha,
            beta=self.beta,
        )

    def _effective_params(self, num_params: ArrayLike, unique: ArrayLike) -> Floats:
        params = np.asarray(num_params, dtype=np.float64)
        ratio = (self.alpha * self.A / (self.beta * self.B)) ** (1.0 / (self.alpha + self.beta))
        usable = np.minimum(params, ratio * (ratio * np.asarray(unique, dtype=np.float64)) ** (self.beta / self.alpha))
        return np.asarray(usable * (1.0 + _saturate(params / usable - 1.0, self.r_star_params)))
