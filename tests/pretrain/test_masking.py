from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
import torch
from chemotools.datasets import load_coffee
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.signal import find_peaks, savgol_filter

from spektron.model import SCALES
from spektron.model.patches import touched_windows
from spektron.pretrain import HELD_OUT_MASK, MaskConfig, MaskKind, draw_masks
from spektron.pretrain.masking import _curvature
from spektron.spectra.spectrum import NUM_POINTS
from tests.pretrain.stand_in import make_batch

KINDS = get_args(MaskKind)
INTENSITY = make_batch(8).intensity

configs = st.builds(
    MaskConfig,
    kind=st.sampled_from(KINDS) | st.dictionaries(st.sampled_from(KINDS), st.floats(0.1, 10.0), min_size=1),
    ratio=st.floats(0.02, 0.85),
    region_points=st.sampled_from([16, 32, 64, 128, 256]),
    num_spans=st.integers(1, 16),
)


@settings(max_examples=60, deadline=None)
@given(config=configs, key=st.tuples(st.integers(0, 2**31), st.integers(0, 10**6)))
def test_every_row_hides_the_ratio_and_shows_something(config: MaskConfig, key: tuple[int, int]) -> None:
    masks = draw_masks(config, INTENSITY, key)
    assert masks.dtype == np.bool_
    assert masks.shape == INTENSITY.shape
    assert set(masks.sum(axis=1)) == {config.num_masked}
    assert 0 < config.num_masked < NUM_POINTS
    coarsest = config.num_spans if config.kind == "contiguous" else config.region_points
    assert abs(config.num_masked - config.ratio * NUM_POINTS) <= coarsest


@settings(max_examples=40, deadline=None)
@given(config=configs, step=st.integers(1, 10**6), world_size=st.sampled_from([1, 2, 4]))
def test_a_row_of_the_global_batch_has_one_mask_whatever_the_number_of_workers(
    config: MaskConfig, step: int, world_size: int
) -> None:
    alone = draw_masks(config, INTENSITY, (7, step))
    for rank in range(world_size):
        share = INTENSITY[rank::world_size]  # as `Corpus.stream` deals out the rows of a global batch
        found = draw_masks(config, share, (7, step), rank=rank, world_size=world_size)
        np.testing.assert_array_equal(found, alone[rank::world_size])


@pytest.mark.parametrize("kind", KINDS)
def test_seed_and_step_both_count(kind: MaskKind) -> None:
    config = MaskConfig(kind=kind)
    first = draw_masks(config, INTENSITY, (0, 1))
    np.testing.assert_array_equal(first, draw_masks(config, INTENSITY, (0, 1)))
    assert (first != draw_masks(config, INTENSITY, (0, 2))).any(axis=1).all()
    assert (first != draw_masks(config, INTENSITY, (1, 1))).any(axis=1).all()
    assert len(np.unique(first, axis=0)) == len(INTENSITY), "rows share a mask"


@pytest.mark.parametrize("kind", ["random", "contiguous"])
def test_only_peak_masks_look_at_intensities(kind: MaskKind) -> None:
    other = make_batch(8, seed=1).intensity
    config = MaskConfig(kind=kind)
    np.testing.assert_array_equal(draw_masks(config, INTENSITY, (0,)), draw_masks(config, other, (0,)))


@settings(max_examples=30, deadline=None)
@given(spans=st.integers(1, 16), seed=st.integers(0, 10**6))
def test_contiguous_masks_are_spans_of_equal_length(spans: int, seed: int) -> None:
    config = MaskConfig(kind="contiguous", num_spans=spans)
    length = config.num_masked // spans
    for row in draw_masks(config, INTENSITY, (seed,)):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(np.int8), [0]])))
        runs = edges[1::2] - edges[::2]
        assert len(runs) <= spans
        assert (runs % length == 0).all(), "spans that touch make one run of a multiple of their length"


def test_contiguous_masks_reach_both_ends_and_all_in_between() -> None:
    rows = np.zeros((4000, NUM_POINTS), np.float32)
    often = draw_masks(MaskConfig(kind="contiguous", num_spans=1), rows, (0,)).mean(axis=0)
    assert often[0] > 0.0
    assert often[-1] > 0.0
    assert often[600:1400].min() > 0.25
    assert often[600:1400].max() < 0.42


def test_random_masks_hide_every_region_equally_often() -> None:
    rows = np.zeros((4000, NUM_POINTS), np.float32)
    often = draw_masks(MaskConfig(ratio=0.25), rows, (0,)).mean(axis=0)
    np.testing.assert_allclose(often, 0.25, atol=0.035)  # five standard errors


def test_peak_masks_prefer_regions_with_a_band() -> None:
    x = np.arange(NUM_POINTS)
    band = np.exp(-(((x - 1000.0) / 20.0) ** 2)).astype(np.float32)
    often = draw_masks(MaskConfig(kind="peak", ratio=0.1), np.tile(band, (500, 1)), (0,)).mean(axis=0)
    assert often[1000] > 0.8
    assert 0.0 < often[100] < 0.2, "a flat stretch is hidden less often, but is hidden"


