"""Copies of a measurement meet and are known again; other measurements are not joined; nothing is left out unsaid."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.corpus.neighbours import candidates as candidates_module
from spektron.corpus.neighbours.near import (
    MAX_DISTANCE,
    MAX_DISTANCE_ACROSS,
    NUM_KEYS,
    candidate_pairs,
    components,
    near_duplicates,
    near_duplicates_among,
    relative_distance,
    sketch,
)
from spektron.spectra import MODALITIES, NUM_POINTS, AxisUnit, Spectrum, spectrum_from_xy
from spektron.spectra.spectrum import SpectrumBatch

PLACES = 1 << candidates_module.ORDER_BITS


def spectrum(x: np.ndarray, y: np.ndarray, modality: str = "IR") -> Spectrum:
    return spectrum_from_xy(x, y, unit=AxisUnit.CM1, modality=modality, spectrum_id="s", source="s", compound_id="s")


def batch(*spectra: Spectrum) -> SpectrumBatch:
    return SpectrumBatch(
        intensity=np.stack([s.intensity for s in spectra]),
        wavenumber_start_cm1=np.array([s.wavenumber_start_cm1 for s in spectra], dtype=np.float32),
        wavenumber_stop_cm1=np.array([s.wavenumber_stop_cm1 for s in spectra], dtype=np.float32),
        modality=np.array([MODALITIES.index(s.modality) for s in spectra]),
    )


def keys(spectra: SpectrumBatch) -> np.ndarray:
    return sketch(spectra.modality, spectra.wavenumber_start_cm1, spectra.wavenumber_stop_cm1, spectra.intensity)


def bands(seed: int, start: float = 400.0, stop: float = 4000.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.linspace(start, stop, int(stop - start) + 1)
    centre, width = rng.uniform(400, 4000, 30), rng.uniform(8, 40, 30)
    return x, (rng.random(30) / (1 + ((x[:, None] - centre) / width) ** 2)).sum(axis=1)


def distance(one: Spectrum, other: Spectrum) -> float:
    return float(relative_distance(batch(one), batch(other))[0])


COPIES = {
    "scale and offset": lambda x, y: (x, -40.0 + 1234.5 * y),
    "three decimals": lambda x, y: (x, np.round(y / y.max(), 3)),
    "half precision": lambda x, y: (x, (100 * y / y.max()).astype(np.float16).astype(float)),
    "every 5 cm-1": lambda x, y: (x[::5], y[::5]),
    "cut below": lambda x, y: (x[400:], y[400:]),
    "cut above": lambda x, y: (x[:-700], y[:-700]),
    "descending": lambda x, y: (x[::-1], y[::-1]),
}


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("seed", range(4))
def test_a_copy_meets_its_original_and_is_known_again(name: str, seed: int) -> None:
    x, y = bands(seed)
    both = batch(spectrum(x, y), spectrum(*COPIES[name](x, y)))
    met = [pair for block in candidate_pairs(keys(both)) for pair in block.pairs.tolist()]
    assert met == [[0, 1]]
    assert near_duplicates(both.take(slice(0, 1)), both.take(slice(1, 2))).tolist() == [True]


def test_other_spectra_are_not_joined() -> None:
    many = batch(*(spectrum(*bands(seed)) for seed in range(40)))
    i, j = np.triu_indices(40, 1)
    assert not near_duplicates(many.take(i), many.take(j)).any()
    assert sum(len(block.pairs) for block in candidate_pairs(keys(many))) <= 4  # of 780


def test_two_noisy_scans_of_one_sample_are_two_measurements_and_a_coarse_copy_of_one_is_none() -> None:
    rng = np.random.default_rng(0)
    x, y = bands(3, 100.0, 1500.0)
    scan, again = (y + 0.02 * y.max() * rng.standard_normal(len(x)) for _ in range(2))
    original = spectrum(x, scan, "RAMAN")
    coarse = spectrum(x[::4], scan[::4], "RAMAN")
    assert distance(original, coarse) <= MAX_DISTANCE
    assert distance(original, spectrum(x, again, "RAMAN")) > MAX_DISTANCE_ACROSS
    assert distance(original, spectrum(x[::4], again[::4], "RAMAN")) > MAX_DISTANCE_ACROSS


def test_across_sources_a_copy_of_few_points_made_finer_is_known_again() -> None:
    """Published every 6 cm-1; another library drew straight lines between the points, read them every 2 cm-1."""
    x, y = bands(0)
    finer = np.arange(402.0, 3999.0, 2.0)
    published, library = spectrum(x[::6], y[::6]), spectrum(finer, np.interp(finer, x[::6], y[::6]))
    assert MAX_DISTANCE < distance(published, library) <= MAX_DISTANCE_ACROSS
    twice = batch(published, published), batch(library, library)
    assert near_duplicates(*twice, across=[False, True]).tolist() == [False, True]


def test_the_distance_is_that_of_centred_unit_vectors() -> None:
    """Over whole periods sin and cos are orthogonal and of one length: (sin, sin + e cos) lie at the angle atan(e)."""
    x = np.linspace(1024.0, 2048.0, NUM_POINTS)
    phase = 2 * np.pi * (x - 1024.0) / 256.0
    for e in (0.5, 0.05, 0.004):
        expected = 2 * np.sin(np.arctan(e) / 2)
        found = distance(spectrum(x, np.sin(phase)), spectrum(x, 3 * np.sin(phase) + 3 * e * np.cos(phase) + 7))
        assert found == pytest.approx(expected, rel=0.02)
    assert distance(spectrum(x, np.sin(phase)), spectrum(x, -np.sin(phase))) == pytest.approx(2.0)


def test_what_overlaps_too_little_or_is_of_another_modality_cannot_be_compared() -> None:
    x, y = bands(1)
    whole = spectrum(x, y)
    assert distance(whole, spectrum(x[:1850], y[:1850])) <= MAX_DISTANCE  # 51 % of the longer, all of the shorter
    assert distance(whole, spectrum(x[:1750], y[:1750])) == np.inf  # 49 % of the longer
    assert distance(spectrum(x[:2000], y[:2000]), spectrum(x[450:2450], y[450:2450])) == np.inf  # 77 % of both
    assert distance(whole, spectrum(x, y, "RAMAN")) == np.inf
    assert distance(spectrum(x[:200], y[:200]), spectrum(x[:200], y[:200])) == np.inf  # 12 cells


def test_a_row_s_keys_depend_on_that_row_alone() -> None:
    many = batch(*(spectrum(*bands(seed, 400.0 + 37 * seed)) for seed in range(20)))
    together = keys(many)
    alone = np.concatenate([keys(many.take(slice(row, row + 1))) for row in range(20)])
    np.testing.assert_array_equal(together, alone)
    assert (together != 0).all()


def test_keys_are_the_same_on_every_machine() -> None:
    """Made of whole numbers, so that no library's rounding enters the input; the keys were written down once."""
    point = np.arange(NUM_POINTS)
    curve = np.minimum(abs(point - 300) % 211, 97) * 3.0 + (point * 7919 % 64)
    found = sketch([0], [400.0], [4000.0], curve[None].astype(np.float32))
    assert [f"{key:016x}" for key in found[0]] == GOLDEN


