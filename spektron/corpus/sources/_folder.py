"""Files below a folder: in one order, each once, through links, with names that can be printed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["files_below", "parquet_files", "printable", "set_name"]

_SUFFIX = ".parquet"


def parquet_files(folder: Path) -> Iterator[Path]:
    """Yield every ``*.parquet`` below `folder`, as `files_below` does."""
    yield from files_below(folder, lambda name: Path(name).suffix.casefold() == _SUFFIX)


def files_below(folder: Path, fits: Callable[[str], bool]) -> Iterator[Path]:
    """Yield every file whose name `fits` in the order of its relative name, following links but no circle."""
    found = [path for path in _walk(folder, frozenset()) if fits(path.name)]
    yield from sorted(found, key=lambda path: os.fsencode(path.relative_to(folder).as_posix()))


def set_name(folder: Path, path: Path) -> str:
    """Name the data set of a file: its folder where the file is ``spectra.parquet``, else its own name."""
    relative = path.relative_to(folder)
    named = relative.parent if relative.name == f"spectra{_SUFFIX}" else relative.with_suffix("")
    return printable(named.as_posix() if named != Path() else folder.resolve().name)


def printable(name: str) -> str:
    """Make a file name that is no UTF-8, or holds control characters, fit for JSON and a terminal."""
    text = os.fsencode(name).decode("utf-8", errors="backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _walk(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    real = folder.resolve()
    if real in above:  # a link to a folder that holds it
        return
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, above | {real})
        else:
            yield entry
