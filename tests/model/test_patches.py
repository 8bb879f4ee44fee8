from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.model import EncoderConfig
from spektron.model.patches import PatchEmbedding, join_windows, overlaps, touched_windows, windows
from spektron.model.scales import SCALES, canonical_name, scale_of
from spektron.spectra.spectrum import NUM_POINTS

COUNTS = {"fine": 255, "medium": 63, "coarse": 31, "24/8": 254, "64/64": 32, "100/4": 488, "2048/1": 1}


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_the_axis_is_cut_into_windows_without_a_remainder(name: str, count: int) -> None:
    scale = scale_of(name)
    assert scale.num_tokens == count
    assert scale.stride * (count - 1) + scale.patch == NUM_POINTS


@pytest.mark.parametrize("name", COUNTS)
def test_windows_are_those_of_unfold(name: str) -> None:
    scale, values = scale_of(name), torch.randn(2, 3, NUM_POINTS)
    assert torch.equal(windows(values, scale), values.unfold(-1, scale.patch, scale.stride))


@pytest.mark.parametrize("name", COUNTS)
def test_joining_undoes_cutting(name: str) -> None:
    values = torch.randn(3, NUM_POINTS)
    torch.testing.assert_close(join_windows(windows(values, scale_of(name)), scale_of(name)), values)


@pytest.mark.parametrize("name", COUNTS)
def test_joining_is_the_average_of_what_overlapping_windows_say(name: str) -> None:
    scale = scale_of(name)
    patches = torch.randn(2, scale.num_tokens, scale.patch)
    total, count = torch.zeros(2, NUM_POINTS), torch.zeros(NUM_POINTS)
    for token in range(scale.num_tokens):
        place = slice(token * scale.stride, token * scale.stride + scale.patch)
        total[:, place] += patches[:, token]
        count[place] += 1
    torch.testing.assert_close(join_windows(patches, scale), total / count)


@settings(max_examples=40, deadline=None)
@given(points=st.lists(st.integers(0, NUM_POINTS - 1), max_size=4), name=st.sampled_from(list(COUNTS)))
def test_a_window_is_touched_when_it_holds_a_masked_point(points: list[int], name: str) -> None:
    scale, mask = scale_of(name), np.zeros((1, NUM_POINTS), bool)
    mask[0, points] = True
    expected = [
        any(token * scale.stride <= point < token * scale.stride + scale.patch for point in points)
        for token in range(scale.num_tokens)
    ]
    assert touched_windows(torch.from_numpy(mask), scale)[0].tolist() == expected


def test_a_patch_embedding_is_a_strided_convolution() -> None:
    scale = SCALES["medium"]
    embed, values = PatchEmbedding(scale, in_channels=3, dim=8), torch.randn(2, 3, NUM_POINTS)
    kernel = embed.project.weight.view(8, 3, scale.patch)
    expected = torch.nn.functional.conv1d(values, kernel, embed.project.bias, stride=scale.stride)
    torch.testing.assert_close(embed(values), expected.transpose(1, 2), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("64/48", "the last 16 of 2048 points would be in no window"),
        ("16/17", "points between windows are in none"),
        ("4096/8", "expected windows of 4 to 2048 points"),
        ("2/1", "expected windows of 4 to 2048 points"),
        ("16/0", "expected a stride of 1 to 16"),
        ("tiny", "expected fine, medium, coarse or PATCH/STRIDE in points, found 'tiny'"),
    ],
)
def test_windows_that_cannot_be_are_refused(name: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        EncoderConfig(scales=(name,))


def test_the_same_windows_have_one_name_and_one_order() -> None:
    assert canonical_name("16/8") == "fine"
    assert EncoderConfig(scales=("128/64", "32/16", "fine")).scales == ("fine", "32/16", "coarse")
    with pytest.raises(ValueError, match="each once"):
        EncoderConfig(scales=("16/8", "fine"))


def test_overlaps_are_shared_points() -> None:
    of, with_ = scale_of("medium"), scale_of("fine")
    shared = overlaps(of, with_)
    place = {token: set(range(token * of.stride, token * of.stride + of.patch)) for token in range(of.num_tokens)}
    for token, points in place.items():
        expected = [len(points & set(range(i * 8, i * 8 + 16))) for i in range(with_.num_tokens)]
        assert shared[token].tolist() == expected
