"""What a report is made of: inert values, checked once when they are built.

Nothing here draws or formats. The study fills these in from the ledger and the fit; `terminal`, `plain`, `csv`,
`figures` and `page` turn the same values into what people look at, so the same number reads the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from spektron.core.errors import ConfigError
from spektron.report.series import Curve, Figure, Marker, Points

__all__ = [
    "Card",
    "CardStatus",
    "Cell",
    "Column",
    "Curve",
    "Figure",
    "Headline",
    "Interval",
    "Marker",
    "Points",
    "StudyReport",
    "Table",
    "VerdictStatus",
]

VerdictStatus = Literal["enough", "not_enough", "differs", "cannot_tell", "not_applicable"]
CardStatus = Literal["ok", "warning", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A number and what is known of its uncertainty.

    Attributes
    ----------
    value : float
        The estimate; NaN where there is none.
    low, high : float or None
        Ends of the interval; None where it is unknown, infinite where it is open.
    confidence : float
        Coverage of the interval, between 0 and 1.
    """

    value: float
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise ConfigError(f"Interval: expected 0 < confidence < 1, found {self.confidence}", "95 % is 0.95")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ConfigError(f"Interval: expected low <= high, found [{self.low}, {self.high}]", "swap the two ends")


Cell = bool | int | float | str | Interval | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        Key of the column in a row, and its header in CSV.
    label : str
        What people read above it.
    unit : str
        Shown in brackets after the label; empty for a number without one.
    format : str
        ``""`` (by the values' type), one of `spektron.report.numbers.FORMATS` (``count``, ``compact``, ``duration``,
        ``percent``, ``plain``), or a Python format specification such as ``.3f``.
    """

    name: str
    label: str
    unit: str = ""
    format: str = ""

    @property
    def heading(self) -> str:
        """Label and unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells under columns.

    Attributes
    ----------
    rows : tuple of mapping
        Column name to cell; an absent name is a missing cell, a name without a column is an error.
    totals : tuple of mapping
        Rows below a line, which stay there when the table is sorted.
    note : str
        Under the table: why a cell is missing, what a column means.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Cell], ...]
    totals: tuple[Mapping[str, Cell], ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        names = {column.name for column in self.columns}
        for row in (*self.rows, *self.totals):
            if unknown := sorted(row.keys() - names):
                raise ConfigError(
                    f"table {self.title!r}: expected the columns {sorted(names)}, found {unknown[0]!r} in a row",
                    "add a Column of that name, or leave the cell out",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One analysis. One that does not apply stays, with the status and the reason in `body`."""

    title: str
    status: CardStatus = "ok"
    body: str = ""
    table: Table | None = None
    figure: Figure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A number worth reading first, such as the verdict's size or the hold-out error.

    `format` is as in `Column`; `note` is half a line of what the number means.
    """

    label: str
    value: Interval
    unit: str = ""
    format: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyReport:
    """All that is told of one study, in the order in which it is told.

    Attributes
    ----------
    study : str
        ``name@version``.
    title : str
        The question.
    prediction : str
        What was expected before the study ran.
    status, verdict : str
        The answer as one word and as one sentence.
    headlines : tuple of Headline
        Verdict, interval and hold-out error first.
    cards : tuple of Card
        One per analysis; the first one carries the main figure.
    results, cost : Table or None
        One row per trial or size; what it cost per trial and in total.
    provenance : mapping of str to str
        Commit, versions, hardware, fingerprints.
    where_to_look : mapping of str to str
        Label to path, URL or command.
    warnings : tuple of str
        What a reader must know before believing the verdict.
    """

    study: str
    title: str
    status: VerdictStatus
    verdict: str
    prediction: str = ""
    headlines: tuple[Headline, ...] = ()
    cards: tuple[Card, ...] = ()
    results: Table | None = None
    cost: Table | None = None
    provenance: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    where_to_look: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [figure.name for figure in self.figures]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ConfigError(f"report of {self.study}: two figures are named {twice[0]!r}", "give each its own name")

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures of all cards, in order."""
        return tuple(card.figure for card in self.cards if card.figure is not None)


def is_missing(value: Cell) -> bool:
    """Whether a cell has nothing to show: None, NaN, or an interval without a value."""
    if isinstance(value, Interval):
        return math.isnan(value.value)
    return value is None or (isinstance(value, float) and math.isnan(value))
