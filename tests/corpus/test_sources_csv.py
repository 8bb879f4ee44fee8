from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from spektron.corpus.sources import Reject, read_all
from spektron.corpus.sources._csv.layout import sheet_of
from spektron.corpus.sources.csv import Csv
from spektron.spectra import AxisUnit, Spectrum, spectrum_from_xy
from tests.corpus.files_experimental import band, write_csv

X, Y = band()


def read(folder: Path, **options: str) -> tuple[list[Spectrum], list[Reject]]:
    items = list(read_all(Csv(folder=folder, **options)))  # type: ignore[arg-type]
    return [i for i in items if isinstance(i, Spectrum)], [i for i in items if isinstance(i, Reject)]


def expected(x: np.ndarray = X, y: np.ndarray = Y, unit: AxisUnit = AxisUnit.CM1, modality: str = "IR") -> np.ndarray:
    return spectrum_from_xy(x, y, unit=unit, modality=modality, spectrum_id="", source="", compound_id="").intensity


def rows(form: str = "{:.3f},{:.6f}", x: np.ndarray = X, y: np.ndarray = Y, end: str = "\n") -> str:
    return "".join(form.format(a, b) + end for a, b in zip(x, y, strict=True))


def test_a_folder_of_all_kinds_is_kept_or_named(tmp_path: Path) -> None:
    kept, refused = read(write_csv(tmp_path))
    assert Counter(s.source for s in kept) == {"csv": 2, "csv/columns": 2, "csv/rows": 3}
    assert {s.spectrum_id: s.modality for s in kept if s.source == "csv"} == {"csv/one": "IR", "csv/deutsch": "RAMAN"}
    assert [(r.sample_id, r.reason) for r in refused] == [
        ("binary.csv", "unreadable-file"),
        ("both.csv", "ambiguous-layout"),
        ("empty.csv", "no-spectrum"),
        ("torn", "length-mismatch"),
        ("words", "damaged-record"),
    ]


NOTATIONS = {
    "commas": lambda: rows(),
    "commas and blanks": lambda: rows("{:.3f}, {:.6f}"),
    "semicolons": lambda: rows("{:.3f};{:.6f}"),
    "tabs": lambda: rows("{:.3f}\t{:.6f}"),
    "columns of blanks": lambda: rows("  {:10.3f}   {:10.6f}"),
    "decimal commas, semicolons": lambda: rows("{:.3f};{:.6f}").replace(".", ","),
    "decimal commas, tabs": lambda: rows("{:.3f}\t{:.6f}").replace(".", ","),
    "decimal commas, blanks": lambda: rows("{:.3f} {:.6f}").replace(".", ","),
    "quotes": lambda: rows('"{:.3f}","{:.6f}"'),
    "quoted decimal commas": lambda: rows('"{:.3f}";"{:.6f}"').replace(".", ","),
    "a delimiter at the end": lambda: rows("{:.3f};{:.6f};"),
    "exponents": lambda: rows("{:.6e},{:.6E}"),
    "old line ends": lambda: rows(end="\r"),
    "empty lines": lambda: rows(end="\r\n\r\n"),
    "downwards": lambda: rows(x=X[::-1], y=Y[::-1]),
    "remarks below": lambda: rows() + "# end of file\n",
}


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_two_columns_in_any_notation_are_the_same_spectrum(tmp_path: Path, notation: str, encoding: str) -> None:
    head = "Größe: 3 µm\nWavenumber (cm-1);Absorbance\n"
    (tmp_path / "a.txt").write_bytes((head + NOTATIONS[notation]()).encode(encoding))
    kept, refused = read(tmp_path, modality="IR", x_unit="cm-1")
    assert not refused
    np.testing.assert_allclose(kept[0].intensity, expected(), atol=1e-5)  # of positions to 0.001 cm⁻¹
    assert kept[0].wavenumber_start_cm1 == 400.0


