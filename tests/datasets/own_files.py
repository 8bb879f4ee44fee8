"""Files of two instruments as people save them, made of smooth spectra that are known."""

from __future__ import annotations

import numpy as np

AXIS_NM = np.arange(1100.0, 1500.0, 4.0)


def spectra(num=8, axis=AXIS_NM, seed=0, gain=1.0):
    """Bands of absorbance that grow with wavelength, (samples, channels)."""
    rng = np.random.default_rng(seed)
    bands = np.exp(-0.5 * ((axis - np.array([[1180.0], [1290.0], [1440.0]])) / 40.0) ** 2) * [[0.2], [0.3], [0.6]]
    return gain * (0.1 + 3e-4 * (axis - 1100) + rng.uniform(0.5, 1.5, (num, 3)) @ bands)


def ids(num=8):
    return [f"S{number + 1}" for number in range(num)]


def wide(path, y, axis=AXIS_NM, names=None, corner="wavelength (nm)", sep=",", decimal="."):
    """A sample a row, the axis in the first one."""
    names = ids(len(y)) if names is None else names

    def cells(values):
        return [repr(float(value)).replace(".", decimal) for value in values]

    lines = [sep.join([corner, *cells(axis)])]
    lines += [sep.join([name, *cells(row)]) for name, row in zip(names, y, strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def single(folder, y, axis=AXIS_NM, names=None, heading="nm,absorbance\n"):
    """A file a sample, position and intensity."""
    folder.mkdir(exist_ok=True)
    for name, row in zip(ids(len(y)) if names is None else names, y, strict=True):
        pairs = "".join(f"{x!r},{value!r}\n" for x, value in zip(axis.tolist(), row.tolist(), strict=True))
        (folder / f"{name}.csv").write_text(heading + pairs)
    return folder


def jcamp(folder, y, axis=AXIS_NM, names=None, yunits="ABSORBANCE", xunits="NANOMETERS"):
    """A JCAMP-DX file a sample."""
    folder.mkdir(exist_ok=True)
    for name, row in zip(ids(len(y)) if names is None else names, y, strict=True):
        pairs = "\n".join(f"{x!r}, {value!r}" for x, value in zip(axis.tolist(), row.tolist(), strict=True))
        (folder / f"{name}.jdx").write_text(
            f"##TITLE={name}\n##JCAMP-DX=4.24\n##DATA TYPE=NEAR INFRARED SPECTRUM\n"
            f"##XUNITS={xunits}\n##YUNITS={yunits}\n"
            f"##XFACTOR=1\n##YFACTOR=1\n##FIRSTX={axis[0]}\n##LASTX={axis[-1]}\n##NPOINTS={len(axis)}\n"
            f"##XYPOINTS=(XY..XY)\n{pairs}\n##END=\n"
        )
    return folder
