"""A chemist's table of laboratory values: an id in the first column, a property in each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import ConfigError
from spektron.corpus.sources._csv.text import NOTATIONS, Notation, encoding_of, read_lines
from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._folder import printable
from spektron.datasets._pairs.axis import Array
from spektron.datasets._pairs.names import near_misses
from spektron.datasets._pairs.repairs import Repairs, named

__all__ = ["References", "read_references"]

# Median deviations from the median: at most 8 in the tables of corn and the tablets, 91 in 14,000 draws of 8 values.
# A missing one written -9999 lies at ten thousands.
_FAR, _LEAST_TO_JUDGE = 100.0, 8
_EXAMPLE = "id,moisture,oil and then S1,10.4,3.5"


class References:
    """Values of each property by id.

    Parameters
    ----------
    properties : sequence of str
    values : mapping
        Id → one number a property, NaN where there is none.
    """

    def __init__(self, properties: Sequence[str] = (), values: dict[str, Array] | None = None) -> None:
        self.properties = tuple(properties)
        self._values = values or {}

    def of(self, ids: Sequence[str]) -> dict[str, Array]:
        """Property → values, shape (ids,); NaN where the table has none."""
        nothing = np.full(len(self.properties), np.nan)
        rows = np.array([self._values.get(name, nothing) for name in ids]).reshape(len(ids), len(self.properties))
        return {name: rows[:, place] for place, name in enumerate(self.properties)}

    def tell(self, ids: Sequence[str], repairs: Repairs) -> None:
        """Note what ids and table do not share.

        Raises
        ------
        ConfigError
            Where they share nothing.
        """
        if not self.properties:
            return
        missing, strange = [name for name in ids if name not in self._values], sorted(self._values.keys() - set(ids))
        near = near_misses(missing, strange)
        if len(missing) == len(ids):
            raise ConfigError(
                f"reference: expected ids of the spectra ({named(ids, 3)}), found {named(strange, 3)}",
                "call samples the same in the table of values and in the files of spectra"
                + (f": {named(near, 3)} may be one" if near else ""),
            )
        repairs.note("samples without a row in the table of values", len(missing), named(missing))
        repairs.note("rows of the table of values without a spectrum", len(strange), named(strange))
        repairs.note(
            "names written differently that may be one sample, without its values; call it the same",
            len(near),
            named(near),
        )
        found = [one for one in ids if one in self._values]
        for name, values in self.of(found).items():
            repairs.note(f"samples whose {name} is missing", int(np.isnan(values).sum()))
            far = _far(values)
            repairs.note(
                f"samples whose {name} lies far from all others; see whether it is right",
                len(far),
                named(f"{found[row]}: {values[row]:.6g}" for row in far),
            )


def read_references(path: Path, repairs: Repairs) -> References:
    """Read the table; delimiter and decimal sign are told from it.

    Columns headed by numbers are no properties, and neither are those that hold text, such as a variety or a date.

    Raises
    ------
    ConfigError
        For no table, an id twice with other values, properties of one name, or text among a property's numbers.
    """
    lines = _lines(path)
    notation = _notation([line for _, line in lines], path)
    headings = notation.cells(lines[0][1])[1:]
    rows = [(number, line, notation.cells(line)) for number, line in lines[1:]]
    # The parent's own table of spectra may hold the values too: its channels are headed by numbers, and no property is.
    channels = np.array([notation.is_number(cell) for cell in headings], dtype=bool)
    if channels.all():
        raise ConfigError(
            f"reference: {path}: expected properties, found columns headed by numbers alone", f"for example {_EXAMPLE}"
        )
    text = _text_columns([cells[1:] for _, _, cells in rows], notation, channels)
    wanted = ~channels
    wanted[list(text)] = False
    if not wanted.any():
        raise ConfigError(
            f"reference: {path}: expected properties, found text alone in {named(headings[place] for place in text)}",
            f"for example {_EXAMPLE}",
        )
    properties = [printable(cell) for cell in compress(headings, wanted)]
    if len(set(properties)) < len(properties) or not all(properties):
        raise ConfigError(f"reference: {path}: expected properties of different names, found {named(properties)}")
    values: dict[str, Array] = {}
    again = 0
    for number, line, cells in rows:
        where = f"reference: {path}, row {number}"
        sample_id, rest = printable(cells[0]), cells[1:] + [""] * (len(headings) - len(cells) + 1)
        if not sample_id or len(rest) != len(headings):
            raise ConfigError(
                f"{where}: expected an id and {len(headings)} values, found {printable(line[:80])!r}",
                f"for example {_EXAMPLE}; leave a cell empty where a value is missing",
            )
        found = _numbers(list(compress(rest, wanted)), properties, notation, where)
        if sample_id in values:
            if not np.array_equal(values[sample_id], found, equal_nan=True):
                raise ConfigError(
                    f"{where}: expected each id once, found {sample_id} again with other values",
                    "keep one of its rows, or put their mean in its place",
                )
            again += 1
        values[sample_id] = found
    repairs.note("rows of the table of values that are there twice, taken once", again)
    repairs.note(
        "columns of the table of values headed by a number, taken for channels of spectra", int(channels.sum())
    )
    repairs.note(
        "columns of the table of values that hold text, no properties",
        len(text),
        named(f"{printable(headings[place])}: {printable(example[:40])!r}" for place, example in text.items()),
    )
    return References(properties, values)


def _lines(path: Path) -> list[tuple[int, str]]:
    """Lines that say something, each with its number in the file."""
    if not path.is_file():
        raise ConfigError(f"reference: expected a table of values at {path}, found none", f"for example {_EXAMPLE}")
    try:
        every = enumerate(read_lines(path, encoding_of(path)), start=1)
        return [(number, line) for number, line in every if line.strip() and not line.startswith("#")]
    except (OSError, UnfitFile, UnicodeError) as error:
        raise ConfigError(f"reference: {path}: expected a text table, {error}", "save it as CSV text") from error


def _text_columns(rows: list[list[str]], notation: Notation, channels: NDArray[np.bool_]) -> dict[int, str]:
    """Places of columns of which most cells are text, each with its first text."""
    found: dict[int, str] = {}
    for place in np.flatnonzero(~channels).tolist():
        cells = [row[place] for row in rows if place < len(row)]
        text = [cell for cell in cells if notation.number(cell) is None]
        if len(text) > sum(map(notation.is_number, cells)):
            found[place] = text[0]
    return found


def _numbers(cells: list[str], properties: Sequence[str], notation: Notation, where: str) -> Array:
    found = notation.numbers(cells)
    if found is not None and not np.isinf(found).any():
        return found
    name, cell = next(
        (name, cell)
        for name, cell in zip(properties, cells, strict=True)
        if (value := notation.number(cell)) is None or np.isinf(value)
    )
    raise ConfigError(
        f"{where}: expected a number for {name}, found {printable(cell[:80])!r}",
        "leave a cell empty where a value is missing, or take this column out of the table",
    )


def _far(values: Array) -> list[int]:
    """Places of values that no other of the kind is near: -9999 for a missing one, a slipped decimal sign."""
    known = values[np.isfinite(values)]
    if len(known) < _LEAST_TO_JUDGE:
        return []
    middle = float(np.median(known))
    spread = float(np.median(np.abs(known - middle)))
    return np.flatnonzero(np.abs(values - middle) > _FAR * spread).tolist() if spread > 0 else []


def _notation(lines: list[str], path: Path) -> Notation:
    """The notation in which the most rows hold numbers after the first cell, as many as the heading names or fewer.

    Of those in which as many do, or none because of a column of text, the one with the most numbers.
    """
    best: tuple[tuple[int, int], Notation] | None = None
    for notation in NOTATIONS:
        if not notation.may_hold(lines):
            continue
        width = len(notation.cells(lines[0])) if lines else 0
        rows = [notation.cells(line) for line in lines[1:]]
        rows = [row[1:] for row in rows if 1 < len(row) <= width]
        fits = sum(notation.numbers(row) is not None for row in rows), sum(map(notation.is_number, chain(*rows)))
        if any(fits) and (best is None or fits > best[0]):
            best = fits, notation
    if best is None:
        shown = printable(lines[0][:80]) if lines else "nothing"
        raise ConfigError(
            f"reference: {path}: expected a heading and rows of an id and numbers, found {shown!r}",
            f"for example {_EXAMPLE}",
        )
    return best[1]