GOLDEN = [
    "9b57bdab7526d5a6",
    "4f8b03e940980539",
    "6bfb87e35606acd0",
    "f378cf2a26983b7e",
    "e4ba19fee566eefb",
    "0d2825928486baa4",
]


def test_a_straight_line_or_a_short_range_has_no_key() -> None:
    x = np.linspace(0.0, 1.0, NUM_POINTS)
    curves = np.stack([3.0 * x + 1.0, np.sin(9 * x), np.sin(9 * x)]).astype(np.float32)
    found = sketch([0, 0, 2], [400.0, 400.0, 4000.0], [4000.0, 900.0, 5000.0], curves)
    assert found.shape == (3, NUM_KEYS)
    assert not found.any()
    assert sketch([], [], [], np.zeros((0, NUM_POINTS), np.float32)).shape == (0, NUM_KEYS)


def test_tails_without_bands_do_not_meet() -> None:
    """One band each, at its own place, on the same slope: what they share is what holds no band."""
    x = np.linspace(400.0, 4000.0, NUM_POINTS)
    rows = [x / 400 + np.exp(-(((x - centre) / 30) ** 2)) for centre in np.linspace(600, 3800, 60)]
    found = keys(batch(*(spectrum(x, y) for y in rows)))
    _, counts = np.unique(found[found > 0] // PLACES, return_counts=True)
    assert counts.max() <= 6


def brute(rows: np.ndarray, tolerance: int) -> set[tuple[int, int]]:
    pairs = set()
    for i, j in itertools.combinations(range(len(rows)), 2):
        for a, b in itertools.product(rows[i].tolist(), rows[j].tolist()):
            if a and b and a // PLACES == b // PLACES and abs(a - b) <= tolerance:
                pairs.add((i, j))
    return pairs


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_candidates_are_all_that_share_a_bucket_and_a_place(data: st.DataObject) -> None:
    bucket = st.sampled_from([0, 1, 2, (1 << 44) - 1])
    key = st.builds(lambda b, place: b * PLACES + place if b else 0, bucket, st.integers(0, 40))
    rows = np.array(data.draw(st.lists(st.lists(key, min_size=3, max_size=3), min_size=1, max_size=12)), np.uint64)
    blocks = list(candidate_pairs(rows, reach=100, tolerance=10 * candidates_module.ORDER_STEP))
    found = [tuple(pair) for block in blocks for pair in block.pairs.tolist()]
    assert set(found) == brute(rows, 10)
    assert sum(block.num_left_out for block in blocks) == 0


def test_ranges_of_keys_lose_no_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 1 << 44, (300, 4), dtype=np.uint64) * np.uint64(PLACES)
    rows[100:200] = rows[:100]
    rows[200:, 0] = rows[:100, 3]
    whole = {tuple(pair) for block in candidate_pairs(rows) for pair in block.pairs.tolist()}
    monkeypatch.setattr(candidates_module, "_KEYS_AT_A_TIME", 37)
    blocks = list(candidate_pairs(rows))
    assert len(blocks) == -(-1200 // 37)
    assert {tuple(pair) for block in blocks for pair in block.pairs.tolist()} == whole
    assert len(whole) == 300


def test_a_giant_bucket_costs_its_size_times_the_reach_and_the_rest_is_counted() -> None:
    rows = np.full((5000, 1), 7 * PLACES, dtype=np.uint64)
    (block,) = candidate_pairs(rows, reach=8)
    assert len(block.pairs) == 5000 * 8 - 8 * 9 // 2
    assert len(block.pairs) + block.num_left_out == 5000 * 4999 // 2


def test_no_keys_give_no_pairs() -> None:
    assert list(candidate_pairs(np.zeros((0, NUM_KEYS), np.uint64))) == []
    (block,) = candidate_pairs(np.zeros((50, NUM_KEYS), np.uint64))
    assert len(block.pairs) == 0
    assert block.num_left_out == 0


@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=20))
def test_components_are_what_chains_of_pairs_reach(pairs: list[tuple[int, int]]) -> None:
    label = list(range(15))
    for _ in range(15):
        for i, j in pairs:
            label[i] = label[j] = min(label[i], label[j])
    assert components(15, pairs).tolist() == label


def test_no_rows_have_no_components() -> None:
    assert components(0, []).shape == (0,)


def test_pairs_that_share_rows_are_judged_alike() -> None:
    x, y = bands(7)
    spectra = batch(
        spectrum(x, y),
        spectrum(*COPIES["every 5 cm-1"](x, y)),
        spectrum(*COPIES["cut below"](x, y)),
        spectrum(*bands(8)),
        spectrum(x[:900], y[:900]),  # too little in common to be compared
        spectrum(x, y, "RAMAN"),
    )
    pairs = np.array([[i, j] for i in range(6) for j in range(i, 6)])
    apart = near_duplicates(spectra.take(pairs[:, 0]), spectra.take(pairs[:, 1]), across=True)
    assert near_duplicates_among(spectra, pairs, across=True).tolist() == apart.tolist()
    assert {tuple(pair) for pair in pairs[apart].tolist()} == {(0, 1), (0, 2), (1, 2), *((i, i) for i in range(6))}
