from __future__ import annotations

import numpy as np
import pytest

from spektron.spectra import MODALITIES, NUM_POINTS
from spektron.spectra.modality import check_range
from spektron.spectra.response import raman_factor
from spektron.spectra.simulate import BLOCK_SPECTRA, SimulatedBlock, simulate_block


@pytest.fixture(scope="module")
def block() -> SimulatedBlock:
    return simulate_block(0, 0, MODALITIES)


def test_a_block_is_finite_and_of_the_schemas_shape(block: SimulatedBlock) -> None:
    assert block.intensity.shape == (BLOCK_SPECTRA, NUM_POINTS)
    assert block.intensity.dtype == np.float32
    assert np.isfinite(block.intensity).all()
    assert np.ptp(block.intensity, axis=1).min() > 0


def test_a_block_depends_on_seed_and_number_only(block: SimulatedBlock) -> None:
    simulate_block(5, 5, ("NIR",))  # what was simulated before does not matter
    again = simulate_block(0, 0, MODALITIES)
    np.testing.assert_array_equal(again.intensity, block.intensity)
    assert again.instrument == block.instrument
    for other in (simulate_block(0, 1, MODALITIES), simulate_block(1, 0, MODALITIES)):
        assert not np.isclose(other.intensity, block.intensity).all(axis=1).any()


def test_each_sample_is_measured_once_in_each_modality(block: SimulatedBlock) -> None:
    measured = list(zip(block.molecule.tolist(), block.modality, strict=True))
    assert len(set(measured)) == BLOCK_SPECTRA
    assert set(block.modality) == set(MODALITIES)


def test_axes_are_those_of_instruments(block: SimulatedBlock) -> None:
    for modality, start, stop in zip(
        block.modality, block.wavenumber_start_cm1, block.wavenumber_stop_cm1, strict=True
    ):
        assert start < stop
        check_range(modality, start, stop)


def test_two_modalities_of_one_sample_are_not_copies_but_share_bands() -> None:
    """Band positions of IR and Raman agree within a sample and differ between samples."""
    from scipy.signal import find_peaks

    block = simulate_block(2, 0, ("IR", "RAMAN"))
    grid = np.arange(1000.0, 1750.0, 2.0)

    def peaks(row: int) -> np.ndarray:
        axis = np.linspace(block.wavenumber_start_cm1[row], block.wavenumber_stop_cm1[row], NUM_POINTS)
        curve = np.interp(grid, axis, block.intensity[row])
        return grid[find_peaks(curve, prominence=0.1 * np.ptp(curve))[0]]

    def agreement(ir: int, raman: int) -> float:
        a, b = peaks(ir), peaks(raman)
        return float(np.mean(np.abs(a[:, None] - b).min(axis=1) < 8)) if len(a) and len(b) else np.nan

    pairs = range(0, BLOCK_SPECTRA, 2)
    same = np.nanmean([agreement(i, i + 1) for i in pairs])
    other = np.nanmean([agreement(i, (i + 3) % BLOCK_SPECTRA) for i in pairs])
    assert same > 1.5 * other


def test_raman_lines_near_the_laser_are_stronger() -> None:
    shift = np.array([200.0, 1000.0, 3000.0])
    factor = raman_factor(shift, np.full(3, 1e7 / 785.0))
    assert factor[1] == 1.0
    assert factor[0] > 5.0
    assert factor[2] < 0.2
