"""No function of a masked point reaches the encoder's output.

Whatever stands under the mask, infinities and NaN included, the output is the same bit for bit: at every set of scales,
for every kind of mask, every normalisation, every backbone and all that preprocessing makes of a spectrum, while
training and while evaluating. And a visible point does change the output, so that the comparison can fail.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from spektron.model import SCALES, Backbone, EncoderConfig, MaskedReconstructor, Merge, Normalisation, SpectrumEncoder
from spektron.model.patches import touched_windows
from spektron.pretrain import MaskConfig, MaskKind, draw_masks
from spektron.pretrain.data import to_tensors
from tests.model.spectra import tiny
from tests.pretrain.stand_in import make_batch

SUBSETS = [*(subset for size in (1, 2, 3) for subset in combinations(SCALES, size)), ("24/8", "64/64", "100/4")]
ANYTHING = [np.inf, -np.inf, np.nan, 1e30, -1e30, 3.4e38, 1e-40, -0.0, 0.0, 1.0, -7.5]

WAY = ("scales", "merge", "kind", "normalisation", "backbone")
# Each with one kind of mask and one backbone, so that each pair of ways meets.
EVERY_WAY = [
    pytest.param(*way, id="-".join(("+".join(way[0]), *way[1:])))
    for i, subset in enumerate(SUBSETS)
    for j, merge in enumerate(get_args(Merge))
    for k, normalisation in enumerate(get_args(Normalisation))
    for kind, backbone in ((get_args(MaskKind)[(i + j + k) % 3], get_args(Backbone)[(i + k) % 3]),)
    for way in ((subset, merge, kind, normalisation, backbone),)
]

masks = st.tuples(st.floats(0.05, 0.5), st.sampled_from([16, 64, 256]), st.integers(1, 5))
seeds = st.integers(0, 2**32 - 1)


def bits(tensor: Tensor) -> NDArray[np.int32]:
    """NaN equals itself and 0.0 differs from -0.0, as bits."""
    return tensor.detach().contiguous().numpy().view(np.int32)


def encode(
    encoder: SpectrumEncoder, intensity: NDArray[np.float32], mask: NDArray[np.bool_], seed: int = 0
) -> list[Tensor]:
    """Through `to_tensors`, the way every batch goes."""
    batch = replace(make_batch(len(intensity)), intensity=intensity)
    torch.manual_seed(seed)  # of dropout, which the training mode draws
    return list(encoder(*to_tensors(batch, mask, torch.device("cpu"))))


def disturbed(
    intensity: NDArray[np.float32], where: NDArray[np.bool_], generator: np.random.Generator
) -> NDArray[np.float32]:
    """Anything in place of the points named: a single value for all of them, or each its own."""
    pool = np.array(ANYTHING, np.float32)
    drawn = generator.choice(pool, size=1 if generator.random() < 0.5 else int(where.sum()))
    changed = intensity.copy()
    changed[where] = drawn
    return changed


@pytest.mark.parametrize(WAY, EVERY_WAY)
@settings(max_examples=2, deadline=None)
@given(shape=masks, seed=seeds, training=st.booleans())
def test_a_masked_point_changes_nothing(
    scales: tuple[str, ...],
    merge: Merge,
    kind: MaskKind,
    normalisation: Normalisation,
    backbone: Backbone,
    shape: tuple[float, int, int],
    seed: int,
    training: bool,
) -> None:
    generator = np.random.default_rng(seed)
    encoder = SpectrumEncoder(
        tiny(
            scales=scales,
            merge=merge,
            layers=max(2, len(scales)),
            normalisation=normalisation,
            dropout=0.1,
            backbone=backbone,
        )
    ).train(training)
    intensity = make_batch(2, seed).intensity
    ratio, region, spans = shape
    # Peak masks are drawn from what they hide; the mask is then held, and what it hides is changed.
    mask = draw_masks(MaskConfig(kind=kind, ratio=ratio, region_points=region, num_spans=spans), intensity, (seed,))

    expected = encode(encoder, intensity, mask, seed)
    found = encode(encoder, disturbed(intensity, mask, generator), mask, seed)

    for one, other in zip(expected, found, strict=True):
        assert one.dtype == torch.float32
        assert bool(torch.isfinite(one).all())
        np.testing.assert_array_equal(bits(one), bits(other))


@pytest.mark.parametrize(WAY, EVERY_WAY)
def test_a_visible_point_changes_the_output(
    scales: tuple[str, ...], merge: Merge, kind: MaskKind, normalisation: Normalisation, backbone: Backbone
) -> None:
    config = tiny(
        scales=scales, merge=merge, layers=max(2, len(scales)), normalisation=normalisation, backbone=backbone
    )
    encoder = SpectrumEncoder(config).eval()
    intensity = make_batch(1).intensity
    mask = draw_masks(MaskConfig(kind=kind), intensity, (0,))
    scale = encoder.scales[-1]
    window = int(np.flatnonzero(~touched_windows(torch.from_numpy(mask), scale).numpy()[0])[0])
    changed = intensity.copy()
    changed[0, window * scale.stride + scale.patch // 2] += 0.5

    before, after = encode(encoder, intensity, mask), encode(encoder, changed, mask)

    assert not torch.equal(before[0], after[0]), "the tokens do not see a visible point"
    assert not torch.equal(before[1], after[1]), "[CLS] does not see a visible point"


@pytest.mark.parametrize("normalisation", get_args(Normalisation))
def test_a_visible_point_is_not_seen_by_tokens_in_other_rows(normalisation: Normalisation) -> None:
    encoder = SpectrumEncoder(tiny(normalisation=normalisation)).eval()
    intensity, mask = make_batch(2).intensity, np.zeros((2, 2048), bool)
    changed = intensity.copy()
    changed[0, 1000] += 1.0

    before, after = encode(encoder, intensity, mask), encode(encoder, changed, mask)

    assert not torch.equal(before[0][0], after[0][0])
    np.testing.assert_array_equal(bits(before[0][1]), bits(after[0][1]))


@settings(max_examples=15, deadline=None)
@given(seed=seeds, kind=st.sampled_from(get_args(MaskKind)), normalisation=st.sampled_from(get_args(Normalisation)))
def test_no_gradient_reaches_a_masked_point(seed: int, kind: MaskKind, normalisation: Normalisation) -> None:
    model = MaskedReconstructor(tiny(normalisation=normalisation))
    batch = make_batch(2, seed)
    mask = draw_masks(MaskConfig(kind=kind), batch.intensity, (seed,))
    tensors = to_tensors(batch, mask, torch.device("cpu"))
    intensity = tensors.intensity.clone().requires_grad_()

    out = model(*tensors._replace(intensity=intensity))
    (out.values.square().sum() + out.center.sum() + out.scale.sum() + out.encoded.cls.square().sum()).backward()

    assert intensity.grad is not None
    gradient = intensity.grad[:, 0]
    assert bool((gradient[tensors.mask] == 0.0).all())
    # Of "none", a point whose every window is touched is not seen either; of the others, each one moves the statistics.
    assert bool((gradient[~tensors.mask] != 0.0).any())


@pytest.mark.parametrize("normalisation", get_args(Normalisation))
def test_a_spectrum_that_is_wholly_masked_says_nothing(normalisation: Normalisation) -> None:
    encoder = SpectrumEncoder(tiny(normalisation=normalisation)).eval()
    mask = np.ones((2, 2048), bool)
    generator = np.random.default_rng(0)
    one = encode(encoder, make_batch(2, 0).intensity, mask)
    other = encode(encoder, disturbed(make_batch(2, 1).intensity, mask, generator), mask)

    for first, second in zip(one, other, strict=True):
        assert bool(torch.isfinite(first).all())
        np.testing.assert_array_equal(bits(first), bits(second))


def test_a_point_is_masked_in_every_channel() -> None:
    encoder = SpectrumEncoder(tiny(in_channels=3)).eval()
    batch = make_batch(2)
    mask = draw_masks(MaskConfig(), batch.intensity, (0,))
    tensors = to_tensors(batch, mask, torch.device("cpu"))
    stacked = tensors.intensity.repeat(1, 3, 1) * torch.tensor([1.0, 2.0, -1.0])[:, None]
    spoilt = stacked.masked_fill(tensors.mask.unsqueeze(1), torch.nan)

    clean, dirty = encoder(*tensors._replace(intensity=stacked)), encoder(*tensors._replace(intensity=spoilt))

    for one, other in zip(clean, dirty, strict=True):
        np.testing.assert_array_equal(bits(one), bits(other))


@pytest.mark.parametrize("merge", get_args(Merge))
def test_an_encoder_that_knows_the_instrument_does_not_leak(merge: Merge) -> None:
    encoder = SpectrumEncoder(tiny(merge=merge, layers=3, conditioning="film")).eval()
    for name, parameter in encoder.named_parameters():
        if name.endswith("film.map.weight"):
            torch.nn.init.normal_(parameter, std=0.3)  # zero before training, and nothing would pass
    batch = replace(
        make_batch(2), instrument=np.array([[2, 2, 3], [0, 1, 0]]), resolution_cm1=np.array([4.0, np.nan], np.float32)
    )
    mask = draw_masks(MaskConfig(), batch.intensity, (0,))
    spoilt = replace(batch, intensity=disturbed(batch.intensity, mask, np.random.default_rng(0)))
    known, unknown = (to_tensors(each, mask, torch.device("cpu")) for each in (batch, replace(batch, instrument=None)))

    clean, dirty, untold = encoder(*known), encoder(*to_tensors(spoilt, mask, torch.device("cpu"))), encoder(*unknown)

    for one, other, third in zip(clean[:2], dirty[:2], untold[:2], strict=True):
        assert bool(torch.isfinite(one).all())
        np.testing.assert_array_equal(bits(one), bits(other))
        assert not torch.equal(one, third), "the instrument is not seen at all"


def test_the_default_encoder_does_not_leak_either() -> None:
    encoder = SpectrumEncoder(EncoderConfig(layers=2)).eval()
    intensity = make_batch(1).intensity
    mask = draw_masks(MaskConfig(), intensity, (0,))
    changed = disturbed(intensity, mask, np.random.default_rng(0))
    for one, other in zip(encode(encoder, intensity, mask), encode(encoder, changed, mask), strict=True):
        np.testing.assert_array_equal(bits(one), bits(other))


# Each of what preprocessing makes, all of it, and filters that reach far over a mask; each with its normalisation.
MADE = [
    pytest.param(made, normalisation, id=f"{'+'.join(made)}-{normalisation}")
    for i, made in enumerate(
        (
            {"baseline": True},
            {"derivatives": (1,)},
            {"derivatives": (2,), "window": 101, "degree": 2},
            {"baseline": True, "derivatives": (1, 2)},
        )
    )
    for normalisation in (get_args(Normalisation)[i % 3], get_args(Normalisation)[(i + 1) % 3])
]


def preprocessed(made: dict[str, object], **changes: object) -> SpectrumEncoder:
    """Tokens see nothing but what preprocessing made, by what it has learned; the spectrum itself has no weight."""
    encoder = SpectrumEncoder(tiny(preprocessing=made, **changes)).eval()
    assert encoder.preprocessing is not None
    for parameter in encoder.preprocessing.parameters():
        torch.nn.init.normal_(parameter)
    with torch.no_grad():
        for embed, scale in zip(encoder.patches, encoder.scales, strict=True):
            embed.project.weight[:, : scale.patch] = 0.0
    return encoder


@pytest.mark.parametrize(("made", "normalisation"), MADE)
@settings(max_examples=6, deadline=None)
@given(kind=st.sampled_from(get_args(MaskKind)), shape=masks, seed=seeds)
def test_a_masked_point_changes_nothing_that_is_made_of_a_spectrum(
    made: dict[str, object], normalisation: Normalisation, kind: MaskKind, shape: tuple[float, int, int], seed: int
) -> None:
    encoder = preprocessed(made, normalisation=normalisation)
    intensity = make_batch(2, seed).intensity
    ratio, region, spans = shape
    mask = draw_masks(MaskConfig(kind=kind, ratio=ratio, region_points=region, num_spans=spans), intensity, (seed,))

    expected = encode(encoder, intensity, mask)
    found = encode(encoder, disturbed(intensity, mask, np.random.default_rng(seed)), mask)

    for one, other in zip(expected, found, strict=True):
        assert bool(torch.isfinite(one).all())
        np.testing.assert_array_equal(bits(one), bits(other))


@pytest.mark.parametrize(("made", "normalisation"), MADE)
def test_a_visible_point_changes_what_is_made_of_a_spectrum(
    made: dict[str, object], normalisation: Normalisation
) -> None:
    encoder = preprocessed(made, normalisation=normalisation, scales=("fine",))
    intensity, mask = make_batch(2).intensity, np.zeros((2, 2048), bool)
    mask[:, 1000:1500] = True
    changed = intensity.copy()
    changed[0, 990] += 0.5

    before, after = encode(encoder, intensity, mask), encode(encoder, changed, mask)

    assert not torch.equal(before[0][0], after[0][0]), "the tokens do not see a visible point"
    np.testing.assert_array_equal(bits(before[0][1]), bits(after[0][1]))


@pytest.mark.parametrize(("made", "normalisation"), MADE)
def test_no_gradient_reaches_a_masked_point_through_what_is_made(
    made: dict[str, object], normalisation: Normalisation
) -> None:
    encoder = preprocessed(made, normalisation=normalisation)
    batch = make_batch(2)
    mask = draw_masks(MaskConfig(), batch.intensity, (0,))
    tensors = to_tensors(batch, mask, torch.device("cpu"))
    # What lies there is not finite, so that a product with it would show.
    spoilt = tensors.intensity.masked_fill(tensors.mask.unsqueeze(1), torch.nan).requires_grad_()

    out = encoder(*tensors._replace(intensity=spoilt))
    (out.tokens.square().sum() + out.cls.square().sum()).backward()

    assert spoilt.grad is not None
    gradient = spoilt.grad[:, 0]
    assert bool((gradient[tensors.mask] == 0.0).all())
    assert bool((gradient[~tensors.mask] != 0.0).any())


@pytest.mark.parametrize("visible", [slice(0, 0), slice(700, 701), slice(500, 1500)])
@pytest.mark.parametrize(("made", "normalisation"), MADE)
def test_what_is_made_of_little_does_not_leak_either(
    made: dict[str, object], normalisation: Normalisation, visible: slice
) -> None:
    encoder = preprocessed(made, normalisation=normalisation)
    intensity, mask = make_batch(2).intensity, np.ones((2, 2048), bool)
    mask[:, visible] = False
    changed = disturbed(intensity, mask, np.random.default_rng(0))
    for one, other in zip(encode(encoder, intensity, mask), encode(encoder, changed, mask), strict=True):
        assert bool(torch.isfinite(one).all())
        np.testing.assert_array_equal(bits(one), bits(other))
