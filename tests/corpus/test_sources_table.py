from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spektron.core.errors import ConfigError
from spektron.corpus.sources import Reject, Table, read_all
from spektron.spectra import Spectrum

X = np.linspace(500.0, 3500.0, 300)
META = {"modality": "Raman", "x_unit": "cm-1", "y_unit": "counts", "source": "a paper", "licence": "CC0"}


def write(path: Path, columns: dict[str, Any] | None = None, meta: dict[str, str] | bytes | None = None) -> Path:
    """Write two spectra, with columns added or replaced, or dropped where None."""
    y = np.random.default_rng(len(str(path))).standard_normal((2, 300)).cumsum(axis=1)
    merged = {"sample_id": ["a", "b"], "x": [X, X], "y": list(y)} | (columns or {})
    table = pa.table({name: values for name, values in merged.items() if values is not None})
    raw = meta if isinstance(meta, bytes) else json.dumps(META if meta is None else meta).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata({b"spektron": raw}), path)
    return path


def read(folder: Path) -> tuple[list[Spectrum], list[Reject]]:
    items = list(read_all(Table(folder=folder)))
    return [i for i in items if isinstance(i, Spectrum)], [i for i in items if isinstance(i, Reject)]


def test_names_say_where_a_spectrum_is_from(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "set" / "spectra.parquet")
    write(tmp_path / "loose.parquet")
    kept, refused = read(tmp_path)
    assert not refused
    assert [s.spectrum_id for s in kept] == [
        "table/deep/set/a",
        "table/deep/set/b",
        "table/loose/a",
        "table/loose/b",
    ]
    assert {s.source for s in kept} == {"table/deep/set", "table/loose"}
    assert {s.modality for s in kept} == {"RAMAN"}


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.float32()),
        pa.large_list(pa.float64()),
        pa.list_(pa.float32(), 300),
        pa.list_(pa.float16()),
        pa.list_(pa.int32()),
    ],
)
def test_any_list_of_numbers_will_do(tmp_path: Path, kind: pa.DataType) -> None:
    y = np.arange(600).reshape(2, 300) % 97
    if pa.types.is_floating(kind.value_type):
        y = y.astype(kind.value_type.to_pandas_dtype())
    write(tmp_path / "a.parquet", {"y": pa.array(list(y), type=kind)})
    kept, refused = read(tmp_path)
    assert len(kept) == 2
    assert not refused
    assert kept[0].intensity.max() == pytest.approx(96.0, abs=1.0)


def test_nulls_are_unmeasured_points_and_null_rows_are_named(tmp_path: Path) -> None:
    y = pa.array([[None, None, *range(298)], None, [*range(100), None, *range(199)]], type=pa.list_(pa.float32()))
    write(tmp_path / "a.parquet", {"sample_id": ["ends", "none", "inside"], "x": [X] * 3, "y": y})
    kept, refused = read(tmp_path)
    assert [(s.spectrum_id, s.repairs) for s in kept] == [("table/a/ends", ("nan-at-ends",))]
    assert kept[0].wavenumber_start_cm1 == X[2]
    assert [(r.sample_id, r.reason) for r in refused] == [("none", "length-mismatch"), ("inside", "nan-inside")]


def test_rows_keep_their_own_values_past_the_first_batch(tmp_path: Path) -> None:
    """Null lists and batch ends do not shift one row's numbers into another's."""
    num = 700
    y = [None if i % 5 == 3 else (np.sin(X / 50.0) + i).tolist() for i in range(num)]
    write(tmp_path / "a.parquet", {"sample_id": [f"n{i}x" for i in range(num)], "x": [X] * num, "y": y})
    kept, refused = read(tmp_path)
    assert len(refused) == num // 5
    for spectrum in kept:
        number = int(spectrum.spectrum_id.rsplit("/", 1)[-1][1:-1])
        assert spectrum.intensity.mean() == pytest.approx(number, abs=0.1)


