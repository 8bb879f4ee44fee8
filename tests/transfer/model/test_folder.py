"""A transfer's folder: what is read is what was written, and nothing else is taken for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from spektron.core.errors import ConfigError
from spektron.core.files import sha256_file
from spektron.datasets import PairFiles, load_spectra
from spektron.transfer.model import TransferModel, apply_transfer, load_transfer, save_transfer
from spektron.transfer.model.child_files import ChildFiles
from spektron.transfer.model.folder import CONFIG, DATA, signed

SAID = ChildFiles(axis_unit="nm", kind="absorbance", replicates="mean", layout="rows", decimal="comma")


@pytest.fixture
def folder(model: TransferModel, tmp_path: Path) -> Path:
    save_transfer(model, tmp_path / "t", SAID)
    return tmp_path / "t"


def test_what_is_read_predicts_the_same(model: TransferModel, folder: Path, files: PairFiles) -> None:
    again, said = load_transfer(folder)
    assert files.new is not None
    new, _ = load_spectra(files.new, model.parts.axis, "nm")
    first, second = apply_transfer(model, new), apply_transfer(again, new)
    assert said == SAID
    assert list(first.predictions) == list(second.predictions) == ["oil", "moisture"]
    for name, found in first.predictions.items():
        np.testing.assert_allclose(second.predictions[name], found, rtol=1e-12)
    np.testing.assert_allclose(second.corrected, first.corrected, rtol=1e-12)


def changed_config(change: Callable[[dict], object], trusted: bool = True) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        values = json.loads((folder / CONFIG).read_text())
        change(values)
        (folder / CONFIG).write_text(json.dumps(signed(values) if trusted else values))

    return apply


def changed_data(change: Callable[[dict], object], trusted: bool = True) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        arrays = dict(load_file(folder / DATA))
        change(arrays)
        save_file(arrays, folder / DATA)
        if trusted:
            changed_config(lambda values: values.update(sha256=sha256_file(folder / DATA)))(folder)

    return apply


def turned(arrays: dict) -> None:
    arrays["child"] = arrays["child"][::-1].copy()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / CONFIG).unlink(), "found no model.json"),
        (lambda folder: (folder / CONFIG).write_text("{"), "expected a transfer's configuration"),
        (lambda folder: (folder / CONFIG).write_text("[1]"), "found other JSON"),
        (changed_config(lambda values: values.update(format=1)), "expected format 2, found 1: another version wrote"),
        (changed_config(lambda values: values.update(more=1)), "more"),
        (changed_config(lambda values: values.update(method="magic")), "expected a transfer that can be made again"),
        (changed_config(lambda values: values["standard_ids"].pop()), "expected child of shape"),
        (lambda folder: (folder / DATA).unlink(), "expected a transfer's data"),
        (lambda folder: (folder / DATA).write_bytes(b"x"), "expected the data that model.json names"),
        (changed_data(lambda arrays: arrays.update(child=arrays["child"] + 1), trusted=False), "found others"),
        (changed_data(lambda arrays: arrays.update(child=arrays["child"][:, :5])), "expected child of shape"),
        (changed_data(lambda arrays: arrays.update(extra=arrays["axis"])), "expected extra of shape none"),
        (
            changed_data(lambda arrays: arrays.update(child=arrays["child"][::-1].copy())),
            "as predicted when it was.*other data",
        ),
        (changed_data(lambda arrays: arrays["calibration"].fill(np.nan)), "found others in calibration"),
    ],
)
def test_a_damaged_folder_is_refused_and_says_how(folder: Path, damage: Callable, message: str) -> None:
    damage(folder)
    with pytest.raises(ConfigError, match=message):
        load_transfer(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.update(properties=["fat", "moisture"]),
        lambda values: values["files"].update(kind="transmittance"),
        lambda values: values.update(method="mean"),
        lambda values: values["expected"]["oil"].update(rmsep=0.001),
        lambda values: values.pop("fingerprint"),
    ],
)
def test_an_edited_setting_is_told_as_one(folder: Path, change: Callable) -> None:
    changed_config(change, trusted=False)(folder)
    with pytest.raises(ConfigError, match="was edited after it was written") as refused:
        load_transfer(folder)
    assert "fit it again" in refused.value.hint


def test_written_anew_with_other_blanks_and_order_it_is_the_same(folder: Path) -> None:
    values = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(dict(reversed(values.items())), indent=4))
    assert load_transfer(folder)[1] == SAID


def test_other_versions_are_named_where_they_predict_otherwise(folder: Path) -> None:
    changed_config(lambda values: values["provenance"].update(numpy="0.1"))(folder)
    changed_data(turned)(folder)
    with pytest.raises(ConfigError, match=r"it was written with numpy 0\.1 \(here ") as refused:
        load_transfer(folder)
    assert "lock_hash" not in str(refused.value)


def test_what_is_said_now_goes_before_what_was_said() -> None:
    assert SAID.but(kind=None, layout="auto", decimal=None) == SAID.model_copy(update={"layout": "auto"})
    assert SAID.remembered(kind="absorbance", layout="auto") == {
        "axis_unit": "nm",
        "replicates": "mean",
        "decimal": "comma",
    }
    with pytest.raises(ConfigError, match="kind"):
        SAID.but(kind="loudness")
