"""JCAMP-DX files in the publishers' own layouts, made of sine waves, a few of their records broken; and an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

HEAD = "##TITLE={title}\n##JCAMP-DX=4.24\n##DATA TYPE=INFRARED SPECTRUM\n"
# Leading digits of the compressed forms: index is the digit; and of repetitions.
_SQZ, _sqz = "@ABCDEFGHI", "@abcdefghi"
_DIF, _dif = "%JKLMNOPQR", "%jklmnopqr"
_DUP = " STUVWXYZs"


def coded(value: int, positive: str, negative: str) -> str:
    digits = str(abs(value))
    return (positive if value >= 0 else negative)[int(digits[0])] + digits[1:]


def repeated(times: int) -> str:
    return _DUP[int(str(times)[0])] + str(times)[1:] if times > 1 else ""


def encode(y: Sequence[int], x: Sequence[float], form: str, per_line: int, decimals: int = 6) -> str:
    """Write (X++(Y..Y)) in one of the forms: AFFN, PAC, SQZ, DIF, SQZDUP, DIFDUP."""
    lines, at = [], 0
    while at < len(y):
        stop = min(at + per_line, len(y))
        lines.append(f"{x[at]:.{decimals}f}" + _ordinates(y[at:stop], form))
        if "DIF" in form and stop - at > 1:
            if stop == len(y):
                lines.append(f"{x[stop - 1]:.{decimals}f}" + coded(y[stop - 1], _SQZ, _sqz))
                break
            stop -= 1  # the next line repeats the last ordinate
        at = stop
    return "\n".join(lines) + "\n"


def _ordinates(y: Sequence[int], form: str) -> str:
    if form == "AFFN":
        return "".join(f" {value}" for value in y)
    if form == "PAC":
        return "".join(f"{value:+d}" for value in y)
    if form.startswith("SQZ"):
        return _runs([coded(value, _SQZ, _sqz) for value in y], "DUP" in form)
    steps = [coded(int(step), _DIF, _dif) for step in np.diff(np.asarray(y, dtype=object))]
    return coded(y[0], _SQZ, _sqz) + _runs(steps, "DUP" in form)


def _runs(words: list[str], duplicates: bool) -> str:
    text, at = "", 0
    while at < len(words):
        times = 1
        while duplicates and at + times < len(words) and words[at + times] == words[at]:
            times += 1
        text += words[at] + repeated(times)
        at += times
    return text


def wave(seed: int, num: int = 300) -> list[int]:
    bands = np.linspace(0.0, 12.0 + seed, num)
    return [int(value) for value in np.round(4000.0 * (np.sin(bands) + 0.3 * np.sin(7.0 * bands + seed)))]


def block(
    seed: int = 0,
    *,
    form: str = "DIFDUP",
    title: str = "a sine",
    more: str = "",
    first: float = 400.0,
    last: float = 3988.0,
    num: int = 300,
    units: tuple[str, str] = ("1/CM", "ABSORBANCE"),
    y_factor: float = 1e-4,
    offset: int = 0,
) -> str:
    """One block, ``##TITLE=`` to ``##END=``."""
    x = np.linspace(first, last, num)
    y = [value + offset for value in wave(seed, num)]
    head = HEAD.format(title=title) + more + f"##XUNITS={units[0]}\n##YUNITS={units[1]}\n##XFACTOR=1.0\n"
    head += f"##YFACTOR={y_factor}\n##FIRSTX={first}\n##LASTX={last}\n##NPOINTS={num}\n"
    return f"{head}##XYDATA=(X++(Y..Y))\n{encode(y, list(x), form, 12)}##END=\n"


def linked(*blocks: str, title: str = "several") -> str:
    """Blocks below a LINK block."""
    head = f"##TITLE={title}\n##JCAMP-DX=4.24\n##DATA TYPE=LINK\n##BLOCKS={len(blocks)}\n"
    return head + "".join(blocks) + "##END=\n"


