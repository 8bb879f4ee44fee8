from __future__ import annotations

import io
import json
import os
import pickle
import sqlite3
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.core.errors import ConfigError
from spektron.corpus.sources._modes import Modes, decode_modes
from spektron.corpus.sources._rowids import LostRows, RowidTable
from spektron.corpus.sources.base import REJECT_REASONS, Part, Reject, read_all
from spektron.corpus.sources.chembl import Chembl
from spektron.spectra import Spectrum, SpectrumRejected
from tests.corpus.files_computed import modes, packed, write_chembl, write_database


def read(folder: Path, **settings_: Any) -> tuple[list[Spectrum], list[Reject]]:
    items = list(read_all(Chembl(folder=folder, **settings_)))
    return [i for i in items if isinstance(i, Spectrum)], [i for i in items if isinstance(i, Reject)]


def read_blob(tmp_path: Path, blob: Any) -> list[Reject]:
    write_database(tmp_path / "a.db", [(1, "CCO", blob), (2, "CCO", packed(modes(0)))])
    kept, refused = read(tmp_path)
    assert [s.spectrum_id for s in kept if "/2/" in s.spectrum_id] == ["chembl/a/2/IR", "chembl/a/2/RAMAN"]
    assert len(kept) + len(refused) >= 3
    return refused


def test_every_molecule_gives_an_item_for_each_modality_it_holds(tmp_path: Path) -> None:
    kept, refused = read(write_chembl(tmp_path))
    assert len(kept) + len(refused) == 2 * 12 - 4 + 2  # four records give neither modality, hence one item
    assert [(r.sample_id.removeprefix("Raman-ChEMBL-part1/"), r.reason) for r in refused] == [
        ("3", "no-spectrum"),
        ("4", "damaged-record"),
        ("5", "damaged-record"),
        ("6/IR", "length-mismatch"),
        ("7/RAMAN", "no-spectrum"),
        ("8", "not-finite"),
        ("9/IR", "constant"),
    ]
    assert {s.kind for s in kept} == {"computed"}
    assert {(s.modality, s.intensity_unit) for s in kept} == {("IR", "km/mol per cm-1"), ("RAMAN", "A^4/amu per cm-1")}


def test_spellings_of_one_molecule_and_its_modalities_are_one_compound(tmp_path: Path) -> None:
    kept, _ = read(write_chembl(tmp_path))
    ethanol = {s.spectrum_id for s in kept if s.compound_id == "inchikey/lfqscwfljhtthz-uhfffaoysa-n"}
    # "CCO" in the first file, "OCC" in the second, rows 1 and 9 of the first.
    assert ethanol == {
        "chembl/Raman-ChEMBL-part1/1/IR",
        "chembl/Raman-ChEMBL-part1/1/RAMAN",
        "chembl/Raman-ChEMBL-part1/9/RAMAN",
        "chembl/Raman-ChEMBL-part2/7/IR",
        "chembl/Raman-ChEMBL-part2/7/RAMAN",
    }
    named = {s.spectrum_id.split("/")[2]: (s.compound_id, s.repairs) for s in kept if s.modality == "RAMAN"}
    assert named["10"] == ("smiles/C1CC", ("smiles-unreadable",))
    assert named["11"] == ("chembl/Raman-ChEMBL-part1/11", ("smiles-unreadable",))


def test_a_curve_is_the_sum_of_its_bands(tmp_path: Path) -> None:
    record = modes(5)
    write_database(tmp_path / "a.db", [(1, "C", packed(record))])
    kept, _ = read(tmp_path, hwhm_cm1=8.0, start_cm1=400.0, stop_cm1=3600.0)
    grid = np.linspace(400.0, 3600.0, 2048)
    for spectrum, field in zip(kept, ("IR Inten", "Raman Activ"), strict=True):
        bands = [s * 8.0 / np.pi / ((grid - f) ** 2 + 64.0) for f, s in zip(record["freq"], record[field], strict=True)]
        # Samples and cell means of bands 5 steps wide differ by 0.3 %.
        np.testing.assert_allclose(spectrum.intensity, np.sum(bands, axis=0), rtol=5e-3)
        assert (spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1) == (400.0, 3600.0)
        area = float(spectrum.intensity.sum()) * 3200.0 / 2047
        assert 0.8 * sum(record[field]) < area < sum(record[field])