@pytest.mark.parametrize(
    ("head", "options", "modality", "unit", "start"),
    [
        ("Wavenumber (cm-1),Absorbance\n", {"modality": "ir"}, "IR", "absorbance", 400.0),
        ("Raman shift (cm^-1),Counts\n", {"modality": "IR"}, "RAMAN", "counts", 400.0),
        ("x unit: cm-1\nmodality: Raman\nx,y\n", {}, "RAMAN", "arbitrary", 400.0),
        ("XUNITS;1/CM\nYUNITS;ABSORBANCE\nTechnique;ATR-FTIR\n", {}, "IR", "absorbance", 400.0),
        ("", {"modality": "IR", "x_unit": "cm-1", "intensity_unit": "absorbance"}, "IR", "absorbance", 400.0),
        ("Wavelength (nm),R\n", {"modality": "NIR", "x_unit": "cm-1"}, "NIR", "reflectance", 1e7 / 2500.0),
    ],
)
def test_what_the_file_states_comes_before_the_settings(
    tmp_path: Path, head: str, options: dict[str, str], modality: str, unit: str, start: float
) -> None:
    x = np.linspace(1000.0, 2500.0, 200) if "nm" in head else X
    (tmp_path / "a.csv").write_text(head + rows(x=x))
    kept, refused = read(tmp_path, **options)
    assert not refused
    assert (kept[0].modality, kept[0].intensity_unit) == (modality, unit)
    assert kept[0].wavenumber_start_cm1 == pytest.approx(start)


def test_what_lies_below_the_laser_line_is_cut(tmp_path: Path) -> None:
    x = np.linspace(-62.0, 3200.0, 400)
    (tmp_path / "a.csv").write_text("Raman shift (cm-1),counts\n" + rows(x=x, y=np.sin(x / 50.0)))
    kept, refused = read(tmp_path)
    assert not refused
    assert kept[0].wavenumber_start_cm1 == pytest.approx(float(x[x >= 1.0][0]), abs=1e-3)
    assert kept[0].repairs == ("below-laser-line-cut",)
    (tmp_path / "a.csv").write_text("cm-1,absorbance\n" + rows(x=x, y=np.sin(x / 50.0)))
    assert [r.reason for r in read(tmp_path, modality="IR")[1]] == ["out-of-range"]


def test_transmittance_becomes_absorbance(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Wavenumber (cm-1),%T\n" + rows(y=100.0 * 10.0**-Y, form="{:.3f},{:.9f}"))
    kept, _ = read(tmp_path, modality="IR")
    np.testing.assert_allclose(kept[0].intensity, expected(), atol=1e-5)
    assert kept[0].repairs == ("absorbance-from-transmittance",)


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        (rows(), {"modality": "IR"}, "no-axis-unit"),
        ("Wavenumber,Absorbance\n" + rows(), {"modality": "IR"}, "no-axis-unit"),
        ("pixel,counts\n" + rows(), {"modality": "IR", "x_unit": "cm-1"}, "no-axis"),
        ("x unit: furlong\n" + rows(), {"modality": "IR"}, "unknown-unit"),
        (rows(), {"x_unit": "cm-1"}, "unknown-modality"),
        ("modality: FTIR and Raman\n" + rows(), {"x_unit": "cm-1"}, "ambiguous-modality"),
        ("modality: FTIR\nRaman shift (cm-1),y\n" + rows(), {}, "ambiguous-modality"),
        (rows() + "total,5\n", {"modality": "IR", "x_unit": "cm-1"}, "damaged-record"),
        (rows() + "4100.0\n", {"modality": "IR", "x_unit": "cm-1"}, "damaged-record"),
        (rows(y=np.where(np.arange(200) == 90, np.nan, Y)), {"modality": "IR", "x_unit": "cm-1"}, "nan-inside"),
        (rows(x=X / 100.0), {"modality": "IR", "x_unit": "cm-1"}, "out-of-range"),
        ("1.0\n2.0\n3.0\n", {"modality": "IR", "x_unit": "cm-1"}, "no-spectrum"),
        ("only words\n", {"modality": "IR", "x_unit": "cm-1"}, "no-spectrum"),
        (rows("{:.0f},{:.0f},1,5"), {"modality": "IR", "x_unit": "cm-1"}, "ambiguous-layout"),
        ("400,123;1,456\n401,124;1,457\n" * 40, {"modality": "IR", "x_unit": "cm-1"}, "ambiguous-layout"),
    ],
)
def test_what_cannot_be_known_is_refused_by_name(
    tmp_path: Path, text: str, options: dict[str, str], reason: str
) -> None:
    (tmp_path / "a.csv").write_text(text)
    kept, refused = read(tmp_path, **options)
    assert not kept
    assert [r.reason for r in refused] == [reason]


