"""The commands of a corpus as they are typed, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spektron import cli
from spektron.corpus import BuildConfig
from spektron.corpus.describing.card import render_card
from spektron.corpus.fetching import fetch
from spektron.corpus.manifest import load_manifest

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def spektron(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Type a command; its status and what it printed, on single spaces."""

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["spektron", *map(str, words)])
        status = cli.main()
        return status, " ".join("".join(capsys.readouterr()).split())

    return run


@pytest.fixture
def built(spektron: Command, tmp_path: Path) -> Path:
    """A small corpus."""
    assert spektron("corpus", "build", "--source", "simulated:20", "--out", tmp_path / "built")[0] == 0
    return tmp_path / "built"


def test_a_source_given_by_a_second_flag_takes_no_other_s_place(spektron: Command, tmp_path: Path) -> None:
    words = "--source", "simulated:10", "simulated:5,seed=2", "--source", "simulated:10,seed=3"
    status, output = spektron("corpus", "build", *words, "--out", tmp_path / "c")
    assert status == 0, output
    manifest = json.loads((tmp_path / "c/manifest.json").read_text())
    assert [source["config"]["seed"] for source in manifest["sources"]] == [0, 2, 3]
    status, output = spektron("corpus", "build", "--out", tmp_path / "d")
    assert status == 2
    assert "no --source" in output


def test_files_to_fetch_add_up_over_flags(spektron: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(fetch, "fetch", lambda source, folder, files: asked.append(files) or [])
    spektron("corpus", "fetch", "nist", "--folder", tmp_path, "--files", "64-17-5", "--files", "67-56-1", "71-43-2")
    assert asked == [("64-17-5", "67-56-1", "71-43-2")]


def test_an_undisturbed_command_speaks_of_no_interruption(spektron: Command, tmp_path: Path) -> None:
    words = "--source", "simulated:40", "--out", tmp_path / "c"
    outputs = [spektron("corpus", "build", *words)[1], spektron("corpus", "verify", tmp_path / "c")[1]]
    assert not any("interrupted" in output for output in outputs), outputs


def test_nothing_kept_names_files_what_was_wrong_and_what_to_type(spektron: Command, tmp_path: Path) -> None:
    points = "\n".join(f"{1000 + 10 * k},{k * 7 % 11}" for k in range(60))
    for number in range(5):
        (tmp_path / f"scan{number}.csv").write_text(f"wavelength (nm),absorbance\n{points}{number}\n")
    status, output = spektron("corpus", "build", "--source", f"csv:{tmp_path}", "--out", tmp_path / "out")
    assert status == 2
    assert "unknown-modality: 5" in output
    assert [f"scan{number}" in output for number in range(5)] == [True, True, True, False, False]
    assert "--source csv:FOLDER,modality=NIR" in output


def test_what_is_printed_after_a_fetch_can_be_typed(
    spektron: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "multimodal_spectroscopic_dataset.zip"
    monkeypatch.setattr(fetch, "fetch", lambda source, folder, files: [archive])
    output = spektron("corpus", "fetch", "multimodal", "--folder", tmp_path)[1]
    assert f"unzip {archive} -d {tmp_path} && spektron corpus build --source multimodal:{tmp_path}" in output
    assert "unzip" not in spektron("corpus", "fetch", "rruff", "--folder", tmp_path)[1]


def test_a_report_is_asked_for_what_it_names(spektron: Command, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("wavelength (nm),absorbance\n1000,1\n")
    words = "--source", f"csv:{tmp_path}", "simulated:20", "--out", tmp_path / "c"
    assert spektron("corpus", "build", *words)[0] == 0
    report = "corpus", "report", tmp_path / "c"
    assert "2 records" in spektron(*report, "--source", "csv")[1]
    for words, told in {
        ("--reason", "nonsense"): "found 'nonsense' hint: there are: ",
        ("--source", "nope"): "found 'nope' hint: there are: csv",
        ("--limit", "-3"): "--limit: expected 0 or more",
    }.items():
        status, output = spektron(*report, *words)
        assert (status, told in output) == (2, True), output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--validation", "0.7"), "--validation: expected a share from 0 to below 0.5, found 0.7"),
        (("--test", "-1"), "--test: expected a share"),
        (("--out", ""), "found '': an empty text"),
    ],
)
def test_a_wrong_option_is_called_as_it_is_typed(
    words: tuple[str, ...], told: str, spektron: Command, tmp_path: Path
) -> None:
    status, output = spektron("corpus", "build", "--source", "simulated:20", "--out", tmp_path / "c", *words)
    assert (status, told in output) == (2, True), output


def test_the_command_line_and_the_library_hold_out_the_same_shares(built: Path) -> None:
    config = json.loads((built / "manifest.json").read_text())["config"]
    assert config == BuildConfig(name="built").model_dump(mode="json")


def test_a_list_of_compounds_that_is_not_there_is_said_to_be_missing(spektron: Command, tmp_path: Path) -> None:
    status, output = spektron("corpus", "fetch", "nist", "--folder", tmp_path, "--files", "missing.txt")
    assert (status, "no such file: missing.txt" in output) == (2, True), output


def test_a_card_says_how_large_and_how_to_build_it_again(
    built: Path, spektron: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = (built / "card.md").read_text()
    assert " KiB. Fingerprint" in card
    assert "sources and modalities shown" not in card
    typed = card.partition('"command": "')[2].partition('"')[0]
    assert typed == (
        "spektron corpus build --source simulated:20 --out FOLDER --name built --seed 0 --validation 0.1 --test 0.05"
    )
    again = tmp_path / "again"
    assert spektron(*typed.replace("FOLDER", str(again)).split()[1:])[0] == 0
    assert (again / "manifest.json").read_text() == (built / "manifest.json").read_text()
    monkeypatch.setattr("spektron.corpus.describing.card.MOST_PANELS", 2)
    assert "\n2 of 3 sources and modalities shown" in render_card(load_manifest(built))


def test_infrared_is_drawn_from_high_to_low_wavenumbers_and_each_panel_named(
    spektron: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Axes] = []
    add = Figure.add_subplot
    monkeypatch.setattr(Figure, "add_subplot", lambda *words: drawn.append(add(*words)) or drawn[-1])
    spektron("corpus", "build", "--source", "simulated:20", "--out", tmp_path / "c")
    titles = [axes.get_title(loc="left") for axes in drawn]
    turned = {title.split()[1]: axes.xaxis_inverted() for title, axes in zip(titles, drawn, strict=True)}
    assert turned == {"IR": True, "RAMAN": False, "NIR": True}
    assert all("\nsimulated/" in title for title in titles)
    assert {axes.get_xlabel() for axes in drawn} == {"wavenumber / cm⁻¹"}
