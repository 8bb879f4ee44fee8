"""What training does to a network of a few spectra, each part of it by what would be missing without it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge
from torch import nn

from spektron.core.errors import ConfigError
from spektron.model import EncoderConfig, Pretrained
from spektron.model.reconstruction import MaskedReconstructor
from spektron.transfer.neural import FineTuned, FrozenEncoder, frozen_encoder
from spektron.transfer.neural.adapters import Adapter, parameter_groups
from spektron.transfer.neural.frozen import encoder_of
from spektron.transfer.neural.network import Head
from spektron.transfer.neural.training import Examples, Recipe, learn_noise, train
from tests.transfer.uncertainty.instruments import Instruments, instruments

Array = NDArray[np.float64]
AXIS = 1e7 / np.linspace(1100, 2500, 50)
DATA = instruments(0, num_standards=6, samples=24, test=12)
CONFIG = EncoderConfig(dim=16, layers=2, heads=2, scales=("coarse",))


def save(folder: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    Pretrained(model=MaskedReconstructor(CONFIG)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("models") / "tiny", 5)


def fitted(data: Instruments = DATA, known: dict[str, Any] | None = None, **given: Any) -> FineTuned:
    model = FineTuned(**{"steps": 6, "wavenumber_cm1": AXIS, "learning_rate": 1e-3, **given})
    return model.fit(*data.pairs, **{**data.given(), **(known or {})})


def moved(model: FineTuned, block: str = "") -> float:
    """Norm of what adapters add to the weights of a block."""
    layers = [one for name, one in model._trained[0][0].named_modules() if block in name]
    return float(sum(one.get_delta_weight("default").norm() for one in layers if hasattr(one, "get_delta_weight")))


def moved_share(model: FineTuned) -> float:
    layers = [one for one in model._trained[0][0].modules() if hasattr(one, "get_delta_weight")]
    shares = [one.get_delta_weight("default").norm() / one.base_layer.weight.norm() for one in layers]
    return float(torch.stack(shares).detach().mean())


@pytest.mark.parametrize("adapter", ["lora", "schedule", "adalora"])
def test_adapters_change_the_encoder_by_more_than_rounding(adapter, folder: Path) -> None:
    """AdaLoRA as it comes made 1e-5 of the weights' norm here, which is the probe."""
    assert moved_share(fitted(model=folder, adapter=adapter, rank=4, steps=15, learning_rate=2e-4)) > 3e-4


def test_all_weights_learn(folder: Path) -> None:
    before = encoder_of(folder).merge.blocks[0].mlp[0].weight
    assert not torch.equal(
        fitted(model=folder, adapter="full")._trained[0][0].encoder.merge.blocks[0].mlp[0].weight, before
    )


def test_lower_blocks_learn_more_slowly(folder: Path) -> None:
    model = fitted(model=folder, layer_decay=1e-2)
    assert moved(model, "blocks.0") < 0.1 * moved(model, "blocks.1")
    alike = fitted(model=folder, layer_decay=1.0)
    assert moved(alike, "blocks.0") > 0.3 * moved(alike, "blocks.1")


def rates(config: EncoderConfig, adapter: Any = "full") -> dict[str, float]:
    encoder = MaskedReconstructor(config).encoder
    Adapter(encoder, adapter, 4, 10)
    names = {id(one): name for name, one in encoder.named_parameters()}
    groups = parameter_groups(encoder, nn.Linear(1, 1), learning_rate=1.0, head_learning_rate=7.0, layer_decay=0.5)
    return {names.get(id(one), "head"): group["lr"] for group in groups for one in group["params"]}


def test_what_comes_after_the_last_block_learns_as_fast_as_it() -> None:
    found = rates(CONFIG)
    assert found["merge.norm.weight"] == found["merge.blocks.1.mlp.0.weight"] == 1.0
    assert found["merge.blocks.0.mlp.0.weight"] == 0.5
    assert found["cls_token"] == found["patches.0.project.weight"] == 0.25
    assert found["head"] == 7.0