def test_a_setting_answers_what_the_file_leaves_open(tmp_path: Path) -> None:
    three = np.array([f"{400 + i},{100 + i}" for i in range(100)])
    text = "\n".join(f"{a};{b},{100 + i}" for i, (a, b) in enumerate(zip(three, range(1, 101), strict=True)))
    (tmp_path / "a.csv").write_text(text)
    assert read(tmp_path, modality="IR", x_unit="cm-1")[1][0].reason == "ambiguous-layout"
    kept, _ = read(tmp_path, modality="IR", x_unit="cm-1", decimal="comma")
    assert kept[0].wavenumber_start_cm1 == 400.1


def wide(layout: str, corner: str, names: list[str], spectra: np.ndarray, apart: str = ",") -> str:
    across = [corner, *(map(str, X) if layout == "rows" else names)]
    body = zip(names, spectra, strict=True) if layout == "rows" else zip(X, spectra.T, strict=True)
    return "\n".join([apart.join(across), *(apart.join([str(name), *map(str, row)]) for name, row in body)])


SPECTRA = np.stack([Y * (i + 1) + 0.1 * i for i in range(6)])


@pytest.mark.parametrize("layout", ["rows", "columns"])
@pytest.mark.parametrize(
    ("corner", "names"),
    [
        ("", [f"s{i}" for i in range(6)]),
        ("cm-1", [f"s{i}" for i in range(6)]),
        ("", [str(i) for i in range(6)]),  # as pandas writes a table without names
        ("sample", [str(i) for i in range(1, 7)]),
    ],
)
def test_wide_tables_are_told_from_their_axis(tmp_path: Path, layout: str, corner: str, names: list[str]) -> None:
    (tmp_path / "a.csv").write_text(wide(layout, corner, names, SPECTRA))
    kept, refused = read(tmp_path, modality="IR", x_unit="cm-1")
    assert not refused
    assert [s.spectrum_id for s in kept] == [f"csv/a/{name}" for name in names]
    for spectrum, y in zip(kept, SPECTRA, strict=True):
        np.testing.assert_allclose(spectrum.intensity, expected(y=y), rtol=1e-6)


def test_columns_that_say_what_a_row_is_are_believed(tmp_path: Path) -> None:
    lines = ["sample_id,cas,modality," + ",".join(map(str, X))]
    lines += [f"a{i},64-17-5,{'Raman' if i else 'ATR-FTIR'}," + ",".join(map(str, Y + i * X)) for i in range(2)]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    kept, _ = read(tmp_path, x_unit="cm-1")
    assert [(s.spectrum_id, s.compound_id, s.modality) for s in kept] == [
        ("csv/a/a0", "cas/64-17-5", "IR"),
        ("csv/a/a1", "cas/64-17-5", "RAMAN"),
    ]


def test_rows_and_columns_both_only_counted_have_no_axis(tmp_path: Path) -> None:
    body = "\n".join(f"{i}," + ",".join("0.5" for _ in range(100)) for i in range(70))
    (tmp_path / "a.csv").write_text("," + ",".join(map(str, range(100))) + "\n" + body)
    _, refused = read(tmp_path, modality="IR", x_unit="cm-1")
    assert [r.reason for r in refused] == ["no-axis"]


