"""The cards, the figure and the tables that show an ablation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from spektron.compare import Paired
from spektron.report import Card, Cell, Column, Figure, Interval, Marker, Points, Table
from spektron.report.numbers import percent
from spektron.study.arms import Arms, Comparison, Measure
from spektron.study.words import leaf, value_text

__all__ = [
    "OTHERS",
    "arm_table",
    "arms_card",
    "axes_card",
    "change_text",
    "interval_of",
    "other_measures_card",
]

# What is held out besides the error that arms are judged by; shares are compared by difference, errors by ratio.
OTHERS = (
    Measure(metric="val_spectral_angle", label="Spectral angle", relative=True),
    Measure(metric="val_peak_recall", label="Peak recall", relative=False),
    Measure(metric="val_mse_random", label="Error under random masks", relative=True),
    Measure(metric="val_mse_peak", label="Error under peak masks", relative=True),
    Measure(metric="val_embedding_rank", label="Effective rank of [CLS]", relative=True),
)
_SEEDS_ONLY = (
    "Each interval is Student's for the differences within seeds, of that comparison alone; p is corrected for all "
    "arms (Holm 1979). They tell what other seeds would give on this corpus and these held-out spectra, not what other "
    "spectra would."
)


def arms_card(arms: Arms, compared: Sequence[Comparison], measure: Measure, sentence: str) -> Card:
    """The answer, and every arm's change with its interval."""
    return Card(title="Arms against the reference", body=sentence, figure=_forest(arms, compared, measure))


def _forest(arms: Arms, compared: Sequence[Comparison], measure: Measure) -> Figure:
    names = [arm.label for arm in arms.all]
    places = {id(arm): float(place) for place, arm in enumerate(arms.all)}
    nan = float("nan")
    ends = [(100 * one.paired.value, one.paired.low, one.paired.high) for one in compared]
    return Figure(
        name="ablation",
        title=f"{measure.label} against {arms.reference.label}",
        x_label=f"Change of {measure.metric} (%)",
        y_label=" × ".join(map(leaf, arms.axes)),
        points=(
            Points(
                label="change",
                x=[value for value, _, _ in ends],
                y=[places[id(one.arm)] for one in compared],
                low=[nan if low is None else 100 * low for _, low, _ in ends],
                high=[nan if high is None else 100 * high for _, _, high in ends],
            ),
        ),
        markers=(Marker(label="reference", x=0.0),),
        note="Left of the line is better. Bars: 95 % intervals over seeds, paired.",
        y_names=tuple(names),
    )


def arm_table(arms: Arms, compared: Sequence[Comparison], measure: Measure) -> Table:
    """One row an arm: its error, its change, and what it cost."""
    found = {id(one.arm): one for one in compared}
    rows: list[Mapping[str, Cell]] = []
    for arm in arms.all:
        one = found.get(id(arm))
        rows.append(
            {
                "arm": arm.label,
                "mean": arm.mean(measure.metric),
                "change": interval_of(one.paired) if one else "reference",
                "p": one.p_holm if one else None,
                "seeds": one.paired.num_pairs if one else len(arm.by_seed),
                "wall_s": arm.wall_s,
            }
        )
    fewer = [arm.label for arm in arms.all if len(arm.by_seed) < max(len(other.by_seed) for other in arms.all)]
    missing = f" Seeds are missing of {', '.join(fewer)}." if fewer else ""
    return Table(
        title="Ablation",
        columns=(
            Column("arm", " × ".join(map(leaf, arms.axes))),
            Column("mean", measure.metric, format=".4g"),
            Column("change", "Change, 95 % interval", format="percent"),
            Column("p", "p (Holm)", format=".2g"),
            Column("seeds", "Seeds", format="count"),
            Column("wall_s", "Time a trial", format="duration"),
        ),
        rows=tuple(rows),
        note=f"–: the reference is not compared with itself.{missing} {_SEEDS_ONLY}",
    )


def axes_card(arms: Arms, measure: Measure) -> list[Card]:
    """Every axis by itself, over what the others are; nothing to say where only one varies."""
    if len(arms.axes) < 2:
        return []
    rows: list[Mapping[str, Cell]] = [
        {
            "axis": leaf(axis),
            "value": f"{value_text(value)} for {value_text(arms.reference.params[axis])}",
            "change": interval_of(paired),
            "p": paired.p_value,
        }
        for axis in arms.axes
        for value, paired in arms.compare_values(axis, measure)
    ]
    table = Table(
        title="Axes",
        columns=(
            Column("axis", "Axis"),
            Column("value", "Value"),
            Column("change", f"Change of {measure.metric}", format="percent"),
            Column("p", "p", format=".2g"),
        ),
        rows=tuple(rows),
        note="Averaged over the arms that have a partner, then compared over seeds; p is not corrected.",
    )
    return [Card(title="Each axis by itself", body="What a value does with the other axes at all theirs.", table=table)]


def other_measures_card(arms: Arms, others: Sequence[Measure]) -> list[Card]:
    """What the other held-out metrics say; a metric that some trial does not report is left out."""
    measures = [_comparable(measure, arms) for measure in others if all(arm.has(measure.metric) for arm in arms.all)]
    if not measures:
        return []
    rows: list[dict[str, Cell]] = [{"arm": arm.label} for arm in arms.others]
    for measure in measures:
        for row, one in zip(rows, arms.compare(measure)):
            row[measure.metric] = interval_of(one.paired)
    means = ", ".join(f"{measure.label} {arms.reference.mean(measure.metric):.3g}" for measure in measures)
    shares = ", ".join(measure.label.lower() for measure in measures if not measure.relative and measure in others)
    differences = f"; of {shares}, whose more is better, differences in percentage points (pp)" if shares else ""
    zeros = ", ".join(measure.label.lower() for measure in measures if measure not in others)
    differences += f"; of {zeros}, where a trial makes no error at all, differences too (pp)" if zeros else ""
    table = Table(
        title="Other held-out metrics",
        columns=(
            Column("arm", "Arm"),
            *(Column(m.metric, m.label, format="percent" if m.relative else "percentage_points") for m in measures),
        ),
        rows=tuple(rows),
        note=f"Changes in per cent{differences}. The reference has {means}. Intervals as above; none is corrected.",
    )
    return [Card(title="Other held-out metrics", table=table)]


def _comparable(measure: Measure, arms: Arms) -> Measure:
    """By differences where some value is 0 and has no ratio: one perfect probe must not cost the whole verdict."""
    values = (trial.metrics[measure.metric] for arm in arms.all for trial in arm.by_seed.values())
    return replace(measure, relative=measure.relative and all(value > 0 for value in values))


def interval_of(paired: Paired) -> Interval:
    """A comparison as reports show it."""
    return Interval(paired.value, paired.low, paired.high, paired.confidence)


def change_text(paired: Paired) -> str:
    """A change with its interval, in words: ``-3.1 % [-7.0 %, 0.8 %]``."""
    if paired.low is None or paired.high is None:
        return percent(paired.value)
    return f"{percent(paired.value)} [{percent(paired.low)}, {percent(paired.high)}]"
