from __future__ import annotations

import io
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.corpus.sources._jcamp import Block, Curve, JcampError, curve_of, read_stream
from spektron.spectra import REPAIRS
from tests.corpus.files_jcamp import encode
from tests.corpus.fuzz_jcamp import check, mutate_for, outcomes_of

HEADERS = {"FIRSTX": "400", "LASTX": "407", "NPOINTS": "8", "XFACTOR": "1", "YFACTOR": "1"}
ROWS = "400 1 2 3 4\n404 5 6 7 8\n"
EIGHT = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]


def text_of(rows: str = ROWS, label: str = "XYDATA=(X++(Y..Y))", end: str = "##END=\n", **headers: str | None) -> str:
    merged = {name: value for name, value in (HEADERS | headers).items() if value is not None}
    return "##TITLE=t\n" + "".join(f"##{name}={value}\n" for name, value in merged.items()) + f"##{label}\n{rows}{end}"


def blocks_of(text: str | bytes) -> list[Block]:
    return list(read_stream(io.BytesIO(text if isinstance(text, bytes) else text.encode())))


def curve(text: str | bytes) -> Curve:
    (block,) = blocks_of(text)
    if block.error is not None:
        raise block.error
    result = curve_of(block)
    assert set(result.repairs) <= set(REPAIRS)
    return result


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("400 1 2 3 4\n404 5 6 7 8\n", EIGHT),
        ("400,1,2,3,4\n404;5;6;7;8\n", EIGHT),
        ("400+1-2+3-4\n404-5+6 7 8\n", [1, -2, 3, -4, -5, 6, 7, 8]),
        ("400 1.5E-3 2E-3 .5 4.\n404 5e+00 6 7 8\n", [0.0015, 0.002, 0.5, 4, 5, 6, 7, 8]),
        ("400A1B2C3D4\n404E5F6G7H8\n", [11, 22, 33, 44, 55, 66, 77, 88]),
        ("400a1b2c3d4\n404e5f6g7@\n", [-11, -22, -33, -44, -55, -66, -77, 0]),
        ("400A1J1J1J1\n403D4J1j1J1%\n", [11, 22, 33, 44, 55, 44, 55, 55]),  # the second line repeats 44
        ("400A1J1J1J1\n403D4J1j1J1%\n407E5\n", [11, 22, 33, 44, 55, 44, 55, 55]),  # a last line that only checks
        ("400A1J1T\n402C3J1V\n406G7J1\n", [11, 22, 33, 44, 55, 66, 77, 88]),  # a difference, repeated
        ("400A1V\n404B2V\n", [11, 11, 11, 11, 22, 22, 22, 22]),
        ("400A1S7\n", None),  # S7 is seventeen
        ("400A1J1J1A7\n404A8J1J1J1\n", [11, 22, 33, 17, 18, 29, 40, 51]),  # no check after a line that ends in a value
        ("400 1 2 ? 4\n404 5 6 7 ?\n", [1, 2, np.nan, 4, 5, 6, 7, np.nan]),
        ("  400 1 2 3 4 $$ 9 9\n\n$$ a remark\n404 5 6 7 8\n", EIGHT),
        ("400 1 2 3 4 5 6 7 8\n", EIGHT),
        ("400 1\n401 2\n402 3\n403 4\n404 5\n405 6\n406 7\n407 8\n", EIGHT),
    ],
)
def test_every_form_of_ordinates(rows: str, expected: list[float] | None) -> None:
    if expected is None:
        assert curve(text_of(rows, NPOINTS="17", LASTX="416")).y.tolist() == [11.0] * 17
        return
    result = curve(text_of(rows))
    np.testing.assert_array_equal(result.y, expected)
    np.testing.assert_allclose(result.x, np.arange(400.0, 408.0))


