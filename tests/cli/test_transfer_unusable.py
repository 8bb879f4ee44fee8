"""``spektron transfer …`` on files with what cannot be used in them, without any data from elsewhere."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spektron import cli
from spektron.transfer.methods import method_named
from tests.datasets import own_files as own

Command = Callable[..., tuple[int, str]]
NUM, STANDARDS = 30, 8


@pytest.fixture
def spektron(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Type a command; its status and what it printed, on single spaces."""

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["spektron", "transfer", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "200")
        status = cli.main()
        return status, " ".join("".join(capsys.readouterr()).split())

    return run


def on_child(spectra: np.ndarray) -> np.ndarray:
    """Another gain and baseline, and a slope."""
    return 1.03 * spectra + 0.05 + 2e-5 * (own.AXIS_NM - 1100)


@pytest.fixture
def parent() -> np.ndarray:
    return own.spectra(NUM) + np.random.default_rng(1).normal(0, 1e-4, (NUM, len(own.AXIS_NM)))


@pytest.fixture
def fat(parent: np.ndarray) -> np.ndarray:
    return 10 * (parent[:, 20] - parent[:, 10]) + np.random.default_rng(2).normal(0, 0.01, NUM)


@pytest.fixture
def given(tmp_path: Path, parent: np.ndarray, fat: np.ndarray) -> tuple[object, ...]:
    """Files of two instruments, and the words that name them."""
    own.wide(tmp_path / "parent.csv", parent)
    own.wide(tmp_path / "child.csv", on_child(parent[:STANDARDS]))
    lines = [f"{name},{value!r}" for name, value in zip(own.ids(NUM), fat.tolist(), strict=True)]
    (tmp_path / "lab.csv").write_text("\n".join(["id,fat", *lines]))
    return words(tmp_path / "parent.csv", tmp_path / "child.csv", tmp_path / "lab.csv")


def words(parent: Path, child: Path, lab: Path) -> tuple[object, ...]:
    files = ("--parent", parent, "--child", child, "--reference", lab)
    return ("fit", *files, "--method", "sbc", "--correction", "mean", "--out", parent.parent / "t")


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_spectra_that_cannot_be_used_are_rows_with_a_reason_and_the_others_are_predicted(
    spektron: Command, given: tuple[object, ...], tmp_path: Path, parent: np.ndarray, fat: np.ndarray
) -> None:
    assert spektron(*given)[0] == 0
    good = on_child(own.spectra(8, seed=5))
    new = good.copy()
    new[0, 50], new[1], new[2, 40:], new[3, -3:] = np.nan, 0.3, np.nan, np.nan
    own.wide(tmp_path / "new.csv", new, names=[f"N{row}" for row in range(8)])
    status, printed = spektron("apply", tmp_path / "t", tmp_path / "new.csv", "--out", tmp_path / "p")
    assert status == 0
    assert "4 spectra corrected, 1 properties predicted" in printed
    assert "4 spectra left out, 0 files not read" in printed
    found = rows(tmp_path / "p" / "predictions.csv")
    reasons = {name: row["reason"] for name, row in found.items() if row["flag"] == "not predicted"}
    assert set(reasons) == {"N0", "N1", "N2", "N3"}
    assert "missing values between measured ones" in reasons["N0"]
    assert "constant" in reasons["N1"]
    assert "do not reach from 1100 to 1496 nm" in reasons["N2"]
    assert "1100 to 1484 nm" in reasons["N3"]
    assert not any(found[name][column] for name in reasons for column in ("predicted", "low", "high"))
    child = on_child(parent[:STANDARDS])
    direct = method_named("sbc").fit(
        child, parent[:STANDARDS], X_calibration=parent, y_calibration=fat, y_standards=fat[:STANDARDS]
    )
    predicted = [float(found[f"N{row}"]["predicted"]) for row in range(4, 8)]
    np.testing.assert_allclose(predicted, direct.predict(good[4:]), rtol=1e-9)
    corrected = rows_of_numbers(tmp_path / "p" / "corrected.csv")
    np.testing.assert_allclose(corrected, good[4:] + (parent[:STANDARDS] - child).mean(axis=0), rtol=1e-9)


def test_a_folder_and_its_files_by_name_give_the_same(
    spektron: Command, given: tuple[object, ...], tmp_path: Path
) -> None:
    assert spektron(*given)[0] == 0
    y = on_child(own.spectra(4, seed=5))
    y[2] = 0.3
    folder = own.jcamp(tmp_path / "new", y, names=["A", "B", "const", "broken"])
    own.jcamp(folder, y[:1, 50:], own.AXIS_NM[50:], names=["short"])
    (folder / "broken.jdx").write_text("##TITLE=broken\n##JCAMP-DX=4.24\n##END=\n")
    whole = spektron("apply", tmp_path / "t", folder, "--out", tmp_path / "p")
    by_name = spektron("apply", tmp_path / "t", *sorted(folder.iterdir()), "--out", tmp_path / "q")
    for status, printed in (whole, by_name):
        assert status == 1
        assert "2 spectra corrected" in printed
        assert "2 spectra left out, 1 files not read" in printed
    found = rows(tmp_path / "p" / "predictions.csv")
    assert {name for name, row in found.items() if row["flag"] == "not predicted"} == {"const", "short", "broken"}
    assert rows(tmp_path / "q" / "predictions.csv") == found


