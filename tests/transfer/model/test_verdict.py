"""What the sentence at the top says: how much better than no transfer, or that there should be none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spektron.transfer.model import Expected, TransferParts
from spektron.transfer.model.parts import short_name
from spektron.transfer.model.verdict import transfer_verdict


def erring(method: str, rmsep: float | None) -> Expected:
    if rmsep is None:
        return Expected(method=method, rmsep=None, reason="cannot be used")
    return Expected(method=method, rmsep=rmsep, low=0.8 * rmsep, high=1.3 * rmsep)


@pytest.mark.parametrize(
    ("own", "none", "mean", "words", "status"),
    [
        (1.0, 2.24, 1.5, "1 (0.8 to 1.3), 2.2 times less than without transfer.", "differs"),
        (1.0, 31.4, 1.5, "31 times less than without transfer.", "differs"),
        (1.0, 99.8, 1.5, "100 times less than without transfer.", "differs"),
        (1.0, 1.1e29, 1.5, "over 100 times less than without transfer.", "differs"),
        (0.0, 1.0, 1.5, "over 100 times less than without transfer.", "differs"),
        (1.0, 1.03, 1.5, "no less than without transfer.", "cannot_tell"),
        (0.0, 0.0, 1.5, "no less than without transfer.", "cannot_tell"),
        (1.0, 1.0, 0.9, "no less than without transfer.", "cannot_tell"),
        (
            *(2.2, 1.0, 1.5),
            "2.2 times more than without transfer: do not transfer. Without any transfer the error is expected to be",
            "differs",
        ),
        (1.0, 0.8, 0.9, "1.2 times more than without transfer: do not transfer. Without any transfer", "cannot_tell"),
        (1e9, 1.0, 1.5, "over 100 times more than without transfer: do not transfer. Without any transfer", "differs"),
        (
            *(2.2, 1.0, 0.5),
            "2.2 times more than without transfer: do not transfer by sbc, mean is expected to err least.",
            "differs",
        ),
        (1.0, None, 1.5, "oil 1 (0.8 to 1.3).", "cannot_tell"),
    ],
)
def test_it_is_told_against_no_transfer(
    parts: TransferParts, own: float, none: float | None, mean: float, words: str, status: str
) -> None:
    compared = {"oil": [erring("sbc", own), erring("none", none), erring("mean", mean)]}
    found, text = transfer_verdict(parts, compared)
    assert words in text
    assert text.startswith("Expected error of prediction on the child with 10 standards: oil ")
    assert found == status
    assert ("Without any transfer" in text) == ("Without any transfer" in words)


def test_properties_are_told_apart(parts: TransferParts) -> None:
    parts = replace(parts, references=dict.fromkeys(("oil", "protein", "starch"), parts.references["oil"]))
    good, bad = ([erring("sbc", own), erring("none", 1.0)] for own in (0.2, 3.0))
    status, text = transfer_verdict(parts, {"oil": good, "protein": bad, "starch": bad})
    assert status == "differs"
    assert " Without any transfer the error is expected to be least for protein, starch." in text
    assert "oil 0.2 (0.16 to 0.26), 5 times less than without transfer;" in text


def test_no_transfer_as_asked_is_not_compared_with_itself(parts: TransferParts) -> None:
    _, text = transfer_verdict(parts, {"oil": [erring("none", 1.0), erring("mean", 0.5)]})
    assert "oil 1 (0.8 to 1.3), which is without transfer." in text
    assert "than without" not in text


def test_long_names_keep_both_ends(parts: TransferParts) -> None:
    name = f"protein{'x' * 5000}%"
    parts = replace(parts, references={name: parts.references["oil"]})
    _, text = transfer_verdict(parts, {name: [erring("sbc", 1.0), erring("none", 2.0)]})
    assert len(text) < 400
    assert short_name(name).startswith("proteinxx")
    assert short_name(name).endswith("x%")
    assert len(short_name(name)) == 30
    assert short_name("oil") == "oil"


def test_what_is_no_better_than_the_mean_is_said_whatever_it_is_without_transfer(parts: TransferParts) -> None:
    spread = parts.spread("oil")
    assert spread == pytest.approx(parts.references["oil"].std(ddof=1))
    for factor, said in ((0.75, False), (0.85, True), (2.0, True)):
        own = [erring("sbc", factor * spread), erring("none", 9.0)]
        _, text = transfer_verdict(parts, {"oil": own})
        assert ("Hardly better than the calibration samples' mean for every sample: oil (" in text) == said


def test_few_standards_are_remarked_on(parts: TransferParts) -> None:
    compared = {"oil": [erring("sbc", 0.05), erring("none", 1.0)]}
    assert "fewer than 5 standards" not in transfer_verdict(parts, compared)[1]
    few = replace(parts, standard_ids=parts.standard_ids[:4])
    assert "With fewer than 5 standards intervals hold less than they say" in transfer_verdict(few, compared)[1]