@pytest.mark.parametrize(
    ("rows", "line", "said"),
    [
        ("400A1J1J1J1\n403D5J1J1J1J1\n", 9, "Y-check: expected the line to repeat 44, found 45"),
        ("400A1J1J1J1\n403 45 1 1 1 1\n", 9, "Y-check"),
        ("400 1 2 3 4\n404 5 6 seven 8\n", 9, "expected a number, found 'v'"),
        ("400 1 2 3 4\nA4 5 6 7 8\n", None, ""),
        ("T400 1 2 3\n404 5 6 7 8\n", 8, "expected an abscissa"),
        ("400J1 2 3 4\n404 5 6 7 8\n", 8, "before a difference"),
        ("400U 2 3 4\n404 5 6 7 8\n", 8, "before a difference or a repetition"),
        ("400 1 2 + 4\n404 5 6 7 8\n", 8, "expected a number"),
        ("400 1 2 ٣ 4\n404 5 6 7 8\n", 8, "expected a number"),
        ("400 1 2 3 4\n409 5 6 7 8\n", 9, "X-check: expected the line to begin at 404, found 409"),
        ("400 1 2 3 4 5 6\n404 7 8\n", 9, "X-check"),
    ],
)
def test_damage_is_named_with_its_line(rows: str, line: int | None, said: str) -> None:
    if line is None:
        # A code may open a line as far as its digits go: "A4" is 14, and nothing lies there.
        line, said = 9, "X-check"
    with pytest.raises(JcampError, match=said) as caught:
        curve(text_of(rows))
    assert caught.value.line == line
    assert caught.value.kind == "damaged"


@pytest.mark.parametrize(
    ("headers", "rows", "x", "repair"),
    [
        ({"DELTAX": "1"}, ROWS, (400, 407), None),
        ({"DELTAX": "1.2"}, ROWS, (400, 407), "axis-step-from-ends"),
        ({"LASTX": None, "DELTAX": "1"}, ROWS, (400, 407), "axis-end-from-step"),
        ({"LASTX": "421", "DELTAX": "1"}, ROWS, (400, 407), "axis-end-from-step"),
        ({"FIRSTX": "407", "LASTX": "400"}, ROWS, (400, 407), "axis-ends-swapped"),
        ({"FIRSTX": None}, ROWS, (400, 407), None),
        ({"XFACTOR": "0.5"}, ROWS.replace("400", "800").replace("404", "808"), (400, 407), None),
        ({"NPOINTS": "9", "DELTAX": "1"}, ROWS, (400, 407), "num-points-corrected"),
        ({"NPOINTS": None}, ROWS, (400, 407), None),
        ({"FIRSTX": "407", "LASTX": "400"}, "407 1 2 3 4\n403 5 6 7 8\n", (407, 400), None),
        ({"FIRSTX": "407", "LASTX": "400", "DELTAX": "-1"}, "407 1 2 3 4\n403 5 6 7 8\n", (407, 400), None),
        # The lines one point off the headers, as in the quantitative gas spectra; and rounded to whole numbers.
        ({}, "400 1 2 3 4\n403 5 6 7 8\n", (400, 407), None),
        ({"FIRSTX": "400.2", "LASTX": "402.3"}, "400 1 2 3 4\n401 5 6 7 8\n", (400.2, 402.3), None),
        ({"FIRSTX": "400 $$ first", "NPOINTS": "8 points"}, ROWS, (400, 407), None),
        ({"FIRSTX": "4.00E+02"}, ROWS, (400, 407), None),
        ({"FIRSTX": "x", "LASTX": "inf"}, ROWS, None, None),
        ({"LASTX": None}, ROWS, None, None),
    ],
)
def test_where_points_lie(
    headers: dict[str, str | None], rows: str, x: tuple[float, float] | None, repair: str | None
) -> None:
    if x is None:
        with pytest.raises(JcampError, match="expected LASTX or DELTAX"):
            curve(text_of(rows, **headers))
        return
    result = curve(text_of(rows, **headers))
    np.testing.assert_allclose(result.x, np.linspace(*x, 8))
    assert result.y.tolist() == EIGHT
    assert result.repairs == ((repair,) if repair else ())


