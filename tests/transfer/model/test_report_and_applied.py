"""What a transfer says of itself, and of new spectra."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spektron.datasets import PairFiles, Samples, load_corn, load_spectra
from spektron.report import save_figure, study_page
from spektron.transfer.methods import method_named
from spektron.transfer.model import (
    TransferModel,
    TransferParts,
    apply_transfer,
    compare_methods,
    expected_rmsep,
    transfer_figures,
    transfer_report,
)


@pytest.fixture(scope="module")
def new(model: TransferModel, files: PairFiles) -> Samples:
    assert files.new is not None
    return load_spectra(files.new, model.parts.axis, "nm")[0]


def test_it_predicts_what_the_method_predicts(model: TransferModel, new: Samples) -> None:
    parts = model.parts
    direct = method_named(parts.method).fit(
        parts.child,
        parts.parent,
        X_calibration=parts.calibration,
        y_calibration=parts.references["oil"],
        y_standards=parts.labels("oil"),
    )
    applied = apply_transfer(model, new)
    np.testing.assert_allclose(applied.predictions["oil"].predicted, direct.predict(new.spectra), rtol=1e-12)
    difference = (parts.parent - parts.child).mean(axis=0)
    np.testing.assert_allclose(applied.corrected, new.spectra + difference, rtol=1e-9)
    rows = applied.table().rows
    assert len(rows) == 2 * len(new.ids)
    assert all(row["low"] < row["predicted"] < row["high"] for row in rows)


def test_strange_spectra_and_values_are_flagged_in_words(model: TransferModel, new: Samples) -> None:
    spectra = new.spectra.copy()
    spectra[0, 300] += 1.0
    spectra[1] *= 1.5
    applied = apply_transfer(model, replace(new, spectra=spectra))
    assert applied.flagged[:2].all()
    assert applied.flagged[2:].sum() <= 1
    rows = [row for row in applied.table().rows if row["id"] in new.ids[:2]]
    assert all(row["flag"] == "outside" and row["reason"] for row in rows)
    beyond = applied.beyond["oil"]
    known = model.parts.references["oil"]
    predicted = applied.predictions["oil"].predicted
    np.testing.assert_array_equal(beyond, (predicted < known.min()) | (predicted > known.max()))


def test_wider_intervals_for_more_confidence(model: TransferModel, new: Samples) -> None:
    narrow, wide = (apply_transfer(model, new, confidence).predictions["oil"] for confidence in (0.5, 0.95))
    assert (wide.high - wide.low > narrow.high - narrow.low).all()
    with pytest.raises(ValueError, match="confidence: expected between 0 and 1"):
        apply_transfer(model, new, 1.0)


def test_the_page_says_what_is_to_be_expected_and_against_what(model: TransferModel) -> None:
    compared = {name: list(compare_methods(model.parts, found)) for name, found in model.properties.items()}
    methods = [one.method for one in compared["oil"]]
    assert methods == ["sg1+difference_ridge", "none", "mean", "pds", "recalibration"]
    assert all(one.low < one.rmsep < one.high for one in compared["oil"])
    assert compared["oil"][0].high < compared["oil"][1].low  # corn without a transfer is hopeless
    report = transfer_report(model, compared, ["10 samples on both instruments"])
    assert report.status == "differs"
    page = study_page(report)
    for text in ("oil", "10 samples on both instruments", "recalibration on the standards alone", "as asked"):
        assert text in page
    assert set(transfer_figures(model, compared)) == {
        *("differences", "spectra", "expected_oil", "left_out_oil", "expected_moisture", "left_out_moisture")
    }


def test_without_laboratory_values_spectra_are_corrected_and_no_more(model: TransferModel, new: Samples) -> None:
    bare = TransferModel.fit(replace(model.parts, references={}))
    applied = apply_transfer(bare, new)
    assert applied.predictions == {}
    assert [row["id"] for row in applied.table().rows] == list(new.ids)
    assert applied.corrected.shape == new.spectra.shape
    assert "without laboratory values nothing is predicted" in transfer_report(bare, {}).verdict


def test_methods_that_cannot_be_used_say_why(model: TransferModel) -> None:
    few = replace(
        model.parts,
        standard_ids=model.parts.standard_ids[:3],
        child=model.parts.child[:3],
        parent=model.parts.parent[:3],
    )
    made = TransferModel.fit(few)
    found = {one.method: one for one in compare_methods(few, made.properties["oil"])}
    assert found["recalibration"].rmsep is None
    assert found["recalibration"].reason
    assert found["mean"].rmsep is not None
    assert "recalibration" in study_page(transfer_report(made, {"oil": list(found.values())}))


def test_long_names_are_drawn_short_and_whole_in_tables(
    model: TransferModel, new: Samples, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    name, sample = f"protein {'W' * 300} (%)", f"sample {'y' * 300} 1"
    long = TransferModel.fit(replace(model.parts, references={name: model.parts.references["oil"]}))
    compared = {name: [expected_rmsep("mean", long.properties[name].intervals)]}
    applied = apply_transfer(long, replace(new, ids=(sample, *new.ids[1:])))
    figures = [*transfer_figures(long, compared).values(), applied.figure(name)]
    for figure in figures:
        save_figure(figure, tmp_path / f"{figure.name}.png")
    assert not [one for one in recwarn if "constrained_layout" in str(one.message)]
    assert name not in transfer_report(long, compared).verdict
    assert (applied.table().rows[0]["id"], applied.table().rows[0]["property"]) == (sample, name)


def test_what_it_was_made_of_is_drawn_apart(model: TransferModel, new: Samples) -> None:
    mixed = replace(new, ids=(model.parts.standard_ids[0], *new.ids[1:]))
    applied = apply_transfer(model, mixed)
    assert applied.known.tolist() == [True] + [False] * (len(new.ids) - 1)
    points = {one.label: len(one.x) for one in applied.figure("oil").points}
    assert points["in the calibration set: no test"] == 1
    assert sum(points.values()) == len(new.ids)
    nothing = apply_transfer(TransferModel.fit(replace(model.parts, references={})), mixed).table().rows
    assert [row["flag"] for row in nothing if row["id"] == mixed.ids[0]] == ["no test"]


def test_a_copy_is_known_by_its_spectrum_and_another_scan_is_not(model: TransferModel) -> None:
    parts = model.parts
    noise = np.random.default_rng(0).normal(0, 1e-5, parts.child[2].shape)
    spectra = np.stack([np.round(parts.child[2], 7), parts.child[2] + noise, parts.calibration[30]])
    told = apply_transfer(model, Samples(ids=("a", "b", "c"), spectra=spectra)).no_test
    first, last = parts.standard_ids[2], parts.calibration_ids[30]
    assert told == (
        f"the spectrum of {first}, in the calibration set: no test",
        "",
        f"the spectrum of {last}, in the calibration set: no test",
    )


@pytest.mark.parametrize("fault", ["one channel", "noise", "axis", "wrong instrument"])
def test_what_moves_a_prediction_is_flagged_though_raw_spectra_hardly_differ(
    model: TransferModel, new: Samples, fault: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spectra, places = new.spectra.copy(), np.arange(new.spectra.shape[1])
    if fault == "one channel":
        spectra[:, 300] += 0.05
    elif fault == "noise":
        spectra += 1e-3 * np.random.default_rng(0).normal(size=spectra.shape)
    elif fault == "axis":
        spectra = np.array([np.interp(places + 0.5, places, one) for one in spectra])
    else:
        monkeypatch.setenv("SPEKTRON_DATA", str(shared_data))
        spectra = load_corn().spectra["mp5"][: len(new.ids)]
    assert apply_transfer(model, replace(new, spectra=spectra)).flagged.mean() > 0.9


def test_odd_calibration_spectra_are_named(parts: TransferParts) -> None:
    assert TransferModel.fit(parts).remarks() == []
    calibration = parts.calibration.copy()
    calibration[[20, 40]] *= np.array([[3.0], [0.1]])
    (remark,) = TransferModel.fit(replace(parts, calibration=calibration)).remarks()
    assert f"unlike all others: 2: {parts.calibration_ids[20]}, {parts.calibration_ids[40]};" in remark


def test_what_an_error_is_worth_stands_beside_it(model: TransferModel) -> None:
    report = transfer_report(model, {"oil": list(compare_methods(model.parts, model.properties["oil"]))})
    card = next(card for card in report.cards if card.table is not None and "errors to expect" in card.table.title)
    assert card.table is not None
    for row in card.table.rows:
        if row["rmsep"] is not None:
            assert row["rpd"] == pytest.approx(model.parts.spread("oil") / row["rmsep"].value)


def test_figures_have_the_lowest_prediction_at_the_bottom(model: TransferModel, new: Samples) -> None:
    few = apply_transfer(model, new)
    many = Samples(
        ids=tuple(f"{name}-{copy}" for copy in range(3) for name in new.ids), spectra=np.vstack([new.spectra] * 3)
    )
    for applied, named in ((few, True), (apply_transfer(model, many), False)):
        figure = applied.figure("oil")
        at = {y: x for points in figure.points for x, y in zip(points.x, points.y, strict=True)}
        from_the_bottom = [at[y] for y in sorted(at, reverse=named)]  # axes with names count from the top
        assert len(at) == len(applied.ids)
        assert from_the_bottom == sorted(applied.predictions["oil"].predicted)
        assert bool(figure.y_names) is named
    lowest = few.ids[int(np.argmin(few.predictions["oil"].predicted))]
    assert few.figure("oil").y_names[-1] == lowest


def test_an_absurd_prediction_is_named_and_does_not_stretch_the_axis(model: TransferModel, new: Samples) -> None:
    spectra = new.spectra.copy()
    spectra[3] *= 1000
    applied = apply_transfer(model, Samples(ids=new.ids, spectra=spectra))
    figure = applied.figure("oil")
    assert sum(len(points.x) for points in figure.points) == len(new.ids) - 1
    assert new.ids[3] not in figure.y_names
    assert figure.note.startswith(f"Not shown, far from the others: {new.ids[3]} ")
    assert apply_transfer(model, new).figure("oil").note == ""


def test_no_line_is_drawn_where_the_axis_has_a_gap(parts: TransferParts) -> None:
    kept = (parts.axis < 1700) | (parts.axis > 1760)
    cut = {name: getattr(parts, name)[:, kept] for name in ("calibration", "child", "parent")}
    model = TransferModel.fit(replace(parts, axis=parts.axis[kept], references={}, **cut))
    for figure in transfer_figures(model, {}).values():
        for curve in figure.curves:
            (missing,) = np.flatnonzero(np.isnan(curve.y))
            assert (curve.x[missing - 1], curve.x[missing], curve.x[missing + 1]) == (1698, 1730, 1762)
            assert len(curve.x) == kept.sum() + 1
