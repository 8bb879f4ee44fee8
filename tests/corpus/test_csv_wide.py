"""Where the axis of a wide table is: names that rise as positions do, short axes, axes in words or that turn back."""

from __future__ import annotations

import numpy as np
import pytest

from spektron.corpus.sources._csv.layout import sheet_of
from spektron.corpus.sources._csv.records import read_columns, read_rows
from spektron.corpus.sources._csv.stated import stated_in
from spektron.corpus.sources._csv.text import encoding_of
from spektron.corpus.sources._damage import UnfitFile

EVEN = [str(x) for x in range(1100, 1500, 2)]
BY_ONES = [str(x) for x in range(1100, 1300)]
WAVENUMBERS = [f"{1e7 / x:.1f}" for x in range(1100, 1500, 2)]
# As corn's standards are numbered, and a season's plots.
GAPS = [str(n) for n in (3, 8, 11, 15, 30, 55, 57, 64, 77, 80)]
PLOTS = [str(n) for n in (1003, 1010, 1011, 1050, 1090, 1102, 1130)]
COUNTED = [str(n) for n in range(1001, 1013)]
MANY = [str(n) for n in range(1001, 1101)]
# A filter instrument's.
FILTERS = [str(x) for x in (1445, 1680, 1722, 1734, 1759, 1778, 1818, 1940, 1982, 2100, 2139, 2180, 2190, 2208, 2230)]


def table(corner, across, down, apart=","):
    values = np.random.default_rng(0).uniform(0.1, 1.0, (len(down), len(across))).round(4)
    lines = [[corner, *across], *([name, *map(str, row)] for name, row in zip(down, values, strict=True))]
    return [apart.join(line) for line in lines]


@pytest.mark.parametrize(
    ("corner", "axis", "names"),
    [
        ("wavelength (nm)", EVEN, GAPS),  # no wavelength is below 150 nm
        ("wavelength (nm)", BY_ONES, GAPS),
        ("wavelength (nm)", FILTERS, GAPS),
        ("wavelength (nm)", EVEN, COUNTED),
        ("wavelength (nm)", EVEN, MANY),  # many even steps of two, beside a count
        ("id", EVEN, COUNTED),
        ("", EVEN, PLOTS),
        ("nm", EVEN, PLOTS),
        ("wavenumber (cm-1)", WAVENUMBERS, COUNTED),
        ("wavenumber (cm-1)", WAVENUMBERS, GAPS),
    ],
)
@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_names_that_rise_as_positions_do_are_told_from_them(corner, axis, names, layout):
    across, down = (axis, names) if layout == "rows" else (names, axis)
    assert sheet_of(table(corner, across, down), "auto", "auto").layout == layout


@pytest.mark.parametrize(
    ("corner", "axis", "names"),
    [
        ("wavelength (nm)", BY_ONES, COUNTED),
        ("wavelength (nm)", BY_ONES, PLOTS),
        ("wavelength (nm)", FILTERS, MANY),
        ("id", BY_ONES, GAPS),
        ("nm", EVEN, EVEN),
    ],
)
@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_what_may_be_read_both_ways_is_refused_and_said(corner, axis, names, layout):
    across, down = (axis, names) if layout == "rows" else (names, axis)
    said = rf"first row \({across[0]} to {across[-1]}\) and the first column \({down[0]} to {down[-1]}\) may both be"
    with pytest.raises(UnfitFile, match=said):
        sheet_of(table(corner, across, down), "auto", "auto")
    assert sheet_of(table(corner, across, down), layout, "auto").layout == layout


@pytest.mark.parametrize("names", [["a", "b", "c"], GAPS])
@pytest.mark.parametrize(("place", "value", "said"), [(7, "1112", "1112 before 1112"), (6, "1300", "1300 before 1114")])
def test_an_axis_that_turns_back_is_said_where(names, place, value, said):
    axis = [*EVEN[:place], value, *EVEN[place + 1 :]]
    if names is GAPS:  # else its column would be taken for the axis
        assert sheet_of(table("nm", GAPS, EVEN), "auto", "auto").layout == "columns"
    with pytest.raises(UnfitFile, match=rf"throughout the first row \(1100 to 1498\), found {said}, the first of 1"):
        sheet_of(table("nm", axis, names), "auto", "auto")


