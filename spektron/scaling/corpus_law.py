"""The corpus law a study reports: both estimators, their status, the hold-out and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spektron.core.errors import FitError
from spektron.scaling.corpus_fit import CorpusFit, differing_parameters
from spektron.scaling.estimate import Band, Estimate
from spektron.scaling.holdout import Holdout
from spektron.scaling.points import CorpusPoints, positive_column
from spektron.scaling.status import FitStatus
from spektron.scaling.verdict import Verdict, decide

__all__ = ["CorpusLaw", "require_confidence"]

# What a verdict must mention, because it rests on the law's shape.
_SHAPE_FINDINGS = (FitStatus.RISING, FitStatus.NOT_FALLING, FitStatus.EDGE_OF_GRID, FitStatus.POOR_FIT)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorpusLaw:
    """``L(D) = E + B · D^(−β)`` with intervals, and what they rest on.

    Attributes
    ----------
    projection : CorpusFit
        Variable projection: what `E`, `B`, `beta`, `predict` and `verdict` speak of.
    log_huber : CorpusFit
        The estimator of published scaling laws, for comparison.
    status : tuple of FitStatus
        Every finding about the fit; "converged" is among them only when the optimum is inside all bounds.
    holdout : Holdout or None
        None where fewer than 4 sizes would be left to fit.
    points : CorpusPoints
        What was fitted.
    num_resamples : int
        Of each estimator's bootstrap.
    """

    projection: CorpusFit
    log_huber: CorpusFit
    status: tuple[FitStatus, ...]
    holdout: Holdout | None
    points: CorpusPoints
    num_resamples: int

    @property
    def E(self) -> Estimate:
        """Loss that no corpus gets below, at this model and training length."""
        return self.projection.E

    @property
    def B(self) -> Estimate:
        """Coefficient of the falling term, in loss · spectra^β; strongly correlated with `beta`."""
        return self.projection.B

    @property
    def beta(self) -> Estimate:
        """Exponent of the fall."""
        return self.projection.beta

    @property
    def confidence(self) -> float:
        """Nominal coverage of every interval."""
        return self.projection.confidence

    @property
    def converged(self) -> bool:
        """Whether the optimum lies inside all bounds."""
        return FitStatus.CONVERGED in self.status

    @property
    def sentence(self) -> str:
        """The law in one sentence, with its intervals and whatever is wrong with it."""
        text = (
            f"L(D) = E + B · D^(−β) with E = {self.E}, B = {self.B}, β = {self.beta} ({self.confidence:.0%} intervals)."
        )
        wrong = [status.meaning for status in self.status if status is not FitStatus.CONVERGED]
        return " ".join([text, *(f"{meaning[0].upper()}{meaning[1:]}." for meaning in wrong)])

    @property
    def agreement(self) -> str:
        """How the two estimators compare, in a sentence."""
        apart = differing_parameters(self.projection, self.log_huber)
        values = ", ".join(
            f"{name} {getattr(self.projection, name).value:.4g} and {getattr(self.log_huber, name).value:.4g}"
            for name in (("E", "B", "beta") if self.projection.identified else ("E",))
        )
        if apart:
            return f"Least squares and log-Huber disagree beyond the interval in {', '.join(apart)} ({values})."
        return f"Least squares and log-Huber agree within the interval ({values})."

    @overload
    def predict(self, num_spectra: float, *, new_run: bool = False) -> Estimate: ...
    @overload
    def predict(self, num_spectra: Sequence[float] | NDArray[Any], *, new_run: bool = False) -> Band: ...
    def predict(self, num_spectra: ArrayLike, *, new_run: bool = False) -> Estimate | Band:
        """Predicted loss.

        Parameters
        ----------
        num_spectra : float or array_like, shape (sizes,)
            Corpus sizes, > 0.
        new_run : bool
            Interval for the loss of one further run, not for the mean of all runs.

        Returns
        -------
        Estimate or Band
            For a single size, or for an array of them. The interval knows of the noise and of nothing else: far from
            the sizes that were run it holds only if the law does.

        Raises
        ------
        FitError
            For a size that is not positive.
        """
        sizes = positive_column(np.atleast_1d(np.asarray(num_spectra, dtype=np.float64)), "num_spectra")
        band = self.projection.band(sizes, new_run=new_run)
        if np.ndim(num_spectra) == 0:
            return Estimate(float(band.value[0]), float(band.low[0]), float(band.high[0]))
        return band

    def verdict(self, full: float | None = None, *, tolerance: float = 0.02, candidate: float | None = None) -> Verdict:
        """Decide whether a smaller corpus does as well as the full one.

        Parameters
        ----------
        full : float, optional
            Size of the full corpus; the largest that was run, unless given.
        tolerance : float
            Excess loss that counts as none, as a fraction.
        candidate : float, optional
            The smaller corpus in question; half the full one unless given, so that without it the question reads "do
            we need more than half?".

        Returns
        -------
        Verdict
            "cannot_tell" also where the loss rises again, and where the two estimators decide oppositely.

        Raises
        ------
        FitError
            For a tolerance outside (0, 1), or a candidate that is not smaller than the full corpus.
        """
        question: dict[str, Any] = {"full": full, "tolerance": tolerance, "candidate": candidate}
        beyond = full is not None and full > self.points.sizes[-1]
        relevant = _SHAPE_FINDINGS + ((FitStatus.E_NOT_IDENTIFIED,) if beyond else ())
        notes = [status.meaning for status in relevant if status in self.status]
        blocked = FitStatus.RISING in self.status
        ours, theirs = (decide(fit, self.points.sizes, **question) for fit in (self.projection, self.log_huber))
        if {ours.status, theirs.status} == {"enough", "not_enough"}:
            blocked = True
            notes.append(f"least squares says {ours.status}, log-Huber says {theirs.status}".replace("_", " "))
        return decide(self.projection, self.points.sizes, **question, blocked=blocked, notes=tuple(notes))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON and tables: no draws, None for what is not identified."""
        return {
            "law": "E + B * D^-beta",
            "confidence": self.confidence,
            "num_resamples": self.num_resamples,
            "status": [str(status) for status in self.status],
            "findings": [status.meaning for status in self.status],
            "agreement": self.agreement,
            "num_runs": len(self.points.log_loss),
            "num_merged": self.points.num_merged,
            "sizes": self.points.sizes.tolist(),
            "mean_loss": self.points.loss.tolist(),
            "estimators": {fit.estimator: _fit_dict(fit) for fit in (self.projection, self.log_huber)},
            "holdout": None if self.holdout is None else _holdout_dict(self.holdout),
        }


