"""Numbers and texts of an R object file (``.rds``), a column at a time.

The package rdata knows the format; it would hold the file, its unpacked bytes and every number and text at once, each
text as an object of its own: 630 MiB for 20,000 spectra of 781 points with five columns of metadata (125 MB unpacked).
Its parser is therefore given a stream, and steps over long arrays: the first pass keeps where they lie, the next ones
read those that are wanted. Equal texts are one object. That takes 65 MiB beside the 130 MiB of Python itself.

Nothing of a file is ever run: closures, promises and byte code are data to the parser, and no class of R is built.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spektron.core.errors import ConfigError
from spektron.corpus.sources._parquet import UnfitFile
from spektron.corpus.sources._rds_stream import DAMAGED, Span, Stream, as_floats

__all__ = ["attribute_of", "names_of", "parse_rds", "texts_of"]

# Arrays of more are stepped over; what the format itself needs (dimensions, compact sequences) is shorter.
_SHORT = 16
# Objects kept, 600 bytes each; and members of lists, 8 bytes each, most of them texts met before.
_MOST_OBJECTS, _MOST_MEMBERS = 500_000, 30_000_000
_LONGEST_TEXT = 2**20


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
    parser = _parser_class()
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


def _parser_class() -> type[Any]:
    try:
        from rdata.parser import RObjectInfo, RObjectType
        from rdata.parser._xdr import ParserXDR
    except ImportError as error:
        raise ConfigError(
            "expected the package rdata, which reads .rds files, found none",
            "pip install 'spektron[openspecy]' on every machine that reads the source",
        ) from error

    def sequence(state: Any) -> tuple[Any, Any]:
        """Expand R's short form of 1:n, bounded: its n is any number."""
        num, start, step = (float(value) for value in state.value)
        if not 0 <= num <= _MOST_OBJECTS:
            raise UnfitFile("too-large", f"expected a sequence of up to {_MOST_OBJECTS} numbers, found {num:g}")
        return RObjectInfo(RObjectType.REAL, False, False, False, 0, 0), start + step * np.arange(int(num))

    def wrapped(state: Any) -> tuple[Any, Any]:
        inner = state.value[0]
        return RObjectInfo(inner.info.type, False, False, False, 0, 0), inner.value

    def deferred(_: Any) -> tuple[Any, Any]:
        """Numbers to be written as text when they are asked for: row names. They are not asked for."""
        return RObjectInfo(RObjectType.STR, False, False, False, 0, 0), []

    forms = {b"compact_intseq": sequence, b"compact_realseq": sequence, b"deferred_string": deferred}
    forms |= {b"wrap_" + kind: wrapped for kind in (b"real", b"string", b"logical", b"integer", b"complex", b"raw")}

    class Parser(ParserXDR):  # type: ignore[misc, unused-ignore]
        """rdata's parser on a stream."""

        def __init__(self, stream: Stream) -> None:
            super().__init__(memoryview(b""), expand_altrep=True, altrep_constructor_dict=forms)
            self.file = stream
            self._texts: dict[tuple[Any, int], Any] = {}
            self._num_objects = self._num_members = 0

        def parse_double_array(self) -> Any:
            return self._array("f8")

        def parse_nullable_int_array(self, *, fill_value: Any = None) -> Any:
            return self._array("i4")

        def parse_nullable_bool_array(self, *, fill_value: bool = True) -> Any:
            return self._array("i4")

        def parse_complex_array(self) -> Any:
            return self._array("f8", per_value=2)

        def parse_string(self, length: int) -> bytes:
            if length > _LONGEST_TEXT:
                raise UnfitFile("too-large", f"expected texts of up to {_LONGEST_TEXT} bytes, found {length}")
            return self.file.read(length)

        def parse_R_object(self, *args: Any, **kwargs: Any) -> Any:
            node = super().parse_R_object(*args, **kwargs)
            self._num_members += 1
            if node.info.type is RObjectType.CHAR:
                kept = self._texts.setdefault((node.value, node.info.gp), node)
                self._num_objects += kept is node
            else:
                kept = node
                self._num_objects += 1
            if self._num_objects > _MOST_OBJECTS or self._num_members > _MOST_MEMBERS:
                raise UnfitFile("too-large", f"expected up to {_MOST_OBJECTS} different objects, found more")
            return kept

        def _array(self, kind: str, per_value: int = 1) -> Any:
            length = self.parse_int() * per_value
            if length < 0:
                raise UnfitFile("too-large", "expected vectors of up to 2^31 numbers, found a longer one")
            span = Span(self.file.place, kind, length)
            if length <= _SHORT:
                return as_floats(self.file.read(span.num_bytes), kind)
            self.file.skip_to(span.start + span.num_bytes)
            return span

    return Parser