@pytest.mark.parametrize("scale", [1e-20, 1e6])
def test_peak_masks_do_not_depend_on_the_unit(scale: float) -> None:
    config = MaskConfig(kind="peak")
    plain = draw_masks(config, INTENSITY, (0,))
    scaled = draw_masks(config, (INTENSITY * scale).astype(np.float32), (0,))
    assert (plain == scaled).mean() > 0.99


def test_a_flat_row_can_have_a_peak_mask() -> None:
    config = MaskConfig(kind="peak")
    assert draw_masks(config, np.ones((2, NUM_POINTS), np.float32), (0,)).sum() == 2 * config.num_masked


def test_peak_masks_hide_more_bands_of_real_spectra() -> None:
    spectra = load_coffee()[0].to_numpy(dtype=np.float64)
    places = np.linspace(0, spectra.shape[1] - 1, NUM_POINTS)
    rows = np.stack([np.interp(places, np.arange(len(row)), row) for row in spectra]).astype(np.float32)
    bands = np.zeros(rows.shape, dtype=bool)
    for row, band in zip(rows.astype(np.float64), bands, strict=True):
        band[find_peaks(row, prominence=0.05 * np.ptp(row))[0]] = True
    assert bands.sum() > 100

    def hidden(kind: MaskKind) -> float:
        draws = [draw_masks(MaskConfig(kind=kind), rows, (0, step)) for step in range(40)]
        return float(np.mean([masks[bands].mean() for masks in draws]))

    assert hidden("random") == pytest.approx(0.25, abs=0.03)
    assert hidden("peak") > 0.35


def test_curvature_is_that_of_scipy_and_of_no_slope() -> None:
    expected = savgol_filter(INTENSITY.astype(np.float64), 15, 3, deriv=2, axis=1)[:, 2::4]
    np.testing.assert_allclose(_curvature(INTENSITY)[:, 2:-2], expected[:, 2:-2], atol=2e-6)
    line = np.linspace(40_000, 10_000, NUM_POINTS, dtype=np.float32)[None]
    assert np.abs(_curvature(line)).max() < 1e-3  # a float32 at this height is good to 4e-3


def test_rows_of_a_mixture_get_its_kinds_by_weight() -> None:
    # Told apart by length: regions of 256 points on a grid, or one span of 512 points anywhere.
    mask = MaskConfig(kind={"random": 1, "contiguous": 3}, region_points=256, num_spans=1)
    masks = draw_masks(mask, np.zeros((4000, NUM_POINTS), np.float32), (0,))
    whole = masks.reshape(len(masks), -1, 256).mean(axis=2)
    on_grid = ((whole == 0.0) | (whole == 1.0)).all(axis=1)
    assert on_grid.mean() == pytest.approx(0.25, abs=0.035)  # five standard errors
    assert set(masks.sum(axis=1)) == {512}


def test_a_mixture_draws_the_same_however_its_weights_are_written() -> None:
    one, other = MaskConfig(kind={"peak": 2, "random": 2, "contiguous": 4}), {"contiguous": 2, "random": 1, "peak": 1}
    again = draw_masks(MaskConfig(kind=other), INTENSITY, (0,))
    np.testing.assert_array_equal(draw_masks(one, INTENSITY, (0,)), again)
    assert MaskConfig(kind={"peak": 2.0}) == MaskConfig(kind="peak")


def test_spans_beside_other_kinds_fill_the_regions_count_and_differ_by_a_point() -> None:
    mask = MaskConfig(kind={"random": 1, "contiguous": 1000}, num_spans=3)
    rows = draw_masks(mask, np.zeros((20, NUM_POINTS), np.float32), (3,))
    for row in rows:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(np.int8), [0]])))
        runs = edges[1::2] - edges[::2]
        assert runs.sum() == 512
        if len(runs) == 3:
            assert sorted(runs) == [170, 171, 171]


def test_regions_leave_tokens_to_see_at_every_scale() -> None:
    # The shares the module promises for a quarter of the points in regions of 64.
    masks = torch.from_numpy(draw_masks(MaskConfig(), np.zeros((500, NUM_POINTS), np.float32), (0,)))
    most = {name: touched_windows(masks, scale).float().mean(dim=1).max().item() for name, scale in SCALES.items()}
    assert most["coarse"] <= 0.52
    assert most["medium"] <= 0.39
    assert most["fine"] <= 0.29


def test_held_out_spans_are_wider_than_the_coarse_window() -> None:
    assert HELD_OUT_MASK.num_masked // HELD_OUT_MASK.num_spans > SCALES["coarse"].patch


@pytest.mark.parametrize(
    "fields", [{"ratio": 0.99}, {"ratio": 0.0}, {"kind": "contiguous", "ratio": 1e-4}, {"region_points": 100}]
)
def test_masks_without_both_sides_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MaskConfig(**fields)
