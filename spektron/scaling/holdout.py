"""Leave out the largest sizes and predict them: the only error that speaks of extrapolation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spektron.scaling.corpus_fit import CorpusFit, fit_projection
from spektron.scaling.estimate import Estimate
from spektron.scaling.points import MIN_SIZES, CorpusPoints

__all__ = ["Holdout", "hold_out"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """What the law, fitted without the largest sizes, predicts for them.

    Errors are means of ``|predicted − observed| / observed`` over sizes, as fractions.

    Attributes
    ----------
    sizes : tuple of float
        The sizes left out, ascending.
    observed : tuple of float
        Mean loss of each.
    predicted : tuple of Estimate
        Predicted loss of each, with an interval that holds one further run.
    error : float
        Of the law on the sizes left out.
    in_sample_error : float
        Of the same fit on the sizes it was fitted to.
    power_law_error : float
        Baseline: ``B · D^(−β)`` without a floor, fitted to the same sizes.
    last_point_error : float
        Baseline: the loss of the largest fitted size, carried forward.
    """

    sizes: tuple[float, ...]
    observed: tuple[float, ...]
    predicted: tuple[Estimate, ...]
    error: float
    in_sample_error: float
    power_law_error: float
    last_point_error: float

    @property
    def beats_baselines(self) -> bool:
        """Whether the law predicts better than both baselines."""
        return self.error < min(self.power_law_error, self.last_point_error)

    @property
    def covered(self) -> bool:
        """Whether every observed loss lies in its predicted interval."""
        return all(p.contains(o) for p, o in zip(self.predicted, self.observed))

    @property
    def sentence(self) -> str:
        """The comparison in one sentence."""
        sizes = " and ".join(f"{size:,.0f}" for size in self.sizes)
        return (
            f"Fitted without {sizes} spectra, the law predicts their loss with {self.error:.2%} error "
            f"(in-sample {self.in_sample_error:.2%}; a power law without floor {self.power_law_error:.2%}; "
            f"the last point carried forward {self.last_point_error:.2%})."
        )


def hold_out(
    points: CorpusPoints, *, num_sizes: int = 1, num_resamples: int = 1000, confidence: float = 0.95, rng_seed: int = 0
) -> Holdout | None:
    """Fit all but the largest `num_sizes` sizes and predict those; None where fewer than 4 sizes would be left."""
    num_kept = len(points.sizes) - num_sizes
    if num_kept < MIN_SIZES or num_sizes < 1:
        return None
    kept, sizes, observed = points.smallest(num_kept), points.sizes[num_kept:], points.loss[num_kept:]
    rng = np.random.default_rng(rng_seed)
    fit = fit_projection(kept, num_resamples=num_resamples, confidence=confidence, rng=rng)
    band = fit.band(sizes, new_run=True)
    return Holdout(
        sizes=tuple(sizes.tolist()),
        observed=tuple(observed.tolist()),
        predicted=tuple(Estimate(*map(float, three)) for three in zip(band.value, band.low, band.high)),
        error=_relative_error(band.value, observed),
        in_sample_error=_in_sample(fit, kept),
        power_law_error=_relative_error(_power_law(kept, sizes), observed),
        last_point_error=_relative_error(kept.loss[-1:], observed),
    )


def _in_sample(fit: CorpusFit, points: CorpusPoints) -> float:
    return _relative_error(fit.curve(points.sizes), points.loss)


def _relative_error(predicted: Floats, observed: Floats) -> float:
    return float(np.mean(np.abs(predicted - observed) / observed))


def _power_law(points: CorpusPoints, sizes: Floats) -> Floats:
    # polyfit weights the residual, not its square
    slope, level = np.polyfit(points.log_relative_size, points.mean_log_loss, 1, w=np.sqrt(points.num_runs))
    return np.asarray(np.exp(level + slope * np.log(sizes / points.reference_size)))
