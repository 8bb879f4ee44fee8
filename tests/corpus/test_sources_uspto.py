"""The two sources of computed spectra in Parquet: `uspto` and `multimodal`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spektron.corpus.sources.base import Part, Reject, read_all
from spektron.corpus.sources.multimodal import Multimodal
from spektron.corpus.sources.uspto import Uspto
from spektron.spectra import Spectrum
from tests.corpus.files_computed import power_spectrum, write_multimodal, write_uspto

AXIS = np.arange(0.0, 12_001.0, 5.0)


def read(source: Uspto | Multimodal) -> tuple[list[Spectrum], list[Reject]]:
    items = list(read_all(source))
    return [i for i in items if isinstance(i, Spectrum)], [i for i in items if isinstance(i, Reject)]


def write(path: Path, **columns: Any) -> Path:
    """Two spectra in the format of `uspto`, with columns added or replaced, or dropped where None."""
    curves = [power_spectrum(0, AXIS), power_spectrum(1, AXIS)]
    given = {"id": [7, 8], "smiles": ["CCO", "CC"], "Frequency(cm^-1)": [AXIS, AXIS], "ir_spectra": curves} | columns
    pq.write_table(pa.table({name: value for name, value in given.items() if value is not None}), path)
    return path


def test_every_row_is_kept_or_named(tmp_path: Path) -> None:
    source = Uspto(folder=write_uspto(tmp_path))
    kept, refused = read(source)
    assert [s.spectrum_id for s in kept] == [f"uspto/{i}" for i in (100, 101, 103, 106, 107, 108, 109)]
    assert [(r.sample_id, r.reason) for r in refused] == [
        ("102", "length-mismatch"),
        ("104", "nan-inside"),
        ("105", "constant"),
        ("IR_data_chunk002_of_009.parquet", "unreadable-file"),
    ]
    assert {(s.modality, s.kind, s.intensity_unit) for s in kept} == {("IR", "computed", "arbitrary")}


def test_the_artefact_at_zero_and_the_noise_above_all_vibrations_are_cut(tmp_path: Path) -> None:
    write(tmp_path / "IR_data_chunk001_of_009.parquet")
    kept, _ = read(Uspto(folder=tmp_path))
    truth = power_spectrum(0, AXIS)
    assert truth.argmax() == 0
    assert kept[0].repairs == ("dc-artefact-cut", "beyond-vibrations-cut")
    assert (kept[0].wavenumber_start_cm1, kept[0].wavenumber_stop_cm1) == (50.0, 4500.0)
    grid = np.linspace(50.0, 4500.0, 2048)
    expected = power_spectrum(0, grid)
    assert np.abs(kept[0].intensity - expected)[10:].max() < 0.05 * expected.max()  # peaks of bands 5 points wide


def test_an_axis_within_the_limits_is_left_alone(tmp_path: Path) -> None:
    axis = np.linspace(400.0, 4000.0, 900)
    write(
        tmp_path / "IR_data_chunk001_of_009.parquet",
        **{"Frequency(cm^-1)": [axis, axis], "ir_spectra": [power_spectrum(0, axis)] * 2},
    )
    kept, _ = read(Uspto(folder=tmp_path))
    assert [s.repairs for s in kept] == [(), ()]
    assert Uspto(folder=tmp_path, start_cm1=100.0).describe() != Uspto(folder=tmp_path).describe()


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.large_list(pa.float64()), pa.list_(pa.float32(), 2401)])
def test_any_list_of_numbers_will_do(tmp_path: Path, kind: pa.DataType) -> None:
    curves = pa.array([power_spectrum(i, AXIS).astype(kind.value_type.to_pandas_dtype()) for i in range(2)], type=kind)
    axes = pa.array([AXIS.astype(kind.value_type.to_pandas_dtype())] * 2, type=kind)
    write(tmp_path / "IR_data_chunk001_of_009.parquet", **{"ir_spectra": curves, "Frequency(cm^-1)": axes})
    kept, refused = read(Uspto(folder=tmp_path))
    assert not refused
    assert kept[0].intensity.max() == pytest.approx(power_spectrum(0, AXIS)[10:].max(), rel=0.02)


@pytest.mark.parametrize(
    "columns",
    [
        {"ir_spectra": None},
        {"Frequency(cm^-1)": None},
        {"ir_spectra": ["1,2", "3"]},
        {"ir_spectra": [["a"], ["b"]]},
        {"ir_spectra": [[[1.0]], [[2.0]]]},
    ],
)
def test_a_file_without_its_columns_is_named(tmp_path: Path, columns: dict[str, Any]) -> None:
    write(tmp_path / "IR_data_chunk001_of_009.parquet", **columns)
    write(tmp_path / "IR_data_chunk002_of_009.parquet")
    kept, refused = read(Uspto(folder=tmp_path))
    assert len(kept) == 2
    assert [(r.sample_id, r.reason) for r in refused] == [("IR_data_chunk001_of_009.parquet", "missing-column")]


def test_a_column_twice_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "IR_data_chunk001_of_009.parquet")
    table = pq.read_table(path)
    pq.write_table(table.append_column("smiles", table["smiles"]), path)
    assert [r.reason for r in read(Uspto(folder=tmp_path))[1]] == ["missing-column"]


def test_without_names_and_structures_a_row_is_named_by_its_place(tmp_path: Path) -> None:
    write(tmp_path / "IR_data_chunk001_of_009.parquet", id=None, smiles=[None, "C1CC"])
    kept, _ = read(Uspto(folder=tmp_path))
    first = "uspto/IR_data_chunk001_of_009/row-000000"
    assert [(s.spectrum_id, s.compound_id) for s in kept] == [
        (first, first),
        ("uspto/IR_data_chunk001_of_009/row-000001", "smiles/C1CC"),
    ]
    assert all(s.repairs[:2] == ("id-from-row", "smiles-unreadable") for s in kept)


def test_lists_far_too_long_are_refused_before_they_are_read(tmp_path: Path) -> None:
    """Twenty million zeros in 0.2 MB of file: a bomb."""
    zeros = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(2_000_000, dtype=np.float32)), 2_000_000)
    table = pa.table({"ir_spectra": zeros, "Frequency(cm^-1)": zeros, "smiles": ["C"], "id": [1]})
    pq.write_table(pa.concat_tables([table] * 10), tmp_path / "IR_data_chunk001_of_009.parquet")
    assert (tmp_path / "IR_data_chunk001_of_009.parquet").stat().st_size < 1_000_000
    _, refused = read(Uspto(folder=tmp_path))
    assert [r.reason for r in refused] == ["too-large"]


def test_parts_are_runs_of_row_groups(tmp_path: Path) -> None:
    rows = 10_000
    short = pa.table(
        {"smiles": ["C"] * rows, "ir_spectra": pa.array([[0.0]] * rows), "Frequency(cm^-1)": pa.array([[1.0]] * rows)}
    )
    name = "IR_data_chunk001_of_009.parquet"
    pq.write_table(short, tmp_path / name, row_group_size=1500)
    source = Uspto(folder=tmp_path)
    assert source.parts() == [Part(name, 0, 3), Part(name, 3, 6), Part(name, 6, 7)]
    later = [item.sample_id for item in source.read(Part(name, 3, 6)) if isinstance(item, Reject)]
    assert (later[0], later[-1]) == (f"{name[:-8]}/row-004500", f"{name[:-8]}/row-008999")


def test_any_flipped_byte_leaves_the_other_file_readable(tmp_path: Path) -> None:
    path = write(tmp_path / "IR_data_chunk001_of_009.parquet")
    good = path.read_bytes()
    write(tmp_path / "IR_data_chunk002_of_009.parquet", id=[1, 2])
    rng = np.random.default_rng(0)
    for place in np.concatenate((rng.integers(0, len(good), 15), len(good) - rng.integers(1, 700, 25))):
        damaged = bytearray(good)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        kept, refused = read(Uspto(folder=tmp_path))
        assert {"uspto/1", "uspto/2"} <= {s.spectrum_id for s in kept}
        assert len(kept) + len(refused) >= 3


def test_multimodal_spectra_get_the_axis_their_authors_use(tmp_path: Path) -> None:
    kept, refused = read(Multimodal(folder=write_multimodal(tmp_path)))
    assert [(r.sample_id, r.reason) for r in refused] == [
        (f"aligned_chunk_{chunk}/row-{row:06d}", reason)
        for chunk in (0, 1)
        for row, reason in ((1, "no-axis"), (2, "no-spectrum"))
    ]
    assert len(kept) == 8
    truth = power_spectrum(0, np.linspace(400.0, 4000.0, 2048)) - 0.2
    assert np.abs(kept[0].intensity - truth).max() < 0.01 * truth.max()
    assert kept[0].intensity.min() < 0.0  # negatives occur, and are the publisher's
    assert {(s.wavenumber_start_cm1, s.wavenumber_stop_cm1) for s in kept} == {(400.0, 4000.0)}
    assert {s.metadata["formula"] for s in kept} == {"C2H6O"}
    assert {s.repairs for s in kept} == {()}


def test_both_sources_name_one_molecule_alike(tmp_path: Path) -> None:
    ours, _ = read(Uspto(folder=write_uspto(tmp_path / "a")))
    theirs, _ = read(Multimodal(folder=write_multimodal(tmp_path / "b")))
    assert {s.compound_id for s in ours} & {s.compound_id for s in theirs} >= {"inchikey/lfqscwfljhtthz-uhfffaoysa-n"}


def test_only_the_publishers_files_are_read(tmp_path: Path) -> None:
    write(tmp_path / "IR_data_chunk001_of_009.parquet")
    write(tmp_path / "NMR_data.parquet")
    write(tmp_path / "aligned_chunk_0.parquet")
    assert {part.file for part in Uspto(folder=tmp_path).parts()} == {"IR_data_chunk001_of_009.parquet"}
    assert {part.file for part in Multimodal(folder=tmp_path).parts()} == {"aligned_chunk_0.parquet"}
