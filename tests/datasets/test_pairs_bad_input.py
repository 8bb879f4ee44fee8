"""Bad input of two instruments: an error that says what to do, or a repair that is told and counted; never silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from spektron.core.errors import ConfigError, SpectrumError, SpektronError
from spektron.datasets import load_pairs, load_spectra
from tests.datasets import own_files as own


@pytest.fixture
def parent(tmp_path):
    return own.wide(tmp_path / "parent.csv", own.spectra(gain=1.1))


def told(pairs, words):
    """The repair that says so: its side, count and detail."""
    (found,) = [(one.side, one.count, one.detail) for one in pairs.repairs if words in one.what]
    return found


def test_no_overlap_is_refused_with_both_ranges(tmp_path, parent):
    far = own.wide(tmp_path / "c.csv", own.spectra(), own.AXIS_NM + 500)
    with pytest.raises(
        SpectrumError,
        match=r"parent at 1100 to 1496 nm and the child at 1600 to 1996 nm, 0 channels.*\n.*axis_unit=.*layout=",
    ):
        load_pairs(parent, far)


def test_unpaired_ids_are_kept_apart_and_told(tmp_path, parent):
    child = own.wide(tmp_path / "c.csv", own.spectra(5, seed=0), names=["S1", "S3", "X", "S5", "Y"])
    pairs = load_pairs(parent, child)
    assert pairs.ids == ("S1", "S3", "S5")
    assert pairs.parent_only.ids == ("S2", "S4", "S6", "S7", "S8")
    assert pairs.child_only.ids == ("X", "Y")
    np.testing.assert_array_equal(pairs.child_only.spectra[0], own.spectra(5)[2])
    assert [(r.side, r.count) for r in pairs.repairs] == [("parent", 5), ("child", 2)]


def test_no_ids_in_common_is_refused_and_likely_pairs_are_named(tmp_path, parent):
    child = own.wide(tmp_path / "c.csv", own.spectra(), names=[f"s {number}" for number in range(1, 9)])
    with pytest.raises(SpectrumError, match=r"found 0: .*\n.*S1 and s 1, S2 and s 2, S3 and s 3 and 5 more"):
        load_pairs(parent, child)
    child = own.wide(tmp_path / "c.csv", own.spectra(), names=list("abcdefgh"))
    with pytest.raises(SpectrumError, match="found 0: the parent has S1, S2, S3 and 5 more, the child a, b, c"):
        load_pairs(parent, child)


def test_one_id_with_two_spectra_is_asked_about(tmp_path, parent):
    names = [*own.ids(7), "S1"]
    child = own.wide(tmp_path / "c.csv", own.spectra(), names=names)
    with pytest.raises(SpectrumError, match=r"child: expected one spectrum of each id, found several that differ: S1"):
        load_pairs(parent, child)
    pairs = load_pairs(parent, child, replicates="mean")
    np.testing.assert_allclose(pairs.child[0], own.spectra()[[0, 7]].mean(axis=0))
    assert told(pairs, "their mean taken") == ("child", 1, "S1")


def test_the_same_row_twice_counts_once(tmp_path, parent):
    y = own.spectra()
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", np.vstack([y, y[2]]), names=[*own.ids(), "S3"]))
    assert pairs.ids == tuple(own.ids())
    assert told(pairs, "taken once") == ("child", 1, "S3")


def test_one_sample_under_two_ids_counts_once(tmp_path):
    y = own.spectra()
    twin = np.vstack([y, y[0]])
    names = [*own.ids(), "S1b"]
    pairs = load_pairs(
        own.wide(tmp_path / "p.csv", 1.1 * twin, names=names), own.wide(tmp_path / "c.csv", twin, names=names)
    )
    assert pairs.ids == tuple(own.ids())
    assert told(pairs, "very same spectrum as another id") == ("both", 1, "S1b")


def test_a_file_under_a_wrong_name_takes_both_names_with_it(tmp_path, parent):
    y = own.spectra()
    y[5] = y[1]
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", y))
    assert pairs.ids == ("S1", "S3", "S4", "S5", "S7", "S8")
    assert told(pairs, "very same spectrum as another id") == ("both", 2, "S2, S6")


def test_constant_channels_are_not_used(tmp_path, parent):
    y = own.spectra()
    y[:, [0, 40, 41]] = 0.25
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", y))
    assert told(pairs, "the same for all samples") == ("child", 3, "nm: 1100, 1260, 1264")
    assert set(own.AXIS_NM) - set(pairs.axis) == {1100.0, 1260.0, 1264.0}
    y[:, 10:60] = 0.25
    with pytest.raises(SpectrumError, match=r"expected most of 100 channels to carry a signal, found 5[0-9]"):
        load_pairs(parent, own.wide(tmp_path / "c.csv", y))


def test_a_constant_spectrum_is_left_out(tmp_path, parent):
    y = own.spectra()
    y[3] = 0.5
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", y))
    assert told(pairs, "that are constant") == ("child", 1, "S4")
    assert "S4" in pairs.parent_only.ids


def test_missing_values_at_the_ends_cut_the_axis(tmp_path, parent):
    y = own.spectra()
    y[2, :4] = np.nan
    y[6, -3:] = np.nan
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", y))
    assert (pairs.axis[0], pairs.axis[-1], len(pairs.ids)) == (1116.0, 1484.0, 8)
    assert told(pairs, "some samples lack, cut")[:2] == ("child", 7)


def test_missing_values_inside_leave_the_sample_out(tmp_path, parent):
    y = own.spectra()
    y[2, 50:52] = np.nan
    y[4, :30] = np.nan
    y[5] = np.nan
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", y))
    assert pairs.ids == ("S1", "S2", "S4", "S7", "S8")
    assert told(pairs, "missing values between") == ("child", 1, "S3: 2 points")
    assert told(pairs, "lack more than a tenth of their points") == ("child", 2, "S5: 70 of 100, S6: 0 of 100")
    with pytest.raises(SpectrumError, match="expected spectra that can be used, found none"):
        load_pairs(parent, own.wide(tmp_path / "c.csv", np.full((8, 100), np.nan)), layout="rows")


def test_a_detectors_ceiling_is_not_used(tmp_path, parent):
    y = own.spectra()
    clipped = np.minimum(y, 0.9)
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", clipped))
    side, count, detail = told(pairs, "detector's ceiling")
    beyond = (y > 0.9).any(axis=0)
    assert (side, count) == ("child", int(beyond.sum()))
    assert set(own.AXIS_NM) - set(pairs.axis) == set(own.AXIS_NM[beyond])
    assert "S" in detail


def test_rounded_values_make_no_ceiling(tmp_path, parent):
    """Three decimals of a broad band: several equal points at the top, and nothing wrong with them."""
    rounded = own.spectra().round(2)
    assert max((row == row.max()).sum() for row in rounded) >= 3
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", rounded))
    assert not [repair for repair in pairs.repairs if "ceiling" in repair.what]


def test_a_descending_axis_is_turned_round(tmp_path, parent):
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", own.spectra()[:, ::-1], own.AXIS_NM[::-1]))
    np.testing.assert_array_equal(pairs.child, own.spectra())
    assert told(pairs, "descending") == ("child", 8, "")


@pytest.mark.parametrize("place", [50, 51])
def test_an_axis_that_turns_back_or_repeats_is_refused(tmp_path, parent, place):
    axis = own.AXIS_NM.copy()
    axis[51] = axis[place] - (8.0 if place == 51 else 0.0)
    child = own.single(tmp_path / "c", own.spectra(), axis)
    with pytest.raises(
        SpectrumError, match=r"S1 in S1\.csv: expected positions in one direction, found 1 of 99 steps.* first 13"
    ):
        load_pairs(parent, child)


def test_a_file_with_a_bad_axis_or_no_numbers_is_left_out_by_name(tmp_path, parent):
    child = own.single(tmp_path / "c", own.spectra())
    axis = own.AXIS_NM.copy()
    axis[20] = axis[19]
    own.single(child, own.spectra()[3:4], axis, ["S4"])
    (child / "S5.csv").write_text("nothing here\n")
    (child / "S6.jdx").write_bytes(b"\0\1\2")
    pairs = load_pairs(parent, child)
    assert set(own.ids()) - set(pairs.ids) == {"S4", "S5"}
    assert told(pairs, "without a usable axis")[:2] == ("child", 1)
    side, count, detail = told(pairs, "cannot be read")
    assert (side, count) == ("child", 2)
    assert "S5.csv" in detail
    assert "S6.jdx" in detail


def test_a_sample_on_another_axis_is_interpolated_or_left_out(tmp_path, parent):
    child = own.single(tmp_path / "c", own.spectra())
    other = np.arange(1098.0, 1500.0, 2.5)
    own.single(child, own.spectra(axis=other)[2:3], other, ["S3"])
    short = own.AXIS_NM[:60]
    own.single(child, own.spectra(axis=short)[6:7], short, ["S7"])
    pairs = load_pairs(parent, child)
    assert told(pairs, "interpolated onto it") == ("child", 1, "1100 to 1496 nm, 100 channels")
    assert told(pairs, "lack more than a tenth of 1100")[2] == "S7: 1100 to 1336 nm"
    np.testing.assert_allclose(pairs.child[2], own.spectra()[2], atol=1e-3)


def test_a_gap_in_the_childs_axis_is_not_bridged(tmp_path, parent):
    fine = np.arange(1099.0, 1500.0, 1.0)
    gap = np.concatenate([fine[fine < 1200], fine[fine > 1260]])
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", own.spectra(axis=gap), gap))
    assert set(own.AXIS_NM) - set(pairs.axis) == set(np.arange(1200.0, 1261.0, 4.0))
    assert told(pairs, "one of the instruments cannot use") == ("both", 16, "")
    assert pairs.overlap.gaps == ((1196.0, 1264.0),)
    assert pairs.overlap.share == pytest.approx((396 - 68) / 396)
    assert "1100 to 1496 nm without 1196 to 1264, 83% of the parent's range, 84 channels" in pairs.report()


def test_channels_that_are_there_beside_a_gap_are_not_called_interpolated(tmp_path, parent):
    keep = np.r_[0:40, 60:100]
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", own.spectra()[:, keep], own.AXIS_NM[keep]))
    np.testing.assert_array_equal(pairs.child, own.spectra()[:, keep])
    assert not pairs.overlap.resampled
    assert str(pairs.overlap).endswith("80 channels, on the same channels")


def test_an_uneven_axis_is_told(tmp_path, parent):
    axis = own.AXIS_NM.copy()
    axis[30] += 3.0  # a misprint: steps of 7 and 1 among those of 4
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", own.spectra(axis=axis), axis))
    assert told(pairs, "uneven") == ("child", 2, "nm: 1216, 1223")


def test_values_that_no_instrument_gives_are_not_measured(tmp_path, parent):
    y = own.spectra()
    y[2, 50], y[3, 60] = 1e300, -np.inf
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", y), layout="rows")
    assert set(own.ids()) - set(pairs.ids) == {"S3", "S4"}
    assert told(pairs, "too large") == ("child", 2, "")


@pytest.mark.parametrize("scale", [1.0, 100.0])
@pytest.mark.parametrize("both", [True, False])
def test_transmittance_given_as_absorbance_is_asked_about(tmp_path, parent, scale, both):
    share = own.wide(tmp_path / "t.csv", scale * 10 ** -own.spectra())
    first = own.wide(tmp_path / "p.csv", scale * 10 ** -own.spectra(gain=1.1)) if both else parent
    with pytest.raises(ConfigError, match=r"kind=.*transmittance"):
        load_pairs(first, share)
    pairs = load_pairs(first, share, kind=("transmittance" if both else None, "transmittance"))
    np.testing.assert_allclose(pairs.child, own.spectra(), rtol=1e-9)
    unit = "percent transmittance" if scale == 100 else "transmittance"
    converted = [repair for repair in pairs.repairs if f"spectra of {unit} converted to absorbance" in repair.what]
    assert [repair.count for repair in converted] == [8] * (2 if both else 1)
    if both:  # taken at one's word
        np.testing.assert_array_equal(load_pairs(first, share, kind="absorbance").child, scale * 10 ** -own.spectra())


def test_transmittance_that_files_state_is_converted_without_asking(tmp_path, parent):
    child = own.jcamp(tmp_path / "c", 100 * 10 ** -own.spectra(), yunits="% TRANSMITTANCE")
    np.testing.assert_allclose(load_pairs(parent, child).child, own.spectra(), rtol=1e-9)
    child = own.jcamp(tmp_path / "c", 100 * 10 ** -own.spectra()[:1], names=["S1"], yunits="ABSORBANCE")
    with pytest.raises(ConfigError, match="expected files that state one kind of intensity"):
        load_pairs(parent, child)


def test_no_light_at_all_is_no_absorbance(tmp_path, parent):
    share = 10 ** -own.spectra()
    share[:, 95:] = 0.0
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", share), kind=(None, "transmittance"))
    assert pairs.axis[-1] == own.AXIS_NM[94]
    assert told(pairs, "without any light") == ("child", 40, "")


def test_opposite_spectra_are_asked_about_whatever_their_size(tmp_path, parent):
    """Too little light for a top near 1: only the pair tells."""
    child = own.wide(tmp_path / "c.csv", 10 ** -(own.spectra() + 2.0))
    with pytest.raises(ConfigError, match=r"upside down \(correlation -0\.\d+\): one of them may be transmittance"):
        load_pairs(parent, child, kind=(None, "arbitrary"))


def test_an_axis_without_a_unit_is_asked_about(tmp_path, parent):
    bare = own.wide(tmp_path / "c.csv", own.spectra(), corner="id")
    with pytest.raises(
        ConfigError, match=r"child: expected the unit of the axis, found none .*up to 1496 it may be nm or cm-1"
    ):
        load_pairs(parent, bare)
    assert load_pairs(parent, bare, axis_unit="nm").unit == "nm"
    with pytest.raises(SpectrumError, match="same range"):
        load_pairs(parent, bare, axis_unit=(None, "cm-1"))
    with pytest.raises(ConfigError, match="axis_unit: expected an axis in cm-1, nm or um, found 'furlong'"):
        load_pairs(parent, bare, axis_unit="furlong")


def test_a_unit_that_contradicts_the_file_is_refused(tmp_path, parent):
    child = own.wide(tmp_path / "c.csv", own.spectra())
    with pytest.raises(ConfigError, match=r"one unit of the axis, found nm in c.csv, axis_unit=cm-1"):
        load_pairs(parent, child, axis_unit=(None, "cm-1"))


def test_wavenumbers_beyond_any_wavelength_need_no_unit(tmp_path, parent):
    axis = 1e7 / own.AXIS_NM[::-1]
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", own.spectra()[:, ::-1], axis, corner="id"))
    np.testing.assert_allclose(pairs.child, own.spectra(), rtol=1e-12)
    assert told(pairs, "taken for cm-1")[:2] == ("child", 8)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "expected a heading and rows of an id and numbers, found 'nothing'"),
        ("id,oil\n", "expected a heading and rows"),
        ("id,oil\nS1,much\n", "expected a heading and rows"),
        ("id,oil\nS1,3.5\nS2,much\n", "row 3: expected a number for oil, found 'much'"),
        ("# lab\n\nid,oil\n\nS1,3.5\nS2,<0.1\n", "row 6: expected a number for oil, found '<0.1'"),
        ("id,oil\nS1,3.5\n,3.6\n", "row 3: expected an id and 1 values, found ',3.6'"),
        ("id,oil\nS1,3.5\nS1,3.6\n", r"row 3: expected each id once, found S1 again with other values\n.*keep one"),
        ("id,kind,1100\nS1,a,3.5\n", "expected properties, found text alone in kind"),
        ("id,oil,oil\nS1,3.5,3.5\n", "expected properties of different names"),
        ("id,oil\nA,3.5\n", r"expected ids of the spectra \(S1, S2, S3 and 5 more\), found A"),
        ("id,oil\nS1,3.5\nS2,inf\n", "row 3: expected a number for oil, found 'inf'"),
    ],
)
def test_a_bad_table_of_values_is_refused(tmp_path, parent, table, message):
    path = tmp_path / "r.csv"
    path.write_text(table)
    with pytest.raises(ConfigError, match=message):
        load_pairs(parent, own.wide(tmp_path / "c.csv", own.spectra()), reference=path)


def test_gaps_in_the_table_of_values_are_told(tmp_path, parent):
    (tmp_path / "r.csv").write_text("id,oil,fat\nS1,3.5,1\nS1,3.5,1\nS2,,2\nZ,1,1\n")
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", own.spectra()), reference=tmp_path / "r.csv")
    np.testing.assert_array_equal(pairs.references["oil"][:3], [3.5, np.nan, np.nan])
    assert told(pairs, "without a row") == ("reference", 6, "S3, S4, S5, S6, S7 and 1 more")
    assert told(pairs, "without a spectrum") == ("reference", 1, "Z")
    assert told(pairs, "whose oil is missing")[1] == 1
    assert told(pairs, "there twice")[1] == 1


@pytest.mark.parametrize("name", ["missing.csv", "missing", "notes.docx"])
def test_what_is_no_file_of_spectra_is_refused(tmp_path, parent, name):
    if name.endswith("docx"):
        (tmp_path / name).write_text("x")
    with pytest.raises(ConfigError, match=name):
        load_pairs(parent, tmp_path / name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"expected .* below .*, found none"):
        load_pairs(tmp_path / "empty", parent)


@pytest.mark.parametrize(("setting", "value"), [("kind", "colour"), ("replicates", "median")])
def test_settings_that_cannot_be_are_refused(parent, setting, value):
    with pytest.raises(ConfigError, match=f"{setting}: expected"):
        load_pairs(parent, parent, **{setting: value})


def test_a_channel_that_is_blank_for_all_samples_is_left_out_and_told(tmp_path, parent):
    y = own.spectra()
    y[:, [20, 21]] = np.nan
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", y))
    assert told(pairs, "blank for all samples") == ("child", 2, "nm: 1180, 1184")
    assert not {1180.0, 1184.0} & set(pairs.axis)
    np.testing.assert_array_equal(
        pairs.child, np.delete(y, [20, 21], axis=1)[:, np.isin(np.delete(own.AXIS_NM, [20, 21]), pairs.axis)]
    )
    assert pairs.ids == tuple(own.ids())


@pytest.mark.parametrize(("factor", "count"), [(1000, [8]), (1 / 5, [8]), (2, [])])
def test_a_child_wholly_on_another_scale_is_told_and_not_mended(tmp_path, parent, factor, count):
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", factor * own.spectra()))
    assert [repair.count for repair in pairs.repairs if "on another scale" in repair.what] == count
    np.testing.assert_array_equal(pairs.child, factor * own.spectra())


def test_columns_of_text_are_no_properties_and_told(tmp_path, parent):
    rows = [f"{name},yellow,{value},2020-01-{value + 1:02d}" for value, name in enumerate(own.ids())]
    (tmp_path / "r.csv").write_text("\n".join(["id,variety,oil,date", *rows]))
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", own.spectra()), reference=tmp_path / "r.csv")
    assert list(pairs.references) == ["oil"]
    np.testing.assert_array_equal(pairs.references["oil"], np.arange(8.0))
    assert told(pairs, "hold text") == ("reference", 2, "variety: 'yellow', date: '2020-01-01'")


def test_samples_without_names_are_refused(tmp_path, parent):
    child = own.wide(tmp_path / "c.csv", own.spectra(), names=[""] * 8, corner="")
    with pytest.raises(SpectrumError, match="expected the sample's name, found none"):
        load_pairs(parent, child, axis_unit=(None, "nm"))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_broken_files_end_in_an_error_that_says_so_or_in_finite_spectra(tmp_path_factory, data):
    """Bytes cut, changed, doubled and put in: a `SpektronError`, or finite spectra of ids that are there."""
    draw = data.draw
    folder = tmp_path_factory.mktemp("fuzz")
    parent = own.wide(folder / "p.csv", own.spectra(4))
    ending = draw(st.sampled_from(["csv", "jdx", "xy"]))
    if ending == "csv":
        path = own.wide(folder / "c.csv", own.spectra(4))
        child = path
    else:
        make = own.jcamp if ending == "jdx" else own.single
        child = make(folder / "c", own.spectra(4))
        path = sorted(child.iterdir())[draw(st.integers(0, 3))]
    text = bytearray(path.read_bytes())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(text) - 1, 0)))
        length = draw(st.integers(0, 400))
        how = draw(st.sampled_from(["cut", "put", "double", "end"]))
        if how == "cut":
            del text[at : at + length]
        elif how == "put":
            text[at:at] = draw(
                st.sampled_from([b"\n", b",", b";", b"nan", b"1e999", b"\0", b"-", b"#", b'"', b"\xff", b"S1"])
            )
        elif how == "double":
            text[at:at] = text[at : at + length]
        else:
            del text[at:]
    path.write_bytes(bytes(text))
    try:
        pairs = load_pairs(parent, child)
    except SpektronError:
        event("refused")
    else:
        event("read")
        assert np.isfinite(pairs.child).all()
        assert np.isfinite(pairs.parent).all()
        assert pairs.child.shape == pairs.parent.shape == (len(pairs.ids), len(pairs.axis))
        assert set(pairs.ids) <= set(own.ids(4))


def test_replicates_of_new_spectra_are_asked_about_too(tmp_path):
    path = own.wide(tmp_path / "c.csv", own.spectra(2), names=["A", "A"])
    with pytest.raises(SpectrumError, match="one spectrum of each id"):
        load_spectra(path, own.AXIS_NM, "nm")
    found, _ = load_spectra(path, own.AXIS_NM, "nm", replicates="mean")
    assert found.ids == ("A",)
