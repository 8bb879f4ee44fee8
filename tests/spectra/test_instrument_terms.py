"""Strings of public sets and of instruments' own files, and what they say."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spektron.spectra import INSTRUMENT_TERMS, MODALITIES, count_terms, read_instrument
from spektron.spectra.instrument_terms import NOT_STATED, OTHER
from spektron.spectra.instruments import INSTRUMENTS
from spektron.spectra.spectrum import NUM_INSTRUMENT_FIELDS

DASH = "not stated"


def terms(modality: str, instrument: str, **metadata: str) -> tuple[str, ...]:
    codes, _ = read_instrument(instrument, metadata, modality)
    return tuple(names[code] for names, code in zip(INSTRUMENT_TERMS.values(), codes, strict=True))


@pytest.mark.parametrize(
    ("modality", "instrument", "expected"),
    [
        ("IR", "", (DASH, DASH, DASH)),
        ("IR", "ATR-MIR", (DASH, "ATR", DASH)),
        ("IR", "BECKMAN IR-9 (GRATING)", ("dispersive IR", DASH, DASH)),
        ("IR", "Bruker Tensor 37 FTIR", ("FTIR", DASH, DASH)),
        ("IR", "DOW KBr FOREPRISM", ("dispersive IR", DASH, DASH)),
        ("IR", "IFS66V (Bruker)", ("FTIR", DASH, DASH)),
        ("IR", "PerkinElmer .sp", ("other", DASH, DASH)),
        ("IR", "VERTEX 70", ("FTIR", DASH, DASH)),
        ("NIR", "VERTEX 70", ("FT-NIR", DASH, DASH)),
        ("NIR", "AuroraNIR", ("handheld NIR", DASH, DASH)),
        ("NIR", "SCiO", ("handheld NIR", DASH, "silicon")),
        ("NIR", "micronir", ("handheld NIR", DASH, DASH)),
        ("NIR", "Tecator Infratec", ("grating NIR", "transmission", DASH)),
        ("RAMAN", "MultiRAM FT-Raman spectrometer", ("FT-Raman", DASH, DASH)),
        ("RAMAN", "BRUCKER FRA 106 system coupled to a IFS 88 spectrometer", ("FT-Raman", DASH, DASH)),
        ("RAMAN", "Horiba_MacroRAM_785", ("dispersive Raman", DASH, DASH)),
        ("RAMAN", "Renishaw_Qontor_785", ("dispersive Raman", "microscope", DASH)),
        ("RAMAN", "80-cm conventional triple Raman spectrograph (Horiba). Ar+ laser", ("dispersive Raman", DASH, DASH)),
        ("RAMAN", "Custom built dispersive type near-infrared Raman spectrometer.", ("dispersive Raman", DASH, DASH)),
        (
            "RAMAN",
            "Kaiser System Hololab 5000R modular Raman microspectrometer. Diode laser (Toptica Photonics AG.). Back "
            "illuminated deep depletion Pelletier cooled (-70 °C) CCD detector (Andor)",
            ("dispersive Raman", "microscope", "silicon"),
        ),
        ("RAMAN", "Confocal Ramanmicrospectroscope (Xplora Plus, Horiba)", ("dispersive Raman", "microscope", DASH)),
        ("RAMAN", "LabRAM", ("dispersive Raman", "microscope", DASH)),
        ("RAMAN", "Spectra Physics model 127", ("other", DASH, DASH)),  # a laser
        ("RAMAN", "Ocean Optics R2000", ("dispersive Raman", DASH, DASH)),
    ],
)
def test_what_an_instruments_name_says(modality: str, instrument: str, expected: tuple[str, ...]) -> None:
    assert terms(modality, instrument) == expected


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"technique": "TRANSMISSION", "state": "gas"}, (DASH, "transmission", DASH)),  # what is named counts first
        ({"state": "gas"}, (DASH, "gas cell", DASH)),
        ({"technique": "Diffuse-only reflectance", "state": "solid"}, (DASH, "diffuse reflectance", DASH)),
        ({"technique": "Hemispherical (Total) reflectance"}, (DASH, "reflectance", DASH)),
        ({"technique": "1 L/min Flow"}, (DASH, "other", DASH)),
        ({"technique": "1 L/min Flow", "state": "gas"}, (DASH, "gas cell", DASH)),
        ({"technique": "TRANSMITTANCE"}, (DASH, DASH, DASH)),  # an axis' label: a unit, no technique
        ({"accessory": "KBr Beam Splitter; MCT Detector; Multipass cell"}, (DASH, "gas cell", "MCT")),
        ({"accessory": "GRATING CHANGED AT 5.0, 7.5, 15.0 MICRON"}, ("dispersive IR", DASH, DASH)),
        ({"accessory": "ATR platinum Diamond 1 Refl"}, (DASH, "ATR", DASH)),
        ({"accessory": "Germanium ATR crystal"}, (DASH, "ATR", DASH)),
        ({"detector": "RT-DLaTGS [Internal Pos.1]"}, (DASH, DASH, "DTGS")),
        ({"detector": "LN-MCT Mid [Internal Pos.2]"}, (DASH, DASH, "MCT")),
        ({"detector": "Synapse"}, (DASH, DASH, "silicon")),
        ({"detector": "Ge"}, (DASH, DASH, "germanium")),
        ({"detector": "bolometer"}, (DASH, DASH, "other")),
        ({"detector": "N/A", "accessory": "unknown", "technique": "-"}, (DASH, DASH, DASH)),
        ({"state": "solid (KBr pellet)"}, (DASH, "KBr pellet", DASH)),
        ({"state": "liquid", "title": "ATR of a microscope", "quality": "excellent"}, (DASH, DASH, DASH)),
    ],
)
def test_what_metadata_say(metadata: dict[str, str], expected: tuple[str, ...]) -> None:
    assert terms("IR", "", **metadata) == expected


def test_a_laser_below_1000_nm_is_a_dispersive_instruments() -> None:
    assert terms("RAMAN", "", laser_nm="532")[0] == "dispersive Raman"
    assert terms("RAMAN", "", laser_nm="1064")[0] == DASH
    assert terms("RAMAN", "MultiRAM FT-Raman", laser_nm="785")[0] == "FT-Raman", "what is named counts first"


def test_the_type_is_asked_of_the_instrument_first_and_the_rest_of_the_metadata() -> None:
    assert terms("IR", "FTIR, transmission, DTGS", technique="ATR", accessory="grating", detector="MCT") == (
        "FTIR",
        "ATR",
        "MCT",
    )


@pytest.mark.parametrize("modality", MODALITIES)
def test_every_instrument_of_the_simulator_is_known(modality: str) -> None:
    for preset in INSTRUMENTS[modality]:
        found = terms(modality, preset.name)
        assert "other" not in found
        assert found != (DASH, DASH, DASH), preset.name
        assert ("ATR" in preset.name) == (found[1] == "ATR")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4", 4.0),
        ("0.482", 0.482),
        (" 2 cm-1", 2.0),
        ("1.6e1", 16.0),
        *((text, None) for text in ("", "high", "0", "1e9", "-4", "nan")),
    ],
)
def test_a_resolution_is_a_number_or_nothing(text: str, expected: float | None) -> None:
    _, found = read_instrument("", {"resolution_cm1": text}, "IR")
    assert math.isnan(found) if expected is None else found == expected


def test_the_format_begins_with_not_stated_and_other() -> None:
    assert len(INSTRUMENT_TERMS) == NUM_INSTRUMENT_FIELDS
    for names in INSTRUMENT_TERMS.values():
        assert (names[NOT_STATED], names[OTHER]) == ("not stated", "other")
        assert len(set(names)) == len(names)
    # Places that models learned vectors for: a change of these lines is a change of the format.
    assert INSTRUMENT_TERMS["type"][2:5] == ("FTIR", "dispersive IR", "FT-NIR")
    assert (INSTRUMENT_TERMS["technique"][13], INSTRUMENT_TERMS["detector"][10]) == ("reflectance", "thermocouple")


@given(text=st.text(max_size=40), modality=st.sampled_from(MODALITIES))
def test_no_text_is_refused_and_only_text_without_words_is_not_stated(text: str, modality: str) -> None:
    codes, resolution = read_instrument(text, {"detector": text, "resolution_cm1": text}, modality)
    assert all(0 <= code < len(names) for code, names in zip(codes, INSTRUMENT_TERMS.values(), strict=True))
    assert math.isnan(resolution) or 0.0 < resolution <= 1000.0
    if not re.search(r"[^\W_]", text):
        assert not codes.any()


def test_terms_are_counted_by_name() -> None:
    codes = np.array([[2, 0, 1], [2, 3, 0], [0, 3, 0]])
    assert count_terms(codes) == {
        "type": {"not stated": 1, "FTIR": 2},
        "technique": {"not stated": 1, "KBr pellet": 2},
        "detector": {"not stated": 2, "other": 1},
    }
