"""rdata's parser on a stream: arrays are stepped over, equal texts kept once, everything bounded."""

from __future__ import annotations

from typing import Any

import numpy as np
from rdata.parser import RObjectInfo, RObjectType
from rdata.parser._xdr import ParserXDR

from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._rds.stream import Span, Stream, as_floats

__all__ = ["Parser"]

# Arrays of more are stepped over; what the format itself needs (dimensions, compact sequences) is shorter.
_SHORT = 16
# Objects kept, 600 bytes each; and members of lists, 8 bytes each, most of them texts met before.
_MOST_OBJECTS, _MOST_MEMBERS = 500_000, 30_000_000
_LONGEST_TEXT = 2**20
# Numbers of all sequences that are written as first, last and step.
_MOST_EXPANDED = 2_000_000


class Parser(ParserXDR):  # type: ignore[misc, unused-ignore]
    """rdata's parser on a stream."""

    def __init__(self, stream: Stream) -> None:
        forms = {b"compact_intseq": self._sequence, b"compact_realseq": self._sequence, b"deferred_string": _deferred}
        forms |= dict.fromkeys(_WRAPPED, _wrapped)
        super().__init__(memoryview(b""), expand_altrep=True, altrep_constructor_dict=forms)
        self.file = stream
        self._texts: dict[tuple[Any, int], Any] = {}
        self._num_objects = self._num_members = 0
        self._num_expanded = 0.0

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

    def _sequence(self, state: Any) -> tuple[Any, Any]:
        """Expand R's short form of 1:n, bounded: its n is any number."""
        num, start, step = (float(value) for value in state.value)
        self._num_expanded += num if 0 <= num <= _MOST_EXPANDED else _MOST_EXPANDED + 1
        if self._num_expanded > _MOST_EXPANDED:
            raise UnfitFile("too-large", f"expected sequences of up to {_MOST_EXPANDED} numbers, found {num:g}")
        return RObjectInfo(RObjectType.REAL, False, False, False, 0, 0), start + step * np.arange(int(num))

    def _array(self, kind: str, per_value: int = 1) -> Any:
        length = self.parse_int() * per_value
        if length < 0:
            raise UnfitFile("too-large", "expected vectors of up to 2^31 numbers, found a longer one")
        span = Span(self.file.place, kind, length)
        if length <= _SHORT:
            return as_floats(self.file.read(span.num_bytes), kind)
        self.file.skip_to(span.start + span.num_bytes)
        return span


def _wrapped(state: Any) -> tuple[Any, Any]:
    inner = state.value[0]
    return RObjectInfo(inner.info.type, False, False, False, 0, 0), inner.value


def _deferred(_: Any) -> tuple[Any, Any]:
    """Numbers to be written as text when they are asked for: row names. They are not asked for."""
    return RObjectInfo(RObjectType.STR, False, False, False, 0, 0), []


_WRAPPED = tuple(b"wrap_" + kind for kind in (b"real", b"string", b"logical", b"integer", b"complex", b"raw"))