def pairs(label: str, seed: int = 0, num: int = 300) -> str:
    """A block of x, y pairs under a label."""
    x = 150.0 + np.arange(num) * 9.0 + 0.001 * np.arange(num) ** 2
    rows = "".join(f"{a:.3f}, {b}\n" for a, b in zip(x, wave(seed, num), strict=True))
    head = HEAD.format(title="pairs").replace("INFRARED", "RAMAN") + f"##XUNITS=1/CM\n##NPOINTS={num}\n"
    return f"{head}##{label}=(XY..XY)\n{rows}##END=\n"


def write_jcamp(folder: Path) -> Path:
    """A user's folder: 11 spectra, and 9 records or files that are refused."""
    (folder / "deep").mkdir(parents=True)
    texts: dict[str, str | bytes] = {
        "affn.jdx": block(1, form="AFFN", title="one"),
        "pac.JDX": block(2, form="PAC", title="two").replace("\n", "\r\n"),
        "sqz.dx": block(3, form="SQZDUP", title="three").replace("\n", "\r"),
        "deep/dif.jcm": linked(block(4, title="four"), block(5, title="five"), linked(block(6, title="six"))),
        "wide.jdx": block(
            7, title="sieben µm", units=("MICROMETERS", "% T"), first=2.5, last=25.0, y_factor=0.01, offset=6000
        ).encode("utf-16"),
        "percent.jdx": block(8, units=("1/CM", "TRANSMITTANCE"), y_factor=0.005, offset=8000).encode("latin-1"),
        "xypoints.jdx": pairs("XYPOINTS"),
        "nir.jdx": block(9, first=4000.0, last=11980.0),
        "open.jdx": block(10).removesuffix("##END=\n"),
        "peaks.jdx": pairs("PEAK TABLE"),
        "ntuples.jdx": HEAD.format(title="t") + "##NTUPLES=SERIES\n##VAR_NAME=TIME, X, Y\n##END NTUPLES=\n##END=\n",
        "nmr.jdx": block().replace("INFRARED", "NMR"),
        "cut.jdx": linked(block(11), block(12))[:-900],
        "check.jdx": block(13).replace("\n4", "\n4", 1).replace("K", "L", 1),
        "lie.jdx": block(14).replace("NPOINTS=300", "NPOINTS=310"),
        "empty.jdx": "",
        "page.jdx": "<html><body>error 503</body></html>",
        "nothing.jdx": "##TITLE=Spectrum not found.\n##END=\n",
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def write_nist(folder: Path) -> Path:
    """Files as the WebBook names and lays them out: 5 spectra of 3 compounds, and 3 that are refused."""
    folder.mkdir(parents=True, exist_ok=True)

    def facts(cas: str, state: str) -> str:
        owner = "##OWNER=COBLENTZ SOCIETY\nCollection (C) copyright\nall = reserved.\n"
        return f"##CLASS=COBLENTZ\n{owner}##CAS REGISTRY NO={cas}\n##MOLFORM=C2 H6 O\n##STATE={state}\n##RESOLUTION=4\n"

    shared = {"form": "AFFN", "y_factor": 0.0001}
    texts = {
        "64-17-5-IR-0.jdx": block(1, more=facts("64-17-5", "GAS"), **shared),
        "64-17-5-IR-1.jdx": block(
            2,
            more=facts("64-17-5", "LIQUID (NEAT)"),
            units=("MICROMETERS", "TRANSMITTANCE"),
            first=2.02,
            last=15.0145,
            offset=5500,
            **shared,
        ),
        "C67561-IR-2.jdx": block(3, more=facts("", "gas"), **shared),
        "57-50-1-IR-0.jdx": block(4, more=facts("57-50-1", "solid"), first=3988.0, last=400.0, form="PAC")
        + block(5, more=facts("57-50-1", "solid"), first=3988.0, last=400.0, form="PAC"),
        "71-43-2-IR-0.jdx": "##TITLE=Spectrum not found.\n##END=\n",
        "71-43-2-UVVis-0.jdx": block(6, more=facts("71-43-2", "gas")).replace("INFRARED", "UV/VIS"),
        "74-82-8-IR-0.jdx": block(7, more=facts("74-82-8", "gas"), **shared)[:-1500],
        "INDEX": "64-17-5 0\n64-17-5 1\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    return folder