def test_a_few_positions_are_an_axis_below_a_corner_that_says_so():
    names = ["a", "b", "c"]
    assert sheet_of(table("wavelength (nm)", FILTERS, names), "auto", "auto").layout == "rows"
    with pytest.raises(
        UnfitFile, match=r"64 positions or more, found 15 in the first row \(1445 to 2230\): say layout"
    ):
        sheet_of(table("id", FILTERS, names), "auto", "auto")
    with pytest.raises(UnfitFile, match=r"the row begins with a, .* the column with b, c"):
        sheet_of(table("id", FILTERS, names)[1:], "auto", "auto")


@pytest.mark.parametrize("names", [["a", "b", "c"], GAPS, COUNTED])
@pytest.mark.parametrize(("form", "unit"), [("X{}", ""), ("wl_{}", ""), ("{} nm", "nm"), ("{}nm", "nm")])
def test_positions_in_words_are_read(names, form, unit):
    lines = table("id", [form.format(x) for x in EVEN], names)
    sheet = sheet_of(lines, "auto", "auto")
    assert (sheet.layout, sheet.axis.tolist()) == ("rows", [float(x) for x in EVEN])
    assert stated_in(sheet, x_unit="", modality="", intensity_unit="").x_unit == unit
    found = list(read_rows(iter(lines), sheet, 0, -1))
    assert [record.name for record in found] == names
    assert [record.y.tolist() for record in found] == [list(map(float, line.split(",")[1:])) for line in lines[1:]]


def test_samples_named_by_a_letter_and_a_number_are_no_positions():
    sheet = sheet_of(table("nm", [f"S{n}" for n in range(1, 100)], EVEN), "auto", "auto")
    assert sheet.layout == "columns"
    sheet = sheet_of(table("nm", [f"S{n}" for n in range(5, 60, 3)], EVEN), "auto", "auto")
    assert sheet.layout == "columns"


def test_the_cell_that_is_no_number_is_named():
    lines = table("nm", EVEN, ["a", "b"])
    lines[2] = lines[2].replace(lines[2].split(",")[101], "n.d.", 1)
    (good, bad) = read_rows(iter(lines), sheet_of(lines, "auto", "auto"), 0, -1)
    assert (good.problem, bad.problem) == ("", "expected numbers, found 'n.d.' in column 102 (1300)")
    lines = table("nm", ["a", "b"], EVEN)
    lines[91] = lines[91].rpartition(",")[0] + ",over"
    with pytest.raises(UnfitFile, match=r"line 90 of the table, found 'over' in column 3 \(b\)"):
        list(read_columns(iter(lines), sheet_of(lines, "auto", "auto"), 0, -1))


@pytest.mark.parametrize("quoted_names", [True, False])
@pytest.mark.parametrize("decimal", ["auto", "comma"])
def test_decimal_commas_between_commas_are_read_in_quotes(quoted_names, decimal):
    names = ["a", "b", "c"]
    lines = [line.split(",") for line in table("nm", EVEN, names)]
    quoted = [",".join(f'"{cell.replace(".", ",")}"' for cell in line) for line in lines]
    if not quoted_names:  # as programs quote that do it where they must
        quoted = [",".join(f'"{c.replace(".", ",")}"' if "." in c else c for c in line) for line in lines]
    sheet = sheet_of(quoted, "auto", decimal)
    assert [r.y.tolist() for r in read_rows(iter(quoted), sheet, 0, -1)] == [list(map(float, x[1:])) for x in lines[1:]]
    bare = [",".join(cell.replace(".", ",") for cell in line) for line in lines]
    with pytest.raises(UnfitFile):
        sheet_of(bare, "auto", "comma")


@pytest.mark.parametrize(("encoding", "told"), [("utf-8", "utf-8"), ("latin-1", "cp1252")])
@pytest.mark.parametrize("far", [10, 2**16 - 1, 2**16 + 10, 2**20 - 1, 3 * 2**20])
def test_the_first_letter_that_tells_the_encoding_may_come_late(tmp_path, encoding, told, far):
    (tmp_path / "a.csv").write_bytes(b"1" * far + "ü;1\n".encode(encoding))
    assert encoding_of(tmp_path / "a.csv") == told