def test_imaginary_modes_leave_no_trace_but_a_repair(tmp_path: Path) -> None:
    record = modes(5)
    with_imaginary = {name: [*record[name], 9.0] for name in ("freq", "IR Inten", "Raman Activ")}
    with_imaginary["freq"][-1] = -45.0
    write_database(tmp_path / "a.db", [(1, "C", packed(record)), (2, "C", packed(with_imaginary))])
    kept, _ = read(tmp_path)
    assert [s.repairs for s in kept] == [(), (), ("imaginary-modes-dropped",), ("imaginary-modes-dropped",)]
    np.testing.assert_allclose(kept[0].intensity, kept[2].intensity, rtol=1e-6)


def test_width_and_shape_bear_identity_and_change_the_curve(tmp_path: Path) -> None:
    write_database(tmp_path / "a.db", [(1, "C", packed(modes(5)))])
    sources = [Chembl(folder=tmp_path), Chembl(folder=tmp_path, hwhm_cm1=9.0), Chembl(folder=tmp_path, sigma_cm1=6.0)]
    curves = [next(iter(read_all(source))).intensity for source in sources]  # type: ignore[union-attr]
    assert len({json.dumps(source.describe()["config"]) for source in sources}) == 3
    assert curves[0].max() > curves[1].max()
    assert curves[0].max() > curves[2].max()


