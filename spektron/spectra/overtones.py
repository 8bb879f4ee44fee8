"""Near-infrared bands from fundamentals: overtones of anharmonic bonds, and their combinations with bends.

A bond is a Morse oscillator: ν_n = n·ω_e − n(n+1)·ω_e·x_e, so the fundamental is ω_e(1 − 2x_e) and each overtone lies
below the multiple of it. Heights fall about tenfold with each quantum (Groh 1988, J. Chem. Phys. 89, 3478, for C-H;
Workman & Weyer, *Practical Guide to Interpretive Near-Infrared Spectroscopy*, CRC 2007, for where they fall).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spektron.spectra.groups import ANHARMONICITY, GROUPS, Mode
from spektron.spectra.molecules import NUM_SITES, Molecules

__all__ = ["morse_level_cm1", "overtone_sticks"]

Array = NDArray[np.float64]

_MAX_QUANTA = 5  # Δv = 5 of C-H lies near 13,400 cm⁻¹ (745 nm), the end of silicon spectrometers
_FALL = 0.1
# Height of a combination relative to the geometric mean of its parents, a quantum weaker: water's ν+δ (5,150) is two to
# three times as high as its 2ν (6,870), and C-H combinations (4,200-4,400) as the first overtones (5,700).
_COMBINATION = 4.0
_COUPLING_CM1 = 20.0  # x_ij: a combination lies this far below the sum of its parents
# Hydrogen bonds that broaden the O-H fundamental most also quench its overtone, so overtones show the weakly bound
# part, nearer the free O-H at 3,640: water's 2ν is then at 6,870 (1456 nm) and ν+δ at 5,150 (1940 nm), as measured.
_FREE_OH_CM1, _FREE_OH_SHARE = 3640.0, 0.45


def morse_level_cm1(fundamental_cm1: Array, anharmonicity: Array | float, quanta: Array | int) -> Array:
    """Energy of the `quanta`-th level above the ground level, from the fundamental and x_e."""
    omega = fundamental_cm1 / (1.0 - 2.0 * np.asarray(anharmonicity))
    level: Array = quanta * omega - quanta * (np.asarray(quanta) + 1.0) * omega * anharmonicity
    return level


def overtone_sticks(molecules: Molecules) -> tuple[Array, Array, Array]:
    """Positions, widths and heights of every overtone and combination.

    Returns
    -------
    centre_cm1, fwhm_cm1, height : ndarray, shape (molecules, sticks)
        Heights relative to the infrared fundamentals.
    """
    fundamental = molecules.centre_cm1[:, _STRETCH]
    fundamental = np.where(_IS_OH, fundamental + _FREE_OH_SHARE * (_FREE_OH_CM1 - fundamental), fundamental)
    stretch_ir, bend_ir = molecules.ir[:, _STRETCH], molecules.ir[:, _BEND]
    centre = morse_level_cm1(fundamental, _X_E, _QUANTA)
    centre = centre + _COMBINED * (molecules.centre_cm1[:, _BEND] - _COUPLING_CM1 * _QUANTA)
    quanta_in_all = _QUANTA + _COMBINED
    # A band of n quanta is about √n as wide as its fundamental, and never sharper than the overlap of its hot bands.
    fwhm = np.maximum(molecules.fwhm_cm1[:, _STRETCH] * 0.6 * np.sqrt(quanta_in_all), 35.0 * np.sqrt(quanta_in_all))
    parents = np.where(_COMBINED, _COMBINATION * np.sqrt(stretch_ir * bend_ir), stretch_ir)
    return centre, fwhm, parents * _FALL ** (quanta_in_all - 1)


def _table() -> list[tuple[int, int, int, str]]:
    """Rows (column of the stretch, column of the bend or −1, quanta of the stretch, bond), for every site."""
    rows: list[tuple[int, int, int, str]] = []
    column = 0
    for _ in range(NUM_SITES):
        for group in GROUPS:
            rows += _rows_of(group.modes, column)
            column += len(group.modes)
    return rows


def _rows_of(modes: tuple[Mode, ...], first_column: int) -> list[tuple[int, int, int, str]]:
    stretches = [(first_column + i, mode.bond) for i, mode in enumerate(modes) if mode.bond]
    bends = [first_column + i for i, mode in enumerate(modes) if mode.bend]
    overtones = [(column, -1, quanta, bond) for column, bond in stretches for quanta in range(2, _MAX_QUANTA + 1)]
    combinations = [
        (column, bend, quanta, bond)
        for column, bond in stretches
        if bond != "CO"
        for bend in bends
        for quanta in range(1, _MAX_QUANTA)
    ]
    return overtones + combinations


_ROWS = _table()
_STRETCH = np.array([stretch for stretch, _, _, _ in _ROWS])
_COMBINED = np.array([bend >= 0 for _, bend, _, _ in _ROWS])
_BEND = np.array([max(bend, 0) for _, bend, _, _ in _ROWS])
_QUANTA = np.array([quanta for _, _, quanta, _ in _ROWS])
_X_E = np.array([ANHARMONICITY[bond] for _, _, _, bond in _ROWS])
_IS_OH = np.array([bond == "OH" for _, _, _, bond in _ROWS])
