"""New files of the child on an axis that is given: what is left out is named, and does not spoil the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spektron.core.errors import ConfigError, SpectrumError
from spektron.datasets import NothingUsable, load_pairs, load_spectra
from tests.datasets import own_files as own


def left_out(repairs):
    return dict(one for repair in repairs for one in repair.left_out)


def test_a_spectrum_that_ends_early_does_not_cut_the_others(tmp_path):
    y = own.spectra()
    y[2, -4:] = np.nan
    found, repairs = load_spectra(own.wide(tmp_path / "new.csv", y), own.AXIS_NM, "nm")
    assert found.ids == tuple(name for name in own.ids() if name != "S3")
    np.testing.assert_array_equal(found.spectra, np.delete(y, 2, axis=0))
    assert left_out(repairs) == {"S3": "spectra that do not reach from 1100 to 1496 nm (1100 to 1480 nm)"}


def test_what_is_missing_beyond_the_range_does_not_matter(tmp_path):
    y = own.spectra()
    y[2, -4:] = np.nan
    found, repairs = load_spectra(own.wide(tmp_path / "new.csv", y), own.AXIS_NM[:90], "nm")
    np.testing.assert_array_equal(found.spectra, y[:, :90])
    assert left_out(repairs) == {}


def test_where_none_reaches_it_is_the_range_that_is_wrong(tmp_path):
    y = own.spectra()[:, :70]
    with pytest.raises(SpectrumError, match="expected spectra from 1100 to 1496 nm, found 1100 to 1376 nm"):
        load_spectra(own.wide(tmp_path / "new.csv", y, own.AXIS_NM[:70]), own.AXIS_NM, "nm")


def test_everything_that_is_left_out_is_named_with_its_reason(tmp_path):
    folder = own.single(tmp_path / "new", own.spectra())
    (folder / "S4.csv").write_text("no spectrum\n")
    flat = "".join(f"{x!r},0.5\n" for x in own.AXIS_NM.tolist())
    (folder / "S6.csv").write_text("nm,absorbance\n" + flat)
    found, repairs = load_spectra(folder, own.AXIS_NM, "nm")
    assert found.ids == ("S1", "S2", "S3", "S5", "S7", "S8")
    assert set(left_out(repairs)) == {"S4", "S6"}
    assert "S4.csv" in left_out(repairs)["S4"]
    assert left_out(repairs)["S6"] == "spectra that are constant"
    assert sum(repair.count for repair in repairs if repair.left_out) == 2


def test_resampling_is_told_and_the_same_channels_are_not(tmp_path):
    path = own.wide(tmp_path / "new.csv", own.spectra())
    assert load_spectra(path, own.AXIS_NM, "nm")[1] == ()
    found, repairs = load_spectra(path, own.AXIS_NM[:-1] + 2.0, "nm")
    (repair,) = repairs
    assert (repair.side, repair.count) == ("child", 8)
    assert repair.what == "spectra resampled onto 99 channels from 1102 to 1494 nm"
    assert repair.detail == "measured on 100 from 1100 to 1496 nm"
    np.testing.assert_allclose(found.spectra, own.spectra(axis=own.AXIS_NM[:-1] + 2.0), atol=1e-3)


def test_channels_in_the_table_of_values_are_no_properties(tmp_path):
    parent, child = own.wide(tmp_path / "p.csv", own.spectra()), own.wide(tmp_path / "c.csv", own.spectra(gain=1.1))
    with pytest.raises(ConfigError, match="expected properties, found columns headed by numbers alone"):
        load_pairs(parent, child, reference=parent)
    lines = parent.read_text().splitlines()
    values = ["fat", *map(str, range(8))]
    parent.write_text("\n".join(line.replace(",", f",{v},", 1) for line, v in zip(lines, values, strict=True)))
    pairs = load_pairs(parent, child, reference=parent)
    assert list(pairs.references) == ["fat"]
    np.testing.assert_array_equal(pairs.references["fat"], np.arange(8.0))
    np.testing.assert_array_equal(pairs.parent, own.spectra())


HOLED = np.r_[0:40, 60:100]  # 20 channels are missing


@pytest.mark.parametrize("form", ["axis", "cells"])
def test_a_spectrum_with_a_gap_is_left_out_by_name(tmp_path, form):
    folder = own.single(tmp_path / "new", own.spectra())
    if form == "axis":
        own.single(folder, own.spectra()[2:3, HOLED], own.AXIS_NM[HOLED], ["S3"])
    else:
        y = own.spectra()[2:3].copy()
        y[:, 40:60] = np.nan
        own.single(folder, y, own.AXIS_NM, ["S3"])
    found, repairs = load_spectra(folder, own.AXIS_NM, "nm")
    np.testing.assert_array_equal(found.spectra, np.delete(own.spectra(), 2, axis=0))
    assert left_out(repairs) == {
        "S3": "spectra with a gap between 1100 and 1496 nm (nothing from 1256 to 1340 nm)",
    }


def test_where_most_have_a_gap_the_whole_ones_are_kept(tmp_path):
    folder = own.single(tmp_path / "new", own.spectra()[:, HOLED], own.AXIS_NM[HOLED])
    own.single(folder, own.spectra()[2:3], own.AXIS_NM, ["S3"])
    found, repairs = load_spectra(folder, own.AXIS_NM, "nm")
    assert found.ids == ("S3",)
    np.testing.assert_array_equal(found.spectra, own.spectra()[2:3])
    assert len(left_out(repairs)) == 7


@pytest.mark.parametrize("unit", ["nm", "cm-1"])
def test_a_gap_of_all_is_refused_and_does_not_widen_the_ends(tmp_path, unit):
    """Ten missing channels at the beginning, and a hole that is twice as wide."""
    axis, y = own.AXIS_NM[HOLED][10:], own.spectra()[:, HOLED][:, 10:]
    path = own.wide(tmp_path / "new.csv", y, axis if unit == "nm" else 1e7 / axis, corner=unit)
    with pytest.raises(SpectrumError, match=r"expected spectra from .*, found (1140 to 1496|6684.49 to 8771.93)"):
        load_spectra(path, own.AXIS_NM, "nm")
    with pytest.raises(SpectrumError, match=r"found nothing from (1256 to 1340|7462.69 to 7961.78)"):
        load_spectra(path, own.AXIS_NM[10:], "nm")
    beside, repairs = load_spectra(path, own.AXIS_NM[60:], "nm")
    np.testing.assert_allclose(beside.spectra, own.spectra()[:, 60:], rtol=1e-12)
    assert left_out(repairs) == {}


@pytest.mark.parametrize("unit", ["nm", "cm-1"])
def test_a_gap_that_the_axis_has_too_is_none(tmp_path, unit):
    y = own.spectra()[:, HOLED]
    axis = own.AXIS_NM[HOLED]
    path = own.wide(tmp_path / "new.csv", y, axis if unit == "nm" else 1e7 / axis, corner=unit)
    found, repairs = load_spectra(path, axis, "nm")
    np.testing.assert_allclose(found.spectra, y, rtol=1e-12)
    assert left_out(repairs) == {}
    one_more = np.sort(np.append(axis, own.AXIS_NM[50]))
    with pytest.raises(SpectrumError, match=r"found nothing from (1256 to 1340|7462.69 to 7961.78)"):
        load_spectra(path, one_more, "nm")


def test_absorbance_taken_for_transmittance_names_the_kind(tmp_path):
    y = own.spectra(3) - 0.3
    with pytest.raises(
        NothingUsable, match=r"points without light not counted\n.*kind=\"transmittance\" is likely wrong"
    ) as error:
        load_spectra(own.wide(tmp_path / "new.csv", y), own.AXIS_NM, "nm", kind="transmittance")
    assert "points without any light, taken as not measured" in [repair.what for repair in error.value.repairs]
    assert all("without light" in why for why in left_out(error.value.repairs).values())


def test_a_file_that_states_another_kind_than_the_one_said_is_named(tmp_path):
    folder = own.jcamp(tmp_path / "new", own.spectra(2))
    _, repairs = load_spectra(folder, own.AXIS_NM, "nm", kind="transmittance")
    (found,) = [
        (repair.count, repair.detail) for repair in repairs if "overruled: transmittance was said" in repair.what
    ]
    assert found == (1, "absorbance in S2.jdx, line 1")
    _, repairs = load_spectra(folder, own.AXIS_NM, "nm", kind="absorbance")
    assert repairs == ()


@pytest.mark.parametrize("unit", ["% TRANSMITTANCE", "%R"])
def test_a_stated_percentage_is_believed_however_small(tmp_path, unit):
    y = own.spectra(2) + 2.1
    share = 100 * 10**-y
    assert 0.5 < share.max() < 1.5
    found, repairs = load_spectra(own.jcamp(tmp_path / "new", share, yunits=unit), own.AXIS_NM, "nm")
    np.testing.assert_allclose(found.spectra, y, rtol=1e-9)
    assert any("lie below 1.5 %, taken as stated" in repair.what for repair in repairs)


def test_a_constant_spectrum_is_left_out_without_a_warning_of_scipy(tmp_path, recwarn):
    with pytest.raises(NothingUsable, match="constant"):
        load_spectra(own.jcamp(tmp_path / "new", np.full((1, 100), 0.3)), own.AXIS_NM, "nm")
    assert [str(warning.message) for warning in recwarn] == []


def test_a_channel_that_the_axis_lacks_may_be_blank(tmp_path):
    y, needed = own.spectra(), np.delete(own.AXIS_NM, [20, 21])
    y[:3, 20], y[:, 21] = np.nan, np.nan
    found, repairs = load_spectra(own.wide(tmp_path / "new.csv", y), needed, "nm")
    np.testing.assert_array_equal(found.spectra, np.delete(y, [20, 21], axis=1))
    assert repairs == ()
    with pytest.raises(NothingUsable, match="missing values between measured ones"):
        load_spectra(tmp_path / "new.csv", own.AXIS_NM, "nm")


def test_a_table_without_spectra_says_so(tmp_path):
    path = own.wide(tmp_path / "new.csv", own.spectra()[:0])
    with pytest.raises(
        NothingUsable, match=r"none that can be read: new\.csv: expected spectra below the axis, found none"
    ) as error:
        load_spectra(path, own.AXIS_NM, "nm")
    assert [(repair.unread, repair.left_out[0][0]) for repair in error.value.repairs] == [(True, "new")]


def test_where_none_can_be_used_all_are_named_with_their_reason(tmp_path):
    y = own.spectra(3)
    y[0], y[1, 50], y[2, 60:] = 0.3, np.nan, np.nan
    with pytest.raises(NothingUsable) as error:
        load_spectra(own.wide(tmp_path / "new.csv", y), own.AXIS_NM, "nm")
    assert left_out(error.value.repairs).keys() == {"S1", "S2", "S3"}
    assert not any(repair.unread for repair in error.value.repairs)


def test_the_first_column_of_parquet_may_state_the_unit(tmp_path):
    table = pd.DataFrame(own.spectra(), columns=[f"{x:g}" for x in own.AXIS_NM])
    for head in ("id", "wavelength (nm)"):
        table.insert(0, head, own.ids())
        table.to_parquet(tmp_path / "new.parquet")
        if head == "id":
            with pytest.raises(ConfigError, match=r'head the first column of the table with "wavelength \(nm\)"'):
                load_spectra(tmp_path / "new.parquet", own.AXIS_NM, "nm")
            del table[head]
    found, _ = load_spectra(tmp_path / "new.parquet", own.AXIS_NM, "nm")
    assert found.ids == tuple(own.ids())
    np.testing.assert_array_equal(found.spectra, own.spectra())


def test_numbered_samples_are_read_the_right_way_round(tmp_path):
    """Parent and child alike, so that nothing else would tell: ids 3, 5, 6 … below a corner that states the unit."""
    names = ["3", "5", "6", "11", "12", "20", "41", "42"]
    parent = own.wide(tmp_path / "p.csv", own.spectra(gain=1.1), names=names)
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", own.spectra(), names=names))
    assert pairs.ids == tuple(names)
    np.testing.assert_array_equal(pairs.axis, own.AXIS_NM)


@pytest.mark.parametrize(
    ("axis", "unit"), [(own.AXIS_NM[::-1], "nm"), (own.AXIS_NM / 1000, "um"), (own.AXIS_NM[:1], "nm")]
)
def test_an_axis_that_does_not_ascend_in_a_known_unit_is_refused(tmp_path, axis, unit):
    path = own.wide(tmp_path / "new.csv", own.spectra())
    with pytest.raises(ConfigError, match=r'that ascend|expected "nm" or "cm-1"'):
        load_spectra(path, axis, unit)


@pytest.mark.parametrize("setting", [{"kind": "extinction"}, {"replicates": "median"}])
def test_a_setting_that_is_not_known_is_refused_for_pairs_and_for_new_spectra(tmp_path, setting):
    path = own.wide(tmp_path / "new.csv", own.spectra())
    with pytest.raises(ConfigError, match=r"found '(extinction|median)'"):
        load_spectra(path, own.AXIS_NM, "nm", **setting)
    with pytest.raises(ConfigError, match=r"found '(extinction|median)'"):
        load_pairs(path, tmp_path / "child.csv", **setting)