def require_confidence(confidence: float, num_resamples: int) -> None:
    """Refuse a confidence or a number of resamples that gives no interval."""
    if not 0 < confidence < 1:
        raise FitError(f"expected a confidence between 0 and 1, found {confidence}", "95 % is 0.95")
    needed = int(np.ceil(2.0 / (1.0 - confidence)))
    if num_resamples < needed:
        raise FitError(
            f"expected at least {needed} resamples for a {confidence:.0%} interval, found {num_resamples}",
            "1,000 take a fraction of a second",
        )


def _fit_dict(fit: CorpusFit) -> dict[str, Any]:
    parameters = {name: getattr(fit, name).to_dict() for name in ("E", "B", "beta")}
    noise = {"run_sd": fit.noise.run_sd, "size_sd": fit.noise.size_sd, "resampled": fit.noise.level}
    return {**parameters, "objective": fit.objective, "converged": fit.converged, "noise": noise}


def _holdout_dict(holdout: Holdout) -> dict[str, Any]:
    errors = ("error", "in_sample_error", "power_law_error", "last_point_error", "sentence")
    return {
        "sizes": list(holdout.sizes),
        "observed": list(holdout.observed),
        "predicted": [estimate.to_dict() for estimate in holdout.predicted],
        **{name: getattr(holdout, name) for name in errors},
    }
