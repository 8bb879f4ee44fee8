"""Which samples calibrate, which test, and which of the former are the transfer standards."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import ConfigError
from spektron.core.words import some_of

__all__ = ["Rows", "Split", "SplitsNotFoundError", "published_splits", "refuse_fewer", "refuse_overlap"]

Rows = NDArray[np.intp]

_FILES = {"corn": "corn_splits.json"}


class SplitsNotFoundError(ConfigError):
    """Nobody gave the published splits; others may be drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Rows of an `InstrumentSet`, counted from 0.

    Attributes
    ----------
    repeat : int
        Which of several splits of the set.
    calibration : ndarray, shape (samples,)
    test : ndarray, shape (samples,)
        None of them is in `calibration`.
    standards : mapping
        Parent → rows of `calibration` in the order in which they were chosen; the first n are the n standards where
        they are nested.
    nested : bool
        Whether the first n of the standards are what would be chosen for n. Where not, only all of them are a choice.

    Raises
    ------
    ConfigError
        For a row that is on both sides or twice on one, and for a standard that is no calibration sample.
    """

    repeat: int
    calibration: Rows
    test: Rows
    standards: Mapping[str, Rows]
    nested: bool = True

    def __post_init__(self) -> None:
        for name, rows in {"calibration": self.calibration, "test": self.test, **self.standards}.items():
            if len(set(rows.tolist())) != len(rows):
                raise ConfigError(f"split {self.repeat}, {name}: expected each row once, found some twice")
        refuse_overlap(self.calibration.tolist(), self.test.tolist(), what="calibration sample")
        for parent, rows in self.standards.items():
            refuse_overlap(rows.tolist(), self.test.tolist())
            if strange := set(rows.tolist()) - set(self.calibration.tolist()):
                raise ConfigError(
                    f"split {self.repeat}: expected standards of {parent} among its calibration rows, found "
                    f"{_shown(strange)} elsewhere"
                )

    def standards_of(self, parent: str, number: int) -> Rows:
        """The first `number` standards.

        Raises
        ------
        ConfigError
            For an instrument that has none, more than there are, or fewer where they are not nested.
        """
        if parent not in self.standards:
            raise ConfigError(f"expected one of {', '.join(self.standards)} as parent, found {parent!r}")
        if not 1 <= number <= len(self.standards[parent]):
            raise ConfigError(f"expected 1 to {len(self.standards[parent])} standards of {parent}, found {number}")
        if not self.nested:
            refuse_fewer(number, len(self.standards[parent]))
        return self.standards[parent][:number]


def refuse_fewer(number: int, chosen: int) -> None:
    """Refuse fewer standards than were chosen together.

    Raises
    ------
    ConfigError
    """
    if number < chosen:
        raise ConfigError(
            f"expected all {chosen} standards, for the first {number} are not the selection's choice of {number}, "
            f"found {number} asked for",
            f"draw a split for each number: draw_splits(instruments, num_standards={number}, selection=…)",
        )


def refuse_overlap(standards: Iterable[Any], test: Iterable[Any], what: str = "standard") -> None:
    """Refuse samples that are learned from and tested on: their error says nothing of new samples.

    Parameters
    ----------
    standards, test : iterable
        Ids or rows.
    what : str
        What the former are called in the message.

    Raises
    ------
    ConfigError
        Naming those that are on both sides.
    """
    if both := set(standards) & set(test):
        raise ConfigError(
            f"expected no {what} among the test samples, found {len(both)}: {_shown(both)}",
            "leave them out of one of the two: the error of a sample that was learned from says nothing of new ones",
        )


def published_splits(name: str) -> tuple[Split, ...]:
    """Read the splits that a set's reference results were made with, from below ``SPEKTRON_DATA``.

    Parameters
    ----------
    name : {"corn"}
        corn: 10 random splits, 60 to 20; 50 standards by Kennard and Stone on the parent's raw calibration spectra.

    Raises
    ------
    SplitsNotFoundError
        Where the file is not there. Splits of one's own are drawn by `spektron.transfer.splits.draw_splits`.
    ConfigError
        For another set, or a damaged file.
    """
    if name not in _FILES:
        raise ConfigError(f"expected published splits of {', '.join(_FILES)}, found {name!r}", _DRAW)
    folder = os.environ.get("SPEKTRON_DATA", "")
    path = next(iter(sorted(Path(folder).rglob(_FILES[name]))), None) if folder else None
    if path is None:
        raise SplitsNotFoundError(
            f"expected {_FILES[name]} below SPEKTRON_DATA, found {'none' if folder else 'SPEKTRON_DATA not set'}",
            f"set SPEKTRON_DATA to the folder that holds it; {_DRAW}",
        )
    try:
        return tuple(_split_of(held) for held in json.loads(path.read_text(encoding="utf-8"))["splits"])
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(
            f"{path}: expected splits of calibration, test and standards, found {type(error).__name__}: {error}",
            "put the published file in its place",
        ) from error


_DRAW = "or draw splits of your own: spektron.transfer.splits.draw_splits(instruments)"


def _split_of(held: dict[str, Any]) -> Split:
    return Split(
        repeat=int(held["repeat"]),
        calibration=np.array(held["calibration"], dtype=np.intp),
        test=np.array(held["test"], dtype=np.intp),
        standards={str(parent): np.array(rows, dtype=np.intp) for parent, rows in held["standards"].items()},
    )


def _shown(values: Iterable[Any], most: int = 5) -> str:
    return some_of(sorted(map(str, values)), most)
