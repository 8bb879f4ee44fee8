"""What is taken of two instruments' files, and which samples are the standards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spektron.core.errors import ConfigError, SpectrumError
from spektron.datasets import PairedSpectra, PairFiles, Samples
from spektron.transfer.model import TransferModel, TransferParts, chosen_standards
from spektron.transfer.model.parts import file_names
from spektron.transfer.selection import KennardStone


def test_all_of_the_parents_samples_calibrate_and_the_chosen_are_standards(pairs: PairedSpectra) -> None:
    some = pairs.ids[3:8]
    parts = TransferParts.of(pairs, some)
    assert parts.calibration.shape == (60, 700)
    assert set(parts.references) == {"moisture", "oil", "protein", "starch"}
    np.testing.assert_array_equal(parts.child, pairs.child[3:8])
    np.testing.assert_array_equal(parts.labels("oil"), pairs.references["oil"][3:8])


def test_standards_are_said_in_three_ways(pairs: PairedSpectra, files: PairFiles, tmp_path: Path) -> None:
    assert chosen_standards(pairs) == pairs.ids
    first, second = pairs.ids[:2]
    assert chosen_standards(pairs, f"{second}, {first}") == (second, first)
    listed = tmp_path / "ids.txt"
    listed.write_text(f"\ufeff{first}\r\n\r\n{second}\r\n", encoding="utf-8")
    assert chosen_standards(pairs, str(listed)) == (first, second)
    assert set(chosen_standards(pairs, str(files.standards))) == set(pairs.ids)
    rows = KennardStone(num_standards=4).fit(pairs.parent).indices_
    assert chosen_standards(pairs, "auto:4") == tuple(pairs.ids[row] for row in rows)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("corn-99,{first}", "found corn-99"),
        ("{only}", "only one of them measured {only}"),
        ("{first},{first}", "every id once, found {first}"),
        ("auto:0", "a number from 3 to 10"),
        ("auto:1", "a number from 3 to 10"),
        ("auto:2", "a number from 3 to 10"),
        ("auto:11", "a number from 3 to 10"),
        ("standard.txt", "found no file standard.txt"),
        ("nowhere/standards", "found no file nowhere/standards"),
        ("auto:many", "found auto:many"),
        (" , ", "expected ids, found none"),
    ],
)
def test_standards_that_are_not_there_are_named(pairs: PairedSpectra, said: str, message: str) -> None:
    names = {"first": pairs.ids[0], "only": pairs.parent_only.ids[0]}
    with pytest.raises(ConfigError, match=message.format(**names)):
        chosen_standards(pairs, said.format(**names))


def alike(pairs: PairedSpectra) -> Samples:
    return replace(pairs.parent_only, references={"oil": np.full(50, 3.5)})


def test_what_cannot_be_a_transfer_is_refused(pairs: PairedSpectra) -> None:
    with pytest.raises(SpectrumError, match="at least 3 transfer standards, found 2"):
        TransferParts.of(pairs, pairs.ids[:2])
    with pytest.raises(ConfigError, match="found fat"):
        TransferParts.of(pairs, pairs.ids, ("fat",))
    with pytest.raises(ConfigError, match="expected a correction of pds"):
        TransferParts.of(pairs, pairs.ids, correction="sbc")
    with pytest.raises(ConfigError, match=r"expected a method of none, mean, .*found 'magic'") as magic:
        TransferParts.of(pairs, pairs.ids, method="magic")
    assert "cnn" not in magic.value.message
    assert "did you mean" not in magic.value.hint
    with pytest.raises(ConfigError, match="found the network cnn"):
        TransferParts.of(pairs, pairs.ids, method="cnn")
    for said, meant in {
        "PDS": "pds",
        "SG1+Difference-Ridge": "sg1+difference_ridge",
        "recalibrate": "recalibration",
    }.items():
        with pytest.raises(ConfigError) as near:
            TransferParts.of(pairs, pairs.ids, method=said)
        assert near.value.hint.startswith(f"did you mean {meant}? ")
    same = {"oil": np.full(10, 3.5)}
    with pytest.raises(SpectrumError, match=r"oil: expected values that differ, found 3\.5"):
        TransferParts.of(replace(pairs, references=same, parent_only=alike(pairs)), pairs.ids)
    few = {"oil": np.where(np.arange(50) < 3, pairs.parent_only.references["oil"], np.nan)}
    unknown = {"oil": np.full(10, np.nan)}
    poor = replace(pairs, references=unknown, parent_only=replace(pairs.parent_only, references=few))
    with pytest.raises(SpectrumError, match="oil: expected at least 10 samples of the parent with a value, found 3"):
        TransferParts.of(poor, poor.ids)


def test_standards_without_a_value_are_left_out_of_what_needs_it(parts: TransferParts) -> None:
    values = parts.references["oil"].copy()
    values[[parts.calibration_ids.index(name) for name in parts.standard_ids[:4]]] = np.nan
    found = TransferModel.fit(replace(parts, references={"oil": values})).properties["oil"]
    assert found.standards.sum() == 6
    assert found.calibrated.sum() == 56
    assert found.labels is not None
    values = np.where(np.isin(parts.calibration_ids, parts.standard_ids), np.nan, parts.references["oil"])
    without = TransferModel.fit(replace(parts, references={"oil": values})).properties["oil"]
    assert without.labels is None
    assert without.standards.sum() == 10


def test_files_of_properties_have_names_of_their_own() -> None:
    assert file_names(["Oil %", "oil_%", "Öl", "oil"]) == {
        "Oil %": "oil__",
        "oil_%": "oil___2",
        "Öl": "_l",
        "oil": "oil",
    }
