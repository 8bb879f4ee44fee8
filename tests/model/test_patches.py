from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.model import SCALES, ScaleName
from spektron.model.patches import PatchEmbedding, join_windows, touched_windows, windows
from spektron.spectra.spectrum import NUM_POINTS

COUNTS: dict[ScaleName, int] = {"fine": 255, "medium": 63, "coarse": 31}


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_the_axis_is_cut_into_windows_without_a_remainder(name: ScaleName, count: int) -> None:
    scale = SCALES[name]
    assert scale.num_tokens == count
    assert scale.stride * (count - 1) + scale.patch == NUM_POINTS


@pytest.mark.parametrize("name", COUNTS)
def test_windows_are_those_of_unfold(name: ScaleName) -> None:
    scale, values = SCALES[name], torch.randn(2, 3, NUM_POINTS)
    assert torch.equal(windows(values, scale), values.unfold(-1, scale.patch, scale.stride))


@pytest.mark.parametrize("name", COUNTS)
def test_joining_undoes_cutting(name: ScaleName) -> None:
    values = torch.randn(3, NUM_POINTS)
    assert torch.equal(join_windows(windows(values, SCALES[name]), SCALES[name]), values)


@pytest.mark.parametrize("name", COUNTS)
def test_joining_is_the_average_of_what_overlapping_windows_say(name: ScaleName) -> None:
    scale = SCALES[name]
    patches = torch.randn(2, scale.num_tokens, scale.patch)
    total, count = torch.zeros(2, NUM_POINTS), torch.zeros(NUM_POINTS)
    for token in range(scale.num_tokens):
        place = slice(token * scale.stride, token * scale.stride + scale.patch)
        total[:, place] += patches[:, token]
        count[place] += 1
    torch.testing.assert_close(join_windows(patches, scale), total / count)


@settings(max_examples=40, deadline=None)
@given(points=st.lists(st.integers(0, NUM_POINTS - 1), max_size=4), name=st.sampled_from(list(COUNTS)))
def test_a_window_is_touched_when_it_holds_a_masked_point(points: list[int], name: ScaleName) -> None:
    scale, mask = SCALES[name], np.zeros((1, NUM_POINTS), bool)
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
