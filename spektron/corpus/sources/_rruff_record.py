"""One RRUFF text as a spectrum: ``##NAMES=``, ``##RRUFFID=``, … and rows of position and intensity.

What the text states counts; its name only fills what is missing, and never overrules: names are typed by hand (a laser
of "53" nm where the text says 532). Most labels are optional.

RAW is what the detector counted, fluorescence and all; Processed is the same scan after its publisher removed the
baseline and cut the ends. Both are kept: they are the two states in which users meet Raman spectra, and no function of
one gives the other. They are one compound, as are all pieces of a mineral, all orientations, lasers and modalities: the
compound is the mineral's name, so that none of this spans a split. Whether a scan was processed is in the metadata.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from spektron.corpus.sources._laser_line import above_laser_line
from spektron.corpus.sources._xy_text import XyText, decode, parse_xy
from spektron.spectra import AxisUnit, Spectrum, SpectrumRejected, parse_unit, spectrum_from_xy

__all__ = ["mineral_key", "spectrum_of_record"]

# Lasers from the deep ultraviolet (244 nm) to Nd:YAG; a number beyond is a typing error.
_LASERS_NM = (200.0, 1100.0)
# An infrared axis that ends below is one of micrometres, whatever its first value: 2.5 to 25 µm are 4000 to 400 cm⁻¹.
_LAST_MICROMETRE = 60.0

_RAW = "raw"

# Fields of a file's name: mineral, RRUFF id, kind of scan, laser, angle, polarisation, kind of data, hash.
_FIELDS_APART = "__"


def spectrum_of_record(
    raw: bytes, *, where: str, name: str, source: str, spectrum_id: str, repairs: tuple[str, ...]
) -> Spectrum:
    """Read one text.

    Parameters
    ----------
    raw : bytes
        The text.
    where, name : str
        Name of the archive, relative to the folder, and of the text in it; for a text outside, its own name twice.
    source, spectrum_id, repairs
        As in `Spectrum`.

    Raises
    ------
    SpectrumRejected
        Whatever is wrong with it.
    """
    text = parse_xy(decode(raw))
    fields = name.rpartition("/")[2].removesuffix(".txt").split(_FIELDS_APART)
    filetype = text.labels.get("FILETYPE", "").casefold()
    modality = _modality(text, filetype, f"{where}/{name}".casefold())
    unit = _unit(text)
    if modality == "IR" and unit is AxisUnit.CM1 and float(text.x.max()) < _LAST_MICROMETRE:
        raise SpectrumRejected("out-of-range", f"expected cm-1, found an axis that ends at {text.x.max():g}")
    processing = _processing(filetype) or next(filter(None, map(_processing, map(str.casefold, fields[1:]))), "")
    mineral = text.labels.get("NAMES") or fields[0]
    rruffid = text.labels.get("RRUFFID", "")
    x, y, cut = above_laser_line(text.x, text.y, unit, modality)
    return spectrum_from_xy(
        x,
        y,
        unit=unit,
        modality=modality,
        spectrum_id=spectrum_id,
        source=source,
        compound_id=f"rruff/{mineral_key(mineral) or mineral_key(rruffid) or spectrum_id}",
        # Names are mistyped, ids less so: scans of one piece stay together whatever the mineral is called.
        aliases=(f"rruffid/{rruffid.strip().casefold()}",) if rruffid.strip() else (),
        instrument=text.remarks.get("instrument", ""),
        # What the infrared files give is not stated; processed counts are no counts any more.
        intensity_unit="counts" if modality == "RAMAN" and processing == _RAW else "arbitrary",
        repairs=(*repairs, *cut),
        metadata=_metadata(text, where, fields) | ({"processing": processing} if processing else {}),
    )


def mineral_key(name: str) -> str:
    """One key for a mineral's name however it is spelled: ``Stilbite-Ca`` and ``StilbiteCa`` are ``stilbiteca``.

    File names drop hyphens, brackets and accents; the texts have them.
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(char for char in plain if char.isalnum())


def _modality(text: XyText, filetype: str, name: str) -> str:
    """What FILETYPE says; else the laser's label; else the name."""
    is_raman, is_infrared = "raman" in filetype, "infrared" in filetype
    if is_raman and is_infrared:
        raise SpectrumRejected("ambiguous-modality", f"expected Raman or Infrared, found {filetype!r}")
    if not is_raman and not is_infrared and not filetype:
        is_raman = "RAMAN WAVELENGTH" in text.labels or bool(re.search(r"__(raman|broad_scan)__", name))
        is_infrared = not is_raman and "infrared" in name
    if not is_raman and not is_infrared:
        raise SpectrumRejected("unknown-modality", f"expected Raman or Infrared, found {filetype or 'nothing'!r}")
    return "RAMAN" if is_raman else "IR"


def _unit(text: XyText) -> AxisUnit:
    """cm⁻¹, unless the heading of the columns names another unit."""
    for line in text.preamble:
        for cell in re.split(r"[,;\t]", line):
            try:
                return parse_unit(cell)
            except SpectrumRejected:
                continue
    return AxisUnit.CM1


def _processing(text: str) -> str:
    """Read ``Raman RAW``, ``Raman_Data_Raw``, ``Infrared Processed``; empty where nothing is said."""
    if re.search(r"(^|[\W_])raw$", text):
        return _RAW
    return "processed by the publisher: baseline removed" if text.endswith("processed") else ""


def _metadata(text: XyText, where: str, fields: list[str]) -> dict[str, str]:
    set_ = re.search(r"(excellent|fair|poor|unrated)_(oriented|unoriented)", where.casefold())
    low_resolution = "lr-raman" in where.casefold() or "Broad_Scan" in fields
    found = {
        "title": text.labels.get("NAMES") or fields[0],
        "formula": text.labels.get("IDEAL CHEMISTRY", ""),
        "laser_nm": _laser(text, fields),
        "quality": set_[1] if set_ else "",
        "orientation": set_[2] if set_ else ("oriented" if text.labels.get("ORIENTATION") else ""),
        "technique": "broad scan of low resolution" if low_resolution else "",
        "detector": text.remarks.get("detector", ""),
    }
    return {key: value for key, value in found.items() if value}


def _laser(text: XyText, fields: list[str]) -> str:
    """Excitation wavelength in nm; a name's own field, which may be mistyped, only where the text says nothing."""
    stated = text.labels.get("RAMAN WAVELENGTH") or text.remarks.get("laser (nm)")
    for candidate in (stated,) if stated else fields[3:4]:
        match = re.fullmatch(r"\s*(\d{2,4}(?:\.\d{1,6})?)\s*(?:nm)?\s*", candidate, flags=re.IGNORECASE | re.ASCII)
        if match and _LASERS_NM[0] <= float(match[1]) <= _LASERS_NM[1]:
            return f"{np.float64(match[1]):g}"
    return ""
