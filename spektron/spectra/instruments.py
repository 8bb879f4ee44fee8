"""Instruments of the simulator: where each measures, how sharply, how noisily.

Ranges and resolutions are those of instruments in common use; a simulated one is a preset with its ends, resolution and
wavelength calibration jittered, as two of one model differ.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["INSTRUMENTS", "Instrument"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A preset.

    Attributes
    ----------
    name : str
        Kind of instrument, as stored with its spectra.
    start_cm1, stop_cm1 : float
        Range in cm⁻¹ (Raman: shift).
    resolution_cm1 : float
        FWHM of the instrument's line in the middle of its range.
    noise : float
        Detector noise: absorbance for IR and NIR, relative to the strongest band for Raman.
    pitch_cm1 : float
        Distance of its own pixels, the grain of its noise.
    laser_cm1 : float
        Raman excitation; zero for absorption.
    attenuated : bool
        ATR: the penetration depth, and so the intensity, goes with the wavelength.
    """

    name: str
    start_cm1: float
    stop_cm1: float
    resolution_cm1: float
    noise: float
    pitch_cm1: float
    laser_cm1: float = 0.0
    attenuated: bool = False


def _nm(start_nm: float, stop_nm: float) -> tuple[float, float]:
    return 1e7 / stop_nm, 1e7 / start_nm


def _nir(name: str, start_nm: float, stop_nm: float, fwhm_nm: float, pitch_nm: float, noise: float) -> Instrument:
    start_cm1, stop_cm1 = _nm(start_nm, stop_nm)
    middle_nm = (start_nm + stop_nm) / 2
    cm1_per_nm = 1e7 / middle_nm**2
    return Instrument(
        name=name,
        start_cm1=start_cm1,
        stop_cm1=stop_cm1,
        resolution_cm1=fwhm_nm * cm1_per_nm,
        pitch_cm1=pitch_nm * cm1_per_nm,
        noise=noise,
    )


def _raman(name: str, start_cm1: float, stop_cm1: float, resolution_cm1: float, laser_nm: float) -> Instrument:
    return Instrument(
        name=name,
        start_cm1=start_cm1,
        stop_cm1=stop_cm1,
        resolution_cm1=resolution_cm1,
        pitch_cm1=resolution_cm1 / 3.0,
        noise=2e-3,
        laser_cm1=1e7 / laser_nm,
    )


INSTRUMENTS: dict[str, tuple[Instrument, ...]] = {
    "IR": (
        Instrument(
            name="FTIR transmission", start_cm1=400.0, stop_cm1=4000.0, resolution_cm1=4.0, pitch_cm1=2.0, noise=4e-4
        ),
        Instrument(
            name="FTIR ATR diamond",
            start_cm1=400.0,
            stop_cm1=4000.0,
            resolution_cm1=4.0,
            pitch_cm1=2.0,
            noise=1e-3,
            attenuated=True,
        ),
        Instrument(
            name="FTIR ATR ZnSe",
            start_cm1=650.0,
            stop_cm1=4000.0,
            resolution_cm1=8.0,
            pitch_cm1=4.0,
            noise=1e-3,
            attenuated=True,
        ),
        Instrument(
            name="FTIR microscope", start_cm1=900.0, stop_cm1=1800.0, resolution_cm1=8.0, pitch_cm1=4.0, noise=2e-3
        ),
        Instrument(
            name="FTIR fibre probe",
            start_cm1=430.0,
            stop_cm1=1830.0,
            resolution_cm1=8.0,
            pitch_cm1=4.0,
            noise=2e-3,
            attenuated=True,
        ),
    ),
    "RAMAN": (
        _raman("Raman 785 nm", 100.0, 3500.0, 5.0, 785.0),
        _raman("Raman 785 nm handheld", 250.0, 2000.0, 9.0, 785.0),
        _raman("Raman 532 nm microscope", 75.0, 1600.0, 2.5, 532.0),
        _raman("Raman 532 nm", 100.0, 4000.0, 6.0, 532.0),
        _raman("FT-Raman 1064 nm", 100.0, 3500.0, 4.0, 1064.0),
        _raman("Raman 830 nm probe", 450.0, 1800.0, 7.0, 830.0),
    ),
    "NIR": (
        Instrument(name="FT-NIR", start_cm1=4000.0, stop_cm1=10000.0, resolution_cm1=16.0, pitch_cm1=8.0, noise=2e-4),
        _nir("NIR grating 1100-2500 nm", 1100.0, 2498.0, 10.0, 2.0, 2e-4),
        _nir("NIR array 950-1650 nm", 950.0, 1650.0, 8.0, 2.0, 5e-4),
        _nir("NIR linear-variable filter 908-1676 nm", 908.0, 1676.0, 12.5, 6.2, 1e-3),
        _nir("NIR silicon 740-1070 nm", 740.0, 1070.0, 12.0, 1.0, 1e-3),
        _nir("NIT 850-1050 nm", 850.0, 1050.0, 7.0, 2.0, 5e-4),
    ),
}
