"""A view is a spectrum in its own right: what its mask hides is hidden, and it is what is to be reconstructed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spektron.model import SpectrumEncoder
from spektron.pretrain import MaskConfig, PretrainConfig, Worker, draw_masks
from spektron.pretrain.data import TensorBatch, to_tensors
from spektron.pretrain.train_step import TrainStep
from spektron.pretrain.views import ViewConfig, ViewMaker
from tests.model.spectra import tiny
from tests.pretrain.stand_in import make_batch

EFFECTS = [name for name in ViewConfig.model_fields if name != "peak_absorbance"]
CPU = torch.device("cpu")


def only(*effects: str) -> ViewConfig:
    """These effects on every row, and no others."""
    chances: dict[str, Any] = {name: {"chance": float(name in effects)} for name in EFFECTS}
    return ViewConfig.model_validate(chances)


def view_of(config: ViewConfig, batch: TensorBatch) -> Tensor:
    return ViewMaker(config)(batch.intensity[:, 0], *batch[1:4], (1, 2))


@pytest.mark.parametrize("effects", [*([name] for name in EFFECTS), EFFECTS], ids="+".join)
@pytest.mark.parametrize("kind", ["random", "contiguous", "peak"])
def test_a_hidden_point_of_a_view_changes_nothing(effects: list[str], kind: Any) -> None:
    batch = make_batch(6)
    mask = draw_masks(MaskConfig(kind=kind), batch.intensity, (3,))
    tensors = to_tensors(batch, mask, CPU)
    view = view_of(only(*effects), tensors)
    changed_rows = (view != tensors.intensity[:, 0]).any(dim=1)
    assert bool(changed_rows.any()), "the effect does nothing, so the test would say nothing"
    encoder = SpectrumEncoder(tiny()).eval()

    seen = encoder(*tensors._replace(intensity=view.unsqueeze(1)))
    for anything in (np.nan, np.inf, -3.0):
        spoilt = view.masked_fill(tensors.mask, anything)
        again = encoder(*tensors._replace(intensity=spoilt.unsqueeze(1)))
        for one, other in zip(seen, again, strict=True):
            assert torch.equal(one, other)
    other_view = view.clone()
    other_view[~tensors.mask] += 0.1 * torch.randn(int((~tensors.mask).sum()))
    assert not torch.equal(encoder(*tensors._replace(intensity=other_view.unsqueeze(1))).cls, seen.cls)


def test_what_is_reconstructed_is_the_view_and_each_view_has_masks_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    config = PretrainConfig(steps=3, batch_size=4, encoder=tiny(), views=only("gain", "baseline"), byol_weight=0.1)
    step = TrainStep(config, Worker())
    passed: list[Any] = []
    compared: list[Any] = []
    model, loss = step.objective.forward, step.loss.forward
    monkeypatch.setattr(step.objective, "forward", lambda *batch: passed.append(batch) or model(*batch))
    monkeypatch.setattr(step.loss, "forward", lambda *given: compared.append(given) or loss(*given))
    batch = make_batch(4)

    step(1, batch)

    ((intensity, _, _, _, mask, *_),) = passed
    ((_, truth, hidden, _),) = compared
    assert torch.equal(truth, intensity[:, 0])
    assert torch.equal(hidden, mask)
    assert not torch.equal(truth[:4], torch.from_numpy(batch.intensity)), "the first view is the spectrum itself"
    assert not torch.equal(truth[:4], truth[4:]), "both views are one"
    assert not torch.equal(mask[:4], mask[4:]), "both views are hidden at the same places"
