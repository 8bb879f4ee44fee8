"""Galactic (GRAMS) SPC files through the package spc-io (MIT): those written since 1996, low byte first."""

from __future__ import annotations

import ctypes
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._vendor.scan import Scan, imported

__all__ = ["read_spc"]

_HEADER_BYTES = 512
# More curves than any map that is kept as one SPC file; each is an object of a kilobyte.
_MOST_CURVES = 65_536

_UNITS = {"XWAVEN": "cm-1", "XRAMANS": "cm-1", "XUMETR": "um", "XNMETR": "nm"}
_COUNTED = {"XARB": "", "XDIODE": "diode: channel", "XCHANL": "channel", "XPOINT": "point"}
_INTENSITIES = {
    "YABSRB": "absorbance",
    "YLOGDR": "log(1/R)",
    "YKMONK": "kubelka-munk",
    "YCOUNT": "counts",
    "YTRANS": "transmittance",
    "YREFLEC": "reflectance",
}
_TECHNIQUES = {"SPCNIR": "NIR", "SPCRMN": "Raman"}


def read_spc(path: Path, longest: int) -> Iterator[Scan]:
    """Yield the curves of a file, in its order.

    Raises
    ------
    ConfigError
        Where spc-io is not installed.
    UnfitFile
        ``too-large``, ``unreadable-file``, ``no-spectrum``.
    """
    with path.open("rb") as handle:
        raw = handle.read(longest + 1)
    if len(raw) > longest:
        raise UnfitFile("too-large", f"expected up to {longest} bytes, found more")
    spc = _parsed(raw)
    header = spc.main_header
    x_kind, y_kind = str(header.fxtype), str(header.fytype)
    if y_kind == "YIGRAM":
        raise UnfitFile("no-spectrum", "expected a spectrum, found an interferogram")
    is_multiple, is_whole = bool(header.ftflgs.TMULTI), header.fexp != -128
    for place, sub in enumerate(spc.subs):
        y = np.asarray(sub.yarray, dtype=np.float64)
        if is_whole and not is_multiple and not sub.header.subexp and sub.yarray_type is not ctypes.c_float:
            y = y * 2.0**header.fexp  # a single curve's exponent may stand in the file's header alone
        yield Scan(
            name=f"{place:06d}" if len(spc.subs) > 1 else "",
            x=_positions(spc, sub, len(y)),
            y=y,
            x_unit=_UNITS.get(x_kind, _COUNTED.get(x_kind, x_kind)),
            modality=_modality(x_kind, y_kind, str(header.fexper)),
            intensity_unit=_INTENSITIES.get(y_kind, ""),
            instrument=_text(header.fsource),
            label="",
            metadata={"title": text} if (text := _text(header.fcmnt)) else {},
        )


def _parsed(raw: bytes) -> Any:
    header_class = imported("spc_io.low_level.headers.spchdr", "spc-io").SpcHdr
    file_class = imported("spc_io.low_level.spc_raw", "spc-io").SpcRaw
    logging.getLogger("spc_io").setLevel(logging.ERROR)  # it warns of bytes behind the curves: the log
    try:
        header = header_class.from_buffer_copy(raw[:_HEADER_BYTES])
        if header.fnsub > _MOST_CURVES:
            raise UnfitFile("too-large", f"expected up to {_MOST_CURVES} curves, found {header.fnsub}")
        # The log, behind all curves, is told away: the package expects one right there whenever an offset is given,
        # refuses its own files by that, and holds nothing that is wanted.
        field = header_class.flogoff
        without_log = raw[: field.offset] + bytes(field.size) + raw[field.offset + field.size :]
        spc = file_class.from_bytes_io(io.BytesIO(without_log))
    except UnfitFile:
        raise
    except NotImplementedError as error:
        raise UnfitFile("unreadable-file", f"expected an SPC file of the new form, found {error}") from error
    except (ValueError, IndexError, KeyError, AttributeError, TypeError, OverflowError, MemoryError) as error:
        raise UnfitFile("unreadable-file", f"expected a whole SPC file, found {error}"[:300]) from error
    if not spc.subs:
        raise UnfitFile("no-spectrum", "expected curves, found none")
    return spc


def _positions(spc: Any, sub: Any, num_points: int) -> Any:
    own = sub.xarray if sub.xarray is not None else spc.xarray
    if own is not None:
        return np.asarray(own, dtype=np.float64)
    return np.linspace(spc.main_header.ffirst, spc.main_header.flast, num_points)


def _modality(x_kind: str, y_kind: str, technique: str) -> str:
    """What is certain: an interferometer's file may be infrared or Raman, and only light lost tells infrared."""
    if x_kind == "XRAMANS":
        return "Raman"
    if technique == "SPCFTIR" and y_kind in _INTENSITIES and y_kind != "YCOUNT":
        return "IR"
    return _TECHNIQUES.get(technique, "")


def _text(raw: Any) -> str:
    text = raw.decode("cp1252", errors="replace") if isinstance(raw, bytes) else str(raw)
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:300]
