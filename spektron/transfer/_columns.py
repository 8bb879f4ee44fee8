"""Channels by name: a table whose columns are in another order is another spectrum."""

from __future__ import annotations

from typing import Any

__all__ = ["Columns", "check_columns", "columns_of"]

Columns = tuple[Any, ...]


def columns_of(table: Any) -> Columns | None:
    """Names of a data frame's columns, of any type; None for what has none."""
    names = getattr(table, "columns", None)
    return None if names is None else tuple(names)


def check_columns(**tables: Any) -> Columns | None:
    """Refuse data frames whose columns are not the same, in the same order.

    Parameters
    ----------
    **tables : array, data frame, or `Columns` of a former one
        By the name they are known to the caller by. Those without names are taken as they come.

    Returns
    -------
    tuple or None
        The names, where any has them.

    Raises
    ------
    ValueError
        Names the first column that is another.
    """
    named = {
        name: found
        for name, table in tables.items()
        if (found := table if isinstance(table, tuple) else columns_of(table)) is not None
    }
    first = next(iter(named), None)
    for name, columns in named.items():
        assert first is not None
        if columns == named[first] or len(columns) != len(named[first]):  # other numbers are refused as such
            continue
        pairs = list(zip(columns, named[first], strict=True))
        place = next(number for number, (ours, theirs) in enumerate(pairs) if ours != theirs)
        raise ValueError(
            f"expected the columns of {name} to be those of {first}, in the same order, found {pairs[place][0]!r} in "
            f"place of {pairs[place][1]!r}, column {place} counted from 0: order them alike, or resample to one axis"
        )
    return None if first is None else named[first]