@pytest.mark.parametrize("stated", ["7", "9", "10", "80", "0", "-8", "1e300"])
def test_a_wrong_number_of_points_is_refused_where_nothing_else_tells(stated: str) -> None:
    for text in (text_of(NPOINTS=stated), text_of("1,2;3,4;5,6\n", "XYPOINTS=(XY..XY)", NPOINTS=stated)):
        with pytest.raises(JcampError, match="NPOINTS states, found") as caught:
            curve(text)
        assert caught.value.kind == "length"


def test_a_lost_or_doubled_line_is_found_though_npoints_was_made_to_fit() -> None:
    rows = [f"{x} 1 2 3 4\n" for x in range(400, 600, 4)]
    assert curve(text_of("".join(rows), LASTX="599", NPOINTS="200")).x[-1] == 599.0
    for place in range(1, 49):
        lost, doubled = rows[:place] + rows[place + 1 :], rows[:place] + rows[place : place + 1] + rows[place:]
        for damaged in (lost, doubled):
            with pytest.raises(JcampError, match="X-check"):
                curve(text_of("".join(damaged), LASTX="599", NPOINTS=str(4 * len(damaged))))


@pytest.mark.parametrize(
    "rows", ["1, 2; 3, 4; 5, 6", "1 2\n3 4\n5 6", "1,2 3,4 5,6", "1.0E0,2 3,4E0\n5;6", "+1+2+3+4+5+6"]
)
@pytest.mark.parametrize("label", ["XYPOINTS=(XY..XY)", "XYDATA= ( XY..XY )", "XYPOINTS=\n(XY..XY)"])
def test_pairs(rows: str, label: str) -> None:
    result = curve(text_of(rows + "\n", label, NPOINTS="3", XFACTOR="100", YFACTOR="0.5"))
    assert (result.x.tolist(), result.y.tolist()) == ([100.0, 300.0, 500.0], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("rows", ["1 2 3", "1 A2", "1 2\nx 4", "1 2;? 4"])
def test_broken_pairs_are_named(rows: str) -> None:
    with pytest.raises(JcampError, match="expected pairs of numbers"):
        curve(text_of(rows + "\n", "XYPOINTS=(XY..XY)", NPOINTS=None))


def test_decimal_commas_are_known_by_the_headers() -> None:
    text = text_of("400,0 1,5 2 3 4\n404,0 5 6 7 8\n", FIRSTX="400,0", LASTX="407,0", YFACTOR="0,5")
    assert curve(text).y.tolist() == [0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    pairs = text_of("400,5 1,5\n401,5; 2,5\n", "XYPOINTS=(XY..XY)", FIRSTX="400,5", LASTX="401,5", NPOINTS="2")
    assert curve(pairs).x.tolist() == [400.5, 401.5]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, end: str) -> None:
    text = text_of().replace("TITLE=t", "TITLE=2×2 mm, 60° = café").replace("\n", end)
    (block,) = blocks_of(text.encode(encoding))
    assert block.headers.text("TITLE") == "2×2 mm, 60° = café"
    assert curve_of(block).y.tolist() == EIGHT


def test_labels_values_and_continuation() -> None:
    text = "##Title= a = b $$ c\n## Data_Type =INFRARED\n##OWNER=one\ntwo = 2 ##3\n$$ no\n  three\n" + text_of()
    first, second = blocks_of(text)
    assert first.headers.text("TITLE") == "a = b"
    assert first.headers.text("DATATYPE") == "INFRARED"
    assert first.headers.text("OWNER") == "one two = 2 ##3 three"
    assert first.headers.lines("OWNER") == ["one", "two = 2 ##3", "three"]
    assert (first.number, first.ended, first.form, second.number) == (1, False, "", 2)


def test_blocks_nest_follow_each_other_and_are_numbered_as_they_come() -> None:
    link = "##TITLE=link\n##DATATYPE=LINK\n##BLOCKS=2\n"
    text = link + text_of() + link + text_of(YFACTOR="2") + text_of(YFACTOR="3") + "##END=\n##END=\n" + text_of("")
    blocks = blocks_of(text)
    assert [block.number for block in blocks] == [1, 2, 3, 4]
    assert [curve_of(block).y[0] for block in blocks[:3]] == [1.0, 2.0, 3.0]
    with pytest.raises(JcampError, match="empty table"):
        curve_of(blocks[3])


def test_a_file_that_ends_between_its_blocks_says_how_many_were_to_come() -> None:
    link = "##TITLE=link\n##DATATYPE=LINK\n##BLOCKS=3\n"
    inner = link.replace("3", "1") + text_of() + "##END=\n"
    assert len(blocks_of(link + inner + text_of() + text_of())) == 3  # nothing is lost but the outer end
    with pytest.raises(JcampError, match="the file ends early: expected 3 blocks, found 2"):
        blocks_of(link + inner + text_of())


@pytest.mark.parametrize("label", ["PEAK TABLE=(XY..XY)", "NTUPLES=X", "XYDATA=(X++(R..R))", "XYDATA=(T,A..A)"])
def test_other_forms_are_named_and_not_read(label: str) -> None:
    first, second = blocks_of(text_of("1 x\n", label) + text_of())
    assert first.table is None
    assert first.error is None
    assert first.form.replace("PEAKTABLE", "PEAK TABLE").split()[0] == label.split("=")[0].split()[0]
    assert second.table is not None


@pytest.mark.parametrize("end", ["", "##END", "##EN", "##"])
def test_a_missing_end_is_forgiven_where_all_points_are_there(end: str) -> None:
    result = curve(text_of(end=end))
    assert result.y.tolist() == EIGHT
    assert set(result.repairs) <= {"end-record-missing"}
    with pytest.raises(JcampError, match="ends within a line"):
        curve(text_of(ROWS.rstrip(), end=""))  # the last number may have had more digits


def test_any_truncation_is_named_and_leaves_the_blocks_before_it() -> None:
    text = "##TITLE=link\n##DATATYPE=LINK\n##BLOCKS=2\n" + text_of() + text_of() + "##END=\n"
    whole = text.index("##END=") + 1
    for size in range(whole, len(text)):
        blocks, lost = [], ""
        try:
            for block in read_stream(io.BytesIO(text[:size].encode())):
                blocks.append(block)
        except JcampError as error:
            lost = str(error)
        assert curve_of(blocks[0]).y.tolist() == EIGHT
        if len(blocks) == 1:
            assert "expected 2 blocks, found 1" in lost
        elif blocks[1].table is not None and len(blocks[1].table.y) == 8:
            assert curve_of(blocks[1]).y.tolist() == EIGHT
        elif blocks[1].table is not None:
            with pytest.raises(JcampError, match=r"NPOINTS states|empty table"):
                curve_of(blocks[1])


@pytest.mark.parametrize("text", ["", "\n\n", "no labels\n1 2 3\n", "\0" * 100, "\ufeff"])
def test_a_file_without_records_is_an_error(text: str) -> None:
    with pytest.raises(JcampError, match="expected labelled records"):
        blocks_of(text)


@pytest.mark.parametrize(
    "rows", ["400A1s999999999\n", "400A1J1s9\n" * 3 + "400A1s99999\n", "400A1Z9999999999999999999999999999\n"]
)
def test_bombs_are_refused_before_they_unfold(rows: str) -> None:
    tracemalloc.start()
    with pytest.raises(JcampError):
        curve(text_of(rows))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "headers", [{"XFACTOR": "1E300"}, {"YFACTOR": "1E308"}, {"LASTX": "-1E308", "FIRSTX": "1E308"}]
)
def test_absurd_factors_are_no_warnings(headers: dict[str, str]) -> None:
    for outcome in outcomes_of(text_of(ROWS.replace("404", "404E+300"), **headers).encode()):
        assert isinstance(outcome, tuple)
    for outcome in outcomes_of(text_of(**headers).encode()):
        assert isinstance(outcome, tuple)


