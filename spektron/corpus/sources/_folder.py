"""Files below a folder: in one order, each once, through links, with names that can be printed."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["files_below", "parquet_files", "printable", "set_name"]

_SUFFIX = ".parquet"


def parquet_files(folder: Path) -> Iterator[Path]:
    """Yield every ``*.parquet`` below `folder`, as `files_below` does."""
    yield from files_below(folder, lambda name: Path(name).suffix.casefold() == _SUFFIX)


def files_below(folder: Path, fits: Callable[[str], bool]) -> Iterator[Path]:
    """Yield every file whose name `fits`, in the order of its relative name.

    Links are followed, but a folder is entered once: under its own name where that is below `folder`, else under the
    first of its links. A folder that may not be listed is yielded itself, to be refused by name.
    """
    found = [path for path, listed in _walk(folder) if not listed or fits(path.name)]
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


def _walk(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Yield files, and with False those folders that cannot be listed."""
    entered: set[str] = set()
    waiting, links = [folder], deque[Path]()
    while waiting or links:
        inside = waiting.pop() if waiting else links.popleft()
        if (real := os.path.realpath(inside)) in entered:
            continue
        entered.add(real)
        try:
            entries = sorted(os.scandir(inside), key=lambda entry: os.fsencode(entry.name))
        except OSError:
            yield inside, False
            continue
        for entry in entries:
            path = inside / entry.name
            if not _is_folder(entry):
                yield path, True
            elif entry.is_symlink():
                links.append(path)
            else:
                waiting.append(path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
