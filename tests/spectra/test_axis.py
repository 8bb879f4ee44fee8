from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spektron.spectra import AxisUnit, SpectrumRejected, parse_unit
from spektron.spectra.axis import to_wavenumber

CM1 = [
    "cm-1",
    "1/CM",
    "cm^-1",
    "cm⁻¹",
    "cm−1",
    "cm**-1",
    "cm^{-1}",
    " CM-1 ",
    "Wavenumber (cm-1)",
    "Raman shift (cm-1)",
]
CM1 += ["wavenumbers [cm-1]", "Raman shift, cm-1", "wavenumber 1/cm", "Wavenumber / cm-1", "cm-1 (calibrated)"]
NM = [
    "nm",
    "NANOMETERS",
    "nanometre",
    "Wavelength (nm)",
    "wavelength / nm",
    "nm (850-1050 linspace; file has absorbance)",
]
UM = ["um", "µm", "μm", "MICROMETERS", "micron", "microns", "micrometre", "wavelength (µm)"]


@pytest.mark.parametrize(
    ("text", "unit"),
    [(t, AxisUnit.CM1) for t in CM1] + [(t, AxisUnit.NM) for t in NM] + [(t, AxisUnit.UM) for t in UM],
)
def test_units_as_publishers_write_them(text: str, unit: AxisUnit) -> None:
    assert parse_unit(text) is unit


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no-axis-unit"),
        ("  ", "no-axis-unit"),
        ("channel index (no wavenumber axis in file)", "no-axis"),
        ("pixel (nm)", "no-axis"),
        ("data point", "no-axis"),
        ("wavenumber", "unknown-unit"),  # a quantity is no unit
        ("wavelength", "unknown-unit"),
        ("eV", "unknown-unit"),
        ("mm", "unknown-unit"),
        ("THz", "unknown-unit"),
        ("cm", "unknown-unit"),
        ("(nm", "unknown-unit"),
    ],
)
def test_what_is_no_unit_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(SpectrumRejected) as caught:
        parse_unit(text)
    assert caught.value.reason == reason


@given(st.text(max_size=40))
def test_any_text_is_a_unit_or_a_refusal(text: str) -> None:
    try:
        outcome: AxisUnit | str = parse_unit(text)
    except SpectrumRejected as error:
        outcome = error.reason
    assert outcome in {*AxisUnit, "no-axis-unit", "no-axis", "unknown-unit"}


@given(st.lists(st.floats(100.0, 30000.0), min_size=1, max_size=20))
def test_wavelengths_and_wavenumbers_are_reciprocal(wavelengths: list[float]) -> None:
    nm = np.array(wavelengths)
    wavenumber = to_wavenumber(nm, AxisUnit.NM)
    np.testing.assert_allclose(wavenumber * nm, 1e7, rtol=1e-12)
    np.testing.assert_allclose(to_wavenumber(nm / 1000.0, AxisUnit.UM), wavenumber, rtol=1e-12)


def test_a_wavelength_of_zero_is_refused() -> None:
    with pytest.raises(SpectrumRejected, match="positive wavelengths"):
        to_wavenumber(np.array([0.0, 1.0]), AxisUnit.NM)
