"""Whether a transfer is worth it, in a sentence: the error to expect, and what it would be without."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from spektron.report import VerdictStatus
from spektron.transfer.model.comparison import Expected
from spektron.transfer.model.parts import TransferParts, short_name

__all__ = ["transfer_verdict"]

# Beyond it a factor says no more than that a model fell apart: a billion times less is no better than a thousand.
_MOST_TIMES = 100
# Below it predictions are hardly better than the calibration samples' mean for every sample.
_LEAST_RPD = 1.25
_FEW = 5


def transfer_verdict(parts: TransferParts, compared: Mapping[str, Sequence[Expected]]) -> tuple[VerdictStatus, str]:
    """What is to be expected of each property, against no transfer; "differs" where no interval reaches the other's.

    Parameters
    ----------
    parts : TransferParts
    compared : mapping
        Property → expected errors, the transfer's own first (`compare_methods`).
    """
    if not compared:
        return "not_applicable", "Spectra are corrected; without laboratory values nothing is predicted."
    said = [f"{short_name(name)} {_expected(found)}" for name, found in compared.items()]
    text = f"Expected error of prediction on the child with {len(parts.standard_ids)} standards: {'; '.join(said)}."
    if idle := [short_name(name) for name, found in compared.items() if _best(found).method == "none"]:
        text += f" Without any transfer the error is expected to be least for {', '.join(idle)}."
    if useless := _no_better_than_the_mean(parts, compared):
        text += f" Hardly better than the calibration samples' mean for every sample: {', '.join(useless)}."
    if len(parts.standard_ids) < _FEW:
        text += (
            f" With fewer than {_FEW} standards intervals hold less than they say (of 90 %, 84 % on corn): take more."
        )
    return ("differs" if all(_apart(found) for found in compared.values()) else "cannot_tell"), text


def _expected(found: Sequence[Expected]) -> str:
    own, without = found[0], _without(found)
    assert own.rmsep is not None
    text = f"{own.rmsep:.3g} ({own.low:.3g} to {own.high:.3g})"
    if own.method == "none":
        return f"{text}, which is without transfer"
    if without is None or without.rmsep is None:
        return text
    less, more = _times(without.rmsep, own.rmsep), _times(own.rmsep, without.rmsep)
    if own.rmsep == without.rmsep or "1" in (less, more):
        return f"{text}, no less than without transfer"
    if own.rmsep < without.rmsep:
        return f"{text}, {less} times less than without transfer"
    best = _best(found).method
    do = "do not transfer" if best == "none" else f"do not transfer by {own.method}, {best} is expected to err least"
    return f"{text}, {more} times more than without transfer: {do}"


def _no_better_than_the_mean(parts: TransferParts, compared: Mapping[str, Sequence[Expected]]) -> list[str]:
    """Properties of which to say the calibration samples' mean every time would do about as well."""
    rpd = {name: found[0].rpd(parts.spread(name)) for name, found in compared.items()}
    return [
        f"{short_name(name)} (standard deviation {parts.spread(name):.3g})"
        for name, value in rpd.items()
        if value is not None and value < _LEAST_RPD
    ]


def _times(greater: float, smaller: float) -> str:
    ratio = greater / smaller if smaller > 0 else math.inf
    if ratio > _MOST_TIMES:
        return f"over {_MOST_TIMES}"
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"


def _without(found: Sequence[Expected]) -> Expected | None:
    return next((one for one in found if one.method == "none"), None)


def _best(found: Sequence[Expected]) -> Expected:
    return min(found, key=lambda one: math.inf if one.rmsep is None else one.rmsep)


def _apart(found: Sequence[Expected]) -> bool:
    own, without = found[0], _without(found)
    if own.low is None or own.high is None or without is None or without.low is None or without.high is None:
        return False
    return own.high < without.low or own.low > without.high
