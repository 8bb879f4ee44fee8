"""Small files of the experimental collections in their publishers' own formats, a few of their records broken."""

from __future__ import annotations

import gzip
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def raman(num: int = 400, seed: int = 0) -> tuple[Floats, Floats]:
    """An axis of uneven steps, as RRUFF's gratings give it, and counts over fluorescence."""
    rng = np.random.default_rng(seed)
    x = 180.0 + np.cumsum(rng.uniform(1.03, 1.2, num))
    y = 4e4 + 20.0 * x + 9e3 * np.exp(-(((x - 410.0) / 6.0) ** 2)) + rng.normal(0.0, 50.0, num)
    return x, y


def rruff_text(
    mineral: str = "Spinel",
    rruffid: str = "R050184",
    *,
    filetype: str = "Raman RAW",
    laser: str | None = "532",
    xy: tuple[Floats, Floats] | None = None,
    more: str = "",
) -> str:
    """A text as RRUFF writes it: labels, an empty line, rows, ``##END=``, CRLF."""
    x, y = raman() if xy is None else xy
    labels = [f"##NAMES={mineral}", f"##RRUFFID={rruffid}", "##IDEAL CHEMISTRY=MgAl_2_O_4_", f"##FILETYPE={filetype}"]
    labels += [f"##RAMAN WAVELENGTH={laser}"] if laser else []
    rows = [f"{a:.3f}, {b:.7g}" for a, b in zip(x, y, strict=True)]
    return "\r\n".join([*labels, *([more] if more else []), "", *rows, "##END="]) + "\n\n\n\n"


def entry_name(mineral: str, kind: str = "Raman_Data_RAW", scan: str = "Raman", number: int = 0) -> str:
    """A name as in the archives of 2025."""
    return f"{mineral}__R050184-3__{scan}__532__0-000____{kind}__{number:028x}.txt"


