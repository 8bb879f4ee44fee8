"""Linear probes on features whose content is known, and labels as a corpus names them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spektron.core.errors import ConfigError
from spektron.model import UNKNOWN_MODALITY, EncoderOutput
from spektron.probe import LIBRARY_TASKS, MODALITY_TASK, LabelledSpectra, ProbeConfig, ProbeTask, probe_error, represent
from spektron.probe.tasks import _label
from tests.pretrain.stand_in import make_batch

RNG = np.random.default_rng(0)
OWN = np.arange(120)


def noise(rows: int = 120, columns: int = 8) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((rows, columns))


def test_a_property_that_is_linear_in_the_features_is_found() -> None:
    features = noise()
    labels = 3.0 * features[:, 2] - features[:, 5] + 7.0
    assert probe_error(features, labels, OWN, 0) < 1e-3
    # Scaling all features alike, or moving them, changes nothing.
    assert probe_error(1e6 * features + 5.0, labels, OWN, 0) < 1e-2


def test_knowing_nothing_scores_about_one() -> None:
    labels = RNG.standard_normal(120)
    assert probe_error(noise(), labels, OWN, 0) == pytest.approx(1.0, abs=0.1)
    drawn = [np.random.default_rng(seed).integers(0, 3, 120) for seed in range(4)]
    assert np.mean([probe_error(noise(), classes, OWN, 0) for classes in drawn]) == pytest.approx(1.0, abs=0.15)
    assert probe_error(np.zeros((120, 4)), labels, OWN, 0) == pytest.approx(1.0, abs=1e-6)


def test_classes_that_lie_apart_are_told_apart_and_a_rare_one_counts_as_much() -> None:
    labels = np.array([0] * 100 + [1] * 20)
    features = noise() + 8.0 * labels[:, None]
    assert probe_error(features, labels, OWN, 0) == 0.0
    # Always saying the common class is right 5 times in 6, and worth nothing.
    assert probe_error(np.zeros((120, 2)), labels, OWN, 0) == pytest.approx(1.0, abs=1e-9)


def test_repeats_of_one_sample_are_never_on_both_sides() -> None:
    """Features that say which sample a row is of, and nothing else: with repeats on both sides they would do."""
    groups = np.repeat(np.arange(30), 4)
    labels = np.random.default_rng(2).standard_normal(30)[groups]
    features = np.eye(30)[groups]
    assert probe_error(features, labels, np.arange(120), 0) < 0.2
    assert probe_error(features, labels, groups, 0) > 0.9


def test_folds_are_those_of_the_seed() -> None:
    features, labels = noise(), RNG.standard_normal(120)
    assert probe_error(features, labels, OWN, 3) == probe_error(features, labels, OWN, 3)
    assert probe_error(features, labels, OWN, 3) != probe_error(features, labels, OWN, 4)


@pytest.mark.parametrize(
    ("compound", "field", "kind", "expected"),
    [
        ('tecator_meat/{"fat": 16.5, "moisture": 66.2}', "fat", "property", 16.5),
        ('nirsoil/{"CEC": null, "Nt": 1.37}', "CEC", "property", None),
        ('oils/{"Provenance": "Spain", "Sample Number:": 42.0}', "Provenance", "class", "Spain"),
        ("lake/bsi=16.0", "bsi", "property", 16.0),
        ("orange_collagen/lipids", "", "class", "lipids"),
        ("cheese/", "", "class", None),
        ("other/thing", "fat", "property", None),
    ],
)
def test_labels_are_read_from_compounds(compound: str, field: str, kind: str, expected: object) -> None:
    assert _label(compound, ProbeTask(name="t", source="s", field=field, kind=kind)) == expected  # type: ignore[arg-type]


def test_tasks_have_names_of_their_own() -> None:
    names = [task.name for task in (*LIBRARY_TASKS, MODALITY_TASK)]
    assert len(set(names)) == len(names)
    assert not {"class", "property", "error"} & set(names)


class Spy(torch.nn.Module):
    """An encoder that tells what it was told."""

    def forward(
        self, intensity: torch.Tensor, start: torch.Tensor, stop: torch.Tensor, told: torch.Tensor
    ) -> EncoderOutput:
        self.told = told.tolist()
        cls = torch.ones(len(intensity), 3)
        return EncoderOutput(2.0 * torch.ones(len(intensity), 5, 3), cls, start, stop)


def labelled(task: ProbeTask, rows: int = 6) -> LabelledSpectra:
    return LabelledSpectra(task=task, spectra=make_batch(rows), labels=np.zeros(rows), groups=np.arange(rows))


def test_who_is_asked_for_the_modality_is_not_told_it() -> None:
    spy = Spy()
    represent(ProbeConfig(), labelled(MODALITY_TASK), spy, None)  # type: ignore[arg-type]
    assert spy.told == [UNKNOWN_MODALITY] * 6
    represent(ProbeConfig(), labelled(LIBRARY_TASKS[0]), spy, None)  # type: ignore[arg-type]
    assert spy.told == make_batch(6).modality.tolist()


def test_components_are_blind_to_offset_and_gain() -> None:
    config = ProbeConfig.model_validate({"representation": "pca_task", "encoder": {"dim": 16, "heads": 2}})
    data = labelled(LIBRARY_TASKS[0], 40)
    plain = represent(config, data, None, None)
    assert plain.shape == (40, 16)
    moved = make_batch(40)
    moved.intensity[:] = 3.0 * moved.intensity + 1.0
    changed = LabelledSpectra(task=data.task, spectra=moved, labels=data.labels, groups=data.groups)
    np.testing.assert_allclose(represent(config, changed, None, None), plain, atol=1e-2)


def test_a_representation_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="representation"):
        ProbeConfig().with_values({"representation": "umap"})
