"""What `load_pairs` reads: real sets written as files, and the forms in which people keep spectra."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.core.errors import ConfigError, SpectrumError
from spektron.datasets import load_corn, load_pairs, load_spectra, load_tablets, published_splits, write_pairs
from tests.datasets import own_files as own


@pytest.fixture
def data(shared_data, monkeypatch):
    monkeypatch.setenv("SPEKTRON_DATA", str(shared_data))
    return shared_data


def told(pairs, side, words):
    """The counts of the repairs of one side that say so."""
    return [repair.count for repair in pairs.repairs if repair.side == side and words in repair.what]


def test_corn_comes_back_to_the_last_digit(data, tmp_path):
    corn = load_corn()
    files = write_pairs(corn, "m5", "mp5", tmp_path)
    pairs = load_pairs(files.parent, files.child, reference=files.reference)
    np.testing.assert_array_equal(pairs.parent, corn.spectra["m5"])
    np.testing.assert_array_equal(pairs.child, corn.spectra["mp5"])
    np.testing.assert_array_equal(pairs.wavelength_nm, corn.wavelength_nm)
    for name, values in corn.reference.items():
        np.testing.assert_array_equal(pairs.references[name], values)
    assert pairs.repairs == ()
    assert not pairs.overlap.resampled
    assert pairs.overlap.share == 1.0


def test_a_split_of_corn_is_the_chemists_situation(data, tmp_path):
    corn, split = load_corn(), published_splits("corn")[0]
    files = write_pairs(corn, "m5", "mp6", tmp_path / "made", split=split, num_standards=5)
    pairs = load_pairs(files.parent, files.child, reference=files.reference)
    assert (
        sorted(pairs.ids)
        == sorted(files.standards.read_text().split())
        == [f"corn-{row + 1:02d}" for row in sorted(split.standards_of("m5", 5))]
    )
    assert len(pairs.parent_only.ids) == 55
    assert pairs.child_only.ids == ()
    rows = [int(name[-2:]) - 1 for name in pairs.parent_only.ids]
    np.testing.assert_array_equal(pairs.parent_only.references["oil"], corn.reference["oil"][rows])
    new, repairs = load_spectra(files.new, pairs.axis, pairs.unit)
    np.testing.assert_array_equal(new.spectra, corn.spectra["mp6"][split.test])
    assert repairs == ()
    with pytest.raises(ConfigError, match="expected two of m5, mp5, mp6, found nir"):
        write_pairs(corn, "m5", "nir", tmp_path)
    with pytest.raises(ConfigError, match="found m5 as both"):
        write_pairs(corn, "m5", "m5", tmp_path)


def test_tablets_take_no_offence(data, tmp_path):
    """Absorbances of up to 7, without a repair: a spike is no ceiling."""
    tablets = load_tablets()
    files = write_pairs(tablets, "spec1", "spec2", tmp_path)
    pairs = load_pairs(files.parent, files.child, reference=files.reference)
    np.testing.assert_array_equal(pairs.child, tablets.spectra["spec2"])
    assert pairs.repairs == ()


def test_one_raman_sample_on_two_real_instruments(data, tmp_path):
    """Acetonitrile on a Horiba (2048 pixels, 88 to 3513 cm⁻¹) and a Renishaw (3179, 100 to 3199): bands stay put."""
    rows = pq.read_table(data / "library" / "arcadia_raman" / "spectra.parquet").to_pylist()
    found = {row["instrument"]: row for row in rows if row["label"] == "acetonitrile"}
    for name, row in found.items():
        order = np.argsort(row["x"])
        x, y = np.asarray(row["x"], float)[order], np.asarray(row["y"], float)[order]
        own.single(tmp_path / name, np.array([y, y + 5.0]), x, ["a", "b"], "Raman shift (cm-1),counts\n")
    pairs = load_pairs(tmp_path / "Horiba_MacroRAM_785", tmp_path / "Renishaw_Qontor_785")
    assert pairs.unit == "cm-1"
    assert 100.3 < pairs.overlap.low < 103
    assert 3196 < pairs.overlap.high < 3199.5
    for low, high, band in ((850, 990, 920), (2200, 2300, 2253), (2900, 2990, 2942)):  # C-C, C≡N, CH3 of acetonitrile
        window = (pairs.axis > low) & (pairs.axis < high)
        for spectra in (pairs.parent, pairs.child):
            assert abs(pairs.axis[window][spectra[0, window].argmax()] - band) < 6


@pytest.mark.parametrize("form", ["rows", "columns", "semicolons", "files", "jcamp", "parquet", "wide parquet"])
def test_every_form_gives_the_same_spectra(tmp_path, form):
    y = own.spectra()
    parent = own.wide(tmp_path / "parent.csv", own.spectra(gain=1.1))
    child = tmp_path / "child"
    if form == "rows":
        child = own.wide(tmp_path / "child.csv", y)
    elif form == "columns":
        child = tmp_path / "child.csv"
        pd.DataFrame(y.T, index=pd.Index(own.AXIS_NM, name="nm"), columns=own.ids()).to_csv(child)
    elif form == "semicolons":
        child = own.wide(tmp_path / "child.txt", y, sep=";", decimal=",")
    elif form == "files":
        own.single(child, y)
    elif form == "jcamp":
        own.jcamp(child, y)
    elif form == "parquet":
        child = tmp_path / "child.parquet"
        table = {"sample_id": own.ids(), "x": [own.AXIS_NM] * 8, "y": list(y), "x_unit": ["nm"] * 8}
        pq.write_table(pa.table(table), child)
    else:
        child = tmp_path / "child.parquet"
        pd.DataFrame(y, index=pd.Index(own.ids(), name="id"), columns=[f"{x:g}" for x in own.AXIS_NM]).to_parquet(child)
    pairs = load_pairs(parent, child, axis_unit=("nm", "nm"))
    assert pairs.ids == tuple(own.ids())
    np.testing.assert_allclose(pairs.child, y, rtol=1e-12)
    assert pairs.repairs == ()


def test_a_table_beside_the_files_is_no_spectrum(tmp_path):
    parent = own.single(tmp_path / "parent", own.spectra())
    table = parent / "values.csv"
    table.write_text("id;protein;note 2\n" + "".join(f"S{n};{n},5;\n" for n in range(1, 9)))
    pairs = load_pairs(parent, own.wide(tmp_path / "child.csv", own.spectra(gain=1.1)), reference=table)
    np.testing.assert_array_equal(pairs.references["protein"], np.arange(1, 9) + 0.5)
    assert np.isnan(pairs.references["note 2"]).all()
    assert told(pairs, "reference", "whose note 2 is missing") == [8]


def test_the_parents_axis_is_kept_and_the_overlap_stated(tmp_path):
    fine = np.arange(1180.0, 1470.0, 1.0)
    parent = own.wide(tmp_path / "p.csv", own.spectra(gain=1.1))
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", own.spectra(axis=fine), fine))
    inside = (own.AXIS_NM >= 1180) & (own.AXIS_NM <= 1469)
    np.testing.assert_array_equal(pairs.axis, own.AXIS_NM[inside])
    assert (pairs.overlap.low, pairs.overlap.high, pairs.overlap.num_channels) == (1180, 1468, 73)
    assert pairs.overlap.share == pytest.approx(288 / 396)
    assert told(pairs, "both", "the child did not measure") == [27]
    assert "1180 to 1468 nm, 73% of the parent's range, 73 channels" in pairs.report()


@pytest.mark.parametrize(
    ("axis", "error"),
    [
        (np.arange(1096.0, 1504.0, 1.0), 1e-12),  # every channel of the parent is among them
        (np.arange(1097.3, 1504.0, 1.0), 1e-3),  # finer, and means of 4 nm of a band of 40 nm
        (np.arange(1097.3, 1504.0, 5.0), 2e-3),  # coarser: a monotone curve flattens tops a little
        (1e7 / np.arange(1504.0, 1095.0, -1.7), 1e-3),  # in cm⁻¹
    ],
)
def test_bands_are_where_they_were_after_resampling(tmp_path, axis, error):
    in_nm = axis if axis[0] < 3000 else 1e7 / axis
    unit = "nm" if axis[0] < 3000 else "cm-1"
    parent = own.wide(tmp_path / "p.csv", own.spectra(gain=1.1))
    child = own.wide(tmp_path / "c.csv", own.spectra(axis=in_nm), axis, corner=unit)
    pairs = load_pairs(parent, child)
    np.testing.assert_array_equal(pairs.axis, own.AXIS_NM)
    np.testing.assert_allclose(1.1 * pairs.child, pairs.parent, atol=1.1 * error)
    np.testing.assert_allclose(pairs.wavenumber_cm1 * pairs.wavelength_nm, 1e7)


def test_averaging_a_finer_axis_takes_noise_away(tmp_path):
    fine = np.arange(1097.25, 1504.0, 0.5)
    y = own.spectra(axis=fine) + np.random.default_rng(0).normal(scale=0.01, size=(8, len(fine)))
    pairs = load_pairs(own.wide(tmp_path / "p.csv", own.spectra()), own.wide(tmp_path / "c.csv", y, fine))
    noise = (pairs.child - pairs.parent).std()
    assert noise < 0.01 / np.sqrt(8) * 1.2  # 8 points a cell


@settings(max_examples=30, deadline=None)
@given(table=st.data())
def test_any_wide_table_comes_back(tmp_path_factory, table):
    draw = table.draw
    num, channels = draw(st.integers(2, 6)), draw(st.integers(64, 90))
    axis = draw(st.floats(400, 900)) + np.cumsum(
        draw(st.lists(st.floats(0.5, 3.0), min_size=channels, max_size=channels))
    )
    names = draw(
        st.lists(
            st.from_regex(r"[A-Za-z][A-Za-z0-9 _./-]{0,10}[A-Za-z0-9]", fullmatch=True),
            min_size=num,
            max_size=num,
            unique=True,
        )
    )
    seed = draw(st.integers(0, 10**6))
    y = np.random.default_rng(seed).normal(size=(num, channels)) * 10.0 ** draw(st.integers(-6, 6))
    sep, decimal = draw(st.sampled_from([(",", "."), (";", ","), (";", "."), ("\t", "."), ("\t", ",")]))
    way = draw(st.sampled_from([1, -1]))
    folder = tmp_path_factory.mktemp("wide")
    path = own.wide(folder / "t.csv", y[:, ::way], axis[::way], names, "nm", sep, decimal)
    if draw(st.booleans()):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    if draw(st.booleans()):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    found, repairs = load_spectra(path, axis, "nm", kind="arbitrary", layout="rows")
    assert found.ids == tuple(names)
    np.testing.assert_array_equal(found.spectra, y)
    assert [repair.count for repair in repairs if "descending" in repair.what] == ([num] if way < 0 else [])


def test_new_spectra_must_cover_the_axis(tmp_path):
    path = own.wide(tmp_path / "new.csv", own.spectra(1))
    found, _ = load_spectra(path, np.arange(1101.0, 1495.0, 3.0), "nm")
    assert found.spectra.shape == (1, 132)
    with pytest.raises(SpectrumError, match="expected spectra from 1050 to 1495 nm, found 1100 to 1496 nm"):
        load_spectra(path, np.arange(1050.0, 1500.0, 5.0), "nm")