def write_zip(path: Path, entries: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def write_rruff(folder: Path) -> Path:
    """An archive of two scans in two states, some broken entries; an infrared one; a plain text; one cut short."""
    infrared = np.linspace(399.2, 4000.0, 900)
    bands = 0.3 * np.exp(-(((infrared - 1010.0) / 40.0) ** 2)) + 1e-4 * infrared
    processed = raman()[0], np.clip(raman()[1] - 4e4, 0.0, None)
    entries = {
        entry_name("Spinel"): rruff_text(),
        entry_name("Spinel", "Raman_Data_Processed", number=1): rruff_text(filetype="Raman Processed", xy=processed),
        entry_name("Annite", number=2): rruff_text("Annite", "R060211", xy=raman(seed=2)),
        entry_name("Annite", number=3): rruff_text("Annite", "R060211").replace(", 4", " ", 1),
        entry_name("Corundum", number=4): "",
        "notes/readme.pdf": b"%PDF-1.4",
        "../../escape.txt": rruff_text("Quartz", "R040031", xy=raman(seed=4)),
    }
    write_zip(folder / "excellent_oriented.zip", entries)
    name = "Annite__R060211-1__Infrared__Infrared_Data_RAW__7.txt"
    infrared_text = rruff_text("Annite", "R060211", filetype="Infrared RAW", laser=None, xy=(infrared, bands))
    write_zip(folder / "infrared" / "RAW.zip", {name: infrared_text})
    (folder / "Quartz__R040031__Raman__780.txt").write_text(rruff_text("Quartz", "R040031", xy=raman(seed=5)))
    whole = write_zip(folder / "LR-Raman.zip", {entry_name(m, scan="Broad_Scan"): rruff_text(m) for m in "ABC"})
    whole.write_bytes(whole.read_bytes()[: -whole.stat().st_size // 2])
    return folder


# R's serialisation, version 3, XDR: 4 bytes of kind and flags, then what each kind holds.
_LIST, _SYMBOL, _CHAR, _LOGICAL, _INTEGER, _REAL, _STRING, _VECTOR, _NULL = 2, 1, 9, 10, 13, 14, 16, 19, 254
_HAS_ATTRIBUTES, _HAS_TAG = 0x200, 0x400


def r_int(value: int) -> bytes:
    return struct.pack(">i", value)


def r_char(text: str | None) -> bytes:
    raw = b"" if text is None else text.encode()
    return r_int(_CHAR | 0x40000) + r_int(-1 if text is None else len(raw)) + raw


def r_strings(texts: Sequence[str | None], attributes: Mapping[str, bytes] | None = None) -> bytes:
    return _r(_STRING, r_int(len(texts)) + b"".join(map(r_char, texts)), attributes)


def r_reals(values: Any, attributes: Mapping[str, bytes] | None = None) -> bytes:
    numbers = np.asarray(values, dtype=">f8").ravel(order="F")
    return _r(_REAL, r_int(len(numbers)) + numbers.tobytes(), attributes)


def r_integers(values: Any, attributes: Mapping[str, bytes] | None = None) -> bytes:
    numbers = np.asarray(values, dtype=">i4")
    return _r(_INTEGER, r_int(len(numbers)) + numbers.tobytes(), attributes)


def r_list(members: Mapping[str, bytes]) -> bytes:
    """A named list; a data frame is no more than that to a reader."""
    return _r(_VECTOR, r_int(len(members)) + b"".join(members.values()), {"names": r_strings(list(members))})


def r_symbol(name: str) -> bytes:
    return r_int(_SYMBOL) + r_char(name)


def r_pairs(pairs: Mapping[str, bytes]) -> bytes:
    tagged = (r_int(_LIST | _HAS_TAG) + r_symbol(name) + value for name, value in pairs.items())
    return b"".join(tagged) + r_int(_NULL)


def _r(kind: int, content: bytes, attributes: Mapping[str, bytes] | None) -> bytes:
    if not attributes:
        return r_int(kind) + content
    return r_int(kind | _HAS_ATTRIBUTES) + content + r_pairs(attributes)


def write_rds(path: Path, root: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = b"X\n" + struct.pack(">3i", 3, 0x40301, 0x30500) + r_int(5) + b"UTF-8"
    path.write_bytes(gzip.compress(header + root, 1))
    return path


def library(num: int = 8, num_points: int = 300, *, matrix: bool = False, seed: int = 0) -> bytes:
    """A library: half FTIR, half Raman, each missing outside its own range; the last two are broken."""
    rng = np.random.default_rng(seed)
    x = np.linspace(400.0, 3995.0, num_points)
    spectra = rng.standard_normal((num_points, num)).cumsum(axis=0)
    for i in range(num - 2):
        spectra[: 5 + i % 50, i] = np.nan
    spectra[num_points // 2, num - 2] = np.nan
    names = [f"s{i}" for i in range(num)]
    kinds = ["FTIR" if i % 2 else "Raman" for i in range(num - 1)] + [None]
    identity = ["Polyethylene" if i < 4 else "Quartz" for i in range(num)]
    metadata = {
        "sample_name": r_strings(names),
        "SpectrumType": r_strings(kinds),
        "spectrum_identity": r_strings(identity),
        "organization": r_integers([1 + (i >= 4) for i in range(num)], {"levels": r_strings(["A lab", "RRUFF"])}),
        "laser_light_used": r_strings(["785" if kind == "Raman" else None for kind in kinds]),
        "intensity_units": r_strings(["absorbance" if kind == "FTIR" else None for kind in kinds]),
        "x": r_integers(range(num)),
    }
    if matrix:
        dimnames = _r(_VECTOR, r_int(2) + r_int(_NULL) + r_strings(names), None)
        table = r_reals(spectra, {"dim": r_integers(spectra.shape), "dimnames": dimnames})
    else:
        table = r_list(dict(zip(names, map(r_reals, spectra.T), strict=True)))
    return r_list({"wavenumber": r_reals(x), "spectra": table, "metadata": r_list(metadata)})


def write_openspecy(folder: Path) -> Path:
    """A library as a table, one as a matrix, and a file cut short."""
    write_rds(folder / "raw.rds", library())
    write_rds(folder / "medoid.rds", library(4, matrix=True, seed=1))
    whole = write_rds(folder / "cut.rds", library(seed=2)).read_bytes()
    (folder / "cut.rds").write_bytes(whole[: len(whole) // 2])
    return folder


def band(num: int = 200) -> tuple[Floats, Floats]:
    """A band at 1500 cm⁻¹ from 400 to 4000 cm⁻¹."""
    x = np.linspace(400.0, 4000.0, num)
    return x, np.exp(-(((x - 1500.0) / 80.0) ** 2))


def write_csv(folder: Path) -> Path:
    """Two columns, wide tables both ways, and what cannot be read; all state unit and modality themselves."""
    folder.mkdir(parents=True, exist_ok=True)
    x, y = band()
    head = "Modality: IR\nWavenumber (cm-1),Absorbance\n"
    (folder / "one.csv").write_text(head + "".join(f"{a:.3f},{b:.6f}\n" for a, b in zip(x, y, strict=True)))
    comma = "".join(f"{a:.2f};{b:.5f}\n" for a, b in zip(x, y, strict=True)).replace(".", ",")
    (folder / "deutsch.txt").write_text("Modality;Raman\nRaman shift (cm-1);Counts\n" + comma, encoding="utf-16")
    rows = ["Modality: IR", "cm-1," + ",".join(f"{a:.2f}" for a in x)]
    rows += [f"leaf{'abc'[i]}," + ",".join(f"{b * (i + 1):.6f}" for b in y) for i in range(3)]
    (folder / "rows.csv").write_text("\n".join([*rows, "torn,0.1,0.2,0.3", "words," + ",".join(["x"] * len(x))]))
    columns = ["Modality\tIR", "cm-1\tp\tq", *(f"{a:.2f}\t{b:.6f}\t{2 * b:.6f}" for a, b in zip(x, y, strict=True))]
    (folder / "columns.tsv").write_text("\n".join(columns))
    (folder / "empty.csv").write_text("")
    (folder / "binary.csv").write_bytes(bytes(range(256)))
    both = np.arange(2.0, 102.0) * 3.5
    (folder / "both.csv").write_text("\n".join(",".join(f"{a + b:.1f}" for b in both) for a in both))
    return folder
