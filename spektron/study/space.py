"""What a study varies: axes, and how Optuna is asked for a value on each.

An axis is addressed by its dotted path in the trial's configuration (``num_spectra``, ``encoder.dim``). Values that
Optuna cannot store as they are (lists, mappings) travel through it as canonical JSON and come back as what they were.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from spektron.core.errors import ConfigError
from spektron.core.identity import canonical_json
from spektron.core.settings import Settings

if TYPE_CHECKING:
    import optuna

__all__ = ["Axis", "Choice", "Float", "Int", "Sizes", "Space", "grid_points", "grid_values", "suggest"]

_JSON = "json:"  # marks a value that is stored as text because Optuna takes only scalars


class Choice(Settings):
    """One of a list of values; the only axis a grid is made of."""

    kind: Literal["choice"] = "choice"
    values: tuple[Any, ...] = Field(min_length=1)
    """The values, in the order in which tables show them."""

    @model_validator(mode="after")
    def _distinct(self) -> Choice:
        seen = [canonical_json(value) for value in self.values]
        if doubled := {text for text in seen if seen.count(text) > 1}:
            raise ValueError(f"expected distinct values, found {', '.join(sorted(doubled))} more than once")
        return self


class Sizes(Settings):
    """Corpus sizes, evenly spaced in the logarithm up to the whole train split; a `Choice` once the corpus is known."""

    kind: Literal["sizes"] = "sizes"
    smallest: int = Field(ge=1)
    """First size, in spectra. The range of sizes tells more about a scaling law than the number of seeds."""
    count: int = Field(ge=2)
    """How many sizes."""
    largest: int | None = Field(default=None, ge=2)
    """Last size; None takes the whole training split."""

    def resolved(self, num_train: int) -> Choice:
        """The sizes for a training split of `num_train` spectra; all but the last rounded to two digits.

        Raises
        ------
        ConfigError
            When the split is too small for that many distinct sizes.
        """
        largest = min(self.largest or num_train, num_train)
        ratio = largest / self.smallest
        raw = [self.smallest * ratio ** (i / (self.count - 1)) for i in range(self.count)]
        sizes = sorted({*(int(float(f"{size:.2g}")) for size in raw[:-1]), largest})
        if ratio <= 1 or len(sizes) < self.count or sizes[-1] != largest:
            raise ConfigError(
                f"expected {self.count} sizes from {self.smallest} up, found a training split of {num_train} spectra",
                "build a larger corpus, or lower space.num_spectra.count or space.num_spectra.smallest",
            )
        return Choice(values=tuple(sizes))


class Float(Settings):
    """A real number between two bounds."""

    kind: Literal["float"] = "float"
    low: float
    high: float
    log: bool = False
    """Draw uniformly in the logarithm (learning rates, weights of losses)."""


class Int(Settings):
    """A whole number between two bounds, both included."""

    kind: Literal["int"] = "int"
    low: int
    high: int
    log: bool = False
    """Draw uniformly in the logarithm (sizes)."""


def _from_list(value: Any) -> Any:
    """Accept a bare list, as ``--set space.num_spectra=[24,48]`` gives it, as a choice."""
    if isinstance(value, list | tuple):
        return {"kind": "choice", "values": value}
    if isinstance(value, str | int | float):
        raise ValueError(f"expected a list of values, such as [{value}], or an axis with a kind")
    return value


Axis = Annotated[
    Annotated[Choice | Sizes | Float | Int, Field(discriminator="kind")],
    BeforeValidator(_from_list),
]
Space = Mapping[str, Choice | Sizes | Float | Int]


def grid_points(space: Space) -> Iterator[dict[str, Any]]:
    """All points of a grid, the last axis fastest.

    Raises
    ------
    ConfigError
        Where an axis is a range, which has no finite set of points.
    """
    for values in itertools.product(*(_choice(path, axis).values for path, axis in space.items())):
        yield dict(zip(space, values, strict=True))


def grid_values(space: Space) -> dict[str, list[str | int | float | bool | None]]:
    """Every axis's values as Optuna stores them."""
    return {path: [_encode(value) for value in _choice(path, axis).values] for path, axis in space.items()}


def suggest(trial: optuna.Trial, space: Space) -> dict[str, Any]:
    """Ask one Optuna trial for a point of `space`."""
    return {path: _suggest_axis(trial, path, axis) for path, axis in space.items()}


def _suggest_axis(trial: optuna.Trial, path: str, axis: Choice | Sizes | Float | Int) -> Any:
    match axis:
        case Choice():
            return _decode(trial.suggest_categorical(path, [_encode(value) for value in axis.values]))
        case Float():
            return trial.suggest_float(path, axis.low, axis.high, log=axis.log)
        case Int():
            return trial.suggest_int(path, axis.low, axis.high, log=axis.log)
        case Sizes():
            raise AssertionError("sizes are resolved when the plan is made")


def _choice(path: str, axis: Choice | Sizes | Float | Int) -> Choice:
    if not isinstance(axis, Choice):
        raise ConfigError(
            f"axis {path!r}: a grid needs a list of values, found {axis!r}",
            "give a list, or search with 'tpe' or 'random'",
        )
    return axis


def _encode(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float | bool) else _JSON + canonical_json(value)


def _decode(value: Any) -> Any:
    return json.loads(value.removeprefix(_JSON)) if isinstance(value, str) and value.startswith(_JSON) else value
