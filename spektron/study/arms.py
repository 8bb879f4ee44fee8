"""The arms of an ablation: trials that differ in anything but their seed, and how each compares with one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, geometric_mean
from typing import Any

from spektron.compare import Paired, holm, paired_change, paired_difference
from spektron.core.errors import StudyError
from spektron.core.identity import canonical_json
from spektron.study.outcome import TrialResult

__all__ = ["Arm", "Arms", "Comparison", "Measure", "arms_of"]

SEED_AXIS = "seed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A held-out metric, and how its values are compared."""

    metric: str
    label: str
    relative: bool
    """Compare ratios (errors, angles) and not differences (shares)."""

    def compare(self, arm: Sequence[float], reference: Sequence[float]) -> Paired:
        """Relative change or difference of paired values."""
        return (paired_change if self.relative else paired_difference)(arm, reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """Trials of one configuration under several seeds.

    Attributes
    ----------
    label : str
        The values of the axes in which arms differ, in words.
    params : mapping
        Axis → value, without the seed.
    by_seed : mapping
        Seed as text → its trial; one trial of the empty seed where seeds do not vary.
    """

    label: str
    params: Mapping[str, Any]
    by_seed: Mapping[str, TrialResult]

    def mean(self, metric: str) -> float:
        """Mean of a metric over seeds."""
        return fmean(result.metrics[metric] for result in self.by_seed.values())

    @property
    def wall_s(self) -> float:
        """Mean wall-clock time of a trial in seconds."""
        return fmean(result.wall_s for result in self.by_seed.values())

    def has(self, metric: str) -> bool:
        """Whether all its trials report a metric."""
        return all(metric in result.metrics for result in self.by_seed.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One arm against the reference.

    Attributes
    ----------
    paired : Paired
        Its interval is of this comparison alone.
    p_holm : float or None
        The p-value after Holm's correction for all arms of the table.
    """

    arm: Arm
    paired: Paired
    p_holm: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """All arms in the order of the grid, and which of them the others are compared with."""

    all: tuple[Arm, ...]
    reference: Arm
    axes: tuple[str, ...]
    """The axes in which arms differ."""

    @property
    def others(self) -> tuple[Arm, ...]:
        """All but the reference."""
        return tuple(arm for arm in self.all if arm is not self.reference)

    def compare(self, measure: Measure) -> tuple[Comparison, ...]:
        """Every other arm with the reference, over the seeds that both have."""
        pairs = [measure.compare(*_paired(arm, self.reference, measure.metric)) for arm in self.others]
        adjusted = holm([pair.p_value for pair in pairs])
        return tuple(Comparison(arm=arm, paired=pair, p_holm=p) for arm, pair, p in zip(self.others, pairs, adjusted))

    def compare_values(self, axis: str, measure: Measure) -> list[tuple[Any, Paired]]:
        """Every other value of one axis with the reference's, everything else being equal.

        Differences (of logarithms, for a relative measure: geometric means) are averaged over the arms that have a
        partner, within each seed, and the seeds are what is compared: arms under one seed are no independent repeats.
        """
        chosen = canonical_json(self.reference.params[axis])
        values = {canonical_json(arm.params[axis]): arm.params[axis] for arm in self.all}
        found = []
        for text, value in values.items():
            if text != chosen:
                pairs = [(arm, base) for arm in self._with(axis, text) for base in self._partners(arm, axis, chosen)]
                found.append((value, _averaged(pairs, measure)))
        return found

    def _with(self, axis: str, text: str) -> list[Arm]:
        return [arm for arm in self.all if canonical_json(arm.params[axis]) == text]

    def _partners(self, arm: Arm, axis: str, text: str) -> list[Arm]:
        rest = _key({name: value for name, value in arm.params.items() if name != axis})
        return [
            other
            for other in self._with(axis, text)
            if _key({name: value for name, value in other.params.items() if name != axis}) == rest
        ]


def arms_of(results: Sequence[TrialResult], reference: Mapping[str, Any], text: Callable[[str, Any], str]) -> Arms:
    """Sort trials into arms.

    Parameters
    ----------
    results : sequence of TrialResult
        In the order of the grid.
    reference : mapping
        Axis → value of the arm that others are compared with; where no arm has these values, the first arm is.
    text : callable
        How an axis and its value are written.

    Raises
    ------
    StudyError
        For fewer than two arms.
    """
    grouped: dict[str, list[TrialResult]] = {}
    for result in results:
        grouped.setdefault(_key(_without_seed(result.params)), []).append(result)
    params = [_without_seed(trials[0].params) for trials in grouped.values()]
    axes = tuple(axis for axis in params[0] if len({canonical_json(one[axis]) for one in params}) > 1)
    if not axes:
        raise StudyError("expected arms that differ in something besides the seed, found one", "give an axis values")
    arms = tuple(
        Arm(
            label=", ".join(text(axis, one[axis]) for axis in axes),
            params=one,
            by_seed={str(trial.params.get(SEED_AXIS, "")): trial for trial in trials},
        )
        for one, trials in zip(params, grouped.values())
    )
    wanted = {axis: canonical_json(value) for axis, value in reference.items()}
    matching = [arm for arm in arms if all(canonical_json(arm.params.get(a)) == v for a, v in wanted.items())]
    return Arms(all=arms, reference=(matching or arms)[0], axes=axes)


def _paired(arm: Arm, reference: Arm, metric: str) -> tuple[list[float], list[float]]:
    seeds = [seed for seed in arm.by_seed if seed in reference.by_seed]
    return (
        [arm.by_seed[seed].metrics[metric] for seed in seeds],
        [reference.by_seed[seed].metrics[metric] for seed in seeds],
    )


def _averaged(pairs: Sequence[tuple[Arm, Arm]], measure: Measure) -> Paired:
    mean: Callable[[Sequence[float]], float] = geometric_mean if measure.relative else fmean
    seeds = sorted({seed for arm, base in pairs for seed in arm.by_seed.keys() & base.by_seed.keys()})
    sides: tuple[list[float], list[float]] = ([], [])
    for seed in seeds:
        both = [(a.by_seed[seed], b.by_seed[seed]) for a, b in pairs if seed in a.by_seed and seed in b.by_seed]
        for side, trials in zip(sides, zip(*both)):
            side.append(mean([trial.metrics[measure.metric] for trial in trials]))
    return measure.compare(*sides)


def _without_seed(params: Mapping[str, Any]) -> dict[str, Any]:
    return {axis: value for axis, value in params.items() if axis != SEED_AXIS}


def _key(params: Mapping[str, Any]) -> str:
    return canonical_json(dict(params))
