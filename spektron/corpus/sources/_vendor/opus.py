"""Bruker OPUS files through the package brukeropus (MIT).

Its `OPUSFile` parses every block, and on a damaged file may do so for ever: a parameter of negative length, or a report
of 2³¹ rows, keeps it in a loop. Its parsers of single blocks are used instead: of the blocks that lead to a spectrum
only, and of parameters after a look at their lengths.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._vendor.scan import Scan, imported

__all__ = ["read_opus"]

_MAGIC = b"\n\n\xfe\xfe"
_MOST_BLOCKS = 10_000

# Kinds of curves that are spectra → their words for modality and intensity, the first present one counts: a file that
# holds absorbance often holds the transmittance it was made from.
_SPECTRA = {
    "a": ("IR", "absorbance"),
    "atr": ("IR", "absorbance"),
    "ra": ("Raman", "arbitrary"),
    "logr": ("IR", "log(1/R)"),
    "km": ("IR", "kubelka-munk"),
    "t": ("IR", "transmittance"),
    "r": ("IR", "reflectance"),
}
_UNITS = {"WN": "cm-1", "RSH": "cm-1", "RS": "cm-1", "MI": "um", "NM": "nm"}
_TEXTS = {"resolution_cm1": "res", "detector": "dtc", "accessory": "acc", "technique": "sfm", "title": "snm"}


def read_opus(path: Path, longest: int) -> Iterator[Scan]:
    """Yield the result spectra of a file; not the single beams, interferograms and phases they were made from.

    Raises
    ------
    ConfigError
        Where brukeropus is not installed.
    UnfitFile
        ``too-large``, ``unreadable-file``, ``no-spectrum``.
    """
    with path.open("rb") as handle:
        raw = handle.read(longest + 1)
    if len(raw) > longest:
        raise UnfitFile("too-large", f"expected up to {longest} bytes, found more")
    if not raw.startswith(_MAGIC):
        raise UnfitFile("unreadable-file", "expected an OPUS file, found another beginning")
    blocks = _blocks(raw)
    curves = _curves(blocks)
    kinds = [kind for kind in _SPECTRA if kind in curves]
    if not kinds:
        found = ", ".join(sorted(curves)) or "no curve"
        raise UnfitFile("no-spectrum", f"expected absorbance, transmittance, Raman or the like, found {found}"[:300])
    parameters = _parameters(blocks)
    for place, (x, y, unit) in enumerate(curves[kinds[0]]):
        modality, intensity = _SPECTRA[kinds[0]]
        yield Scan(
            name=f"{kinds[0]}-{place}" if place else "",
            x=x,
            y=y,
            x_unit=_UNITS.get(unit.strip().upper(), unit),
            modality=modality,
            intensity_unit=intensity,
            instrument=_text(parameters.get("ins")),
            label=_text(parameters.get("snm")),
            metadata={key: text for key, name in _TEXTS.items() if (text := _text(parameters.get(name)))},
        )


def _blocks(raw: bytes) -> list[Any]:
    """Blocks that lead to a spectrum, parsed where that ends."""
    opus = imported("brukeropus.file", "brukeropus")
    try:
        _, start, most, _ = opus.parse_header(raw)
        entries = opus.parse_directory(raw[start : start + 12 * max(0, min(most, _MOST_BLOCKS))])
        blocks = [opus.FileBlock(filebytes=raw, block_type=kind, size=size, start=at) for kind, size, at in entries]
    except (struct.error, ValueError, IndexError) as error:
        raise UnfitFile("unreadable-file", f"expected a directory of blocks, found {error}") from error
    wanted = [block for block in blocks if (block.is_param() and _ends(block.bytes)) or block.is_data()]
    for block in wanted:
        block.parse()  # keeps its errors to itself
    return [block for block in wanted if block.data is not None and not block.parse_error]


def _ends(raw: bytes) -> bool:
    """Whether a block of parameters has an end: each length leads forwards."""
    at = 0
    while at + 8 <= len(raw) and raw[at : at + 3] != b"END":
        length = int(struct.unpack_from("<h", raw, at + 6)[0])
        if length < 0:
            return False
        at += 8 + 2 * length
    return raw[at : at + 3] == b"END"


def _curves(blocks: list[Any]) -> dict[str, list[tuple[Any, Any, str]]]:
    """Kind → position, intensity and unit of each curve of that kind."""
    complete = [block for block in blocks if not block.is_data_status() or {"npt", "fxv", "lxv"} <= set(block.data)]
    found: dict[str, list[tuple[Any, Any, str]]] = {}
    try:
        for data, status in imported("brukeropus.file", "brukeropus").pair_data_and_status_blocks(complete):
            num, factor = int(status.data["npt"]), float(status.data.get("csf", 1.0))
            if not 0 < num <= len(data.data):
                continue
            y = factor * np.asarray(data.data[-num:] if data.is_compact_data() else data.data[:num], dtype=np.float64)
            x = np.linspace(float(status.data["fxv"]), float(status.data["lxv"]), num)
            kind = str(data.get_data_key()).partition("_")[0]
            found.setdefault(kind, []).append((x, y, str(status.data.get("dxu", "WN"))))
    except (TypeError, ValueError, KeyError) as error:
        raise UnfitFile("unreadable-file", f"expected curves with their parameters, found {error}") from error
    return found


def _parameters(blocks: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for block in blocks:
        if block.is_sm_param() and isinstance(block.data, dict):
            found |= block.data
    return found


def _text(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value if value is not None else "")
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:300]