def test_links_below_links_end_somewhere() -> None:
    with pytest.raises(JcampError, match="deep"):
        blocks_of("##TITLE=x\n##DATATYPE=LINK\n" * 100_000)


@pytest.mark.parametrize(
    "unit",
    ["1", "1.", "A", "-", "E+", "1 ", ",;", "9e", "1e+1", "?", "T", "1.1.", "#", "##A=", "\n", "\n2 1", "\n##A=1"],
)
def test_time_is_linear_in_what_is_read(unit: str) -> None:
    def seconds(times: int) -> float:
        text = text_of(unit * times + "!\n").encode()
        begin = time.process_time()
        blocks_of(text)
        return time.process_time() - begin

    # Sixteen times as much: quadratic time would take 256 times as long.
    few, many = min(seconds(1_000) for _ in range(3)), min(seconds(16_000) for _ in range(2))
    assert many < 80 * few + 0.01


def test_a_header_of_any_length_keeps_little() -> None:
    text = text_of().replace("##FIRSTX", "##OWNER=o\n" + "x" * 99 + "\n" * 1 + "y\n" * 100_000 + "##FIRSTX")
    (block,) = blocks_of(text)
    assert len(block.headers.text("OWNER")) <= 4000
    assert curve_of(block).y.tolist() == EIGHT


