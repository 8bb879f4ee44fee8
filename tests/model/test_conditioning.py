"""What an encoder makes of what is known of the instrument."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spektron.core.errors import SpectrumError
from spektron.model import Instrument, MaskedReconstructor, Merge, Pretrained, SpectrumEncoder, num_parameters
from spektron.model.conditioning import CONDITION_DIM
from spektron.spectra import INSTRUMENT_TERMS
from tests.model.spectra import arguments, tiny
from tests.pretrain.stand_in import make_batch

NAN = float("nan")
WAYS = get_args(Merge)
SCALES = ("medium", "coarse")


def instrument(*codes: tuple[int, int, int], resolution_cm1: float | list[float] = NAN) -> Instrument:
    numbers = resolution_cm1 if isinstance(resolution_cm1, list) else [resolution_cm1] * len(codes)
    return Instrument(torch.tensor(codes), torch.tensor(numbers))


def built(conditioning: str, merge: str = "concat") -> SpectrumEncoder:
    torch.manual_seed(0)
    return SpectrumEncoder(tiny(scales=SCALES, layers=2, merge=merge, conditioning=conditioning)).eval()


def trained(merge: str = "concat") -> SpectrumEncoder:
    """An encoder after some steps towards an output that its instruments alone decide."""
    encoder = built("film", merge)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=1e-2)
    known = instrument((2, 2, 3), (4, 0, 5), (0, 0, 0), (1, 1, 1), resolution_cm1=[4.0, 16.0, NAN, 0.5])
    target = torch.tensor([1.0, -1.0, 0.5, -0.5])[:, None]
    for _ in range(5):
        loss = (encoder(*arguments(4), instrument=known).cls - target).square().mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return encoder


def cls(encoder: SpectrumEncoder, known: Instrument | None) -> Tensor:
    with torch.no_grad():
        # The same spectrum in every row, so that rows differ by their instruments alone.
        rows = len(known.codes) if known is not None else 1
        found: Tensor = encoder(*(field.expand(rows, *field.shape[1:]) for field in arguments(1)), instrument=known).cls
    return found


@pytest.mark.parametrize("merge", WAYS)
def test_before_training_it_is_the_model_without(merge: str) -> None:
    plain, film = built("none", merge), built("film", merge)
    shared = plain.state_dict()
    assert all(torch.equal(film.state_dict()[name], tensor) for name, tensor in shared.items())
    known = instrument((2, 3, 4), (10, 13, 10), resolution_cm1=[4.0, NAN])
    for told in (known, None):
        for one, other in zip(plain(*arguments()), film(*arguments(), instrument=told), strict=True):
            assert torch.equal(one, other)


def test_without_conditioning_there_is_nothing_to_pay_for() -> None:
    plain, film = built("none"), built("film")
    blocks = 2 * CONDITION_DIM * 4 * 16
    terms = CONDITION_DIM * sum(map(len, INSTRUMENT_TERMS.values()))
    resolution = 2 * CONDITION_DIM + CONDITION_DIM * (CONDITION_DIM + 1) + CONDITION_DIM
    assert num_parameters(film) - num_parameters(plain) == blocks + terms + resolution
    one, other = (plain(*arguments(), instrument=told) for told in (instrument((2, 2, 2), (3, 3, 3)), None))
    assert torch.equal(one.cls, other.cls)


@pytest.mark.parametrize("merge", WAYS)
def test_every_field_changes_the_output_of_a_trained_model(merge: str) -> None:
    encoder = trained(merge)
    changes = [(2, 2, 3), (4, 2, 3), (2, 0, 3), (2, 2, 5), (0, 0, 0), (1, 2, 3)]
    found = cls(encoder, instrument(*changes, resolution_cm1=4.0))
    for number, change in enumerate(changes[1:], 1):
        assert (found[number] - found[0]).abs().max() > 1e-4, change
    by_resolution = cls(encoder, instrument((2, 2, 3), (2, 2, 3), (2, 2, 3), resolution_cm1=[4.0, 32.0, NAN]))
    assert (by_resolution[1:] - by_resolution[0]).abs().amax(1).min() > 1e-4
    for one, other in ((0, 1), (0, 2), (1, 2)):  # not stated is neither "other" nor any term
        nothing = cls(encoder, instrument((0, 0, 0), (1, 0, 0), (2, 0, 0)))
        assert (nothing[one] - nothing[other]).abs().max() > 1e-4


def test_leaving_the_instrument_out_is_stating_nothing() -> None:
    encoder = trained()
    torch.testing.assert_close(cls(encoder, None), cls(encoder, instrument((0, 0, 0))), rtol=0.0, atol=0.0)


def test_a_spectrum_is_not_changed_by_the_instruments_of_others() -> None:
    encoder = trained()
    alone = encoder(*arguments(2), instrument=instrument((2, 2, 3), (0, 0, 0), resolution_cm1=[4.0, NAN])).cls[0]
    beside = encoder(*arguments(2), instrument=instrument((2, 2, 3), (9, 1, 5), resolution_cm1=[4.0, 64.0])).cls[0]
    torch.testing.assert_close(alone, beside, rtol=1e-5, atol=1e-6)


def test_resolutions_count_by_their_ratio_and_stay_finite() -> None:
    encoder = trained()
    assert encoder.conditioning is not None
    seen: list[Tensor] = []
    first = encoder.conditioning.resolution[0]
    assert isinstance(first, nn.Linear)
    first.register_forward_pre_hook(lambda _, args: seen.append(args[0].squeeze(1)))
    found = cls(encoder, instrument(*[(0, 0, 0)] * 4, resolution_cm1=[0.5, 1.0, 8.0, 128.0]))
    torch.testing.assert_close(seen[0], torch.tensor([-1.0, -0.75, 0.0, 1.0]))
    assert bool(found.isfinite().all())
    unstated = encoder(*arguments(1), instrument=instrument((0, 0, 0)))
    torch.autograd.backward(unstated.cls.sum())
    for name, parameter in encoder.named_parameters():
        if parameter.grad is not None:
            assert bool(parameter.grad.isfinite().all()), f"{name}: a resolution that is not stated spoils its gradient"


@pytest.fixture
def pretrained() -> Pretrained:
    torch.manual_seed(0)
    model = MaskedReconstructor(tiny(scales=("coarse",), conditioning="film"))
    for block in model.encoder.merge.blocks:
        nn.init.normal_(block.film.map.weight, std=0.1)
    return Pretrained(model=model)


def test_an_embedding_knows_the_instrument(pretrained: Pretrained, tmp_path: Path) -> None:
    plain = make_batch(3)
    told = replace(plain, instrument=np.array([[2, 2, 3], [0, 0, 0], [0, 1, 0]]))
    sharp = replace(told, resolution_cm1=np.array([np.nan, 4.0, np.nan], np.float32))
    embeddings = [pretrained.embed(each, batch_size=2).values for each in (plain, told, sharp)]
    changed = [(np.abs(one - other).max(axis=1) > 1e-3).tolist() for one, other in pairwise(embeddings)]
    assert changed == [[True, False, True], [False, True, False]]
    mask = np.zeros((3, 2048), bool)
    mask[:, 500:600] = True
    assert not np.array_equal(pretrained.reconstruct(plain, mask)[0], pretrained.reconstruct(told, mask)[0])
    pretrained.save_pretrained(tmp_path / "m")
    again = Pretrained.from_pretrained(tmp_path / "m")
    np.testing.assert_array_equal(again.embed(sharp, batch_size=2).values, embeddings[2])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"instrument": np.array([[0, 0, 0], [11, 0, 0], [0, -1, 0]])}, "beyond the vocabulary, found rows 1, 2"),
        ({"instrument": np.array([[0, 0, 0], [0, 0, 11], [0, 0, 0]])}, "beyond the vocabulary, found rows 1"),
        ({"instrument": np.zeros((3, 2), np.int64)}, "codes of type, technique, detector .* shape"),
        ({"resolution_cm1": np.array([4.0, 0.0, np.inf], np.float32)}, "resolution .* found rows 1, 2"),
    ],
)
def test_an_instrument_that_cannot_be_is_refused(
    pretrained: Pretrained, changes: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(SpectrumError, match=message):
        pretrained.embed(replace(make_batch(3), **changes))
