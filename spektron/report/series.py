"""What is drawn: points, curves and vertical lines on one pair of axes, as inert values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from spektron.core.errors import ConfigError

__all__ = ["Curve", "Figure", "Marker", "Points"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Measured points.

    Attributes
    ----------
    x, y : sequence of float
        Equally long. A point that cannot be drawn (NaN, or not positive on a log axis) is counted in the note.
    group : sequence of str
        What tells points of one place apart, such as the seed: each has its own marker. Empty for none.
    held_out : sequence of bool
        Points that the curve was not fitted to are drawn hollow. Empty for none.
    arm : str
        Series of one arm share a colour; the label by default.
    low, high : sequence of float or None
        Ends of each point's interval along x; both or neither. NaN where one has none.
    confidence : float
        Coverage of the intervals.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    group: Sequence[str] = ()
    held_out: Sequence[bool] = ()
    arm: str = ""
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    confidence: float = 0.95

    def __post_init__(self) -> None:
        _freeze(self, x=float, y=float, group=str, held_out=bool, low=float, high=float)
        if (self.low is None) != (self.high is None):
            raise ConfigError(f"points {self.label!r}: expected both ends of the intervals or neither", "give both")
        _same_length(self.label, x=self.x, y=self.y, low=self.low or self.x, high=self.high or self.x)
        _same_length(self.label, x=self.x, group=self.group or self.x, held_out=self.held_out or self.x)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line, with the band of its interval where `low` and `high` are given.

    Attributes
    ----------
    x, y : sequence of float
        Equally long, x ascending.
    low, high : sequence of float or None
        The band, as long as `x`; both or neither.
    style : {"solid", "dashed"}
        Dashed is for what is compared with: baselines, references.
    arm : str
        Series of one arm share a colour; the label by default.
    confidence : float
        Coverage of the band.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    style: Literal["solid", "dashed"] = "solid"
    arm: str = ""
    confidence: float = 0.95

    def __post_init__(self) -> None:
        _freeze(self, x=float, y=float, low=float, high=float)
        if (self.low is None) != (self.high is None):
            raise ConfigError(f"curve {self.label!r}: expected both ends of the band or neither", "give low and high")
        _same_length(self.label, x=self.x, y=self.y)
        if self.low is not None and self.high is not None:
            _same_length(self.label, x=self.x, low=self.low, high=self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A vertical line at `x`, with the band from `low` to `high` where it is known; an end may be infinite."""

    label: str
    x: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Points, curves and vertical lines on one pair of axes; `name` becomes the file's name.

    With `y_names` it is a list of rows, the first at the top: a y is a row's place, 0, 1, …, and stands for its name.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    log_x: bool = False
    log_y: bool = False
    points: tuple[Points, ...] = ()
    curves: tuple[Curve, ...] = ()
    markers: tuple[Marker, ...] = ()
    group_label: str = "seed"
    note: str = ""
    y_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name or any(c in self.name for c in '/\\:*?"<>| \0') or self.name.startswith("."):
            raise ConfigError(
                f"figure: expected a name that can be a file's name, found {self.name!r}", "for example scaling_law"
            )


def _freeze(value: object, **kinds: type) -> None:
    for name, kind in kinds.items():
        if (items := getattr(value, name)) is not None:
            object.__setattr__(value, name, tuple(kind(item) for item in items))


def _same_length(label: str, **columns: Sequence[object]) -> None:
    lengths = {name: len(items) for name, items in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ConfigError(f"series {label!r}: expected equally long columns, found {lengths}", "pair them up")
