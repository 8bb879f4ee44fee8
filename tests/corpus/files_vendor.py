"""Bytes of small files as instruments' programs write them; SPC by spc-io's own writer, where it is installed."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def opus_parameters(values: dict[str, int | float | str]) -> bytes:
    """A block of parameters: name, kind, length in words of two bytes, value."""
    raw = b""
    for name, value in values.items():
        if isinstance(value, str):
            text = value.encode("latin-1") + b"\0"
            kind, packed = 2, text + b"\0" * (len(text) % 2)
        elif isinstance(value, float):
            kind, packed = 1, struct.pack("<d", value)
        else:
            kind, packed = 0, struct.pack("<i", value)
        raw += name.encode() + b"\0" + struct.pack("<2h", kind, len(packed) // 2) + packed
    raw += b"END\0" + struct.pack("<2h", 0, 0)
    return raw + bytes(-len(raw) % 4)


# Kinds of blocks: (complex, origin, parameters, data, derivative, extra), as bits of one integer.
def opus_kind(complex_: int, origin: int, parameters: int, data: int) -> int:
    return complex_ | origin << 2 | parameters << 4 | data << 10


def opus(curves: dict[int, Floats], first: float, last: float, sample: dict[str, Any] | None = None) -> bytes:
    """A file of curves by kind (4 absorbance, 5 transmittance, 10 Raman, 1 spectrum of a single beam)."""
    blocks = [(opus_kind(0, 0, 3, 0), opus_parameters({"INS": "VERTEX 70", "RES": 4.0}))]
    blocks.append((opus_kind(0, 0, 10, 0), opus_parameters({"SNM": "Caffeine", **(sample or {})})))
    for kind, y in curves.items():
        status = {"DPF": 1, "NPT": len(y), "FXV": first, "LXV": last, "CSF": 1.0, "DXU": "WN"}
        extremes = {"MXY": float(np.float32(y).max()), "MNY": float(np.float32(y).min())}
        blocks.append((opus_kind(3, 3, 1, kind), opus_parameters({**status, **extremes})))
        blocks.append((opus_kind(3, 3, 0, kind), y.astype("<f4").tobytes()))
    start = 24 + 12 * (len(blocks) + 2)
    directory, body = b"", b""
    for kind, raw in blocks:
        directory += struct.pack("<3i", kind, len(raw) // 4, start + len(body))
        body += raw
    directory += bytes(24)
    header = b"\n\n\xfe\xfe" + struct.pack("<d3i", 920622.0, 24, len(blocks) + 2, len(blocks))
    return header + directory + body


def wdf(x: Floats, spectra: Floats, laser_nm: float = 785.0, *, axis_first: bool = False) -> bytes:
    """A file of one axis (Raman shift) and spectra in counts; the maker's program writes the axis behind them."""
    num, num_points = spectra.shape
    header = struct.pack(
        "<IIQQ16s12xIIIQQIIII24s4HIIQQIf48x32s160s112x",
        *(0x31464457, 1, 512, 0, bytes(16), 0, 0, num_points, num, num, 1, 1, num_points, 0),
        *(b"WiRE", 5, 0, 0, 0, 1, 2, 0, 0, 6, 1e7 / laser_nm, b"somebody", b"Single scan measurement 3"),
    )
    data = struct.pack("<4sIQ", b"DATA", 0, 16 + 4 * spectra.size) + spectra.astype("<f4").tobytes()
    axis = struct.pack("<4sIQII", b"XLST", 0, 24 + 4 * num_points, 19, 1) + x.astype("<f4").tobytes()
    return header + (axis + data if axis_first else data + axis)


def spc(x: Floats, spectra: Floats, *, x_kind: str, y_kind: str, technique: int = 0, even: bool = True) -> bytes:
    """A file by spc-io's writer."""
    from spc_io.high_level import SPC, EvenAxis
    from spc_io.low_level.headers.fexper import Fexper

    axis = EvenAxis(float(x[0]), float(x[-1]), len(x)) if even else x
    high = SPC(xarray=axis, xtype=x_kind, ytype=y_kind)
    for place, y in enumerate(spectra):
        high.add_subfile(yarray=y, w=0.0, z=float(place))
    low = high.to_spc_raw()
    low.main_header.fxtype = type(low.main_header.fxtype)(x_kind)
    low.main_header.fytype = type(low.main_header.fytype)(y_kind)
    low.main_header.fexper = Fexper(technique)
    return bytes(low.to_bytes())


def parsed_spc(raw: bytes) -> Any:
    from spc_io.low_level.spc_raw import SpcRaw

    return SpcRaw.from_bytes_io(io.BytesIO(raw))


def write(path: Path, raw: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


def write_vendor(folder: Path) -> Path:
    """A file of each kind that can be written without its package, and broken ones."""
    x = np.linspace(400.0, 4000.0, 300)
    y = np.exp(-(((x - 1500.0) / 80.0) ** 2)) + 0.01
    write(folder / "caffeine.0", opus({4: y, 5: 10.0**-y}, 4000.0, 400.0))
    write(folder / "beam.1", opus({1: y}, 4000.0, 400.0))
    write(folder / "map.wdf", wdf(x, np.stack([y, 2 * y, 3 * y])))
    write(folder / "cut.wdf", wdf(x, np.stack([y, 2 * y, 3 * y]))[:-100])
    write(folder / "empty.spc", b"")
    return folder
