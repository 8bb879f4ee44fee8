"""Frozen and fine-tuned encoders: axes, adapters, what falls back to a probe, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.base import clone

from spektron.core.errors import ConfigError
from spektron.model import EncoderConfig, Pretrained
from spektron.model.reconstruction import MaskedReconstructor
from spektron.transfer import PDS, DifferenceAugmentedRidge
from spektron.transfer.benchmark import NeuralTransferConfig
from spektron.transfer.methods import NEURAL, Measured, method_named
from spektron.transfer.neural import Embedded, FineTuned, frozen, frozen_encoder
from spektron.transfer.neural.adapters import Adapter
from spektron.transfer.neural.frozen import encoder_of, on_model_axis
from tests.transfer.uncertainty.instruments import instruments

Array = NDArray[np.float64]
AXIS = 1e7 / np.linspace(1100, 2500, 50)
DATA = instruments(0, num_standards=6, samples=24, test=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(5)
    config = EncoderConfig(dim=32, layers=2, heads=4, scales=("coarse",))
    path = tmp_path_factory.mktemp("models") / "small"
    Pretrained(model=MaskedReconstructor(config)).save_pretrained(path)
    return path


def fine_tuned(**given: Any) -> FineTuned:
    return FineTuned(**{"steps": 4, "wavenumber_cm1": AXIS, **given}).fit(*DATA.pairs, **DATA.given())


def test_spectra_come_to_the_models_axis_whichever_way_theirs_runs() -> None:
    spectra = np.sin(AXIS / 300)[None]
    values = on_model_axis(spectra, AXIS)
    uniform = np.linspace(AXIS.min(), AXIS.max(), 2048)
    assert np.abs(values[0] - np.sin(uniform / 300)).max() < 0.06
    np.testing.assert_array_equal(values, on_model_axis(spectra[:, ::-1], AXIS[::-1]))


@pytest.mark.parametrize("axis", [AXIS[:-1], np.r_[AXIS[1], AXIS[0], AXIS[2:]], np.full(50, np.nan)])
def test_an_axis_that_cannot_be_is_refused(axis: Array) -> None:
    with pytest.raises(ConfigError, match="wavenumber"):
        on_model_axis(DATA.x, axis)


def test_features_are_those_of_each_spectrum_alone_and_of_the_model(folder: Path) -> None:
    encode = frozen_encoder(AXIS, folder)
    together = encode(DATA.x)
    np.testing.assert_allclose(frozen_encoder(AXIS, None)(DATA.x[:1]).shape, (1, 130))
    np.testing.assert_allclose(encode(DATA.x[3:5]), together[3:5])
    assert together.shape == (24, 66)
    assert np.abs(frozen_encoder(AXIS, folder, random=True)(DATA.x) - together).max() > 1e-3
    np.testing.assert_allclose(together[:, -2], on_model_axis(DATA.x, AXIS).mean(axis=1), rtol=1e-4)


def test_a_calibration_on_features_learns_the_property(folder: Path) -> None:
    model = Embedded(DifferenceAugmentedRidge(), AXIS, folder).fit(*DATA.pairs, **DATA.given())
    error = np.sqrt(np.square(model.predict(DATA.test) - DATA.test_y).mean())
    assert error < 0.6 * DATA.test_y.std()
    assert model.left_out_ is not None


def test_versions_of_a_spectrum_stand_side_by_side(folder: Path) -> None:
    stacked = Embedded(DifferenceAugmentedRidge(), AXIS, folder, corrections=(None, PDS(window=3, rank=1)))
    model = stacked.fit(*DATA.pairs, **DATA.given())
    assert model.calibration_.n_features_in_ == 2 * 66
    with pytest.raises(ValueError, match="corrections"):
        clone(stacked).set_params(corrections=()).fit(*DATA.pairs, **DATA.given())


@pytest.mark.parametrize(
    ("kind", "rank", "expected"), [("lora", 3, 3), ("schedule", 16, 4), ("schedule", 2, 2), ("full", 8, None)]
)
def test_adapters_have_the_rank_that_they_should(kind, rank: int, expected: int | None, folder: Path) -> None:
    model = fine_tuned(model=folder, adapter=kind, rank=rank, steps=6)
    ranks = set(model.ranks_[0].values())
    assert ranks == (set() if expected is None else {expected})
    # Two blocks: queries, keys and values in one matrix, and two of the feed-forward part.
    assert len(model.ranks_[0]) == (0 if expected is None else 6)


def test_adalora_gives_up_ranks(folder: Path) -> None:
    model = fine_tuned(model=folder, adapter="adalora", rank=8, steps=40)
    assert sum(model.ranks_[0].values()) <= 6 * 2 + 1


def test_pruning_keeps_what_an_adapter_does_where_its_rank_allows() -> None:
    encoder = encoder_of(None)
    adapter = Adapter(encoder, "schedule", 16, 9)
    layer = encoder.merge.blocks[0].attention.qkv
    with torch.no_grad():
        for weight in (layer.lora_A["default"].weight, layer.lora_B["default"].weight):
            weight.copy_(torch.randn(weight.shape))
            (weight.T if weight.shape[0] > 16 else weight)[4:].zero_()
    tokens = torch.randn(2, 3, 64)
    before = layer(tokens)
    assert (adapter.prunes(3), adapter.prunes(4), adapter.prunes(6)) == (8, None, 4)
    adapter.prune(4)
    torch.testing.assert_close(layer(tokens), before, rtol=1e-4, atol=1e-4)


def test_only_adapters_of_the_encoder_learn(folder: Path) -> None:
    encoder = encoder_of(folder)
    Adapter(encoder, "lora", 4, 10)
    assert all("lora" in name for name, one in encoder.named_parameters() if one.requires_grad)
    Adapter(again := encoder_of(folder), "probe", 4, 10)
    assert not any(one.requires_grad for one in again.parameters())


@pytest.mark.parametrize("network", ["encoder", "random", "cnn"])
def test_training_comes_out_the_same_again_and_leaves_the_random_state(network, folder: Path) -> None:
    frozen._trained.cache_clear()  # reading the model draws no random numbers of the training
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, again = (fine_tuned(model=folder, network=network).predict(DATA.test) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert torch.equal(torch.get_rng_state(), before)


def test_intervals_grow_with_what_members_and_variance_say(folder: Path) -> None:
    model = fine_tuned(model=folder, members=2, heteroscedastic=True, adapter="probe", steps=30)
    narrow, wide = (model.predict_interval(DATA.test, confidence) for confidence in (0.5, 0.9))
    assert (wide.low < narrow.low).all()
    assert (narrow.low < narrow.predicted).all()
    np.testing.assert_allclose(wide.predicted, model.predict(DATA.test))
    with pytest.raises(ValueError, match="confidence"):
        model.predict_interval(DATA.test, 1.0)


@pytest.mark.parametrize(
    ("given", "match"),
    [({"network": "mlp"}, "network"), ({"adapter": "dora"}, "adapter"), ({"rank": 0}, "rank"), ({"steps": 0}, "steps")],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        fine_tuned(**given)


@pytest.mark.parametrize("name", ["hybrid_direct", "hybrid_stacked", "probe", "embedding_ridge"])
def test_methods_are_found_by_name_and_need_an_axis(name: str, folder: Path) -> None:
    method = method_named(name, Measured(wavenumber_cm1=AXIS, model=folder)).fit(*DATA.pairs, **DATA.given())
    assert np.isfinite(method.predict(DATA.test)).all()
    with pytest.raises(ConfigError, match="axis"):
        method_named(name)


def test_trials_are_told_apart_by_the_models_weights_and_not_by_its_place(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "copy"
    elsewhere.mkdir()
    for file in folder.iterdir():
        (elsewhere / file.name).write_bytes(file.read_bytes())
    one, other = (NeuralTransferConfig(method="probe", model=str(place)) for place in (folder, elsewhere))
    assert one.identity() == other.identity() != NeuralTransferConfig(method="probe").identity()
    assert one.with_values({"seed": 1}).model == str(folder)
    assert one.with_values({"model": None}).model_sha256 is None
    classical = one.with_values({"method": "sg1+pds"})
    assert classical.identity() == NeuralTransferConfig(method="sg1+pds").identity()
    assert NEURAL.keys().isdisjoint({"sg1+pds"})
