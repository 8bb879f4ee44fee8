"""Numbers and texts of an R object file (``.rds``), a column at a time.

The package rdata knows the format; it would hold the file, its unpacked bytes and every number and text at once, each
text as an object of its own: 630 MiB for 20,000 spectra of 781 points with seven columns of metadata (125 MB unpacked).
Its parser is therefore given a stream, and steps over long arrays: the first pass keeps where they lie, the next ones
read those that are wanted. Equal texts are one object. That takes 65 MiB beside the 130 MiB of Python itself.

Nothing of a file is ever run: closures, promises and byte code are data to the parser, and no class of R is built.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from spektron.core.errors import ConfigError
from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._rds.stream import DAMAGED, Stream

__all__ = ["attribute_of", "names_of", "parse_rds", "texts_of"]


def parse_rds(path: Path) -> Any:
    """Parse a file's structure.

    Returns
    -------
    rdata.parser.RObject
        The object, with a `Span` in place of each longer array of numbers.

    Raises
    ------
    ConfigError
        Where rdata is not installed.
    UnfitFile
        ``unreadable-file`` where the file is none, is of another form than R writes by default, or is damaged;
        ``too-large`` where it holds more than any library.
    """
    try:
        parser = import_module("spektron.corpus.sources._rds.parser").Parser
    except ImportError as error:
        raise ConfigError(
            "expected the package rdata, which reads .rds files, found none",
            "pip install 'spektron[openspecy]' on every machine that reads the source",
        ) from error
    with Stream(path) as stream:
        try:
            if (magic := stream.read(2)) != b"X\n":
                raise UnfitFile("unreadable-file", f"expected what R's saveRDS writes by default, found {magic!r}")
            return parser(stream).parse_all().object
        except UnfitFile:
            raise
        except DAMAGED as error:
            found = f"{type(error).__name__} at byte {stream.place} unpacked"
            raise UnfitFile("unreadable-file", f"expected a whole .rds file, found {found}: {error}"[:300]) from error


def names_of(node: Any, attribute: str = "names") -> list[str]:
    """Texts of an attribute, ``names`` or ``levels``; empty where there is none."""
    found = attribute_of(node, attribute)
    return [] if found is None else texts_of(found)


def attribute_of(node: Any, name: str) -> Any:
    """One attribute of an object, or None."""
    pairs = node.attributes
    while pairs is not None and isinstance(pairs.value, tuple) and len(pairs.value) == 2:
        tag = pairs.tag
        while tag is not None and tag.referenced_object is not None:
            tag = tag.referenced_object
        if tag is not None and getattr(tag.value, "value", None) == name.encode():
            return pairs.value[0]
        pairs = pairs.value[1]
    return None


def texts_of(node: Any) -> list[str]:
    """Members of a character vector, as text on one line; missing ones are empty."""
    if not isinstance(node.value, list):
        return []
    return [_text(member.value) for member in node.value]


def _text(raw: Any) -> str:
    if not isinstance(raw, bytes):
        return ""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
