"""Metadata hidden while training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from spektron.model import UNKNOWN_MODALITY
from spektron.pretrain import Worker, pretrain
from spektron.pretrain.data import TensorBatch, to_tensors
from spektron.pretrain.hiding import hide_metadata
from spektron.pretrain.train_step import TrainStep
from spektron.spectra.spectrum import SpectrumBatch
from tests.model.spectra import tiny
from tests.pretrain.conftest import small
from tests.pretrain.stand_in import MemoryCorpus, make_batch

CPU = torch.device("cpu")


def told(rows: int, seed: int = 0) -> SpectrumBatch:
    """Every field of every row is stated."""
    generator = np.random.default_rng(seed)
    return replace(
        make_batch(rows, seed),
        instrument=generator.integers(2, 9, (rows, 3)),
        resolution_cm1=generator.choice([2.0, 4.0, 16.0], rows).astype(np.float32),
    )


def tensors(rows: int) -> TensorBatch:
    plain = told(1)
    batch = SpectrumBatch(
        intensity=np.zeros((rows, 1), np.float32),
        wavenumber_start_cm1=np.zeros(rows, np.float32),
        wavenumber_stop_cm1=np.ones(rows, np.float32),
        modality=np.repeat(plain.modality, rows),
        instrument=np.repeat(plain.instrument, rows, axis=0),
        resolution_cm1=np.repeat(plain.resolution_cm1, rows),
    )
    return to_tensors(batch, np.zeros((rows, 1), bool), CPU)


def hidden(batch: TensorBatch) -> np.ndarray:
    """Shape (rows, 5): modality, type, technique, detector, resolution."""
    assert batch.instrument is not None
    unknown = (batch.modality == UNKNOWN_MODALITY)[:, None]
    return torch.cat(
        [unknown, batch.instrument.codes == 0, batch.instrument.resolution_cm1.isnan()[:, None]], 1
    ).numpy()


def test_shares_are_what_was_asked_and_fields_are_hidden_by_themselves() -> None:
    found = hidden(hide_metadata(tensors(20_000), (0, 1), metadata_dropout=0.3, modality_dropout=0.1))
    # Four standard errors: √(0.3 · 0.7 / 20,000) = 0.0032.
    np.testing.assert_allclose(found.mean(0), [0.1, 0.3, 0.3, 0.3, 0.3], atol=0.013)
    together = np.corrcoef(found.T)[~np.eye(5, dtype=bool)]
    assert np.abs(together).max() < 0.03


@pytest.mark.parametrize(("metadata", "modality"), [(0.5, 0.0), (0.0, 0.5)])
def test_one_does_not_hide_the_other(metadata: float, modality: float) -> None:
    both = hidden(hide_metadata(tensors(64), (3, 1), metadata_dropout=0.5, modality_dropout=0.5))
    one = hidden(hide_metadata(tensors(64), (3, 1), metadata_dropout=metadata, modality_dropout=modality))
    asked = np.array([modality > 0] + [metadata > 0] * 4)
    np.testing.assert_array_equal(one, both & asked)


def test_nothing_to_hide_is_the_batch_itself() -> None:
    batch = tensors(4)
    assert hide_metadata(batch, (0,), metadata_dropout=0.0, modality_dropout=0.0) is batch


def test_a_row_loses_the_same_however_many_workers() -> None:
    whole = hidden(hide_metadata(tensors(12), (5, 7), metadata_dropout=0.5, modality_dropout=0.5))
    for world_size in (2, 3):
        for rank in range(world_size):
            part = hide_metadata(
                tensors(12 // world_size),
                (5, 7),
                metadata_dropout=0.5,
                modality_dropout=0.5,
                rank=rank,
                world_size=world_size,
            )
            np.testing.assert_array_equal(hidden(part), whole[rank::world_size])
    other = hidden(hide_metadata(tensors(12), (5, 8), metadata_dropout=0.5, modality_dropout=0.5))
    assert not np.array_equal(other, whole)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_batch_is_cut_and_joined_with_its_instruments(count: int) -> None:
    batch = to_tensors(told(8), np.zeros((8, 2048), bool), CPU)
    parts = batch.parts(count)
    assert [len(part.modality) for part in parts] == [8 // count] * count
    joined = TensorBatch.together(parts)
    assert batch.instrument is not None
    assert joined.instrument is not None
    for one, other in zip((*joined[:-1], *joined.instrument), (*batch[:-1], *batch.instrument), strict=True):
        assert torch.equal(one, other)
    alone = batch._replace(instrument=None)
    assert TensorBatch.together(alone.parts(count)).instrument is None


def run(worker: Worker | None = None, steps: int = 6, **changes: Any) -> TrainStep:
    taken = TrainStep(
        small(steps=steps, encoder=tiny(scales=("coarse",), conditioning="film"), **changes), worker or Worker()
    )
    for step in range(1, steps + 1):
        taken(step, told(8, step))
    return taken


def test_hiding_trains_the_unknown_token_which_nothing_else_does() -> None:
    start = TrainStep(small(encoder=tiny(scales=("coarse",), conditioning="film")), Worker())
    before = start.model.encoder.modality_embedding.weight[UNKNOWN_MODALITY].detach()
    without, with_ = run(), run(modality_dropout=0.5)
    assert torch.equal(without.model.encoder.modality_embedding.weight[UNKNOWN_MODALITY], before)
    assert not torch.equal(with_.model.encoder.modality_embedding.weight[UNKNOWN_MODALITY], before)


def test_hiding_trains_what_stands_for_not_stated() -> None:
    def not_stated(taken: TrainStep) -> torch.Tensor:
        conditioning = taken.model.encoder.conditioning
        assert conditioning is not None
        rows = [embedding.weight[0] for embedding in conditioning.terms]
        return torch.stack([*rows, conditioning.resolution_not_stated]).detach()

    assert not not_stated(run()).any(), "every field of every row is stated"
    assert bool(not_stated(run(metadata_dropout=0.5)).any(dim=1).all())


def test_parts_of_a_batch_lose_what_the_batch_does() -> None:
    whole, parts = (run(Worker(accumulation=n), metadata_dropout=0.4, modality_dropout=0.4) for n in (1, 4))
    for one, other in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_both_objectives_see_the_instrument() -> None:
    taken = run(steps=3, views={}, byol_weight=0.5, metadata_dropout=0.2, modality_dropout=0.2)
    assert taken.objective.byol is not None
    maps = [block.film.map.weight for block in taken.model.encoder.merge.blocks]
    followed = [block.film.map.weight for block in taken.objective.byol.target_encoder.merge.blocks]
    assert all(bool(each.any()) for each in (*maps, *followed))


def test_the_loop_asks_the_corpus_for_instruments_where_the_model_looks_at_them() -> None:
    asked: list[bool] = []

    class Asked(MemoryCorpus):
        def read(self, split: str, limit: int | None = None, *, instruments: bool = False) -> SpectrumBatch:
            asked.append(instruments)
            return super().read(split, limit)

        def stream(self, *, instruments: bool = False, **arguments: Any) -> Any:
            asked.append(instruments)
            return super().stream(**arguments)

    for conditioning in ("none", "film"):
        config = small(steps=2, encoder=tiny(scales=("coarse",), conditioning=conditioning))
        pretrain(config, Asked(told(16), told(8, 1)), checkpoint_dir=None, report=lambda *_: None)
    assert asked == [False, False, True, True]


def test_hiding_what_nothing_looks_at_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"metadata_dropout: expected 0 .* found 0\.2: .*conditioning=film"):
        small(metadata_dropout=0.2)
    assert small(modality_dropout=0.2).modality_dropout == 0.2
