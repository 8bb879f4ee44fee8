"""What is known of an instrument, in a closed vocabulary, and how publishers' words are read into it.

Every spectrum has a code for each field: its place in `INSTRUMENT_TERMS`. 0 says that nobody states it, 1 that
something is stated which the vocabulary does not hold. Text in which nothing at all is recognised is "other", never
"not stated", so that what the vocabulary lacks can be counted (`count_terms`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spektron.spectra.spectrum import MODALITIES

__all__ = [
    "INSTRUMENT_TERMS",
    "NOT_STATED",
    "OTHER",
    "codes_of",
    "count_terms",
    "read_instrument",
    "resolution_of",
    "terms_of_instrument",
    "terms_of_metadata",
]

NOT_STATED, OTHER = 0, 1

# The order is part of the format: models keep a vector for each place. A new term goes to the end of its field.
INSTRUMENT_TERMS: dict[str, tuple[str, ...]] = {
    "type": (
        "not stated",
        "other",
        "FTIR",
        "dispersive IR",
        "FT-NIR",
        "grating NIR",
        "array NIR",
        "handheld NIR",
        "FT-Raman",
        "dispersive Raman",
        "handheld Raman",
    ),
    "technique": (
        "not stated",
        "other",
        "ATR",
        "KBr pellet",
        "mull",
        "gas cell",
        "liquid cell",
        "diffuse reflectance",
        "transflection",
        "photoacoustic",
        "microscope",
        "fibre probe",
        "transmission",
        "reflectance",
    ),
    "detector": (
        "not stated",
        "other",
        "DTGS",
        "MCT",
        "InGaAs",
        "silicon",
        "PbS",
        "germanium",
        "InSb",
        "photomultiplier",
        "thermocouple",
    ),
}

# How light is told apart by wavelength; with the modality it is the type. FT-Raman is made with 1064 nm, so a Raman
# spectrum excited below 1000 nm comes from a dispersive instrument.
_PRINCIPLES = ("not stated", "other", "handheld", "fourier", "array", "dispersive")
_TYPE_OF = {
    ("fourier", "IR"): "FTIR",
    ("fourier", "NIR"): "FT-NIR",
    ("fourier", "RAMAN"): "FT-Raman",
    ("dispersive", "IR"): "dispersive IR",
    ("dispersive", "NIR"): "grating NIR",
    ("dispersive", "RAMAN"): "dispersive Raman",
    ("array", "NIR"): "array NIR",
    ("array", "RAMAN"): "dispersive Raman",
    ("handheld", "NIR"): "handheld NIR",
    ("handheld", "RAMAN"): "handheld Raman",
}
_MOST_DISPERSIVE_NM = 1000.0

# Term → what says so, in text without case and accents; of several in one text the first here counts, the special
# before the general. Names of instruments stand for what their makers say they are.
_PRINCIPLE_WORDS = {
    # Linear-variable filters, micromechanical filters and interferometers, small arrays.
    "handheld": r"hand-?held|portable|linear-?variable|\blvf\b|\bmems\b|\bscio\b|micro-?nir|aurora ?nir|neospectra|"
    r"nirone|nirscan|phazir|truscan|progeny",
    "fourier": r"\bft-?(ir|nir|raman)|fourier|interferomet|multiram|\bfra ?106|\bifs ?\d|\btensor\b|\bvertex ?\d|"
    r"\bnicolet\b|\bantaris\b|\bnirflex\b|\bmpa\b|\biraffinity|\bexcalibur\b|\bcary 6[0-9]0",
    "array": r"\b(diode|photodiode|detector) array|\bnir array|\bda ?72\d0|\bmms ?1",
    "dispersive": r"grating|\bfore-?prism|monochromat|spectrograph|dispersive|czerny|\binfratec|nirsystems|"
    r"\bhoriba|jobin|labram|xplora|macroram|ramanor|ramalog|\bspex\b|\bdilor|renishaw|invia|qontor|witec|\bkaiser|"
    r"hololab|\bdxr|ocean ?optics|\b(em)?ccd\b|confocal raman|micro-?raman|raman ?micro|raman.{0,20}\b[4-8]\d\d ?nm",
}
_TECHNIQUE_WORDS = {
    "ATR": r"\batr\b|attenuated total",
    "KBr pellet": r"\bkbr[ -]?(pellet|dis[ck]|tablet|pill)|\b(pellet|dis[ck])s?\b.*\bkbr",
    "mull": r"\bmull|nujol",
    "gas cell": r"^gas\b|\bgas ?cell|multi-?pass",
    "liquid cell": r"\bliquid cell|\bcuvette|\b(sealed|demountable) cell",
    "diffuse reflectance": r"\bdiffuse|\bdrifts?\b|integrating sphere",
    "transflection": r"transflect",
    "photoacoustic": r"photo-?acoustic",
    "microscope": r"microscop|microspectro|micro-?raman|raman ?micro|confocal|qontor|invia|labram|xplora|focal plane",
    "fibre probe": r"\bfib(re|er)|\bprobe\b",
    "transmission": r"\btransmission\b|\bnit\b|\binfratec",
    "reflectance": r"reflect",
}
# What ATR crystals are made of too is a detector only where the text says so or begins with it.
_DETECTOR_WORDS = {
    "DTGS": r"\b(rt-?)?d?(la)?tgs\b",
    "MCT": r"\b(ln2?-?)?mct\b|hgcdte|cadmium telluride",
    "InGaAs": r"ingaas",
    "silicon": r"\b(em)?ccd\b|synapse|\bscio\b|^si\b|\bsi (diode|detector)|\bsilicon\b(?! (atr|crystal|prism|wafer))",
    "PbS": r"\bpbs\b|lead sul",
    "germanium": r"^(ln2?-?)?ge(rmanium)?\b(?! ?(atr|crystal|prism|tip))|\bge(rmanium)? (diode|detector)",
    "InSb": r"\binsb\b|indium antimonide",
    "photomultiplier": r"photo-?multiplier|\bpmt\b",
    "thermocouple": r"thermocouple|thermopile",
}
_NOTHING = re.compile(
    r"[\W_]*(n/?a|nan|none|null|unknown|unspecified|not (stated|specified|available|applicable|reported)|"
    r"absorbance|transmittance|(raman )?intensity|counts)?[\W_]*"
)
# Beyond these no instrument is: 0.0001 cm⁻¹ is a laser's, 1000 cm⁻¹ a set of broad filters'.
_RESOLUTIONS_CM1 = (1e-4, 1e3)

Terms = tuple[int, int, int]
"""Codes of principle, technique and detector."""


def _patterns(words: Mapping[str, str], terms: tuple[str, ...]) -> list[tuple[int, re.Pattern[str]]]:
    return [(terms.index(term), re.compile(pattern)) for term, pattern in words.items()]


_FIELDS = (
    _patterns(_PRINCIPLE_WORDS, _PRINCIPLES),
    _patterns(_TECHNIQUE_WORDS, INSTRUMENT_TERMS["technique"]),
    _patterns(_DETECTOR_WORDS, INSTRUMENT_TERMS["detector"]),
)
# Place of the field that a key of the metadata is about; other keys only help.
_ABOUT = {"technique": 1, "accessory": 1, "detector": 2, "state": None}
_TYPES = np.array(
    [
        [INSTRUMENT_TERMS["type"].index(_TYPE_OF.get((principle, modality), "other")) for modality in MODALITIES]
        for principle in _PRINCIPLES
    ],
    dtype=np.int64,
)
_TYPES[NOT_STATED] = NOT_STATED


def read_instrument(instrument: str, metadata: Mapping[str, str], modality: str) -> tuple[NDArray[np.int64], float]:
    """Read what a publisher says of one instrument.

    Parameters
    ----------
    instrument : str
        Free text; may be empty.
    metadata : mapping of str to str
        Keys of `METADATA_KEYS`; any may be missing.
    modality : str
        One of `MODALITIES`: a Fourier transform instrument is an FTIR, an FT-NIR or an FT-Raman.

    Returns
    -------
    ndarray, shape (3,), int64
        Codes of the fields of `INSTRUMENT_TERMS`.
    float
        Resolution in cm⁻¹; NaN where not stated.
    """
    first, second = terms_of_instrument(instrument), terms_of_metadata(metadata)
    codes = codes_of(np.array([first]), np.array([second]), np.array([MODALITIES.index(modality)]))
    return codes[0], resolution_of(metadata)


def codes_of(
    of_instrument: NDArray[np.int64], of_metadata: NDArray[np.int64], modality: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Join what two texts say of each spectrum.

    Parameters
    ----------
    of_instrument, of_metadata : ndarray, shape (rows, 3), int64
        From `terms_of_instrument` and `terms_of_metadata`. Of the type the instrument's own text is asked first, of the
        other fields the metadata.
    modality : ndarray, shape (rows,), int64
        Index into `MODALITIES`.

    Returns
    -------
    ndarray, shape (rows, 3), int64
    """
    about_type = np.array([True, False, False])
    first = np.where(about_type, of_instrument, of_metadata)
    second = np.where(about_type, of_metadata, of_instrument)
    codes = np.where(first > OTHER, first, np.where(second > OTHER, second, np.maximum(first, second)))
    codes[:, 0] = _TYPES[codes[:, 0], modality]
    return codes


