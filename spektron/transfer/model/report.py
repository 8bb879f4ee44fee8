"""What a transfer is worth, on a page: what was chosen and why, the errors to expect, spectra before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from scipy import stats

from spektron.core.provenance import provenance
from spektron.datasets._pairs.axis import gaps_in
from spektron.report import (
    Card,
    Column,
    Curve,
    Figure,
    Headline,
    Interval,
    Points,
    StudyReport,
    Table,
)
from spektron.transfer.model.comparison import OPPONENTS, Expected
from spektron.transfer.model.parts import Array, TransferParts, file_names, short_name
from spektron.transfer.model.transfer_model import PropertyModel, TransferModel
from spektron.transfer.model.verdict import transfer_verdict

__all__ = ["transfer_figures", "transfer_report"]

_AXES = {"nm": "wavelength (nm)", "cm-1": "wavenumber (cm⁻¹)"}
_HOW = (
    "Root mean square error of prediction to be expected on the child, of samples left out on both instruments, with "
    "its 90 % interval. With few standards, methods that learn from them alone are judged too harshly, up to twofold."
)


def transfer_report(
    model: TransferModel,
    compared: Mapping[str, Sequence[Expected]],
    notes: Sequence[str] = (),
    where_to_look: Mapping[str, str] | None = None,
) -> StudyReport:
    """Put the report of a transfer together.

    Parameters
    ----------
    model : TransferModel
    compared : mapping
        Property → expected errors, the transfer's own first (`compare_methods`).
    notes : sequence of str
        What was read, matched and mended.
    where_to_look : mapping, optional
        What lies where.
    """
    parts = model.parts
    figures = transfer_figures(model, compared)
    own = {name: found[0] for name, found in compared.items()}
    cards = []
    for name, slug in file_names(compared).items():
        short = short_name(name)
        chosen = model.properties[name].choice() or f"{parts.method}, as asked"
        cards.append(
            Card(
                title=f"{short}: {parts.method} beside what one would do without it",
                body=f"{parts.method}: {chosen}. {_samples(parts, model.properties[name])} {_HOW}",
                table=_table(name, compared[name], parts.spread(name)),
                figure=figures[f"expected_{slug}"],
            )
        )
        if f"left_out_{slug}" in figures:
            cards.append(
                Card(title=f"{short_name(name)}: standards that were left out", figure=figures[f"left_out_{slug}"])
            )
    cards += [
        Card(
            title="How the instruments differ",
            body=f"Spectra are corrected by {parts.correction}, settings chosen by the standards. It helps where what "
            "is left lies below what was measured; samples can be told apart where that lies below the dashed line.",
            figure=figures["differences"],
        ),
        Card(title="Spectra before and after", figure=figures["spectra"]),
        Card(title="What was read", table=_lines("What was read", notes)),
    ]
    status, verdict = transfer_verdict(parts, compared)
    return StudyReport(
        study="calibration transfer",
        title=f"A transfer with {len(parts.standard_ids)} standards",
        status=status,
        verdict=verdict,
        headlines=tuple(
            Headline(
                label=f"{short_name(name)}, expected RMSEP",
                value=Interval(one.rmsep, one.low, one.high, one.confidence),
                format=".3g",
            )
            for name, one in own.items()
            if one.rmsep is not None
        ),
        cards=tuple(cards),
        provenance=provenance(),
        where_to_look=where_to_look or {},
    )


def transfer_figures(model: TransferModel, compared: Mapping[str, Sequence[Expected]]) -> dict[str, Figure]:
    """The figures of a transfer, by name."""
    figures = [_differences(model), _spectra(model)]
    for name, slug in file_names(compared).items():
        figures.append(_expected(name, slug, compared[name]))
        if (left := _left_out(name, slug, model)) is not None:
            figures.append(left)
    return {figure.name: figure for figure in figures}


def _samples(parts: TransferParts, model: PropertyModel) -> str:
    used, given = int(model.standards.sum()), len(model.standards)
    text = f"Made of {int(model.calibrated.sum())} calibration samples and {used} standards"
    if model.labels is None:
        text += ", none of whose values is used, for fewer than 3 standards have one"
    elif used < given:
        text += f" ({given - used} of {given} standards have no value and are left out)"
    return text + "."


def _table(name: str, found: Sequence[Expected], spread: float) -> Table:
    rows = tuple(
        {
            "method": one.method,
            "words": OPPONENTS.get(one.method, "this transfer") + (f": {one.reason}" if one.reason else ""),
            "rmsep": None if one.rmsep is None else Interval(one.rmsep, one.low, one.high, one.confidence),
            "rpd": one.rpd(spread),
        }
        for one in found
    )
    columns = (
        Column("method", "Method"),
        Column("words", "In words"),
        Column("rmsep", "Expected RMSEP", format=".3g"),
        Column("rpd", "RPD", format=".2f"),
    )
    note = f"RPD: standard deviation of the calibration samples, {spread:.3g}, over the error; 1 is worth nothing."
    return Table(title=f"{short_name(name)}: errors to expect", columns=columns, rows=rows, note=note)


def _lines(title: str, lines: Sequence[str]) -> Table:
    return Table(title=title, columns=(Column("line", ""),), rows=tuple({"line": line} for line in lines))


def _expected(name: str, slug: str, found: Sequence[Expected]) -> Figure:
    shown = [one for one in found if one.rmsep is not None and one.low is not None and one.high is not None]
    return Figure(
        name=f"expected_{slug}",
        title=f"Errors to expect on the child: {short_name(name)}",
        x_label=f"expected RMSEP of {short_name(name)}",
        y_label="",
        log_x=True,
        points=(
            Points(
                label="expected RMSEP",
                x=[one.rmsep or 0.0 for one in shown],
                y=list(range(len(shown))),
                low=[one.low or 0.0 for one in shown],
                high=[one.high or 0.0 for one in shown],
                confidence=0.9,
            ),
        ),
        y_names=tuple(one.method for one in shown),
    )


def _left_out(name: str, slug: str, model: TransferModel) -> Figure | None:
    """Predicted against measured, of standards that the model has not seen."""
    found = model.properties[name]
    errors = found.intervals.left_out_.child
    if errors is None or found.labels is None:
        return None
    predicted = found.labels + errors
    ends = found.intervals.predict_interval(model.parts.child[found.standards])
    half = (ends.high - ends.low) / 2
    span = [float(min(found.labels.min(), predicted.min())), float(max(found.labels.max(), predicted.max()))]
    return Figure(
        name=f"left_out_{slug}",
        title=f"Standards left out: {short_name(name)}, with 90 % intervals",
        x_label=f"{short_name(name)} predicted from the child",
        y_label=f"{short_name(name)} measured",
        points=(
            Points(
                label="left-out standards",
                x=predicted.tolist(),
                y=found.labels.tolist(),
                low=(predicted - half).tolist(),
                high=(predicted + half).tolist(),
                confidence=0.9,
            ),
        ),
        curves=(Curve(label="as measured", x=span, y=span, style="dashed"),),
    )


def _differences(model: TransferModel) -> Figure:
    parts, axis = model.parts, model.parts.axis
    measured = _rms(parts.child - parts.parent)
    after = model.band / float(stats.t.ppf(0.95, len(parts.child) - 1))
    return Figure(
        name="differences",
        title="How far the child's spectra are from the parent's",
        x_label=_AXES[parts.unit],
        y_label="root mean square difference",
        log_y=True,
        curves=(
            _curve("as measured", axis, measured),
            _curve(f"corrected by {parts.correction}, left-out standards", axis, after),
            _curve("samples among themselves, on the parent", axis, parts.calibration.std(axis=0), "dashed"),
        ),
    )


def _spectra(model: TransferModel) -> Figure:
    parts, axis = model.parts, model.parts.axis
    corrected = model.correction.transform(parts.child)
    means = {"parent": parts.parent, "child": parts.child, "child, corrected": corrected}
    return Figure(
        name="spectra",
        title="The standards' mean spectrum",
        x_label=_AXES[parts.unit],
        y_label="intensity",
        curves=tuple(
            _curve(label, axis, spectra.mean(axis=0), "dashed" if label == "child, corrected" else "solid")
            for label, spectra in means.items()
        ),
    )


def _curve(label: str, axis: Array, values: Array, style: Literal["solid", "dashed"] = "solid") -> Curve:
    """A line over the axis, broken where that has a gap: nothing was measured there."""
    after = np.flatnonzero(gaps_in(axis)) + 1
    x = np.insert(axis, after, (axis[after - 1] + axis[after]) / 2)
    return Curve(label=label, x=x.tolist(), y=np.insert(values, after, np.nan).tolist(), style=style)


def _rms(values: Array) -> Array:
    found: Array = np.sqrt(np.square(values).mean(axis=0))
    return found
