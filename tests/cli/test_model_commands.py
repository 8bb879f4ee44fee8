"""``spektron model …`` as it is typed, in this process, on a model of a real checkpoint."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from spektron import cli
from spektron.corpus import Corpus
from spektron.corpus.one_file import read_file
from spektron.model import Pretrained
from spektron.pretrain import HeldOut, export_model, pretrain
from spektron.pretrain.evaluate import HELD_OUT_KEY, hidden_errors, one_mask
from spektron.spectra import Spectrum
from spektron.spectra.spectrum import SpectrumBatch
from tests.pretrain.conftest import corpus as corpus
from tests.pretrain.conftest import small

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def spektron(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Type a command; its status and what it printed, on single spaces."""

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["spektron", "model", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "200")  # paths of tests are long
        status = cli.main()
        return status, " ".join("".join(capsys.readouterr()).split())

    return run


@pytest.fixture(scope="module")
def run(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    pretrain(small(steps=2), corpus, checkpoint_dir=folder, report=lambda step, metrics, checkpoint: None)
    return folder


@pytest.fixture(scope="module")
def model(run: Path, corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported model; not to be written to."""
    folder = tmp_path_factory.mktemp("exported") / "m"
    export_model(run, corpus).save_pretrained(folder)
    return folder


def table(path: Path, seed: int = 0, header: str = "") -> Path:
    heights = np.random.default_rng(seed).random(300)
    path.write_text(header + "\n".join(f"{500 + 10 * k},{height}" for k, height in enumerate(heights)))
    return path


def test_an_export_is_not_written_over_unless_told(
    model: Path, run: Path, corpus: Corpus, spektron: Command, tmp_path: Path
) -> None:
    words = "export", run, tmp_path / "m", "--corpus", corpus.folder
    status, output = spektron(*words)
    assert status == 0, output
    assert "step 2 of 2, trained on" in output
    assert f"look next: {tmp_path}/m/README.md" in output
    assert all((model / path.name).read_bytes() == path.read_bytes() for path in (tmp_path / "m").iterdir())
    (tmp_path / "m" / "README.md").write_text("old")
    status, output = spektron(*words)
    assert (status, "found something" in output, "--overwrite" in output) == (2, True, True)
    assert spektron(*words, "--overwrite")[0] == 0
    assert (tmp_path / "m" / "README.md").read_text() == (model / "README.md").read_text()


def test_a_model_is_shown_without_obeying_what_it_says(model: Path, spektron: Command, tmp_path: Path) -> None:
    copy = shutil.copytree(model, tmp_path / "m")
    config = json.loads((copy / "config.json").read_text())
    config["about"]["corpus"] = "[red]evil[/]\x1b]0;title\x07"
    (copy / "config.json").write_text(json.dumps(config))
    status, output = spektron("show", copy)
    assert status == 0
    assert "[red]evil[/]\\x1b]0;title\\x07" in output
    assert "val_mse " in output
    assert "held_out_at_step 2" in output
    assert "medium, coarse, merged by concat" in output
    low, high = config["trained_axis_cm1"]["NIR"]
    assert f"NIR {low:,.0f} {high:,.0f}" in output


def test_files_become_rows_of_embeddings(model: Path, spektron: Command, tmp_path: Path) -> None:
    files = [table(tmp_path / f"{name}.csv", seed) for seed, name in enumerate("ab")]
    stated = {"modality": "IR", "x_unit": "cm-1"}
    out = tmp_path / "e.csv"
    status, output = spektron("embed", model, *files, "--out", out, "--modality", "IR", "--x-unit", "cm-1")
    assert status == 0, output
    assert f"2 spectra of 2 files in {out}, 0 outside the trained range, 0 not read" in output
    rows = list(csv.DictReader(out.open()))
    spectra = [item for path in files for item in read_file(path, stated) if isinstance(item, Spectrum)]
    expected = Pretrained.from_pretrained(model).embed(SpectrumBatch.of(spectra)).values
    found = np.array([[row[f"e{place}"] for place in range(16)] for row in rows], dtype=np.float32)
    np.testing.assert_array_equal(found, expected)
    assert [(row["file"], row["outside"]) for row in rows] == [(str(path), "false") for path in files]
    assert float(rows[0]["wavenumber_stop_cm1"]) == spectra[0].wavenumber_stop_cm1


def test_what_is_not_read_is_named_and_the_rest_is_there(model: Path, spektron: Command, tmp_path: Path) -> None:
    good = table(tmp_path / "good.csv", header="Raman shift (cm-1),counts\n")
    (tmp_path / "bad.csv").write_text("nothing here")
    out = tmp_path / "e.csv"
    status, output = spektron("embed", model, good, tmp_path / "bad.csv", "--out", out)
    assert status == 1, output
    assert f"not read: {tmp_path}/bad.csv: bad.csv: " in output
    assert f"1 spectra of 2 files in {out}" in output
    assert "1 not read" in output
    assert [row["modality"] for row in csv.DictReader(out.open())] == ["RAMAN"]
    out.unlink()
    status, output = spektron("embed", model, tmp_path / "bad.csv", "--out", out)
    assert (status, "expected a spectrum in 1 files, found none" in output, out.exists()) == (2, True, False)


def test_axes_outside_are_warned_of_in_a_line(model: Path, spektron: Command, tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text("\n".join(f"{20 + 10 * k},{k * 7 % 11}" for k in range(700)))
    words = "--out", tmp_path / "e.csv", "--modality", "IR", "--x-unit", "cm-1"
    status, output = spektron("embed", model, tmp_path / "wide.csv", *words)
    assert status == 0
    assert "warning: 1 of 1 IR spectra reach from 20 to 7,010 cm⁻¹" in output
    assert "1 outside the trained range" in output
    assert "OutsideRangeWarning" not in output


def test_a_reconstruction_is_that_of_the_held_out_metric(
    model: Path, corpus: Corpus, spektron: Command, tmp_path: Path
) -> None:
    figure = tmp_path / "r.png"
    status, output = spektron("reconstruct", model, "--corpus", corpus.folder, "--row", 3, "--figure", figure)
    assert status == 0, output
    assert figure.read_bytes().startswith(b"\x89PNG")
    held_out, pretrained = HeldOut(corpus, torch.device("cpu")), Pretrained.from_pretrained(model)
    masks = np.concatenate([one_mask(HELD_OUT_KEY, row) for row in range(corpus.num_spectra("validation"))])
    spectra = corpus.read("validation")
    errors = hidden_errors(spectra.intensity, pretrained.reconstruct(spectra, masks), masks)
    scores = held_out.score(pretrained.model)
    assert errors["mse"] == pytest.approx(scores["val_mse"], rel=1e-4)
    assert errors["mse_interpolation"] == pytest.approx(scores["val_mse_interpolation"], rel=1e-9)
    one = spectra.take(slice(3, 4))
    of_row = hidden_errors(one.intensity, pretrained.reconstruct(one, masks[3:4]), masks[3:4])
    assert f"variances of the spectrum: {of_row['mse']:.3g}; of a straight line: " in output


def test_another_mask_seed_hides_something_else(model: Path, corpus: Corpus, spektron: Command, tmp_path: Path) -> None:
    words = "reconstruct", model, "--corpus", corpus.folder, "--figure"
    outputs = [spektron(*words, tmp_path / "r.png", "--mask-seed", seed)[1] for seed in (0, 1)]
    assert outputs[0] != outputs[1]


def test_heads_are_drawn_from_cls_and_from_a_window(
    model: Path, corpus: Corpus, spektron: Command, tmp_path: Path
) -> None:
    words = "attend", model, "--corpus", corpus.folder, "--figure", tmp_path / "a.svg"
    status, output = spektron(*words)
    assert (status, "2 heads of block 1, from [CLS]" in output) == (0, True), output
    start, stop = (getattr(corpus.read("validation", 1), f"wavenumber_{end}_cm1")[0] for end in ("start", "stop"))
    middle = float(start + stop) / 2
    status, output = spektron(*words, "--at-cm1", middle)
    assert status == 0, output
    low, high = (float(text.replace(",", "")) for text in output.partition("the window ")[2].split()[0:3:2])
    assert low < middle < high
    assert (high - low) / (stop - start) == pytest.approx(64 / 2047, rel=0.2)
    assert "attention of the window" in (tmp_path / "a.svg").read_text()


def test_a_file_is_looked_at_as_a_row_is(model: Path, spektron: Command, tmp_path: Path) -> None:
    words = "--file", table(tmp_path / "a.csv"), "--modality", "IR", "--x-unit", "cm-1", "--figure", tmp_path / "f.png"
    for command in ("reconstruct", "attend"):
        status, output = spektron(command, model, *words)
        assert (status, "csv/a: " in output) == (0, True), output
        (tmp_path / "f.png").unlink()
    assert "--row: expected 0 to 0" in spektron("attend", model, *words, "--row", 1)[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("attend", "--figure", "a.gif"), "--figure: expected .png, .svg, .pdf, found a.gif"),
        (("attend", "--figure", "a.png"), "expected --corpus or --file, found neither"),
        (("attend", "--figure", "a.png", "--corpus", "CORPUS", "--block", "x"), "--block: expected one of 'block 1'"),
        (("attend", "--figure", "a.png", "--corpus", "CORPUS", "--at-cm1", "1e9"), "--at-cm1: expected"),
        (("attend", "--figure", "a.png", "--corpus", "CORPUS", "--row", "100000"), "expected a row of the validation"),
        (("reconstruct", "--figure", "a.png", "--corpus", "CORPUS", "--mask-seed", "-1"), "--mask-seed: expected 0"),
        (("embed", "--out", "e.csv", "missing.jdx"), "expected a file of spectra at missing.jdx, found nothing"),
    ],
)
def test_wrong_words_say_what_was_expected(
    words: tuple[str, ...],
    told: str,
    model: Path,
    corpus: Corpus,
    spektron: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    command, *rest = (str(corpus.folder) if word == "CORPUS" else word for word in words)
    status, output = spektron(command, model, *rest)
    assert (status, told in output) == (2, True), output
    assert not list(tmp_path.glob("a.*"))


def test_a_model_is_packed_and_how_to_serve_it_is_said(model: Path, spektron: Command, tmp_path: Path) -> None:
    status, output = spektron("package", model, tmp_path / "served")
    assert status == 0, output
    assert (tmp_path / "served" / "MLmodel").is_file()
    assert f"mlflow models serve -m {tmp_path / 'served'} --env-manager local" in output
    assert f"-d @{tmp_path / 'served'}/serving_input_example.json" in output
