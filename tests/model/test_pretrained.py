from __future__ import annotations

import json
import math
import os
import pickle
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from spektron.core.errors import ConfigError, SpectrumError
from spektron.model import UNKNOWN_MODALITY, MaskedReconstructor, OutsideRangeWarning, Pretrained
from tests.model.spectra import tiny
from tests.pretrain.stand_in import make_batch

RANGES = {"IR": (300.0, 4100.0), "RAMAN": (50.0, 4100.0), "NIR": (300.0, 13_000.0)}


@pytest.fixture
def pretrained() -> Pretrained:
    torch.manual_seed(0)
    model = MaskedReconstructor(tiny(scales=("coarse",)))
    return Pretrained(model=model, trained_axis_cm1=RANGES, about={"corpus": "tiny | one", "val_mse": 0.1234567})


def test_an_embedding_is_the_encoders_cls_whatever_the_batch_size(pretrained: Pretrained) -> None:
    spectra = make_batch(7)
    found = pretrained.embed(spectra, batch_size=3)
    assert found.values.shape == (7, 16)
    assert found.values.dtype == np.float32
    with torch.no_grad():
        whole = pretrained.model.encoder(
            torch.from_numpy(spectra.intensity)[:, None],
            torch.from_numpy(spectra.wavenumber_start_cm1),
            torch.from_numpy(spectra.wavenumber_stop_cm1),
            torch.from_numpy(spectra.modality),
        ).cls.numpy()
    np.testing.assert_allclose(found.values, whole, rtol=1e-4, atol=1e-5)
    assert pretrained.embed(spectra.take(slice(0, 0))).values.shape == (0, 16)


def test_a_reconstruction_leaves_what_is_visible(pretrained: Pretrained) -> None:
    spectra = make_batch(3)
    mask = np.zeros((3, 2048), dtype=bool)
    mask[:, 300:500] = True
    found = pretrained.reconstruct(spectra, mask)
    np.testing.assert_array_equal(found[~mask], spectra.intensity[~mask])
    hidden = replace(spectra, intensity=np.where(mask, 1.0, spectra.intensity).astype(np.float32))
    np.testing.assert_array_equal(found, pretrained.reconstruct(hidden, mask))
    with pytest.raises(SpectrumError, match="expected a mask of bool"):
        pretrained.reconstruct(spectra, mask[:2])


def test_a_folder_gives_the_same_model_again(pretrained: Pretrained, tmp_path: Path) -> None:
    pretrained.save_pretrained(tmp_path / "m")
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["README.md", "config.json", "model.safetensors"]
    again = Pretrained.from_pretrained(tmp_path / "m")
    np.testing.assert_array_equal(again.embed(make_batch(3)).values, pretrained.embed(make_batch(3)).values)
    assert again.trained_axis_cm1 == RANGES
    assert again.about == pretrained.about
    card = (tmp_path / "m" / "README.md").read_text()
    assert "tiny \\| one" in card
    assert "| NIR | 300 | 13,000 |" in card
    pretrained.save_pretrained(tmp_path / "n")
    assert all((tmp_path / "m" / p.name).read_bytes() == p.read_bytes() for p in (tmp_path / "n").iterdir())


def test_axes_outside_the_trained_range_are_told_and_marked(pretrained: Pretrained) -> None:
    spectra = make_batch(4)
    start, modality = spectra.wavenumber_start_cm1.copy(), np.zeros(4, dtype=np.int64)
    start[2] = 100.0
    with pytest.warns(OutsideRangeWarning, match="1 of 4 IR spectra reach from 100 .* trained on 300 to 4,100"):
        found = pretrained.embed(replace(spectra, wavenumber_start_cm1=start, modality=modality))
    assert found.outside.tolist() == [False, False, True, False]
    only_nir = replace(pretrained, trained_axis_cm1={"NIR": RANGES["NIR"]})
    with pytest.warns(OutsideRangeWarning, match="no IR spectra at all"):
        assert only_nir.embed(replace(spectra, modality=modality)).outside.all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not replace(pretrained, trained_axis_cm1={}).embed(spectra).outside.any()


def test_without_a_modality_an_axis_is_outside_where_no_modality_reaches(pretrained: Pretrained) -> None:
    spectra = replace(make_batch(3), modality=np.full(3, UNKNOWN_MODALITY))
    stop = np.array([4000.0, 13_000.0, 20_000.0], np.float32)
    with pytest.warns(OutsideRangeWarning, match="1 of 3 unknown spectra reach from 400 to 20,000 .* 50 to 13,000"):
        found = pretrained.embed(replace(spectra, wavenumber_stop_cm1=stop))
    assert found.outside.tolist() == [False, False, True]


def spoilt(**changes: Any) -> Any:
    spectra = make_batch(3)
    return replace(spectra, **{name: change(getattr(spectra, name).copy()) for name, change in changes.items()})


def put(row: int, value: float) -> Any:
    def change(array: np.ndarray) -> np.ndarray:
        array[row] = value
        return array

    return change


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"intensity": put(1, np.nan)}, "not finite, found rows 1"),
        ({"intensity": put(2, np.inf)}, "not finite, found rows 2"),
        ({"intensity": put(0, 3.0)}, "all the same, found rows 0"),
        ({"intensity": lambda array: array[:, :2000]}, r"expected intensities of shape \(spectra, 2048\)"),
        ({"wavenumber_stop_cm1": put(1, 1.0)}, "does not ascend, found rows 1"),
        ({"wavenumber_stop_cm1": put(1, np.inf)}, "an axis without end, found rows 1"),
        ({"wavenumber_start_cm1": put(2, -np.inf)}, "an axis without end, found rows 2"),
        ({"modality": put(2, 7)}, "unknown modality, found rows 2"),
    ],
)
def test_spectra_that_are_none_are_refused_by_row(pretrained: Pretrained, changes: Any, problem: str) -> None:
    with pytest.raises(SpectrumError, match=problem):
        pretrained.embed(spoilt(**changes))