@pytest.mark.parametrize(
    ("columns", "meta", "reason"),
    [
        ({}, META | {"x_unit": "channel index (none)"}, "no-axis"),
        ({}, META | {"x_unit": ""}, "no-axis-unit"),
        ({}, b"{not json", "no-axis-unit"),
        ({}, b"[1]", "no-axis-unit"),
        ({}, META | {"x_unit": "furlong"}, "unknown-unit"),
        ({"modality": ["", ""]}, META | {"modality": "FTIR+Raman"}, "ambiguous-modality"),
        ({"modality": ["UV", "UV"]}, META, "unknown-modality"),
        ({"modality": ["NIR", "NIR"]}, META, "out-of-range"),
        ({"x": [X[:-1], X[1:]]}, META, "length-mismatch"),
        ({"y": [np.ones(300), np.zeros(300)]}, META, "constant"),
    ],
)
def test_unfit_rows_are_named_one_by_one(tmp_path: Path, columns: dict[str, Any], meta: Any, reason: str) -> None:
    write(tmp_path / "a.parquet", columns, meta)
    kept, refused = read(tmp_path)
    assert not kept
    assert [(r.source, r.sample_id, r.reason) for r in refused] == [("table/a", "a", reason), ("table/a", "b", reason)]


@pytest.mark.parametrize(
    "columns", [{"x": None}, {"y": None}, {"x": [1.0, 2.0]}, {"y": [["a"] * 300] * 2}, {"y": ["a", "b"]}]
)
def test_a_file_without_its_columns_is_named_and_the_rest_goes_on(tmp_path: Path, columns: dict[str, Any]) -> None:
    write(tmp_path / "a.parquet", columns)
    write(tmp_path / "b.parquet")
    kept, refused = read(tmp_path)
    assert len(kept) == 2
    assert [(r.sample_id, r.reason) for r in refused] == [("a.parquet", "missing-column")]


@pytest.mark.parametrize(
    "damage", ["empty", "text", "truncated", "flipped", "no-rows", "broken-link", "pipe", "directory"]
)
def test_a_damaged_file_is_named_and_the_rest_goes_on(tmp_path: Path, damage: str) -> None:
    write(tmp_path / "z.parquet")
    path = tmp_path / "a.parquet"
    if damage == "broken-link":
        path.symlink_to(tmp_path / "gone")
    elif damage == "pipe":
        os.mkfifo(path)
    elif damage == "no-rows":
        pq.write_table(pq.read_table(tmp_path / "z.parquet").slice(0, 0), path)
    elif damage == "directory":
        write(path / "inner.parquet").write_bytes(b"x")
        path = path / "inner.parquet"
    else:
        good = write(path).read_bytes()
        middle = bytes(len(good) - 600)
        bad = {"empty": b"", "text": b"x,y\n1,2\n", "truncated": good[:-40], "flipped": good[:4] + middle + good[-596:]}
        path.write_bytes(bad[damage])
    kept, refused = read(tmp_path)
    assert len(kept) == 2
    assert [(r.sample_id, r.reason) for r in refused] == [(str(path.relative_to(tmp_path)), "unreadable-file")]
    assert str(tmp_path) not in refused[0].detail


def test_any_flipped_byte_leaves_the_other_file_readable(tmp_path: Path) -> None:
    good = write(tmp_path / "a.parquet").read_bytes()
    write(tmp_path / "b.parquet")
    rng = np.random.default_rng(0)
    for place in np.concatenate((rng.integers(0, len(good), 30), len(good) - rng.integers(1, 700, 30))):
        damaged = bytearray(good)
        damaged[place] ^= 1 << int(rng.integers(8))
        (tmp_path / "a.parquet").write_bytes(damaged)
        kept, refused = read(tmp_path)
        assert sum(s.source == "table/b" for s in kept) == 2
        assert len(kept) + len(refused) >= 3
        Table(folder=tmp_path).describe()


def test_the_readme_beside_a_file_is_asked_last_and_counted(tmp_path: Path) -> None:
    write(tmp_path / "ferm" / "spectra.parquet", {"modality": ["ATR-MIR", "ATR-MIR"]}, {})
    readme = "ferm: 2 spectra, Raman, x=cm-1 [428.0,1833.0], 300-300 pts, y=a.u.. Source: a lab. Licence: MIT (it).\n"
    (tmp_path / "ferm" / "README.md").write_text(readme)
    kept, refused = read(tmp_path)
    assert not refused
    assert {s.modality for s in kept} == {"IR"}  # the column speaks before the README
    assert {s.repairs for s in kept} == {("unit-from-readme",)}
    assert Table(folder=tmp_path).describe()["licences"] == {"ferm": {"licence": "MIT (it)", "citation": "a lab"}}


