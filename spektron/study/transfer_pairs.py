"""Comparisons of methods of transfer that a study names beforehand, and what it predicted of them.

A method may be held against another than the strongest classical one: a hybrid against its own base, a pretrained
network against its untrained twin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spektron.compare import holm
from spektron.compare.tasks import TasksCompared
from spektron.report import Card, Cell, Column, Figure, Interval, Marker, Points, Table
from spektron.study.transfer_arms import TransferArm

__all__ = ["Claim", "Pair", "claim_sentences", "claims_card", "pairs_card"]

Pair = tuple[str, str]
"""A method, and the one that it is held against."""


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


def pairs_card(dataset: str, arms: Sequence[TransferArm], pairs: Sequence[Pair], number: int) -> Card:
    """Every pair task by task and split by split; those that were not run together are named."""
    title = f"{dataset}, {number} standards: pairs"
    by_name = {arm.method: arm for arm in arms}
    known: list[tuple[TransferArm, TransferArm, TasksCompared]] = []
    missing: list[str] = []
    for method, against in pairs:
        arm, other = by_name.get(method), by_name.get(against)
        found = None if arm is None or other is None else arm.against(other, number)
        if arm is None or other is None or found is None:
            missing.append(f"{method} / {against}")
        else:
            known.append((arm, other, found))
    body = f"Not run, or not on the same splits: {', '.join(missing)}." if missing else ""
    if not known:
        return Card(title=title, status="not_applicable", body=f"Not applicable, because no pair was run. {body}")
    rows: tuple[Mapping[str, Cell], ...] = tuple(
        {
            "method": arm.method,
            "against": other.method,
            "ratio": Interval(one.ratio, one.low, one.high),
            "better": f"{one.num_better} of {one.num_tasks}",
            "worst": arm.worst_against(other, number),
            "wilcoxon_p": one.wilcoxon_p,
            "holm_p": adjusted,
        }
        for (arm, other, one), adjusted in zip(known, holm([one.wilcoxon_p for *_, one in known]), strict=True)
    )
    columns = (
        Column("method", "Method"),
        Column("against", "Against"),
        Column("ratio", "RMSEP / the other's", format=".3f"),
        Column("better", "Better in"),
        Column("worst", "Worst task", format=".3f"),
        Column("wilcoxon_p", "p (Wilcoxon)", format=".2g"),
        Column("holm_p", "p (Holm)", format=".2g"),
    )
    note = (
        "Bootstrap of directions and properties, 95 %. Each p is as if tasks were independent, which they are not: the "
        f"interval counts. Holm: for {len(known)} comparisons at once."
    )
    figure = Figure(
        name=f"pairs_{dataset}",
        title=title,
        x_label="RMSEP / the other's",
        y_label="pair",
        log_x=True,
        points=(
            Points(
                label="ratio",
                x=[one.ratio for *_, one in known],
                y=[float(place) for place in range(len(known))],
                low=[one.low for *_, one in known],
                high=[one.high for *_, one in known],
            ),
        ),
        markers=(Marker(label="alike", x=1.0),),
        note="Left of the line the first of the two is better. Bars: bootstrap of directions and properties, 95 %.",
        y_names=tuple(f"{arm.method} / {other.method}" for arm, other, _ in known),
    )
    table = Table(title=title, columns=columns, rows=rows, note=note)
    return Card(title=title, body=body, table=table, figure=figure)


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
        outcome = f"does not hold: {examples}{more}; it does in {counted}" if failed else f"holds in {counted}"
        sentences.append(f'{dataset}: "{claim.says}" {outcome}.')
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
