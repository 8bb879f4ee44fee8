"""What became of a fit, as data: a study page, a test and a person read the same words."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["FitStatus"]


class FitStatus(StrEnum):
    """One finding about a fit; a fit has several. `meaning` says it in a sentence."""

    CONVERGED = "converged"
    AT_BOUND = "at_bound"
    EDGE_OF_GRID = "edge_of_grid"
    NOT_CONVERGED = "not_converged"
    NOT_FALLING = "not_falling"
    RISING = "rising"
    E_NOT_IDENTIFIED = "E_not_identified"
    TOO_FEW_POINTS = "too_few_points"
    POOR_FIT = "poor_fit"
    SEED_EFFECT = "seed_effect"
    ESTIMATORS_DISAGREE = "estimators_disagree"

    @property
    def meaning(self) -> str:
        """The finding in a sentence a researcher can act on."""
        return _MEANINGS[self]


_MEANINGS = {
    FitStatus.CONVERGED: "the optimum lies inside all bounds",
    FitStatus.AT_BOUND: "a coefficient stands at zero, its lower bound",
    FitStatus.EDGE_OF_GRID: "an exponent stands at the edge of the range searched: it is a bound, not an estimate",
    FitStatus.NOT_CONVERGED: "no start of the log-Huber fit converged",
    FitStatus.NOT_FALLING: "the loss does not fall with size beyond its noise: B and the exponent are not identified",
    FitStatus.RISING: "the loss rises again towards large sizes: a power law does not describe it; "
    "look at training length and regularisation first",
    FitStatus.E_NOT_IDENTIFIED: "the interval of E reaches zero: these sizes cannot tell a floor from a slow fall; "
    "add larger sizes (and smaller ones)",
    FitStatus.TOO_FEW_POINTS: "fewer than 3 degrees of freedom are left for the noise: intervals are very wide",
    FitStatus.POOR_FIT: "sizes scatter about the law by more than runs of one size do among themselves: "
    "the shape is wrong or subsets differ; the intervals include that scatter",
    FitStatus.SEED_EFFECT: "seeds shift the whole curve: E and B hold for the seeds that were run; "
    "the exponent and ratios of losses are not touched",
    FitStatus.ESTIMATORS_DISAGREE: "least squares and log-Huber differ by more than the interval: "
    "look for outlying runs",
}
