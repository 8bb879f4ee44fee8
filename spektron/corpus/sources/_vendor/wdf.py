"""Renishaw WiRE files through the maker's own package renishaw-wdf (Apache-2.0), spectrum by spectrum.

It looks for a block by stepping from one to the next, and never ends where one states a length of zero; so the chain
is walked here first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._vendor.scan import Scan, imported

__all__ = ["num_spectra", "read_wdf"]

_MAGIC = b"WDF1"
_BLOCK = struct.Struct("<IIQ")  # kind, number, length with this header
_DATA = int.from_bytes(b"DATA", "little")
_MOST_BLOCKS = 100_000
_MOST_POINTS = 1_000_000

_UNITS = {"RamanShift": "cm-1", "Wavenumber": "cm-1", "Nanometre": "nm", "Micron": "um", "Pixels": "pixel"}


def num_spectra(path: Path) -> int:
    """Spectra that a file states to hold.

    Raises
    ------
    UnfitFile
        Where it is none.
    """
    with path.open("rb") as handle:
        return int(_header(*_opened(handle)).ncollected)


def read_wdf(path: Path, start: int, stop: int) -> Iterator[Scan]:
    """Yield some spectra of a file; all where `stop` is less than `start`.

    Raises
    ------
    ConfigError
        Where renishaw-wdf is not installed.
    UnfitFile
        ``unreadable-file``, ``too-large``, ``no-spectrum``; where a file ends early, after what is there of it.
    """
    with path.open("rb") as handle:
        wdf, data_bytes = _opened(handle)
        header = _header(wdf, data_bytes)
        try:
            axis = wdf.xlist()
        except (struct.error, ValueError, EOFError) as error:
            raise UnfitFile("unreadable-file", f"expected an axis, found {error or 'none'}") from error
        x, stop = np.array(axis), stop if start < stop else header.ncollected
        for place in range(start, stop):
            try:
                y = np.array(wdf[place])
            except (struct.error, EOFError, IndexError, OSError, ValueError) as error:
                detail = f"expected {header.ncollected} spectra, found {place} whole ones: {error}"
                raise UnfitFile("unreadable-file", detail[:300]) from error
            yield Scan(
                name=f"{place:06d}" if header.ncollected > 1 else "",
                x=x,
                y=y,
                x_unit=_UNITS.get(axis.units.name, axis.units.name),
                modality="Raman",
                intensity_unit="counts" if header.units_ == _COUNTS else "",
                instrument="Renishaw",
                metadata=_metadata(header),
            )


_COUNTS = 6  # of the package's WdfDataUnit


def _opened(handle: IO[bytes]) -> tuple[Any, int]:
    """Walk the blocks and open the file; also returns the bytes of numbers that its block of spectra holds."""
    package = imported("wdf", "renishaw-wdf")
    if handle.read(4) != _MAGIC:
        raise UnfitFile("unreadable-file", "expected a WDF file, found another beginning")
    at, size, data_bytes = 0, handle.seek(0, 2), 0
    for _ in range(_MOST_BLOCKS):
        if at >= size:
            break
        handle.seek(at)
        block = handle.read(_BLOCK.size)
        if len(block) < _BLOCK.size:
            break
        kind, _, length = _BLOCK.unpack(block)
        if length < _BLOCK.size:
            raise UnfitFile("unreadable-file", f"expected a block at byte {at}, found one of {length} bytes")
        if kind == _DATA and not data_bytes:
            data_bytes = length - _BLOCK.size
        at += length
    else:
        raise UnfitFile("too-large", f"expected up to {_MOST_BLOCKS} blocks, found more")
    handle.seek(0)
    wdf = package.Wdf()
    try:
        wdf.open_fd(handle)
    except struct.error as error:
        raise UnfitFile("unreadable-file", f"expected a whole header, found {error}") from error
    return wdf, data_bytes


def _header(wdf: Any, data_bytes: int) -> Any:
    header = wdf.hdr
    if not header.ncollected or not header.npoints:
        raise UnfitFile("no-spectrum", f"expected spectra, found {header.ncollected} of {header.npoints} points")
    if max(header.npoints, header.xlistcount) > _MOST_POINTS:
        raise UnfitFile("too-large", f"expected up to {_MOST_POINTS} points, found {header.npoints}")
    if (num_bytes := 4 * header.npoints * header.ncollected) > data_bytes:  # else other blocks' bytes become spectra
        stated = f"{header.ncollected} spectra of {header.npoints} points, {num_bytes} bytes"
        raise UnfitFile("unreadable-file", f"expected a block of {stated}, found one of {data_bytes}")
    return header


def _metadata(header: Any) -> dict[str, str]:
    """The title is no sample's name: the program makes one up for each kind of measurement."""
    found = {"title": _text(header.title)}
    laser_nm = 1e7 / header.laser_wavenumber if header.laser_wavenumber > 0 else 0.0
    if 200.0 <= laser_nm <= 1100.0:
        found["laser_nm"] = f"{laser_nm:g}"
    return {key: text for key, text in found.items() if text}


def _text(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:300]