def terms_of_instrument(text: str) -> Terms:
    """What an instrument's name or description says, of its principle, technique and detector."""
    principle, technique, detector = _terms(text)
    return _known_or_other(text, principle), technique, detector


def terms_of_metadata(metadata: Mapping[str, str]) -> Terms:
    """What the metadata says, of principle, technique and detector."""
    return _told(metadata.get("laser_nm", ""), *(metadata.get(key, "") for key in _ABOUT))


# Titles and formulas differ from row to row, what is said of the instrument seldom does.
@lru_cache(maxsize=4096)
def _told(laser_nm: str, *texts: str) -> Terms:
    found = [NOT_STATED] * len(_FIELDS)
    if _number(laser_nm) < _MOST_DISPERSIVE_NM:
        found[0] = _PRINCIPLES.index("dispersive")
    for text, about in zip(texts, _ABOUT.values(), strict=True):
        if text:
            terms = list(_terms(text))
            if about is not None:
                terms[about] = _known_or_other(text, terms[about])
            found = [old if old > OTHER else max(old, new) for old, new in zip(found, terms, strict=True)]
    return found[0], found[1], found[2]


def resolution_of(metadata: Mapping[str, str]) -> float:
    """The instrument's resolution in cm⁻¹; NaN where it is not stated, or no instrument's."""
    if not (text := metadata.get("resolution_cm1", "")):
        return float("nan")
    number = _number(text)
    low, high = _RESOLUTIONS_CM1
    return number if low <= number <= high else float("nan")


def count_terms(codes: NDArray[np.int64]) -> dict[str, dict[str, int]]:
    """Field → term → how many of the rows of `codes`, shape (rows, 3), have it; terms that none has are left out."""
    counted = {}
    for (field, terms), column in zip(INSTRUMENT_TERMS.items(), codes.T, strict=True):
        counts = np.bincount(column, minlength=len(terms)).tolist()
        counted[field] = {term: count for term, count in zip(terms, counts, strict=True) if count}
    return counted


def _known_or_other(text: str, code: int) -> int:
    """The code, or OTHER where a text says something of which nothing is recognised in any field."""
    return OTHER if code == NOT_STATED and not any(_terms(text)) and not _NOTHING.fullmatch(_folded(text)) else code


# The same texts come again in every row group; 4096 are a few hundred kilobytes.
@lru_cache(maxsize=4096)
def _terms(text: str) -> Terms:
    folded = _folded(text)
    principle, technique, detector = (
        next((code for code, pattern in patterns if pattern.search(folded)), NOT_STATED) for patterns in _FIELDS
    )
    return principle, technique, detector


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("_", " "))
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).split())


def _number(text: str) -> float:
    match = re.match(r"\s*(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+)", text.casefold())
    return float(match[1]) if match else float("nan")