def test_a_unit_column_speaks_for_its_row(tmp_path: Path) -> None:
    nm = np.linspace(1100.0, 2400.0, 300)
    write(tmp_path / "a.parquet", {"x": [nm, 1e7 / nm], "x_unit": ["nm", None], "modality": ["NIR", "NIR"]})
    kept, _ = read(tmp_path)
    assert [s.repairs for s in kept] == [(), ("axis-descending",)]
    assert kept[0].wavenumber_start_cm1 == pytest.approx(kept[1].wavenumber_start_cm1)


def test_a_name_used_twice_is_left_to_the_build(tmp_path: Path) -> None:
    y = list(np.random.default_rng(0).standard_normal((4, 300)))
    write(tmp_path / "a.parquet", {"sample_id": ["s", "s~2", "s", None], "x": [X] * 4, "y": y})
    kept, refused = read(tmp_path)
    assert not refused
    assert [s.spectrum_id for s in kept] == ["table/a/s", "table/a/s~2", "table/a/s", "table/a/row-000003"]
    assert [s.repairs for s in kept] == [(), (), (), ("id-from-row",)]
    assert kept[0].compound_id == kept[2].compound_id


def test_a_file_reached_twice_is_read_once_and_circles_end(tmp_path: Path) -> None:
    write(tmp_path / "set" / "spectra.parquet")
    (tmp_path / "set" / "up").symlink_to(tmp_path)
    (tmp_path / "twin.parquet").symlink_to(tmp_path / "set" / "spectra.parquet")
    kept, refused = read(tmp_path)
    assert len(kept) == 2
    assert [(r.sample_id, r.reason) for r in refused] == [("twin.parquet", "duplicate-file")]


def test_file_names_of_any_bytes_can_be_read_and_printed(tmp_path: Path) -> None:
    names = [b"caf\xe9.parquet", b"new\nline.parquet", "µ ⁻¹.PARQUET".encode(), b"-rf *.parquet", b"s3:x.parquet"]
    good = write(tmp_path / "x.parquet").read_bytes()
    (tmp_path / "x.parquet").unlink()
    for name in names:
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(good)  # noqa: PTH118
    kept, refused = read(tmp_path)
    assert not refused
    assert len({s.spectrum_id for s in kept}) == 10
    for spectrum in kept:
        assert spectrum.spectrum_id.encode("utf-8").decode().isprintable()
    Table(folder=tmp_path).describe()


@pytest.mark.parametrize("case", ["missing", "file", "empty"])
def test_a_folder_that_cannot_be_a_table_is_an_error(tmp_path: Path, case: str) -> None:
    folder = tmp_path / case
    if case == "file":
        folder.write_text("")
    elif case == "empty":
        folder.mkdir()
    with pytest.raises(ConfigError, match="expected"):
        list(read_all(Table(folder=folder)))


def _one_set(folder: Path, rows: dict[str, object]) -> list[Spectrum | Reject]:
    table = pa.table(rows).replace_schema_metadata({"spektron": '{"x_unit": "cm-1", "modality": "Raman"}'})
    pq.write_table(table, folder / "a.parquet", compression="zstd")
    return list(read_all(Table(folder=folder)))


def test_one_long_row_among_short_ones_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    y = [[1.0, 2.0, 3.0]] * 99 + [[0.0] * 100_001]
    (item,) = _one_set(tmp_path, {"x": [[1.0, 2.0, 3.0]] * 100, "y": y})
    assert isinstance(item, Reject)
    assert (item.reason, "found 100001" in item.detail) == ("too-large", True)


def test_texts_are_cut_to_what_a_name_needs_and_can_be_printed(tmp_path: Path) -> None:
    x = np.linspace(500.0, 3500.0, 400)
    (item,) = _one_set(tmp_path, {"x": [x], "y": [np.sin(x)], "sample_id": ["a\x1b[31m" + "b" * 100_000]})
    assert isinstance(item, Spectrum)
    assert len(item.spectrum_id) < 1_100
    assert item.spectrum_id.isprintable()


def test_a_pipe_named_as_the_readme_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "README.md")
    x = np.linspace(500.0, 3500.0, 400)
    (item,) = _one_set(tmp_path, {"x": [x], "y": [np.sin(x)]})
    assert isinstance(item, Spectrum)


def test_a_link_to_itself_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").symlink_to("a.parquet")
    (item,) = read_all(Table(folder=tmp_path))
    assert isinstance(item, Reject)
    assert item.reason == "unreadable-file"