def test_stages_follow_each_other() -> None:
    scales = ("fine", "medium", "coarse")
    found = rates(EncoderConfig(dim=16, layers=4, heads=2, scales=scales, merge="hierarchical"))
    stages = [found[f"merge.stages.{stage}.{block}.mlp.0.weight"] for stage, block in ((0, 0), (1, 0), (2, 0), (2, 1))]
    assert stages == [0.125, 0.25, 0.5, 1.0]
    assert found["merge.pooled.1.weight"] == 0.5
    assert found["merge.spread.0.weight"] == found["merge.norm.weight"] == 1.0


def test_adaloras_singular_values_learn_faster() -> None:
    found = rates(CONFIG, "adalora")
    one = {
        kind: rate
        for name, rate in found.items()
        if "blocks.1.mlp.0" in name
        for kind in "AE"
        if f"lora_{kind}" in name
    }
    assert one == {"A": 1.0, "E": 10.0}


def test_adalora_is_asked_for_orthogonal_factors(folder: Path) -> None:
    adapter = Adapter(encoder := encoder_of(folder), "adalora", 4, 10)
    penalty = adapter.penalty()
    assert penalty is not None
    assert float(penalty) < 1e-4
    with torch.no_grad():
        encoder.merge.blocks[0].mlp[0].lora_A["default"].mul_(3)
    again = adapter.penalty()
    assert again is not None
    # Its Gram matrix is 9 times the identity; half of that, over 12 factors.
    assert float(again) == pytest.approx(0.5 * 8 * 2 / 12, rel=1e-3)


def test_a_rate_that_is_far_too_high_leaves_the_start(folder: Path) -> None:
    start = fitted(model=folder, adapter="full", learning_rate=0.0, head_learning_rate=0.0)
    wild = fitted(model=folder, adapter="full", learning_rate=1.0, head_learning_rate=1.0)
    np.testing.assert_allclose(wild.predict(DATA.test), start.predict(DATA.test), rtol=1e-3)


class _AsTheyAre(nn.Module):
    """Features in, features out."""

    def prepared(self, values: torch.Tensor) -> Any:
        return lambda: values


def test_what_differs_between_instruments_counts_less() -> None:
    random = np.random.default_rng(0)
    features = torch.from_numpy(random.normal(size=(50, 4))).float()
    y = features[:30, 0] + features[:30, 1]
    features[40:] = features[30:40]
    features[40:, 1] += 2 * torch.from_numpy(random.normal(size=10)).float()
    examples = Examples(
        values=features, y=y, sample=torch.arange(30), child=torch.arange(30, 40), parent=torch.arange(40, 50)
    )
    head = Head(features[:30], y, 0.0)
    recipe = Recipe(steps=100, learning_rate=0.0, head_learning_rate=1e-2, weight_decay=0.0, layer_decay=1.0)
    train(_AsTheyAre(), head, None, examples, recipe)  # type: ignore[arg-type]
    with torch.no_grad():
        slopes = [float(head(step[None]) - head(torch.zeros(1, 4))) for step in torch.eye(4)[:2]]
    assert slopes[1] < 0.8 * slopes[0]


def test_features_are_centred_where_training_has_moved_them(folder: Path) -> None:
    model = fitted(model=folder)
    ((backbone, head),) = model._trained
    child, parent = DATA.pairs
    rows = np.concatenate([DATA.x + (child - parent).mean(axis=0), child])
    ((start, _),) = fitted(model=folder, learning_rate=0.0)._trained
    with torch.no_grad():
        features, started = (each(model._child_values(rows)) for each in (backbone, start))
    spread = float(head.spread.max())
    assert float((features.mean(dim=0) - started.mean(dim=0)).abs().max()) > 1e-3 * spread
    np.testing.assert_allclose(head.centre, features.mean(dim=0), atol=1e-4 * spread)


def test_the_instruments_mean_difference_is_no_difference_of_the_property(folder: Path) -> None:
    child, parent = DATA.pairs
    given = {**DATA.given(), "y_standards": None}
    model = FineTuned(AXIS, folder, adapter="probe", steps=1).fit(child + 0.5, parent, **given)
    assert abs((model.predict(DATA.test + 0.5) - DATA.test_y).mean()) < 0.2 * DATA.test_y.std()