ordinates = st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=60)
runs = st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 30)), min_size=2, max_size=20).map(
    lambda pairs: [value for value, times in pairs for _ in range(times)]
)


@settings(deadline=None, max_examples=150)
@given(
    y=ordinates | runs,
    form=st.sampled_from(["AFFN", "PAC", "SQZ", "DIF", "SQZDUP", "DIFDUP"]),
    per_line=st.integers(2, 20),
    first=st.floats(-1e4, 1e4),
    step=st.floats(1e-3, 10.0) | st.floats(-10.0, -1e-3),
)
def test_what_an_encoder_wrote_is_read(y: list[int], form: str, per_line: int, first: float, step: float) -> None:
    x = first + step * np.arange(len(y))
    headers = {"FIRSTX": repr(float(x[0])), "LASTX": repr(float(x[-1])), "NPOINTS": str(len(y))}
    result = curve(text_of(encode(y, list(x), form, per_line), **headers))
    np.testing.assert_allclose(result.x, x, atol=1e-9)
    assert result.y.tolist() == y


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_one_changed_character_is_never_read_as_another_number_of_points(data: st.DataObject) -> None:
    text = text_of("400A1J1J1J1\n403D4J1j1J1%\n407E5\n")
    place = data.draw(st.integers(text.index("400A"), text.index("##END") - 1))
    changed = text[:place] + data.draw(st.characters(codec="latin-1")) + text[place + 1 :]
    for outcome in outcomes_of(changed.encode()):
        assert not isinstance(outcome, JcampError)
        assert isinstance(outcome[1], JcampError) or len(outcome[1].y) == 8


@settings(deadline=None, max_examples=300)
@given(raw=st.binary(max_size=300) | st.text(alphabet="##=\n $XYDATLINKEND0123456789.,;+-@AaJjSs%?()", max_size=300))
def test_anything_at_all_gives_blocks_or_a_named_error(raw: bytes | str) -> None:
    check(raw if isinstance(raw, bytes) else raw.encode())


def test_damaged_files_give_blocks_or_named_errors(tmp_path: Path) -> None:
    assert mutate_for(1.0, tmp_path) > 20
    assert not list(tmp_path.iterdir())
