"""The analysis of a benchmark of transfer: every method against the ceiling and against the strongest classical one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from spektron.compare.tasks import TasksCompared
from spektron.core.errors import StudyError
from spektron.report import Card, Cell, Column, Headline, Interval, Table
from spektron.study.outcome import Findings, TrialResult
from spektron.study.study import StudySettings
from spektron.study.transfer_arms import TransferArm, file_name, transfer_arms
from spektron.study.transfer_cards import curves_card, tasks_card
from spektron.study.transfer_claims import Claim, claim_sentences, claims_card
from spektron.study.transfer_pairs import Pair, against_card, pairs_card
from spektron.study.trial import CorpusIdentity

__all__ = ["transfer_analysis"]

_INTERVALS = (
    "Geometric means over tasks and splits of RMSEP over that of a calibration made on the child with all samples "
    "(raw, partial least squares); to m5 moisture is left out. Intervals: bootstrap of parents, children and "
    "properties, 95 %; they are of these samples and splits, not of other ones."
)


def transfer_analysis(
    results: Sequence[TrialResult],
    settings: StudySettings[Any],
    corpus: CorpusIdentity,
    *,
    reference: Mapping[str, Any],
    shown: int = 10,
    anew: str | None = None,
    pairs: Sequence[Pair] = (),
    claims: Sequence[Claim] = (),
) -> Findings:
    """Compare methods of transfer over tasks and splits.

    Parameters
    ----------
    results : sequence of TrialResult
        Of `spektron.study.transferring.transfer_trial`; axes are method, dataset and seed (the split).
    settings, corpus
        Of the study; methods that pretrain would learn from the corpus.
    reference : mapping
        ``{"method": name}``: what others are compared with, the strongest classical method.
    shown : int
        Number of standards of the headline and of the forest; the nearest that was run.
    anew : str, optional
        The method that forgets the parent: the verdict says from how many standards on it is as good as any other.
    pairs : sequence of (method, against)
        Further comparisons, in a card of their own: a hybrid with its own base, a network with its untrained twin.
    claims : sequence of Claim
        What the study predicted; the verdict says of each whether it holds.

    Returns
    -------
    Findings
        "differs" where, with `shown` standards of any set, the best method's interval against the reference lies below
        1, or the reference is best and that of the next lies above.

    Raises
    ------
    StudyError
        When no trial has finished.
    """
    if not results:
        raise StudyError("expected finished trials, found none", "see the log for why they failed")
    arms = transfer_arms(results, settings)
    sets = [
        _Set.of(dataset, [arm for arm in arms if arm.dataset == dataset], reference["method"], shown)
        for dataset in dict.fromkeys(arm.dataset for arm in arms)
    ]
    sentences: list[str] = []
    cards: list[Card] = []
    for one in sets:
        sentences += [one.sentence(), *claim_sentences(one.dataset, one.arms, claims, one.numbers)]
        sentences += [] if anew is None else _crossover(one.ranked, one.numbers, anew)
        cards += one.cards(pairs, claims)
    return Findings(
        status="differs" if any(one.differs for one in sets) else "cannot_tell",
        verdict=" ".join(sentences),
        headlines=tuple(one.headline() for one in sets),
        cards=tuple(cards),
        results=_results(tuple(_row(arm, one.numbers) for one in sets for arm in one.arms)),
        metrics={
            f"transfer/{one.dataset}/{file_name(arm.method)}/n{number}": arm.against_ceiling(number).ratio
            for one in sets
            for arm in one.arms
            for number in one.numbers
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Set:
    """Methods on one set.

    `ranked` are those of the same splits, the best first: a mean over other splits, some harder, ranks nothing. `rival`
    is the best of them but the reference (or what takes its place), and `against` how it compares.
    """

    dataset: str
    ranked: Sequence[TransferArm]
    others: Sequence[TransferArm]
    numbers: Sequence[int]
    shown: int
    base: TransferArm
    rival: TransferArm | None
    against: TasksCompared | None

    @classmethod
    def of(cls, dataset: str, arms: Sequence[TransferArm], reference: str, shown: int) -> Self:
        numbers = sorted(arms[0].errors)
        at = min(numbers, key=lambda number: abs(number - shown))
        splits = Counter(arm.seeds for arm in arms)
        most = max(splits, key=lambda seeds: (splits[seeds], len(seeds)))
        alike = [arm for arm in arms if arm.seeds == most]
        ranked = sorted(alike, key=lambda arm: arm.against_ceiling(at).ratio)
        base = next((arm for arm in ranked if arm.method == reference), ranked[0])
        rival = next((arm for arm in ranked if arm is not base), None)
        return cls(
            dataset=dataset,
            ranked=ranked,
            others=[arm for arm in arms if arm.seeds != most],
            numbers=numbers,
            shown=at,
            base=base,
            rival=rival,
            against=None if rival is None else rival.against(base, at),
        )

    @property
    def arms(self) -> Sequence[TransferArm]:
        """All, also those that are not ranked."""
        return [*self.ranked, *self.others]

    @property
    def differs(self) -> bool:
        return self.against is not None and self.against.differs

    def headline(self) -> Headline:
        best, found = self.ranked[0], self.ranked[0].against_ceiling(self.shown)
        return Headline(
            label=f"{self.dataset}, {self.shown} standards",
            value=Interval(found.ratio, found.low, found.high),
            format=".3f",
            note=f"{best.method}: times the RMSEP of all samples on the child",
        )

    def cards(self, pairs: Sequence[Pair], claims: Sequence[Claim]) -> list[Card]:
        cards = [
            curves_card(self.dataset, self.ranked, self.numbers),
            against_card(self.dataset, self.arms, self.base, self.shown),
        ]
        if pairs:
            cards.append(pairs_card(self.dataset, self.arms, pairs, self.shown))
        if claims:
            cards.append(claims_card(self.dataset, self.arms, claims, self.numbers))
        return [*cards, tasks_card(self.dataset, self.ranked[0], self.shown)]

    def sentence(self) -> str:
        """What is best, and what cannot be told for other splits."""
        left_out = ", ".join(f"{arm.method} ({len(arm.seeds)})" for arm in self.others)
        ran = f" Not ranked, for they finished other splits than these {len(self.base.seeds)}: {left_out}."
        return self._best() + (ran if left_out else "")

    def _best(self) -> str:
        best = self.ranked[0]
        reached = best.against_ceiling(self.shown).ratio
        head = f"{self.dataset}, {self.shown} standards: {best.method} is best, {reached:.3f} times the ceiling's RMSEP"
        if self.against is None or self.rival is None:
            return f"{head}."
        interval = f"{self.against.ratio:.3f} [{self.against.low:.3f}, {self.against.high:.3f}] times"
        if best is self.base:
            return f"{head}; the next, {self.rival.method}, has {interval} its error."
        picked = f"; it was picked among {len(self.ranked)} after the fact" if len(self.ranked) > 2 else ""
        tasks = f"better in {self.against.num_better} of {self.against.num_tasks} tasks"
        return f"{head} and {interval} that of {self.base.method}, {tasks}{picked}."


def _row(arm: TransferArm, numbers: Sequence[int]) -> Mapping[str, Cell]:
    row: dict[str, Cell] = {"dataset": arm.dataset, "method": arm.method, "splits": len(arm.seeds)}
    for number in numbers:
        found = arm.against_ceiling(number)
        row[f"n{number}"] = Interval(found.ratio, found.low, found.high)
    return row


def _results(rows: tuple[Mapping[str, Cell], ...]) -> Table:
    numbers = sorted({int(name[1:]) for row in rows for name in row if re.fullmatch(r"n\d+", name)})
    return Table(
        title="RMSEP against all samples on the child",
        columns=(
            Column("dataset", "Set"),
            Column("method", "Method"),
            Column("splits", "Splits"),
            *(Column(f"n{number}", f"N = {number}", format=".3f") for number in numbers),
        ),
        rows=rows,
        note=_INTERVALS,
    )


def _crossover(arms: Sequence[TransferArm], numbers: Sequence[int], anew: str, near: float = 1.1) -> list[str]:
    """From how many standards on the parent may be forgotten."""
    own = next((arm for arm in arms if arm.method == anew), None)
    others = [arm for arm in arms if arm is not own]
    if own is None or not others:
        return []
    ratio = {
        number: own.against_ceiling(number).ratio / min(arm.against_ceiling(number).ratio for arm in others)
        for number in numbers
    }

    def reached(most: float) -> str:
        # From there on: no larger number of standards is above again.
        good = [number for number in numbers if all(ratio[later] <= most for later in numbers if later >= number)]
        return f"from {good[0]} standards on" if good else f"with none of up to {numbers[-1]} standards"

    return [
        f"A calibration of the child alone ({anew}) comes within {near - 1:.0%} of the best other method "
        f"{reached(near)}, and is better than it {reached(1.0)}."
    ]
