from __future__ import annotations

import numpy as np
import pytest

from spektron.spectra.groups import ANHARMONICITY, CLASSES, GROUPS
from spektron.spectra.modality import PLAUSIBLE_CM1
from spektron.spectra.molecules import Molecules, draw_molecules
from spektron.spectra.overtones import morse_level_cm1, overtone_sticks


def only(group_name: str) -> Molecules:
    """A sample with one group, its modes in the middle of their ranges."""
    blank = draw_molecules(np.random.default_rng(0), 1)
    modes = [(group.name, mode) for group in GROUPS for mode in group.modes]
    centre, ir = np.full(blank.ir.shape, 1000.0), np.zeros(blank.ir.shape)
    for column, (name, mode) in enumerate(modes):
        if name == group_name:
            centre[0, column], ir[0, column] = (mode.low_cm1 + mode.high_cm1) / 2, mode.ir
    return Molecules(centre_cm1=centre, fwhm_cm1=np.full(ir.shape, 20.0), ir=ir, raman=ir)


@pytest.mark.parametrize(
    ("bond", "fundamental", "quanta", "measured", "tolerance"),
    [
        # Benzene's C-H local modes, gas (Reddy, Heller & Berry 1982, J. Chem. Phys. 76, 2814).
        ("CH", 3048.0, 2, 5972.0, 60.0),
        ("CH", 3048.0, 3, 8786.0, 100.0),
        ("CH", 3048.0, 4, 11498.0, 150.0),
        ("CH", 3048.0, 5, 14072.0, 250.0),
        ("OH", 3681.0, 2, 7195.0, 60.0),  # methanol, gas (Fang, Meister & Swofford 1984, J. Phys. Chem. 88, 409)
        ("OH", 3681.0, 3, 10527.0, 100.0),
    ],
)
def test_morse_levels_lie_where_overtones_are_measured(
    bond: str, fundamental: float, quanta: int, measured: float, tolerance: float
) -> None:
    assert morse_level_cm1(np.array(fundamental), ANHARMONICITY[bond], quanta) == pytest.approx(measured, abs=tolerance)


def test_one_quantum_is_the_fundamental() -> None:
    assert morse_level_cm1(np.array(2900.0), 0.02, 1) == pytest.approx(2900.0)


def test_liquid_water_absorbs_at_1450_and_1940_nm() -> None:
    centre, _, height = (part[0] for part in overtone_sticks(only("water")))
    near = [np.flatnonzero((height > 0) & (abs(1e7 / centre - nm) < 45)) for nm in (1450.0, 1940.0)]
    assert all(len(found) > 0 for found in near)
    assert height[near[1]].max() > height[near[0]].max()  # the combination is the stronger one


def test_each_quantum_costs_about_a_factor_of_ten() -> None:
    centre, _, height = (part[0] for part in overtone_sticks(only("alkyl")))
    strongest = [height[(centre > low) & (centre < high)].max() for low, high in ((5500, 6100), (8000, 8900))]
    assert 5 < strongest[0] / strongest[1] < 20


def test_a_sample_without_anharmonic_bonds_has_no_overtones() -> None:
    assert not overtone_sticks(only("silicate"))[2].any()


def test_every_group_is_in_some_class_and_every_mode_makes_sense() -> None:
    names = {group.name for group in GROUPS}
    assert names == {name for _, present in CLASSES.values() for name in present}
    for group in GROUPS:
        for mode in group.modes:
            assert PLAUSIBLE_CM1["IR"][0] < mode.low_cm1 < mode.high_cm1 < 4000.0
            assert mode.fwhm_cm1 > 0
            assert min(mode.ir, mode.raman) >= 0
            assert mode.bond in {"", *ANHARMONICITY}


def test_groups_are_correlated_as_their_classes_say() -> None:
    molecules = draw_molecules(np.random.default_rng(1), 4000)
    first = {}
    column = 0
    for group in GROUPS:
        first[group.name] = molecules.ir[:, column] > 0
        column += len(group.modes)
    assert first["vinyl"][first["ester"]].mean() > 1.5 * first["vinyl"][~first["ester"]].mean()
    assert first["hydroxyl"][first["silicate"]].mean() > 10 * first["hydroxyl"][~first["silicate"]].mean()
