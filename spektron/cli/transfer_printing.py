"""What ``spektron transfer`` prints between its first line and its last."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from spektron.cli.printing import plain, printed_console
from spektron.core.words import some_of

if TYPE_CHECKING:
    from spektron.transfer.model import Applied, Expected, TransferModel

__all__ = ["print_comparison", "print_known", "print_lines", "print_predictions"]

_MOST_NAMED = 20


def print_lines(lines: list[str]) -> None:
    """As they are, to be copied."""
    for line in (part for text in lines for part in text.splitlines()):
        printed_console().print(plain(line), markup=False, highlight=False, soft_wrap=True)


def print_comparison(model: TransferModel, compared: dict[str, list[Expected]], out: Path) -> None:
    """Every property's methods, with what each is expected to err; the same goes to `out` as CSV."""
    from spektron.report import Column, Interval, Table, render_table, write_csv
    from spektron.report.numbers import MISSING
    from spektron.transfer.model.parts import short_name

    rows = [
        {
            "property": name,
            "method": one.method,
            "rmsep": None if one.rmsep is None else Interval(one.rmsep, one.low, one.high, one.confidence),
            "rpd": one.rpd(model.parts.spread(name)),
        }
        for name, found in compared.items()
        for one in found
    ]
    if not rows:
        return
    table = Table(
        title="Errors to expect on the child, 90 % intervals",
        columns=(
            Column("property", "Property"),
            Column("method", "Method"),
            Column("rmsep", "Expected RMSEP", format=".3g"),
            Column("rpd", "RPD", format=".2f"),
        ),
        rows=tuple(rows),
    )
    write_csv(table, out / "comparison.csv")
    shown = tuple({**row, "property": short_name(str(row["property"]))} for row in rows)
    unknown = [
        f"{short_name(name)}: {one.method}: {one.reason or 'it could not be used'}"
        for name, found in compared.items()
        for one in found
        if one.rmsep is None
    ]
    note = f"{MISSING}: not compared; why is said below." if unknown else ""
    printed_console().print(render_table(replace(table, rows=shown, note=note)))
    print_lines([f"not compared: {one}" for one in unknown])
    print_lines([f"{short_name(name)}: {choice}" for name, one in model.properties.items() if (choice := one.choice())])


def print_predictions(applied: Applied, most: int = 12) -> None:
    """The first of them, those that are flagged before others."""
    from spektron.report import Column, Table, render_table
    from spektron.report.numbers import MISSING
    from spektron.transfer.model.parts import short_name

    rows = [row for row in applied.table().rows if row["property"] or row["flag"]]
    if not rows:
        return
    labels = {"id": "Sample", "property": "Property", "predicted": "Predicted", "low": "Low", "high": "High"}
    columns = tuple(
        Column(name, label, format=".4g" if name in ("predicted", "low", "high") else "")
        for name, label in labels.items()
    )
    flagged = [row for row in rows if row["flag"]]
    shown = (flagged + [row for row in rows if not row["flag"]])[:most]
    notes = [f"{len(shown)} of {len(rows)} rows, flagged ones first."] if len(shown) < len(rows) else []
    notes += [f"{MISSING}: not predicted; the row says why."] if any(row["predicted"] is None for row in shown) else []
    table = Table(
        title=f"Predictions, {applied.percent} intervals",
        columns=(*columns, Column("reason", "Why it is flagged")),
        rows=tuple(
            {key: row[key] for key in (*labels, "reason")}
            | {key: short_name(str(row[key])) for key in ("id", "property")}
            for row in shown
        ),
        note=" ".join(notes),
    )
    printed_console().print(render_table(table))


def print_known(applied: Applied) -> None:
    """Warn of samples that the transfer was made of, by name."""
    from spektron.transfer.model.no_test import KNOWN

    known = [(name, why.partition(KNOWN)[0]) for name, why in zip(applied.ids, applied.no_test, strict=True) if why]
    if not known:
        return
    names = [f"{name} ({copy.removesuffix(', ')})" if copy else name for name, copy in known]
    printed_console().print(
        plain(
            f"warning: no test: {len(names)} of {len(applied.ids)} samples are in the calibration set, so their "
            f"predictions say nothing of how good the transfer is: {some_of(names, _MOST_NAMED)}"
        ),
        style="yellow",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
