from __future__ import annotations

import gzip
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spektron.corpus.sources import Reject, read_all
from spektron.corpus.sources.openspecy import Openspecy
from spektron.spectra import Spectrum
from tests.corpus.files_experimental import (
    library,
    r_int,
    r_integers,
    r_list,
    r_pairs,
    r_reals,
    r_strings,
    r_symbol,
    write_openspecy,
    write_rds,
)

pytest.importorskip("rdata", reason="the package rdata is not installed")

REAL = Path(__file__).parents[2] / "../shared/data/raw/openspecy"


def read(folder: Path) -> tuple[list[Spectrum], list[Reject]]:
    items = list(read_all(Openspecy(folder=folder)))
    return [i for i in items if isinstance(i, Spectrum)], [i for i in items if isinstance(i, Reject)]


def test_a_folder_as_published_is_kept_or_named(tmp_path: Path) -> None:
    kept, refused = read(write_openspecy(tmp_path))
    assert Counter(s.source for s in kept) == {"openspecy/raw": 6, "openspecy/medoid": 2}
    assert [(r.source, r.sample_id, r.reason) for r in refused] == [
        ("openspecy", "cut.rds", "unreadable-file"),
        ("openspecy/medoid", "s2", "nan-inside"),
        ("openspecy/medoid", "s3", "unknown-modality"),
        ("openspecy/raw", "s6", "nan-inside"),
        ("openspecy/raw", "s7", "unknown-modality"),
    ]


def test_each_spectrum_has_its_own_numbers_range_and_metadata(tmp_path: Path) -> None:
    write_rds(tmp_path / "raw.rds", library())
    kept, _ = read(tmp_path)
    x = np.linspace(400.0, 3995.0, 300)
    y = np.random.default_rng(0).standard_normal((300, 8)).cumsum(axis=0)
    for i, spectrum in enumerate(kept):
        assert spectrum.spectrum_id == f"openspecy/raw/s{i}"
        assert (spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1) == (x[5 + i], x[-1])
        axis = np.linspace(x[5 + i], x[-1], 2048)
        np.testing.assert_allclose(spectrum.intensity, np.interp(axis, x, y[:, i]), atol=0.6)
        assert spectrum.repairs == ("nan-at-ends",)
        assert spectrum.modality == ("IR" if i % 2 else "RAMAN")
        assert spectrum.intensity_unit == ("absorbance" if i % 2 else "arbitrary")
        assert spectrum.metadata.get("laser_nm") == (None if i % 2 else "785")
    assert [s.compound_id for s in kept[3:5]] == ["openspecy/polyethylene", "rruff/quartz"]  # a copy of RRUFF's


def test_a_matrix_is_the_same_library_as_a_table(tmp_path: Path) -> None:
    write_rds(tmp_path / "a" / "x.rds", library())
    write_rds(tmp_path / "b" / "x.rds", library(matrix=True))
    table, matrix = read(tmp_path / "a")[0], read(tmp_path / "b")[0]
    assert len(table) == len(matrix) == 6
    for one, other in zip(table, matrix, strict=True):
        np.testing.assert_array_equal(one.intensity, other.intensity)
        assert one.compound_id == other.compound_id


def test_parts_are_ranges_of_columns_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spektron.corpus.sources.openspecy.PART_RECORDS", 3)
    write_rds(tmp_path / "raw.rds", library())
    source = Openspecy(folder=tmp_path)
    parts = source.parts()
    assert [(part.start, part.stop) for part in parts] == [(0, 3), (3, 6), (6, 8)]
    names = [[str(i) for i in source.read(part)] for part in reversed(parts)]
    assert [name for part in reversed(names) for name in part] == [str(i) for i in read_all(source)]


def test_integers_and_their_missing_values_are_numbers(tmp_path: Path) -> None:
    x = np.arange(400.0, 1400.0, 10.0)
    y = (np.arange(100) * 7) % 31
    y[:3] = -(2**31)
    metadata = r_list({"spectrum_type": r_strings(["Raman"]), "cas_number": r_strings(["9002-88-4"])})
    root = r_list({"wavenumber": r_reals(x), "spectra": r_list({"a": r_integers(y)}), "metadata": metadata})
    write_rds(tmp_path / "a.rds", root)
    kept, refused = read(tmp_path)
    assert not refused
    assert kept[0].wavenumber_start_cm1 == 430.0
    assert kept[0].intensity.min() >= 0
    assert kept[0].compound_id == "cas/9002-88-4"


def test_a_file_that_would_run_something_runs_nothing(tmp_path: Path) -> None:
    """A promise, a closure and a call to `system` are data; what is read is what else the file holds."""
    call = r_int(6) + r_symbol("system") + r_pairs({"x": r_strings([f"touch {tmp_path / 'ran'}"])})
    promise = r_int(5 | 0x400) + r_int(253) + r_int(254) + call
    closure = r_int(3 | 0x400) + r_int(253) + r_int(254) + call
    x = np.linspace(400.0, 3995.0, 300)
    members = {
        "wavenumber": r_reals(x),
        "hidden": call,
        "spectra": r_list({"a": r_reals(np.sin(x / 100.0))}),
        "lazy": promise,
        "function": closure,
        "metadata": r_list({"spectrum_type": r_strings(["FTIR"])}),
    }
    write_rds(tmp_path / "a.rds", r_list(members))
    kept, _ = read(tmp_path)
    assert [s.spectrum_id for s in kept] == ["openspecy/a/a"]
    assert not (tmp_path / "ran").exists()


