"""Vibrational modes out of a zlib-compressed JSON object, without trusting it and without parsing all of it.

A Raman-ChEMBL record of 136 modes is 140 kB of JSON, nearly all of it displacement vectors. Parsing it takes 5.0 ms
(`json`), or 1.1 ms with orjson; finding the three lists of interest by their names and parsing these takes 0.13 ms,
after 0.38 ms for zlib, which also proves by its checksum that nothing is damaged. So only flat lists of numbers are
ever parsed: depth, size and content of anything else cannot matter.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spektron.spectra import SpectrumRejected

__all__ = ["MAX_BLOB_BYTES", "Modes", "decode_modes"]

# The largest published molecules, 99 atoms, have 291 modes: 3 MB of JSON, 0.7 MB compressed.
MAX_BLOB_BYTES = 4 * 2**20
_MAX_TEXT_BYTES = 16 * 2**20
_MAX_MODES = 3000

# The names that the publisher's own code and two others' use come first; the rest are spellings met elsewhere.
_FIELDS = {
    "FREQUENCY": ("freq", "Freq", "frequency", "frequencies", "Frequencies"),
    "IR": ("IR Inten", "IR inten", "IR_Inten", "ir_inten", "IR Intensity", "IR"),
    "RAMAN": ("Raman Activ", "Raman activ", "Raman_Activ", "raman_activ", "Raman Activity", "Raman"),
}

_LIST = re.compile(rb"\s*:\s*\[([^\[\]{}]*)\]")
_NUMERIC = b"0123456789+-.eE, \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Modes:
    """What a record says of its modes.

    Attributes
    ----------
    frequency_cm1 : ndarray, shape (modes,)
        Finite.
    strength : dict of str to ndarray or SpectrumRejected
        Under ``IR`` and ``RAMAN``: as many finite numbers, or why there are none.
    repairs : tuple of str
        ``field-name-variant`` where a field went by another name.
    """

    frequency_cm1: NDArray[np.float64]
    strength: dict[str, NDArray[np.float64] | SpectrumRejected]
    repairs: tuple[str, ...]


def decode_modes(blob: bytes) -> Modes:
    """Read frequencies and strengths.

    Raises
    ------
    SpectrumRejected
        Where no modality can be had: ``unsafe-record`` for a pickle, ``damaged-record``, ``too-large``,
        ``no-spectrum`` without frequencies, ``not-finite`` for NaN or infinities among them.
    """
    text = _unpacked(blob)
    used = {field: name for field, names in _FIELDS.items() if (name := _name_of(text, names))}
    if "FREQUENCY" not in used:
        raise SpectrumRejected("no-spectrum", f"expected a list 'freq', found none in {len(text)} bytes of JSON")
    frequency = _numbers(text, used["FREQUENCY"])
    strength: dict[str, NDArray[np.float64] | SpectrumRejected] = {}
    for modality in ("IR", "RAMAN"):
        try:
            strength[modality] = _strength(text, used.get(modality), modality, len(frequency))
        except SpectrumRejected as rejected:
            strength[modality] = rejected
    variants = any(name != _FIELDS[field][0] for field, name in used.items())
    return Modes(frequency_cm1=frequency, strength=strength, repairs=("field-name-variant",) if variants else ())


def _unpacked(blob: bytes) -> bytes:
    _refuse_pickle(blob)
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(blob, _MAX_TEXT_BYTES)
    except zlib.error as error:
        raise SpectrumRejected("damaged-record", f"expected zlib, found {blob[:8]!r} ({error})") from None
    if len(text) == _MAX_TEXT_BYTES:
        raise SpectrumRejected("too-large", f"expected up to {_MAX_TEXT_BYTES} bytes unpacked, found at least as many")
    if not unpacker.eof:
        raise SpectrumRejected("damaged-record", f"the compressed record is cut short at {len(blob)} bytes")
    _refuse_pickle(text)
    text = text.strip()
    if not (text.startswith(b"{") and text.endswith(b"}")):
        raise SpectrumRejected("damaged-record", f"expected a JSON object, found {text[:20]!r}")
    return text


def _refuse_pickle(data: bytes) -> None:
    """Protocols 2 to 5 begin with 0x80, which neither zlib nor JSON does; earlier ones end with a dot, as no JSON."""
    if data[:1] == b"\x80" or (data[:1] in b"(cdlS]}" and data[-1:] == b"." and len(data) > 1):
        raise SpectrumRejected("unsafe-record", f"expected JSON, found what looks like a pickle: {data[:20]!r}")


def _name_of(text: bytes, names: tuple[str, ...]) -> str:
    return next((name for name in names if f'"{name}"'.encode() in text), "")


def _strength(text: bytes, name: str | None, modality: str, num_modes: int) -> NDArray[np.float64]:
    if name is None:
        raise SpectrumRejected("no-spectrum", f"expected a list {_FIELDS[modality][0]!r}, found none")
    values = _numbers(text, name)
    if len(values) != num_modes:
        raise SpectrumRejected("length-mismatch", f"expected {num_modes} values of {name!r}, found {len(values)}")
    if (values < 0.0).any():  # a squared derivative: no computation gives one below zero
        raise SpectrumRejected("damaged-record", f"expected {name!r} of zero or more, found {values.min():g}")
    return values


def _numbers(text: bytes, name: str) -> NDArray[np.float64]:
    """Read the flat list of numbers that `name` stands for, once, in a JSON object."""
    key = f'"{name}"'.encode()
    place = text.find(key)
    if text.find(key, place + 1) >= 0:
        raise SpectrumRejected("damaged-record", f"expected one field {name!r}, found several")
    if not (found := _LIST.match(text, place + len(key))):
        raise SpectrumRejected("damaged-record", f"expected {name!r} to be a flat list, found {_after(text, place)}")
    if (content := found[1]).strip() == b"":
        raise SpectrumRejected("no-spectrum", f"expected numbers in {name!r}, found none")
    if content.count(b",") >= _MAX_MODES:
        raise SpectrumRejected("too-large", f"expected up to {_MAX_MODES} modes, found {content.count(b',') + 1}")
    if strange := content.translate(None, _NUMERIC):
        reason = "damaged-record" if strange.translate(None, b"NaInfity") else "not-finite"
        raise SpectrumRejected(reason, f"expected numbers in {name!r}, found {strange[:20]!r}")
    try:
        # Whole numbers as floats too: Python would work for seconds on one of a million digits.
        values = np.array(json.loads(b"[" + content + b"]", parse_int=float), dtype=np.float64)
    except ValueError:
        raise SpectrumRejected("damaged-record", f"expected numbers in {name!r}, found {content[:40]!r}") from None
    if not np.isfinite(values).all():
        raise SpectrumRejected(
            "not-finite", f"expected finite numbers in {name!r}, found {int(np.isinf(values).sum())}"
        )
    return values


def _after(text: bytes, place: int) -> str:
    return repr(text[place : place + 40])