class _Bomb:
    def __reduce__(self) -> Any:
        return (Path("exploded").touch, ())


def test_a_hostile_folder_runs_nothing_and_is_named(
    pretrained: Pretrained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "m"
    pretrained.save_pretrained(folder)
    (folder / "modeling_spektron.py").write_text("from pathlib import Path\nPath('exploded').touch()\n")
    Pretrained.from_pretrained(folder)
    (folder / "model.safetensors").write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(ConfigError, match="expected weights"):
        Pretrained.from_pretrained(folder)
    (folder / "config.json").write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(ConfigError, match="expected the configuration of a model"):
        Pretrained.from_pretrained(folder)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.timeout(20)  # a pipe that is opened waits for ever
@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_pipe_or_folder_in_the_place_of_a_file_is_named(pretrained: Pretrained, tmp_path: Path, name: str) -> None:
    pretrained.save_pretrained(tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(ConfigError, match=f"{name}: expected a regular file"):
        Pretrained.from_pretrained(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(ConfigError, match=f"{name}: expected a regular file"):
        Pretrained.from_pretrained(tmp_path)


def test_weights_through_a_link_are_weights(pretrained: Pretrained, tmp_path: Path) -> None:
    """As in the caches of model hubs; what a link leads to is compared all the same."""
    pretrained.save_pretrained(tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").rename(tmp_path / "blob")
    (tmp_path / "m" / "model.safetensors").symlink_to("../blob")
    again = Pretrained.from_pretrained(tmp_path / "m")
    np.testing.assert_array_equal(again.embed(make_batch(2)).values, pretrained.embed(make_batch(2)).values)
    (tmp_path / "m" / "model.safetensors").unlink()
    (tmp_path / "m" / "model.safetensors").symlink_to("/etc/hostname")
    with pytest.raises(ConfigError, match="expected weights"):
        Pretrained.from_pretrained(tmp_path / "m")


def test_a_card_shows_what_is_nested_as_json_and_no_markup(pretrained: Pretrained, tmp_path: Path) -> None:
    about = {"a|b": "<b>", "pretraining": {"steps": 7, "loss": {"mse_weight": 1.0}}}
    replace(pretrained, about=about).save_pretrained(tmp_path)
    card = (tmp_path / "README.md").read_text()
    assert "| a\\|b | &lt;b> |" in card
    blocks = [json.loads(part.partition("```")[0]) for part in card.split("```json\n")[1:]]
    assert blocks[0] == about["pretraining"]
    assert Pretrained.from_pretrained(tmp_path).about == about


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda config: config | {"format": 9}, "expected format 1, found 9"),
        (lambda config: [], "expected format 1, found 'list'"),
        (lambda config: config | {"encoder": config["encoder"] | {"layers": 10**9}}, "less than or equal to 256"),
        (lambda config: config | {"encoder": config["encoder"] | {"layers": 200}}, "expected .* of shape"),
        (lambda config: config | {"encoder": config["encoder"] | {"dim": 32}}, "expected .* of shape"),
        (lambda config: config | {"encoder": config["encoder"] | {"code": "x"}}, "Extra inputs"),
        (lambda config: config | {"sha256": "0" * 64}, "expected sha256 0000"),
        (lambda config: config | {"trained_axis_cm1": {"IR": "wide"}}, "ValueError"),
        (lambda config: config | {"trained_axis_cm1": {"IR": [math.nan, 4000.0]}}, "found nan to 4000.0 for 'IR'"),
        (lambda config: config | {"trained_axis_cm1": {"IR": [4000.0, 400.0]}}, "expected from low to high"),
        (lambda config: config | {"trained_axis_cm1": {"../IR": [400.0, 4000.0]}}, "for '../IR'"),
        (lambda config: config | {"auto_map": {"AutoModel": "modeling.Model"}}, "unknown names: 'auto_map'"),
        (lambda config: config | {"weights": "../other/model.safetensors"}, "unknown names: 'weights'"),
        (lambda config: {"format": 1}, "KeyError"),
    ],
)
def test_configurations_that_do_not_fit_are_named(
    pretrained: Pretrained, tmp_path: Path, change: Any, problem: str
) -> None:
    pretrained.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(change(config)))
    with pytest.raises(ConfigError, match=problem):
        Pretrained.from_pretrained(tmp_path)


def test_missing_files_depth_and_other_weights_are_named(pretrained: Pretrained, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FileNotFoundError"):
        Pretrained.from_pretrained(tmp_path)
    pretrained.save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text("[" * 200_000)
    with pytest.raises(ConfigError, match=r"RecursionError|JSONDecodeError"):
        Pretrained.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(" " * (2 << 20))
    with pytest.raises(ConfigError, match="found 2097152 bytes"):
        Pretrained.from_pretrained(tmp_path)
    pretrained.save_pretrained(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    save_file(tensors | {"more": torch.zeros(3)}, tmp_path / "model.safetensors")
    with pytest.raises(ConfigError, match=r"expected more of shape none, found \(3,\) \(1 differ\)"):
        Pretrained.from_pretrained(tmp_path)
