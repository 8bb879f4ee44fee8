"""``spektron transfer …`` as it is typed, in this process, on files of corn."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from spektron import cli
from spektron.datasets import PairFiles
from tests.transfer.model.conftest import files as files

Command = Callable[..., tuple[int, str]]
QUICK = ("--method", "sg1+difference_ridge", "--correction", "mean", "--property", "oil")


@pytest.fixture
def spektron(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shared_data: Path) -> Command:
    """Type a command; its status and what it printed, on single spaces."""

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["spektron", "transfer", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setenv("SPEKTRON_DATA", str(shared_data))
        status = cli.main()
        return status, " ".join("".join(capsys.readouterr()).split())

    return run


def fit(files: PairFiles, out: Path, *more: object) -> tuple[object, ...]:
    given = ("--parent", files.parent, "--child", files.child, "--reference", files.reference)
    return ("fit", *given, "--out", out, *QUICK, *more)


@pytest.fixture
def transfer(spektron: Command, files: PairFiles, tmp_path: Path) -> Path:
    status, _ = spektron(*fit(files, tmp_path / "t"))
    assert status == 0
    return tmp_path / "t"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_from_files_to_a_report_and_on_to_predictions(spektron: Command, files: PairFiles, tmp_path: Path) -> None:
    status, printed = spektron(*fit(files, tmp_path / "t", "--standards", files.standards))
    assert status == 0
    assert "10 samples on both instruments, 50 on the parent alone" in printed
    assert "times less than without transfer" in printed
    assert {path.name for path in (tmp_path / "t").iterdir()} == {
        *("model.json", "data.safetensors", "report.html", "comparison.csv", "figures")
    }
    status, printed = spektron("apply", tmp_path / "t", files.new, "--out", tmp_path / "p")
    assert status == 0
    assert "20 spectra corrected, 1 properties predicted" in printed
    found = rows(tmp_path / "p" / "predictions.csv")
    assert len(found) == 20
    assert list(found[0]) == ["id", "property", "predicted", "low", "high", "flag", "reason", "confidence"]
    assert {row["confidence"] for row in found} == {"0.9"}
    assert len(rows(tmp_path / "p" / "corrected.csv")) == 20
    assert (tmp_path / "p" / "figures" / "predictions_oil.png").stat().st_size > 10_000


def test_the_example_is_files_that_fit_reads(spektron: Command, tmp_path: Path) -> None:
    status, printed = spektron("example", tmp_path / "corn", "--standards", 5)
    assert status == 0
    assert "60 samples on the parent, 5 of them on the child, 20 new ones" in printed
    command = printed.partition("look next: spektron transfer ")[2].split()
    command[command.index("--out") + 1] = str(tmp_path / "t")
    status, printed = spektron(*command, *QUICK)
    assert (status, (tmp_path / "t" / "report.html").exists()) == (0, True)


def test_the_example_replaces_nobodys_files(spektron: Command, tmp_path: Path) -> None:
    (tmp_path / "reference.csv").write_text("mine")
    status, printed = spektron("example", tmp_path)
    assert status == 2
    assert "found reference.csv" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["reference.csv"]
    assert (tmp_path / "reference.csv").read_text() == "mine"
    (tmp_path / "reference.csv").rename(tmp_path / "lab.csv")
    assert spektron("example", tmp_path)[0] == 0


def test_a_transfer_is_not_overwritten_unasked(spektron: Command, files: PairFiles, transfer: Path) -> None:
    status, printed = spektron(*fit(files, transfer))
    assert status == 2
    assert "--overwrite" in printed
    assert spektron(*fit(files, transfer, "--overwrite"))[0] == 0


def test_figures_of_an_earlier_run_do_not_stay(
    spektron: Command, files: PairFiles, transfer: Path, tmp_path: Path
) -> None:
    figures, out = transfer / "figures", tmp_path / "p"
    assert spektron("apply", transfer, files.new, "--out", out)[0] == 0
    for folder in (figures, out / "figures"):
        (folder / "expected_mine.png").write_text("mine")
    assert (figures / "expected_oil.png").exists()
    assert (out / "figures" / "predictions_oil.png").exists()
    assert spektron(*fit(files, transfer, "--overwrite", "--property", "moisture"))[0] == 0
    assert {path.name for path in figures.iterdir()} == {
        *("differences.png", "spectra.png", "expected_moisture.png", "left_out_moisture.png", "expected_mine.png")
    }
    assert "moisture" in (transfer / "comparison.csv").read_text()
    assert spektron("apply", transfer, files.new, "--out", out)[0] == 0
    assert {path.name for path in (out / "figures").iterdir()} == {"predictions_moisture.png", "expected_mine.png"}
    bare = ("fit", "--parent", files.parent, "--child", files.child, "--correction", "mean", "--out", transfer)
    assert spektron(*bare, "--overwrite")[0] == 0
    assert {path.name for path in figures.iterdir()} == {"differences.png", "spectra.png", "expected_mine.png"}
    assert not (transfer / "comparison.csv").exists()


def test_files_that_cannot_be_read_are_named_and_the_others_predicted(
    spektron: Command, files: PairFiles, transfer: Path, tmp_path: Path
) -> None:
    few = [line.split(",")[:200] for line in files.new.read_text().splitlines()]
    (tmp_path / "short.csv").write_text("\n".join(map(",".join, few)))
    (tmp_path / "noise.csv").write_text("nothing of the kind\n")
    files_given = (files.new, tmp_path / "short.csv", tmp_path / "noise.csv", tmp_path / "gone.csv")
    status, printed = spektron("apply", transfer, *files_given, "--out", tmp_path / "p")
    assert status == 1
    assert "20 spectra left out, 2 files not read" in printed
    assert "spectra that do not reach from 1100 to 2498 nm, left out: 20" in printed
    found = rows(tmp_path / "p" / "predictions.csv")
    assert len([row for row in found if row["predicted"]]) == 20
    unused = [row["id"] for row in found if row["flag"] == "not predicted"]
    assert unused[20:] == ["noise", "gone"]
    assert sorted(unused[:20]) == sorted(row["id"] for row in found if row["predicted"])
    assert all(row["reason"] for row in found if row["flag"])


def test_the_only_file_cannot_be_read_and_has_a_row_all_the_same(
    spektron: Command, transfer: Path, tmp_path: Path
) -> None:
    status, printed = spektron("apply", transfer, tmp_path / "gone.csv", "--out", tmp_path / "p")
    assert status == 1
    assert "0 spectra corrected" in printed
    assert "1 files not read" in printed
    (row,) = rows(tmp_path / "p" / "predictions.csv")
    assert (row["id"], row["property"], row["predicted"], row["flag"]) == ("gone", "oil", "", "not predicted")
    assert row["reason"]
    assert rows(tmp_path / "p" / "corrected.csv") == []


def test_samples_that_calibrated_are_flagged_and_named_whatever_their_id(
    spektron: Command, files: PairFiles, transfer: Path, tmp_path: Path
) -> None:
    head, *standards = files.child.read_text().splitlines()
    _, *new = files.new.read_text().splitlines()
    own, copied = standards[0].partition(",")[0], standards[1].partition(",")[0]
    renamed = f"mine,{standards[1].partition(',')[2]}"
    (tmp_path / "new.csv").write_text("\n".join([head, standards[0], renamed, *new]))
    status, printed = spektron("apply", transfer, tmp_path / "new.csv", "--out", tmp_path / "p")
    assert status == 0
    assert "warning: no test: 2 of 22 samples are in the calibration set" in printed
    assert f"{own}, mine (the spectrum of {copied})" in printed
    found = {row["id"]: row for row in rows(tmp_path / "p" / "predictions.csv")}
    assert all(row["predicted"] for row in found.values())
    assert {name for name, row in found.items() if "no test" in row["flag"]} == {own, "mine"}
    assert found[own]["reason"] == "in the calibration set: no test"
    assert found["mine"]["reason"] == f"the spectrum of {copied}, in the calibration set: no test"


def test_what_a_method_cannot_use_is_an_error_not_a_traceback(
    spektron: Command, files: PairFiles, tmp_path: Path
) -> None:
    for method in ("recalibration", "sg1+joint_y_pls"):
        status, printed = spektron(*fit(files, tmp_path / "t"), "--standards", "auto:3", "--method", method)
        assert status == 2
        assert "needs at least 4 standards to say what it errs, found 3" in printed
        assert not (tmp_path / "t").exists()
    four = ("--standards", "auto:4", "--method", "recalibration")
    assert spektron(*fit(files, tmp_path / "t"), *four)[0] == 0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--standards", "nobody"), "found nobody"),
        (("--standards", "auto:1"), "a number from 3 to 10"),
        (("--property", "fat"), "found fat"),
        (("--method", "magic"), "expected a method of"),
        (("--axis-unit", "nm", "nm", "nm"), "expected one, or the parent's and the child's, found 3"),
    ],
)
def test_wrong_words_are_named(spektron: Command, files: PairFiles, tmp_path: Path, more, message: str) -> None:
    status, printed = spektron(*fit(files, tmp_path / "t"), *more)
    assert (status, message in printed) == (2, True)