@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_big_tables_are_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str) -> None:
    names = [f"s{i}" for i in range(6)]
    (tmp_path / "big.csv").write_text(wide(layout, "cm-1", names, SPECTRA))
    (tmp_path / "small.csv").write_text("cm-1,absorbance\n" + rows(y=Y[::-1]))
    monkeypatch.setattr("spektron.corpus.sources._small_files._PART_BYTES", 10_000)
    monkeypatch.setattr("spektron.corpus.sources._csv.records.PART_RECORDS", 2)
    monkeypatch.setattr("spektron.corpus.sources._csv.records._PART_BYTES", 10_000)
    source = Csv(folder=tmp_path, modality="IR")
    parts = source.parts()
    assert len(parts) >= 4
    found = [list(source.read(part)) for part in reversed(parts)]
    items = [item for part in reversed(found) for item in part]
    assert [i.spectrum_id for i in items if isinstance(i, Spectrum)] == [
        *(f"csv/big/{name}" for name in names),
        "csv/small",
    ]
    np.testing.assert_allclose(items[4].intensity, expected(y=SPECTRA[4]), rtol=1e-6)  # type: ignore[union-attr]


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1.5," * 3_000_000)
    (tmp_path / "b.csv").write_text("cm-1,absorbance\n" + rows())
    kept, refused = read(tmp_path, modality="IR")
    assert len(kept) == 1
    assert [(r.sample_id, r.reason) for r in refused] == [("a.csv", "too-large")]


def test_endless_rows_are_refused_before_they_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spektron.corpus.sources._csv.records._MOST_POINTS", 10_000)
    (tmp_path / "a.csv").write_text("".join(f"{i},{i % 7}\n" for i in range(10_001)))
    (tmp_path / "b.csv").write_text("".join(f"{i + 400},{i % 7},{i % 5}.5\n" for i in range(10_001)))
    _, refused = read(tmp_path, modality="IR", x_unit="cm-1")
    assert [r.reason for r in refused] == ["too-large", "too-large"]


def test_two_columns_of_many_are_asked_for_by_name(tmp_path: Path) -> None:
    """As B&W Tek's program writes them: many quantities, and no position for the outermost pixels."""
    lines = ["laser_wavelength;785", "Pixel;Wavelength;Raman Shift;Dark;Raw data #1;Absorbance #1;"]
    lines += [f"{i};   ;   ;900;1{i};0;" for i in range(5)]
    lines += [f"{i + 5};{800 + i};{a:.2f};901;{b:.6f};0,0000;" for i, (a, b) in enumerate(zip(X, Y, strict=True))]
    (tmp_path / "a.txt").write_text("\n".join(lines).replace(".", ","))
    assert [r.reason for r in read(tmp_path, x_unit="cm-1")[1]] == ["ambiguous-layout"]
    kept, refused = read(tmp_path, x_unit="cm-1", x_column="raman shift", y_column="Raw data #1")
    assert not refused
    assert kept[0].modality == "RAMAN"
    np.testing.assert_allclose(kept[0].intensity, expected(), atol=1e-4)


@pytest.mark.parametrize(
    "options",
    [{"x_column": "x"}, {"x_unit": "furlong"}, {"modality": "UV"}, {"layout": "diagonal"}, {"intensity_unit": "much"}],
)
def test_settings_are_checked(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises((ValidationError, ValueError)):
        Csv(folder=tmp_path, **options)  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=1500),
        st.text(alphabet='0123456789.,;\t \n"-+eEnaxy#', max_size=1500).map(str.encode),
        st.lists(st.lists(st.sampled_from(["1", "2.5", "3,5", "", "x", "nan", "-1e3"]), max_size=5), max_size=60).map(
            lambda table: "\n".join(";".join(row) for row in table).encode()
        ),
    )
)
def test_no_bytes_do_more_than_be_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(raw)
    kept, refused = read(tmp_path, modality="IR", x_unit="cm-1")
    assert refused
    assert not kept


def test_looking_at_a_file_takes_its_first_lines_alone() -> None:
    endless = (f"{i},{i % 5 + 0.5}" for i in itertools.count())
    assert sheet_of(endless, "auto", "auto").layout == "xy"
    assert int(next(endless).partition(",")[0]) < 1000


def test_a_row_whose_name_begins_with_a_hash_is_a_spectrum_and_a_remark_is_none(tmp_path: Path) -> None:
    axis = ",".join(f"{x:.1f}" for x in X)
    lines = [f"sample,{axis}"]
    lines += [f"#{i}," + ",".join(f"{i + y:.4f}" for y in Y) for i in range(1, 4)]
    lines.insert(2, "# the lamp was changed here")
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    kept, refused = read(tmp_path, modality="IR", x_unit="cm-1")
    assert [s.spectrum_id for s in kept] == [f"csv/rows/#{i}" for i in range(1, 4)]
    assert not refused
