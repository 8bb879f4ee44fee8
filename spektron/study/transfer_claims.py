"""What a study predicted of methods of transfer, and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spektron.compare.tasks import TasksCompared
from spektron.report import Card, Cell, Column, Interval, Table
from spektron.study.transfer_arms import TransferArm
from spektron.study.transfer_pairs import Pair

__all__ = ["Claim", "claim_sentences", "claims_card"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A prediction: the geometric mean of each method's RMSEP over the other's lies between two numbers.

    Attributes
    ----------
    says : str
        In words, as it goes into the verdict.
    pairs : sequence of (method, against)
    least, most : float
    numbers : tuple of int, or None
        Numbers of standards that it is about; None: all that are run.
    """

    says: str
    pairs: Sequence[Pair]
    least: float = 0.0
    most: float = float("inf")
    numbers: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    pair: Pair
    number: int
    found: TasksCompared
    holds: bool


def claims_card(dataset: str, arms: Sequence[TransferArm], claims: Sequence[Claim], numbers: Sequence[int]) -> Card:
    """What was predicted, and what was found."""
    title = f"{dataset}: what was predicted"
    rows: list[Mapping[str, Cell]] = [
        {
            "says": claim.says,
            "pair": " / ".join(one.pair),
            "number": one.number,
            "ratio": Interval(one.found.ratio, one.found.low, one.found.high),
            "holds": "yes" if one.holds else "no",
        }
        for claim in claims
        for one in _judged(arms, claim, numbers)
    ]
    if not rows:
        body = "Not applicable, because none of the methods that it is about were run together."
        return Card(title=title, status="not_applicable", body=body)
    columns = (
        Column("says", "Prediction"),
        Column("pair", "Pair"),
        Column("number", "Standards"),
        Column("ratio", "RMSEP / the other's", format=".3f"),
        Column("holds", "Holds"),
    )
    note = "A prediction is of the mean over tasks, not of each task; the interval says how sure that is."
    return Card(title=title, table=Table(title=title, columns=columns, rows=tuple(rows), note=note))


def claim_sentences(
    dataset: str, arms: Sequence[TransferArm], claims: Sequence[Claim], numbers: Sequence[int]
) -> list[str]:
    """One sentence a prediction, for the verdict."""
    sentences = []
    for claim in claims:
        judged = _judged(arms, claim, numbers)
        failed = [one for one in judged if not one.holds]
        if not judged:
            continue
        counted = f"{len(judged) - len(failed)} of {len(judged)} comparisons"
        examples = ", ".join(
            f"{' / '.join(one.pair)} is {one.found.ratio:.3f} with {one.number} standards" for one in failed[:3]
        )
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        known = {one.pair for one in judged}
        lost = [f"{a} / {b}" for a, b in claim.pairs if (a, b) not in known]
        unsaid = f" (not compared: {', '.join(lost)})" if lost else ""
        outcome = f"does not hold: {examples}{more}; it does in {counted}" if failed else f"holds in {counted}"
        sentences.append(f'{dataset}: "{claim.says}" {outcome}{unsaid}.')
    return sentences


def _judged(arms: Sequence[TransferArm], claim: Claim, numbers: Sequence[int]) -> list[_Judged]:
    by_name = {arm.method: arm for arm in arms}
    found: list[_Judged] = []
    for method, against in claim.pairs:
        arm, other = by_name.get(method), by_name.get(against)
        if arm is None or other is None:
            continue
        for number in numbers if claim.numbers is None else [one for one in numbers if one in claim.numbers]:
            compared = arm.against(other, number)
            if compared is not None:
                holds = claim.least <= compared.ratio <= claim.most
                found.append(_Judged(pair=(method, against), number=number, found=compared, holds=holds))
    return found