def test_a_table_whose_spectra_all_fail_names_its_samples(
    spektron: Command, given: tuple[object, ...], tmp_path: Path
) -> None:
    assert spektron(*given)[0] == 0
    own.wide(tmp_path / "new.csv", np.full((3, len(own.AXIS_NM)), 0.3), names=["N1", "N2", "N3"])
    status, printed = spektron("apply", tmp_path / "t", tmp_path / "new.csv", "--out", tmp_path / "p")
    assert status == 1
    assert "3 spectra left out, 0 files not read" in printed
    assert "hint: look at the files" in printed
    reasons = {name: row["reason"] for name, row in rows(tmp_path / "p" / "predictions.csv").items()}
    assert reasons == dict.fromkeys(["N1", "N2", "N3"], "spectra that are constant")


def test_one_name_in_several_files_spoils_no_other_sample(
    spektron: Command, given: tuple[object, ...], tmp_path: Path
) -> None:
    assert spektron(*given)[0] == 0
    y = on_child(own.spectra(5, seed=5))
    files = [
        own.wide(tmp_path / "a.csv", y[:3], names=["A", "B", "C"]),
        own.wide(tmp_path / "b.csv", y[1:4], names=["B", "C*", "C"]),
    ]
    apply = ("apply", tmp_path / "t", *files, "--out", tmp_path / "p")
    status, printed = spektron(*apply)
    assert status == 0
    assert "samples with the same spectrum in several files, taken once: 1: B (" in printed
    assert "left out: 1: C (" in printed
    assert "or say --replicates mean" in printed
    found = rows(tmp_path / "p" / "predictions.csv")
    assert {name for name, row in found.items() if row["predicted"]} == {"A", "B", "C*"}
    assert "a.csv" in found["C"]["reason"]
    assert "b.csv" in found["C"]["reason"]
    status, printed = spektron(*apply, "--replicates", "mean")
    assert status == 0
    mean = on_child(own.spectra(5, seed=5))[[2, 3]].mean(axis=0)
    own.wide(tmp_path / "mean.csv", mean[None], names=["C"])
    found = rows(tmp_path / "p" / "predictions.csv")
    assert spektron("apply", tmp_path / "t", tmp_path / "mean.csv", "--out", tmp_path / "q")[0] == 0
    apart = float(found["C"]["predicted"]) - float(rows(tmp_path / "q" / "predictions.csv")["C"]["predicted"])
    assert abs(apart) < 1e-9


def rows_of_numbers(path: Path) -> np.ndarray:
    with path.open(encoding="utf-8", newline="") as file:
        return np.array([row[1:] for row in csv.reader(file)][1:], dtype=np.float64)


def test_another_axis_is_told_and_predicts_alike(spektron: Command, given: tuple[object, ...], tmp_path: Path) -> None:
    assert spektron(*given)[0] == 0
    finer = np.arange(1098.5, 1500.0, 1.0)
    slopes = 0.05 + 2e-5 * (finer - 1100)
    own.wide(tmp_path / "fine.csv", 1.03 * own.spectra(6, finer, seed=5) + slopes, finer)
    own.wide(tmp_path / "same.csv", on_child(own.spectra(6, seed=5)))
    status, printed = spektron("apply", tmp_path / "t", tmp_path / "fine.csv", "--out", tmp_path / "fine")
    assert status == 0
    assert "resampled onto 100 channels from 1100 to 1496 nm: 6 (measured on 402 from 1098.5 to 1499.5 nm)" in printed
    status, printed = spektron("apply", tmp_path / "t", tmp_path / "same.csv", "--out", tmp_path / "same")
    assert "resampled" not in printed
    fine, same = (rows(tmp_path / name / "predictions.csv") for name in ("fine", "same"))
    predicted = [[float(row["predicted"]) for row in found.values()] for found in (fine, same)]
    np.testing.assert_allclose(*predicted, atol=0.05)


def test_a_standard_that_was_left_out_is_named_with_what_is_wrong(
    spektron: Command, given: tuple[object, ...], tmp_path: Path, parent: np.ndarray
) -> None:
    child = on_child(parent[:STANDARDS])
    child[2, 30] = np.nan
    own.wide(tmp_path / "child.csv", child)
    status, printed = spektron(*given, "--standards", "S1,S2,S3,S4")
    assert status == 2
    assert "child: spectra with missing values between measured ones, left out: 1 (S3: 1 points)" in printed
    assert "left out: S3 (child: spectra with missing values between measured ones" in printed
    assert "only one of them" not in printed
    assert not (tmp_path / "t").exists()
    assert spektron(*given)[0] == 0
    assert "S3" not in json.loads((tmp_path / "t" / "model.json").read_text())["standard_ids"]


