from __future__ import annotations

import pytest

from spektron.spectra import SpectrumRejected, parse_modality
from spektron.spectra.modality import check_range

IR = ["ATR-FTIR", "FTIR", "MIR", "ATR-MIR", "MIR-ATR", "MIR-DRIFT", "FTIR microspectroscopy", "infrared", "IR"]
NIR = ["NIR", "NIT", "NIR soil", "near-infrared", "Near infrared", "vis-NIR", "FT-NIR", "near ir"]


@pytest.mark.parametrize(
    ("text", "modality"),
    [(t, "IR") for t in IR] + [(t, "NIR") for t in NIR] + [(t, "RAMAN") for t in ("Raman", "FT-Raman", "SERS")],
)
def test_publishers_words(text: str, modality: str) -> None:
    assert parse_modality(text) == modality


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FTIR+Raman (processed test library)", "ambiguous-modality"),
        ("NIR and MIR", "ambiguous-modality"),
        ("", "unknown-modality"),
        ("UV-Vis", "unknown-modality"),
        ("stir", "unknown-modality"),
    ],
)
def test_two_modalities_or_none_are_refused(text: str, reason: str) -> None:
    with pytest.raises(SpectrumRejected) as caught:
        parse_modality(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("modality", "start", "stop"),
    [("IR", 4000.0, 12500.0), ("NIR", 1100.0, 2498.0), ("RAMAN", 100.0, 9000.0), ("IR", 2.5, 25.0)],
)
def test_an_axis_of_another_unit_or_modality_is_refused(modality: str, start: float, stop: float) -> None:
    with pytest.raises(SpectrumRejected) as caught:
        check_range(modality, start, stop)
    assert caught.value.reason == "out-of-range"


@pytest.mark.parametrize(
    ("modality", "start", "stop"), [("IR", 50.0, 7800.0), ("NIR", 4000.0, 28571.0), ("RAMAN", 10.0, 4200.0)]
)
def test_ranges_of_real_instruments_pass(modality: str, start: float, stop: float) -> None:
    check_range(modality, start, stop)