@pytest.mark.parametrize(
    "changes", [{"hwhm_cm1": 0.0}, {"hwhm_cm1": 1e-3}, {"start_cm1": 4000.0}, {"stop_cm1": 9000.0}, {"names": "cas"}]
)
def test_settings_that_cannot_be_drawn_are_errors(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Chembl(folder=tmp_path, **changes)


class Planted:
    """A pickle of it runs a command where it is opened."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.target),))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("compressed", [True, False])
def test_a_pickle_is_never_opened(tmp_path: Path, protocol: int, compressed: bool) -> None:
    target = tmp_path / "planted"
    blob = pickle.dumps(Planted(target), protocol=protocol)
    refused = read_blob(tmp_path, zlib.compress(blob) if compressed else blob)
    assert [r.reason for r in refused] == ["unsafe-record"]
    assert not target.exists()
    pickle.loads(blob)  # noqa: S301 (the trap is one)
    assert target.exists()


def test_reading_writes_nothing_beside_the_file(tmp_path: Path) -> None:
    folder = write_chembl(tmp_path / "in")
    before = {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}
    folder.chmod(0o500)
    read(folder)
    folder.chmod(0o700)
    assert {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")} == before


def test_bombs_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    blob = zlib.compress(b'{"freq": [' + b" " * 2**25 + b"1]}", 9)
    huge = np.random.default_rng(0).bytes(5 * 2**20)
    write_database(tmp_path / "a.db", [(1, "C", blob), (2, "C", huge)])
    del huge
    tracemalloc.start()
    _, refused = read(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [r.reason for r in refused] == ["too-large", "too-large"]
    assert peak < 48 * 2**20


def outcome(blob: bytes) -> str:
    try:
        return "modes" if isinstance(decode_modes(blob), Modes) else "nothing"
    except SpectrumRejected as error:
        return error.reason


FLAT = {"freq": [500.0, 900.0], "IR Inten": [1.0, 2.0], "Raman Activ": [3.0, 4.0]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "damaged-record"),
        (b"[1, 2]", "damaged-record"),
        (b'{"freq": [1, 2', "damaged-record"),
        (b"{" + b'"a":[' * 100_000 + b"]" * 100_000 + b"}", "no-spectrum"),
        (b'{"freq": ' + b"[" * 100_000 + b"1" + b"]" * 100_000 + b"}", "damaged-record"),
        (b'{"freq": ["500.0", "900.0"]}', "damaged-record"),
        (b'{"freq": [500.0, null]}', "damaged-record"),
        (b'{"freq": [500.0, true]}', "damaged-record"),
        (b'{"freq": "500.0"}', "damaged-record"),
        (b'{"freq": 500.0}', "damaged-record"),
        (b'{"freq": [500.0,, 900.0]}', "damaged-record"),
        (b'{"freq": [5-0, 1e]}', "damaged-record"),
        (b'{"freq": [500.0], "freq": [900.0]}', "damaged-record"),
        (b'{"freq": []}', "no-spectrum"),
        (b'{"Raman Activ": [1.0]}', "no-spectrum"),
        (b'{"freq": [NaN, 1.0]}', "not-finite"),
        (b'{"freq": [-Infinity, 1.0]}', "not-finite"),
        (b'{"freq": [1e999, 1.0]}', "not-finite"),
        (b'{"freq": [' + b"9" * 1_000_000 + b"]}", "not-finite"),
        (b'{"freq": [' + b"1," * 1_000_000 + b"1]}", "too-large"),
    ],
)
def test_json_that_is_no_list_of_modes_is_named(tmp_path: Path, text: bytes, reason: str) -> None:
    begun = time.process_time()
    assert [r.reason for r in read_blob(tmp_path, packed(text))] == [reason]
    assert time.process_time() - begun < 5.0


@pytest.mark.parametrize("blob", ["text", 5, 2.5, b"", json.dumps(FLAT)])
def test_what_is_no_blob_is_named(tmp_path: Path, blob: Any) -> None:
    assert [r.reason for r in read_blob(tmp_path, blob)] == ["damaged-record"]


def test_other_names_of_the_fields_are_taken_and_said(tmp_path: Path) -> None:
    record = {"freq": FLAT["freq"], "ir_inten": FLAT["IR Inten"], "Raman_Activ": FLAT["Raman Activ"]}
    write_database(tmp_path / "a.db", [(1, "C", packed(record)), (2, "C", packed(FLAT))])
    kept, _ = read(tmp_path)
    assert [s.repairs for s in kept] == [("field-name-variant",)] * 2 + [()] * 2
    np.testing.assert_array_equal(kept[0].intensity, kept[2].intensity)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300)
    | st.binary(max_size=200).map(zlib.compress)
    | st.text(max_size=100).map(lambda text: packed(b'{"freq": [1, 2], "IR Inten": [' + text.encode() + b"]}"))
)
def test_any_bytes_are_modes_or_a_named_refusal(blob: bytes) -> None:
    assert outcome(blob) in {"modes", *REJECT_REASONS}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_flipped_byte_of_a_record_is_noticed_by_its_checksum(data: st.DataObject) -> None:
    blob = bytearray(packed(FLAT))
    place = data.draw(st.integers(2, len(blob) - 1))
    blob[place] ^= data.draw(st.integers(1, 255))
    # A flip may change the compression and not the content.
    assert outcome(bytes(blob)) in {"damaged-record", "too-large"} or outcome(bytes(blob)) == outcome(packed(FLAT))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20), st.booleans())
def test_numbers_come_out_as_json_reads_them(values: list[float], indent: bool) -> None:
    text = json.dumps({"a": [[1], {"b": "x"}], "freq": values}, indent=1 if indent else None)
    assert decode_modes(packed(text.encode())).frequency_cm1.tolist() == values


BIG = 9000  # bytes a blob: two overflow pages, as in the published files


def write_rows(path: Path, rowids: range | list[int]) -> Path:
    rng = np.random.default_rng(0)
    return write_database(path, [(i, f"C{i}", rng.bytes(BIG)) for i in rowids])


def rows_of(path: Path, stride: int = 50) -> tuple[list[int], list[LostRows], list[tuple[int, int]]]:
    with RowidTable(path, "molecule", ("blob_data",)) as table:
        ranges = list(table.ranges(stride))
        rows = [row for start, stop in ranges for row in table.rows("SMILES, blob_data", start, stop)]
    lost = [row for row in rows if isinstance(row, LostRows)]
    return [row[0] for row in rows if isinstance(row, tuple)], lost, ranges


def test_ranges_cover_every_row_once_and_skip_gaps(tmp_path: Path) -> None:
    rowids = [-5, 1, 2, 49, 51, 10**6, 10**6 + 1, 2**62, 2**63 - 1]
    found, lost, ranges = rows_of(write_rows(tmp_path / "a.db", rowids))
    assert found == rowids
    assert not lost
    assert ranges == [
        (-5, 45),
        (49, 99),
        (10**6, 10**6 + 50),
        (2**62, 2**62 + 50),
        (2**63 - 1, 2**63 - 1),
    ]


def test_damage_before_a_huge_gap_is_not_searched_rowid_by_rowid(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.db", [*range(1, 400), 2**62])
    content = bytearray(path.read_bytes())
    leaves = [i for i in range(1, len(content) // 4096) if content[i * 4096] == 0x0D]
    for leaf in leaves[len(leaves) // 2 : -1]:
        content[leaf * 4096 : (leaf + 1) * 4096] = bytes(4096)
    path.write_bytes(content)
    begun = time.process_time()
    found, lost, _ = rows_of(path)
    assert time.process_time() - begun < 2.0
    assert found[-1] == 2**62
    assert len(lost) == 1
    assert found[:-1] == [rowid for rowid in range(1, 400) if not lost[0].first <= rowid <= (lost[0].last or 0)]
    assert len(found) < 300


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_database_loses_only_what_is_cut_off(tmp_path: Path, share: float) -> None:
    whole = write_rows(tmp_path / "a.db", range(1, 601)).read_bytes()
    path = tmp_path / "cut.db"
    path.write_bytes(whole[: int(len(whole) * share)])
    found, lost, _ = rows_of(path)
    assert found == list(range(1, len(found) + 1))
    # Rows are written in order, so of the bytes that are left nearly all are rows that come out.
    assert len(found) * BIG > 0.85 * share * len(whole) - 20_000
    assert [(rows.first, rows.last) for rows in lost] == [(len(found) + 1, None)]


def test_damaged_pages_lose_their_rows_alone(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.db", range(1, 601))
    content = bytearray(path.read_bytes())
    with RowidTable(path, "molecule", ("blob_data",)) as table:
        page = table._connection.execute("PRAGMA page_size").fetchone()[0]
    leaves = [i for i in range(1, len(content) // page) if content[i * page] == 0x0D]
    broken = leaves[len(leaves) // 2]
    content[broken * page : (broken + 1) * page] = bytes(page)
    path.write_bytes(content)
    found, lost, _ = rows_of(path)
    gone = [rowid for rows in lost for rowid in range(rows.first, (rows.last or 0) + 1)]
    assert sorted(found + gone) == list(range(1, 601))
    assert len(lost) == 1
    assert 0 < len(gone) < 20


def test_lost_rows_are_one_reject_that_names_them(tmp_path: Path) -> None:
    records = [(i, "CCO", packed(modes(i, num_atoms=20))) for i in range(1, 41)]
    whole = write_database(tmp_path / "a.db", records).read_bytes()
    (tmp_path / "a.db").write_bytes(whole[: len(whole) // 2])
    kept, refused = read(tmp_path)
    assert len(kept) % 2 == 0
    assert [(r.sample_id, r.reason) for r in refused] == [(f"a.db/{len(kept) // 2 + 1}", "damaged-record")]
    assert f"rowids {len(kept) // 2 + 1} and after" in refused[0].detail


def test_any_damage_leaves_the_other_file_readable_and_ends(tmp_path: Path) -> None:
    good = write_database(tmp_path / "a.db", [(i, "C", packed(modes(i))) for i in range(1, 30)]).read_bytes()
    write_database(tmp_path / "b.db", [(1, "C", packed(modes(0)))])
    rng = np.random.default_rng(0)
    for _ in range(30):
        damaged = bytearray(good)
        for place in rng.integers(0, len(good), 8):
            damaged[place] ^= 1 << int(rng.integers(8))
        page = int(rng.integers(len(good) // 4096))
        damaged[page * 4096 : page * 4096 + 100] = rng.bytes(100)
        (tmp_path / "a.db").write_bytes(damaged)
        begun = time.process_time()
        kept, _ = read(tmp_path)
        assert sum(s.spectrum_id.startswith("chembl/b/") for s in kept) == 2
        assert time.process_time() - begun < 5.0


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ("CREATE TABLE other (id integer primary key)", "missing-column"),
        ("CREATE TABLE molecule (id integer primary key, SMILES text)", "missing-column"),
        ("CREATE TABLE molecule (id integer primary key, blob_data AS (zeroblob(id)))", "missing-column"),
        ("CREATE TABLE molecule (rowid blob, _rowid_ blob, oid blob, blob_data blob)", "missing-column"),
        ("CREATE TABLE molecule (id text primary key, blob_data blob) WITHOUT ROWID", "missing-column"),
        (
            "CREATE VIEW molecule AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT i AS id, 'C' AS SMILES, zeroblob(1000) AS blob_data FROM n",
            "missing-column",
        ),
    ],
)
def test_a_database_of_another_kind_is_named(tmp_path: Path, statements: str, reason: str) -> None:
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.executescript(statements)
    connection.close()
    kept, refused = read(tmp_path)
    assert not kept
    assert [(r.sample_id, r.reason) for r in refused] == [("a.db", reason)]


def test_a_column_named_rowid_is_not_taken_for_one(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("CREATE TABLE Molecule (rowid text, smiles text, BLOB_DATA blob)")
    connection.executemany("INSERT INTO molecule VALUES ('same', 'CCO', ?)", [(packed(modes(i)),) for i in range(3)])
    connection.commit()
    connection.close()
    kept, refused = read(tmp_path)
    assert not refused
    assert [s.spectrum_id for s in kept if s.modality == "IR"] == [f"chembl/a/{i}/IR" for i in (1, 2, 3)]


@pytest.mark.parametrize("damage", ["empty", "text", "broken-link", "pipe", "header"])
def test_a_file_that_is_no_database_is_named_and_the_rest_goes_on(tmp_path: Path, damage: str) -> None:
    write_database(tmp_path / "b.db", [(1, "C", packed(modes(0)))])
    path = tmp_path / "a.db"
    if damage == "pipe":
        os.mkfifo(path)
    elif damage == "broken-link":
        path.symlink_to(tmp_path / "gone")
    else:
        path.write_bytes(
            {"empty": b"", "text": b"id,SMILES\n" * 500, "header": b"SQLite format 3\0" + b"x" * 9}[damage]
        )
    kept, refused = read(tmp_path)
    assert len(kept) == 2
    assert [(r.sample_id, r.reason) for r in refused] == [("a.db", "unreadable-file")]
    assert str(tmp_path) not in refused[0].detail
    assert "a.db" in Chembl(folder=tmp_path).describe()["config"]["files"]


def test_an_empty_table_has_no_parts(tmp_path: Path) -> None:
    write_database(tmp_path / "a.db", [])
    assert Chembl(folder=tmp_path).parts() == []


def test_a_file_under_two_names_is_read_once(tmp_path: Path) -> None:
    write_database(tmp_path / "a.db", [(1, "C", packed(modes(0)))])
    (tmp_path / "b.db").symlink_to(tmp_path / "a.db")
    kept, refused = read(tmp_path)
    assert len(kept) == 2
    assert [(r.sample_id, r.reason) for r in refused] == [("b.db", "duplicate-file")]


def test_names_of_any_characters_open_the_file_they_name(tmp_path: Path) -> None:
    for name in ("a?mode=rwc#x%20.db", "sp ace.db", "µ.db"):
        write_database(tmp_path / name, [(1, "C", packed(modes(0)))])
    kept, refused = read(tmp_path)
    assert not refused
    assert len(kept) == 6
    assert len(list(tmp_path.iterdir())) == 3


def test_texts_that_are_no_utf8_or_endless_do_not_stop_a_record(tmp_path: Path) -> None:
    smiles = [b"\xff\xfe".decode("latin1"), "C" * 100_000, 17, b"CC\xff"]
    write_database(tmp_path / "a.db", [(i, text, packed(modes(i))) for i, text in enumerate(smiles)])
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("UPDATE molecule SET SMILES = CAST(x'ff43fe' AS TEXT) WHERE id = 0")
    connection.commit()
    connection.close()
    kept, refused = read(tmp_path)
    assert not refused
    assert len(kept) == 8
    assert all(s.compound_id.encode().isascii() and len(s.compound_id) < 1100 for s in kept)
    assert {s.repairs for s in kept} == {("smiles-unreadable",)}


def test_parts_are_ranges_of_2048_molecules(tmp_path: Path) -> None:
    write_database(tmp_path / "a.db", [(i, "C", b"") for i in range(1, 5001)])
    parts = Chembl(folder=tmp_path).parts()
    assert parts == [Part("a.db", 1, 2049), Part("a.db", 2049, 4097), Part("a.db", 4097, 6145)]


def test_a_folder_without_databases_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected files"):
        Chembl(folder=tmp_path).parts()
    with pytest.raises(ConfigError, match="expected a folder"):
        Chembl(folder=tmp_path / "gone").parts()


def test_the_pickle_in_the_tests_is_seen_by_its_first_byte_only() -> None:
    """JSON that merely ends in a dot or begins with a bracket is damaged, not unsafe, unless it looks like a pickle."""
    buffer = io.BytesIO()
    pickle.dump([1.5], buffer, protocol=0)
    with pytest.raises(SpectrumRejected, match="unsafe-record"):
        decode_modes(packed(buffer.getvalue()))
    with pytest.raises(SpectrumRejected, match="damaged-record"):
        decode_modes(packed(b"hello."))


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_database_with_changes_beside_it_is_named_and_not_read_without_them(tmp_path: Path, mode: str) -> None:
    path = write_database(tmp_path / "a.db", [(1, "C", packed(modes(0)))])
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute(f"PRAGMA journal_mode={mode}")
    writer.execute("PRAGMA cache_size=1")
    writer.execute("BEGIN")
    writer.executemany("UPDATE molecule SET blob_data = ?", [(packed(modes(1)),)] * 3)
    writer.execute("CREATE TABLE more AS SELECT randomblob(200000) AS x")  # more than the cache: written at once
    if mode == "wal":
        writer.execute("COMMIT")
    kept, refused = read(tmp_path)
    assert not kept
    assert [(r.sample_id, r.reason) for r in refused] == [("a.db", "unreadable-file")]
    assert f"a.db-{'wal' if mode == 'wal' else 'journal'}" in refused[0].detail
    if mode == "delete":
        writer.execute("COMMIT")
    writer.close()
    assert len(read(tmp_path)[0]) == 2


def test_a_journal_that_is_kept_for_the_next_change_is_none(tmp_path: Path) -> None:
    path = write_database(tmp_path / "a.db", [(1, "C", packed(modes(0)))])
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode=PERSIST")
    writer.execute("CREATE TABLE more (x)")
    writer.commit()
    assert (tmp_path / "a.db-journal").stat().st_size
    assert len(read(tmp_path)[0]) == 2
    writer.close()


def test_strengths_below_zero_are_refused_for_their_modality_alone(tmp_path: Path) -> None:
    values = modes(0)
    values["Raman Activ"][3] = -0.5
    write_database(tmp_path / "a.db", [(1, "C", packed(values))])
    kept, refused = read(tmp_path)
    assert [s.modality for s in kept] == ["IR"]
    assert [(r.sample_id, r.reason) for r in refused] == [("a/1/RAMAN", "damaged-record")]
    assert "-0.5" in refused[0].detail