def test_the_parents_own_table_may_hold_the_values(
    spektron: Command, given: tuple[object, ...], tmp_path: Path, parent: np.ndarray, fat: np.ndarray
) -> None:
    assert spektron(*given)[0] == 0
    apart = json.loads((tmp_path / "t" / "model.json").read_text())
    lines = (tmp_path / "parent.csv").read_text().splitlines()
    values = ["fat", *map(repr, fat.tolist())]
    mixed = [line.replace(",", f",{value},", 1) for line, value in zip(lines, values, strict=True)]
    (tmp_path / "both.csv").write_text("\n".join(mixed))
    both = words(tmp_path / "both.csv", tmp_path / "child.csv", tmp_path / "both.csv")
    status, printed = spektron(*both, "--overwrite")
    assert status == 0
    assert "taken for channels of spectra: 100" in printed
    together = json.loads((tmp_path / "t" / "model.json").read_text())
    assert together["properties"] == ["fat"]
    assert together["expected"] == apart["expected"]
    assert 0 < together["expected"]["fat"]["low"] < together["expected"]["fat"]["rmsep"]


def test_how_files_are_read_is_remembered_and_may_be_said_anew(
    spektron: Command, given: tuple[object, ...], tmp_path: Path
) -> None:
    assert spektron(*given, "--replicates", "mean", "--layout", "rows", "--decimal", "point")[0] == 0
    own.wide(tmp_path / "new.csv", on_child(own.spectra(4, seed=5)), names=["N1", "N1", "N2", "N3"])
    apply = ("apply", tmp_path / "t", tmp_path / "new.csv", "--out", tmp_path / "p")
    status, printed = spektron(*apply)
    assert status == 0
    assert "files are read as when the transfer was made: --replicates mean --layout rows --decimal point " in printed
    assert set(rows(tmp_path / "p" / "predictions.csv")) == {"N1", "N2", "N3"}
    status, printed = spektron(*apply, "--replicates", "refuse")
    assert status == 1
    assert "files are read as when the transfer was made: --layout rows --decimal point " in printed
    assert "say --replicates mean to take their mean" in printed
    status, printed = spektron(*apply, "--layout", "xy")
    assert (status, "--layout rows" in printed) == (1, False)


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(
    spektron: Command, given: tuple[object, ...], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file" / "x", Path("/proc/x")):
        status, printed = spektron(*given, "--out", out)
        assert status == 2
        assert "--out: expected a folder that can be written" in printed
        assert "on both instruments" not in printed
    assert spektron(*given)[0] == 0
    status, printed = spektron("apply", tmp_path / "t", tmp_path / "child.csv", "--out", tmp_path / "file" / "x")
    assert (status, "--out: expected a folder that can be written" in printed) == (2, True)


def test_what_was_not_compared_or_predicted_has_its_reason_on_the_console(
    spektron: Command, given: tuple[object, ...], tmp_path: Path
) -> None:
    status, printed = spektron(*given, "--standards", "S1,S2,S3")
    assert status == 0
    assert "not compared: fat: recalibration: " in printed
    y = on_child(own.spectra(20, seed=5))
    y[3] = 0.3
    own.wide(tmp_path / "new.csv", y, names=[f"N{row}" for row in range(20)])
    apply = ("apply", tmp_path / "t", tmp_path / "new.csv", "--out", tmp_path / "p", "--confidence", "0.999")
    status, applied = spektron(*apply)
    assert status == 0
    assert "12 of 20 rows, flagged ones first. –: not predicted; the row says why." in applied
    assert "Predictions, 99.9 % intervals" in applied
    assert rows(tmp_path / "p" / "predictions.csv")["N1"]["confidence"] == "0.999"
    assert "no value was recorded" not in printed + applied


def test_options_are_named_once_where_a_file_cannot_be_read(
    spektron: Command, given: tuple[object, ...], tmp_path: Path
) -> None:
    (tmp_path / "child.csv").write_text("nothing of the kind\n")
    status, printed = spektron(*given)
    assert status == 2
    assert "--layout and --decimal say what cannot be told" in printed
    assert printed.count("--decimal") == 1


def test_hints_are_words_that_can_be_typed(
    spektron: Command, given: tuple[object, ...], tmp_path: Path, parent: np.ndarray
) -> None:
    own.wide(tmp_path / "child.csv", on_child(2 - parent[:STANDARDS]))
    status, printed = spektron(*given)
    assert status == 2
    assert "say what each is, parent first: --kind absorbance transmittance" in printed
