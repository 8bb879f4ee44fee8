from __future__ import annotations

from typing import Any, get_args

import pytest
import torch
from pydantic import ValidationError

from spektron.core.errors import SpectrumError
from spektron.model import EncoderConfig, MaskedReconstructor, Merge, Positions, SpectrumEncoder, training_flops
from spektron.model.conditioning import CONDITION_DIM
from spektron.model.flops import block_flops
from tests.model.spectra import arguments, tiny


def test_shapes() -> None:
    config = tiny(scales=("medium", "coarse"))
    intensity, start, stop, modality = arguments(3)
    out = SpectrumEncoder(config)(intensity, start, stop, modality)
    assert out.tokens.shape == (3, 94, 16)
    assert out.cls.shape == (3, 16)
    assert out.center.shape == out.scale.shape == (3, 1)


def test_a_set_of_scales_has_one_name() -> None:
    assert tiny(scales=("coarse", "fine")) == tiny(scales=("fine", "coarse"))
    with pytest.raises(ValidationError, match="at least one scale"):
        tiny(scales=())
    with pytest.raises(ValidationError, match="each once"):
        tiny(scales=("fine", "fine"))


def test_a_width_that_heads_do_not_divide_is_refused() -> None:
    with pytest.raises(ValidationError, match="multiple of heads"):
        EncoderConfig(dim=40, heads=7)


@pytest.mark.parametrize("shape", [(2, 1, 2048), (2, 2, 2048), (2, 3, 1000), (2, 2048)])
def test_another_number_of_channels_or_points_is_refused(shape: tuple[int, ...]) -> None:
    encoder = SpectrumEncoder(tiny(scales=("coarse",), in_channels=3))
    _, start, stop, modality = arguments(2)
    with pytest.raises(SpectrumError, match=r"expected intensities of shape \(batch, 3, 2048\), found"):
        encoder(torch.zeros(shape), start, stop, modality)


def test_modality_and_axis_are_seen() -> None:
    encoder = SpectrumEncoder(tiny(scales=("coarse",))).eval()
    intensity, start, stop, modality = arguments(1)
    plain = encoder(intensity, start, stop, modality).cls
    assert not torch.allclose(plain, encoder(intensity, start, stop, (modality + 1) % 3).cls)
    assert not torch.allclose(plain, encoder(intensity, start + 50.0, stop, modality).cls)


def test_without_a_mask_everything_is_visible() -> None:
    encoder = SpectrumEncoder(tiny(scales=("coarse",))).eval()
    spectra = arguments(2)
    nothing = torch.zeros(2, 2048, dtype=torch.bool)
    assert torch.equal(encoder(*spectra).tokens, encoder(*spectra, nothing).tokens)


@pytest.mark.parametrize("normalisation", ["standard", "minmax"])
def test_a_reconstruction_follows_the_intensity_unit(normalisation: str) -> None:
    model = MaskedReconstructor(tiny(scales=("coarse",), normalisation=normalisation)).eval()
    intensity, start, stop, modality = arguments(2)
    mask = torch.zeros(2, 2048, dtype=torch.bool)
    mask[:, 500:700] = True
    one, other = (model(value, start, stop, modality, mask) for value in (intensity, 8.0 * intensity + 4.0))
    torch.testing.assert_close(one.values, other.values, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(8.0 * one.scale, other.scale, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("positions", get_args(Positions))
@pytest.mark.parametrize("merge", get_args(Merge))
def test_every_parameter_is_trained(merge: Merge, positions: Positions) -> None:
    # DistributedDataParallel waits forever for the gradient of a parameter that takes no part.
    model = MaskedReconstructor(tiny(merge=merge, positions=positions, layers=3))
    mask = torch.zeros(2, 2048, dtype=torch.bool)
    mask[:, 500:700] = True
    model(*arguments(2), mask).values.square().sum().backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


@pytest.mark.parametrize("merge", get_args(Merge))
@pytest.mark.parametrize(
    "changes",
    [
        {"layers": 4},
        {"scales": ("fine", "coarse"), "layers": 2, "mlp_ratio": 4, "in_channels": 2},
        {"scales": ("32/16",)},
        {"scales": ("medium", "coarse"), "layers": 2, "conditioning": "film"},
        {"in_channels": 2, "preprocessing": {"baseline": True, "derivatives": (1, 2), "window": 9}, "layers": 3},
    ],
)
def test_operations_are_those_that_torch_counts(merge: Merge, changes: dict[str, Any]) -> None:
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    config = tiny(merge=merge, **changes)
    model = MaskedReconstructor(config)
    intensity, start, stop, modality = arguments(1)
    spectra = (intensity.expand(-1, config.in_channels, -1), start, stop, modality)
    mask = torch.zeros(1, 2048, dtype=torch.bool)
    # Attention's backward recomputes scores in the fused kernels; spelled out, it is twice the forward as counted.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(*spectra, mask).values.square().sum().backward()
    assert counter.get_total_flops() == training_flops(config)

    scales = [torch.zeros(1, scale.num_tokens, config.dim) for scale in config.windows]
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
        condition = torch.zeros(1, CONDITION_DIM) if config.conditioning == "film" else None
        model.encoder.merge(scales, torch.zeros(1, 2, config.dim), condition)
    assert counter.get_total_flops() == block_flops(config)


def test_the_mean_of_the_tokens_may_stand_for_the_spectrum() -> None:
    torch.manual_seed(0)
    chosen = SpectrumEncoder(tiny(embedding="mean")).eval()
    torch.manual_seed(0)
    usual = SpectrumEncoder(tiny()).eval()
    batch = arguments(3)
    mean, cls = chosen(*batch), usual(*batch)
    assert torch.equal(mean.tokens, cls.tokens)
    assert torch.equal(mean.cls, cls.tokens.mean(dim=1))
    assert not torch.equal(mean.cls, cls.cls)