BROKEN = {
    "empty": (b"", "unreadable-file"),
    "text": (b"wavenumber,a\n1,2\n", "unreadable-file"),
    "not-gzip-inside": (gzip.compress(b"hello"), "unreadable-file"),
    "an-archive-of-save": (gzip.compress(b"RDX3\nX\n" + bytes(40)), "unreadable-file"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_library_is_named(tmp_path: Path, case: str) -> None:
    content, reason = BROKEN[case]
    (tmp_path / "a.rds").write_bytes(content)
    kept, refused = read(tmp_path)
    assert not kept
    assert [(r.sample_id, r.reason) for r in refused] == [("a.rds", reason)]


LACKING = {
    "no-metadata": (r_list({"wavenumber": r_reals([1.0]), "spectra": r_list({})}), "missing-column"),
    "no-list": (r_reals([1.0]), "missing-column"),
    "texts": (
        r_list({"wavenumber": r_reals([1.0]), "spectra": r_list({"a": r_strings(["x"])}), "metadata": r_list({})}),
        "missing-column",
    ),
    "no-spectra": (
        r_list({"wavenumber": r_reals([1.0]), "spectra": r_list({}), "metadata": r_list({})}),
        "no-spectrum",
    ),
    "an-endless-axis": (
        # R's short form of 1:n, with n = 1e15
        r_list(
            {
                "wavenumber": r_int(238)
                + r_int(2)
                + r_symbol("compact_realseq")
                + r_int(254)
                + r_reals([1e15, 1.0, 1.0])
                + r_int(254),
                "spectra": r_list({}),
                "metadata": r_list({}),
            }
        ),
        "too-large",
    ),
    "a-vector-that-ends-early": (r_int(14) + r_int(10_000) + bytes(100), "unreadable-file"),
    "a-builtin-without-a-name": (r_int(8) + r_int(0), "unreadable-file"),
    "a-vector-of-16-GiB": (r_int(14) + r_int(2**31 - 1) + bytes(100), "too-large"),
    "a-vector-of-negative-length": (r_int(14) + r_int(-1) + bytes(100), "too-large"),
    "deep": (b"".join(r_int(19) + r_int(1) for _ in range(100_000)), "unreadable-file"),
}


@pytest.mark.parametrize("case", LACKING)
def test_libraries_that_lack_something_are_named(tmp_path: Path, case: str) -> None:
    root, reason = LACKING[case]
    write_rds(tmp_path / "a.rds", root)
    kept, refused = read(tmp_path)
    assert not kept
    assert [r.reason for r in refused] == [reason]


def test_a_bomb_is_stepped_over_and_not_held(tmp_path: Path) -> None:
    """64 MiB of zeros in 64 kB: an array that nobody asks for."""
    bomb = r_int(14) + r_int(2**23) + bytes(2**26)
    x = np.linspace(400.0, 3995.0, 300)
    members = {"spectra": r_list({"a": r_reals(np.sin(x))}), "metadata": r_list({"spectrum_type": r_strings(["IR"])})}
    write_rds(tmp_path / "a.rds", r_list({"bomb": bomb, "wavenumber": r_reals(x), **members}))
    source = Openspecy(folder=tmp_path)
    tracemalloc.start()
    kept = list(read_all(source))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [type(item) for item in kept] == [Spectrum]
    assert peak < 2**24


def test_an_empty_name_of_a_column_is_its_number(tmp_path: Path) -> None:
    x = np.linspace(400.0, 3995.0, 300)
    matrix = r_reals(np.stack([np.sin(x), np.cos(x)], axis=1), {"dim": r_integers([300, 2])})
    metadata = r_list({"spectrum_type": r_strings(["Raman", "Raman"])})
    write_rds(tmp_path / "a.rds", r_list({"wavenumber": r_reals(x), "spectra": matrix, "metadata": metadata}))
    kept, _ = read(tmp_path)
    assert [(s.spectrum_id, s.repairs) for s in kept] == [
        ("openspecy/a/spectrum-000000", ("id-from-row",)),
        ("openspecy/a/spectrum-000001", ("id-from-row",)),
    ]


PLAIN = library(4, 70)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flips=st.lists(st.tuples(st.integers(0, len(PLAIN) - 1), st.integers(0, 255)), max_size=6),
    cut=st.one_of(st.none(), st.integers(0, len(PLAIN))),
)
def test_any_damage_is_named(tmp_path: Path, flips: list[tuple[int, int]], cut: int | None) -> None:
    raw = bytearray(PLAIN)
    for place, value in flips:
        raw[place] = value
    write_rds(tmp_path / "a.rds", bytes(raw[:cut]))
    kept, refused = read(tmp_path)
    assert kept or refused


def test_the_real_file_is_read() -> None:
    if not REAL.is_dir():
        pytest.skip("OpenSpecy's own file is not here (../shared/data/raw/openspecy)")
    kept, refused = read(REAL)
    assert not refused
    (spectrum,) = kept
    assert (spectrum.modality, spectrum.compound_id) == ("RAMAN", "openspecy/hdpe")
    assert (spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1) == (301.04, 3198.12)  # as R prints them
    assert spectrum.intensity[0] == pytest.approx(26.0, abs=8.0)  # its first intensities are 26 and 50, 3.6 cm⁻¹ on
    # Polyethylene's C-H stretches, 2848 and 2881 cm⁻¹, are its strongest bands.
    peak = 301.04 + (3198.12 - 301.04) * int(spectrum.intensity.argmax()) / 2047
    assert 2840.0 < peak < 2890.0