def test_the_standards_property_counts(folder: Path) -> None:
    labels = DATA.given()["y_standards"]
    one, other = (
        fitted(known={"y_standards": each}, model=folder, adapter="probe", steps=1) for each in (labels, labels + 1.0)
    )
    # 6 of 30 labelled rows.
    assert (other.predict(DATA.test) - one.predict(DATA.test)).mean() > 0.1


def test_features_do_not_depend_on_what_else_is_encoded(folder: Path) -> None:
    together = FrozenEncoder(encoder_of(folder), AXIS)(DATA.x)
    alone = FrozenEncoder(encoder_of(folder), AXIS)(DATA.x[:1])
    np.testing.assert_allclose(alone, together[:1], atol=1e-4)


def test_a_folder_that_was_written_again_holds_another_model(tmp_path: Path) -> None:
    folder = save(tmp_path / "model", 1)
    features = frozen_encoder(AXIS, folder)(DATA.x)
    assert frozen_encoder(AXIS, folder) is frozen_encoder(AXIS, folder)
    shutil.rmtree(folder)
    save(folder, 2)
    assert np.abs(frozen_encoder(AXIS, folder)(DATA.x) - features).max() > 1e-3
    kept = Pretrained.from_pretrained(folder).model.encoder
    assert torch.equal(encoder_of(folder).cls_token, kept.cls_token)


def test_no_spectrum_is_encoded_twice(folder: Path) -> None:
    model = fitted(model=folder, adapter="probe", steps=1)
    examples: list[Examples] = []
    model._member = lambda found, seed: examples.append(found)  # type: ignore[assignment,method-assign,return-value,func-returns-value]
    model.fit(*DATA.pairs, **DATA.given())
    assert len(examples[0].values) == 24 + 6
    np.testing.assert_array_equal(examples[0].parent, DATA.standards)
    np.testing.assert_array_equal(examples[0].sample, np.r_[np.arange(24), DATA.standards])
    other = replace(DATA, x=DATA.x + 0.01)  # standards that are none of the calibration set
    model.fit(*DATA.pairs, **other.given())
    assert len(examples[1].values) == 24 + 6 + 6
    np.testing.assert_array_equal(examples[1].parent, np.arange(30, 36))
    np.testing.assert_allclose(examples[1].values[30:], examples[0].values[DATA.standards], atol=1e-5)


