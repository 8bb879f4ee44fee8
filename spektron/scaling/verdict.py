"""How much corpus is needed: the smallest size that does as well as the full one, within a tolerance.

The decision is made on the ratio ``L(candidate) / L(full)`` within each resample, because the two predictions err
together: the interval of the ratio is far narrower than the intervals of its parts suggest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import FitError
from spektron.scaling.corpus_fit import CorpusFit
from spektron.scaling.estimate import Estimate, interval_of

__all__ = ["Verdict", "VerdictStatus", "decide"]

Floats = NDArray[np.float64]
VerdictStatus = Literal["enough", "not_enough", "cannot_tell"]

# Beyond ten times the largest size that was run, what is said rests on the law's form and hardly on the data.
_FAR = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a smaller corpus suffices.

    Attributes
    ----------
    status : {"enough", "not_enough", "cannot_tell"}
        "enough": the whole interval of `excess` lies within the tolerance; "not_enough": the whole of it lies beyond;
        "cannot_tell": the interval spans the tolerance, or the loss follows no falling law.
    candidate : float
        The smaller corpus in question; half the full one where none was named.
    full : float
        The corpus it is compared with.
    tolerance : float
        Excess loss that counts as none, as a fraction of the loss on the full corpus.
    excess : Estimate
        ``L(candidate) / L(full) − 1``.
    smallest : Estimate
        The smallest corpus within the tolerance; its `high` end is a size that is enough with this confidence. Never
        below the smallest size that was run.
    confidence : float
        Of the intervals.
    caveats : tuple of str
        What the reader must know before acting on the answer.
    """

    status: VerdictStatus
    candidate: float
    full: float
    tolerance: float
    excess: Estimate
    smallest: Estimate
    confidence: float
    caveats: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The answer in plain words, with its uncertainty."""
        answer = {
            "enough": f"{_count(self.candidate)} spectra are enough",
            "not_enough": f"{_count(self.candidate)} spectra are not enough",
            "cannot_tell": f"Cannot tell whether {_count(self.candidate)} spectra are enough",
        }[self.status]
        e, s = self.excess, self.smallest
        text = (
            f"{answer}: their predicted loss is {e.value:+.1%} [{e.low:+.1%}, {e.high:+.1%}] against all "
            f"{self.full:,.0f}, where {self.tolerance:.1%} is tolerated. The smallest corpus within it is "
            f"{_count(s.value)} [{_count(s.low)}, {_count(s.high)}] ({self.confidence:.0%} intervals)."
        )
        return " ".join([text, *(f"{caveat[0].upper()}{caveat[1:]}." for caveat in self.caveats)])


def decide(
    fit: CorpusFit,
    measured: Floats,
    *,
    full: float | None = None,
    tolerance: float = 0.02,
    candidate: float | None = None,
    blocked: bool = False,
    notes: tuple[str, ...] = (),
) -> Verdict:
    """Decide by one estimator's fit.

    Parameters
    ----------
    measured : ndarray
        The sizes that were run, ascending.
    full : float, optional
        Defaults to the largest of them.
    blocked : bool
        No decision may be drawn from this law: the verdict is "cannot_tell" whatever the intervals.
    notes : tuple of str
        Put before the other caveats.

    Raises
    ------
    FitError
        For a tolerance outside (0, 1), or a candidate that is not between 0 and the full corpus.
    """
    full_size = float(measured[-1]) if full is None else float(full)
    candidate_size = 0.5 * full_size if candidate is None else float(candidate)
    _check(full_size, candidate_size, tolerance)
    pair = np.array([candidate_size, full_size])
    excess = _ratio(fit.curve(pair)[None])[0] - 1.0, _ratio(fit.curve_draws(pair)) - 1.0
    low, high = map(float, interval_of(excess[1], fit.confidence))
    status: VerdictStatus = "enough" if high <= tolerance else "not_enough" if low > tolerance else "cannot_tell"
    return Verdict(
        status="cannot_tell" if blocked else status,
        candidate=candidate_size,
        full=full_size,
        tolerance=tolerance,
        excess=Estimate(float(excess[0]), min(low, float(excess[0])), max(high, float(excess[0]))),
        smallest=_smallest(fit, measured, full_size, tolerance),
        confidence=fit.confidence,
        caveats=(*notes, *_caveats(measured, full_size, candidate_size)),
    )


def _smallest(fit: CorpusFit, measured: Floats, full: float, tolerance: float) -> Estimate:
    """Solve ``L(n) = (1 + tolerance) · L(full)`` in every resample; n < full, because the law falls."""

    def solve(params: Floats) -> Floats:
        floor, scale, beta = params.T
        target = (1.0 + tolerance) * (floor + scale * (full / fit.reference_size) ** -beta)
        # In logarithms: a step-like draw (large β, tiny scale) overflows as a power.
        with np.errstate(divide="ignore"):
            log_size = (np.log(scale) - np.log(target - floor)) / beta + np.log(fit.reference_size)
        bottom = min(float(measured[0]), full)
        return np.asarray(np.exp(np.clip(log_size, np.log(bottom), np.log(full))))

    value = float(solve(fit.point[None])[0])
    low, high = map(float, interval_of(solve(fit.draws), fit.confidence))
    return Estimate(value, min(low, value), max(high, value))


def _ratio(curves: Floats) -> Floats:
    return np.asarray(curves[:, 0] / curves[:, 1])


def _check(full: float, candidate: float, tolerance: float) -> None:
    if not 0 < tolerance < 1:
        raise FitError(f"expected a tolerance between 0 and 1, found {tolerance}", "2 % is 0.02")
    if not 0 < candidate < full < np.inf:
        raise FitError(
            f"expected 0 < candidate < full, found candidate {candidate:,.0f} and full {full:,.0f}",
            "the question is whether a smaller corpus does as well as the full one",
        )


def _caveats(measured: Floats, full: float, candidate: float) -> tuple[str, ...]:
    caveats = []
    if full > _FAR * measured[-1]:
        caveats.append(
            f"{_count(full)} is {full / measured[-1]:.0f} times the largest size that was run: the interval holds only "
            "if the law does"
        )
    if candidate < measured[0]:
        caveats.append(f"{_count(candidate)} is below the smallest size that was run, {_count(float(measured[0]))}")
    return tuple(caveats)


def _count(size: float) -> str:
    """Write a size to three digits: 48,732 reads as 48,700."""
    if size < 1000:
        return f"{size:.0f}"
    step = 10 ** (int(np.log10(size)) - 2)
    return f"{round(size / step) * step:,.0f}"