def test_a_sample_that_was_measured_again_is_left_out_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 24 samples, each twice in the calibration set, and 6 standards of them and one of none, each twice."""
    seen: list[tuple[Array, Array]] = []

    class Spy(Ridge):
        def fit(self, X: Array, y: Array) -> Any:
            seen.append((X, y))
            return super().fit(X, y)

    monkeypatch.setattr("spektron.transfer.neural.training.Ridge", Spy)
    rows, standards = np.r_[:24, :24], np.repeat(DATA.standards, 2)
    child = np.concatenate([DATA.child[standards], DATA.test[:1], DATA.test[:1]])
    parent = np.concatenate([DATA.x[standards], DATA.test[:1] - 0.05, DATA.test[:1] - 0.05])
    labels = np.concatenate([DATA.y[standards], DATA.test_y[:1], DATA.test_y[:1]])
    model = FineTuned(AXIS, folder, adapter="probe", steps=1)
    model.fit(child, parent, X_calibration=DATA.x[rows], y_calibration=DATA.y[rows], y_standards=labels)
    assert len(seen) == 10
    # A sample is known by its property: it is in with all of its rows or with none.
    values, counts = np.unique(np.concatenate([DATA.y[rows], labels]), return_counts=True)
    whole = dict(zip(np.float32((values - model._centre) / model._spread), counts, strict=True))
    assert len(whole) == 25
    for _, y in seen:
        assert all(whole[value] == count for value, count in zip(*np.unique(np.float32(y), return_counts=True)))


@pytest.mark.parametrize("adapter", ["lora", "full"])
def test_features_that_are_computed_in_part_are_the_same(adapter, folder: Path) -> None:
    model = fitted(model=folder, adapter=adapter)
    ((backbone, _),) = model._trained
    values = model._child_values(DATA.test)
    with torch.no_grad():
        torch.testing.assert_close(backbone.prepared(values)(), backbone(values))


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"adapter": "schedule", "steps": 2}, "3 steps"),
        ({"learning_rate": -1e-4}, "learning_rate"),
        ({"layer_decay": -0.5}, "layer_decay"),
        ({"layer_decay": 0.0}, "layer_decay"),
        ({"dropout": 1.0}, "dropout"),
        ({"weight_decay": -1.0}, "weight_decay"),
    ],
)
def test_rates_that_make_no_sense_are_refused(given: dict[str, Any], match: str) -> None:
    with pytest.raises((ValueError, ConfigError), match=match):
        fitted(**given)


def test_passes_scatter_by_what_hidden_components_carry(folder: Path) -> None:
    model = fitted(model=folder, adapter="probe", learning_rate=0.0, head_learning_rate=0.0, dropout=0.2, passes=4000)
    far = DATA.test.mean(axis=0) + 3 * (DATA.test - DATA.test.mean(axis=0))
    spectra = np.concatenate([DATA.test, far])
    ((head, features),) = model._features(spectra)
    with torch.no_grad():
        parts = head.scores(features) * head.line.weight
        noise = float(head.log_variance.bias.exp())
    expected = model._spread * np.sqrt(noise + 0.2 / 0.8 * parts.square().sum(dim=1).numpy())
    np.testing.assert_allclose(model.deviation(spectra), expected, rtol=0.05)
    assert (model.deviation(far) > model.deviation(DATA.test)).mean() > 0.8
    still = model.set_params(dropout=0.0, heteroscedastic=True).deviation(spectra)
    np.testing.assert_allclose(still, model._spread * np.sqrt(noise), rtol=1e-4)


def test_how_unsure_it_is_of_a_sample_does_not_depend_on_the_others(folder: Path) -> None:
    model = fitted(model=folder, adapter="probe", dropout=0.2)
    np.testing.assert_allclose(model.deviation(DATA.test[:3]), model.deviation(DATA.test)[:3], rtol=1e-4)


def test_members_differ(folder: Path) -> None:
    model = fitted(model=folder, members=2, dropout=0.0, network="random", passes=1)
    one = fitted(model=folder, members=1, dropout=0.0, network="random", passes=1)
    assert not hasattr(one, "deviation")
    deviation = model.deviation(DATA.test)
    assert np.ptp(deviation) > 1e-3 * deviation.mean()


def test_variance_is_learned_where_errors_vary() -> None:
    """Of left-out errors, in the components of the features: new samples' true deviations are ranked by it."""
    ranks, usual = [], []
    for seed in range(4):
        random = np.random.default_rng(seed)
        amounts = random.normal(size=(240, 3))
        features = amounts @ random.normal(size=(3, 20)) + 0.05 * random.normal(size=(240, 20))
        deviation = 0.3 * np.exp(0.8 * amounts[:, 1])
        y = amounts[:, 0] + deviation * random.normal(size=240)
        known = torch.from_numpy(features[:120]).float()
        examples = Examples(
            values=torch.empty(120, 0),
            y=torch.from_numpy(y[:120]).float(),
            sample=torch.arange(120),
            child=torch.empty(0, dtype=torch.int64),
            parent=torch.empty(0, dtype=torch.int64),
        )
        head = Head(known, examples.y, 0.0)
        learn_noise(head, known, examples, heteroscedastic=True)
        with torch.no_grad():
            found = head.log_variances(torch.from_numpy(features[120:]).float()).numpy()
        ranks.append(spearmanr(found, deviation[120:])[0])
        usual.append(np.sqrt(np.exp(found).mean()) / np.sqrt(np.square(deviation[120:]).mean()))
    assert min(ranks) > 0.6
    assert 0.7 < np.mean(usual) < 1.4


def test_a_variance_that_is_learned_differs_between_samples(folder: Path) -> None:
    model = fitted(model=folder, heteroscedastic=True, adapter="probe", dropout=0.0)
    assert np.ptp(np.log(model.deviation(DATA.test))) > 0.1
    alike = fitted(model=folder, adapter="probe", dropout=0.0, members=2)
    assert np.ptp(np.log(alike.deviation(DATA.test))) < 0.1
