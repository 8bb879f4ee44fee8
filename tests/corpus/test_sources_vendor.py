from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from spektron.core.errors import ConfigError
from spektron.corpus.sources import Reject, read_all
from spektron.corpus.sources.vendor import Vendor
from spektron.spectra import Spectrum
from tests.corpus.files_vendor import opus, opus_kind, opus_parameters, spc, wdf, write

X = np.linspace(400.0, 4000.0, 300)
Y = np.exp(-(((X - 1500.0) / 80.0) ** 2)) + 0.01


def read(folder: Path, **options: str) -> tuple[list[Spectrum], list[Reject]]:
    items = list(read_all(Vendor(folder=folder, **options)))  # type: ignore[arg-type]
    return [i for i in items if isinstance(i, Spectrum)], [i for i in items if isinstance(i, Reject)]


def test_a_machine_without_the_package_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "wdf", None)
    write(tmp_path / "a.wdf", wdf(X, Y[None]))
    with pytest.raises(ConfigError, match=r"spektron\[vendor\]"):
        read(tmp_path)


class TestOpus:
    """Bruker's files."""

    @pytest.fixture(autouse=True)
    def _package(self) -> None:
        pytest.importorskip("brukeropus", reason="the package brukeropus is not installed")

    def test_absorbance_is_taken_before_what_it_was_made_from(self, tmp_path: Path) -> None:
        raw = opus({1: Y * 99.0, 5: 10.0**-Y, 4: Y}, 4000.0, 400.0)
        write(tmp_path / "caffeine.0", raw)
        kept, refused = read(tmp_path)
        assert not refused
        (spectrum,) = kept
        assert (spectrum.modality, spectrum.intensity_unit, spectrum.instrument) == ("IR", "absorbance", "VERTEX 70")
        assert (spectrum.compound_id, spectrum.repairs) == ("vendor/Caffeine", ("axis-descending",))
        assert (spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1) == (400.0, 4000.0)
        assert spectrum.metadata == {"resolution_cm1": "4", "title": "Caffeine"}
        peak = 400.0 + 3600.0 * int(spectrum.intensity.argmax()) / 2047
        assert peak == pytest.approx(2900.0, abs=6.1)  # 1500, counted from the highest; points are 12 cm⁻¹ apart

    def test_transmittance_alone_becomes_absorbance(self, tmp_path: Path) -> None:
        write(tmp_path / "a.0001", opus({5: 10.0**-Y}, 400.0, 4000.0))
        kept, _ = read(tmp_path)
        assert kept[0].intensity_unit == "absorbance"
        assert kept[0].intensity.max() == pytest.approx(Y.max(), rel=1e-3)

    def test_an_axis_of_the_near_infrared_tells_the_modality(self, tmp_path: Path) -> None:
        write(tmp_path / "a.0", opus({4: Y}, 12_000.0, 4_000.0))
        kept, _ = read(tmp_path)
        assert (kept[0].modality, kept[0].repairs[0]) == ("NIR", "modality-from-range")

    def test_what_was_not_made_a_spectrum_is_none(self, tmp_path: Path) -> None:
        write(tmp_path / "a.0", opus({1: Y}, 4000.0, 400.0))
        assert [r.reason for r in read(tmp_path)[1]] == ["no-spectrum"]

    def test_parameters_of_negative_length_do_not_loop(self, tmp_path: Path) -> None:
        raw = bytearray(opus({4: Y}, 4000.0, 400.0))
        place = raw.index(b"RES\0") + 6
        raw[place : place + 2] = struct.pack("<h", -4)
        write(tmp_path / "a.0", bytes(raw))
        kept, _ = read(tmp_path)
        assert [spectrum.instrument for spectrum in kept] == [""]  # the block is lost, the curve is not
        assert opus_parameters({})[:3] == b"END"
        assert opus_kind(3, 3, 1, 4) == 0x101F

    def test_every_cut_is_named(self, tmp_path: Path) -> None:
        raw = opus({4: Y}, 4000.0, 400.0)
        for size in range(0, len(raw) - 1, 97):
            write(tmp_path / "a.0", raw[:size])
            kept, refused = read(tmp_path)
            assert len(kept) + len(refused) == 1


class TestSpc:
    """Galactic's files."""

    @pytest.fixture(autouse=True)
    def _package(self) -> None:
        pytest.importorskip("spc_io", reason="the package spc-io is not installed")

    def test_each_curve_has_its_own_numbers(self, tmp_path: Path) -> None:
        write(tmp_path / "a.spc", spc(X, np.stack([Y, 2 * Y]), x_kind="XRAMANS", y_kind="YCOUNT"))
        kept, refused = read(tmp_path)
        assert not refused
        assert [s.spectrum_id for s in kept] == ["vendor/a.spc/000000", "vendor/a.spc/000001"]
        assert {(s.modality, s.intensity_unit, s.compound_id) for s in kept} == {("RAMAN", "counts", "vendor/a.spc")}
        np.testing.assert_allclose(kept[1].intensity, 2 * kept[0].intensity, rtol=1e-5)
        assert kept[0].intensity.max() == pytest.approx(Y.max(), rel=1e-3)

    @pytest.mark.parametrize(
        ("x", "x_kind", "y_kind", "technique", "options", "modality"),
        [
            (X, "XWAVEN", "YABSRB", 4, {}, "IR"),
            (X, "XWAVEN", "YARB", 4, {"modality": "RAMAN"}, "RAMAN"),
            (X, "XWAVEN", "YTRANS", 4, {}, "IR"),
            (np.linspace(1100.0, 2500.0, 300), "XNMETR", "YLOGDR", 5, {}, "NIR"),
            (np.linspace(2.5, 25.0, 300), "XUMETR", "YABSRB", 4, {}, "IR"),
        ],
    )
    @pytest.mark.parametrize("even", [True, False])
    def test_kinds_of_axes(
        self,
        tmp_path: Path,
        x: np.ndarray,
        x_kind: str,
        y_kind: str,
        technique: int,
        options: dict[str, str],
        modality: str,
        even: bool,
    ) -> None:
        raw = spc(x, (10.0**-Y)[None], x_kind=x_kind, y_kind=y_kind, technique=technique, even=even)
        write(tmp_path / "a.spc", raw)
        kept, refused = read(tmp_path, **options)
        assert not refused
        assert kept[0].modality == modality

    @pytest.mark.parametrize(
        ("x_kind", "y_kind", "reason"),
        [("XWAVEN", "YIGRAM", "no-spectrum"), ("XPOINT", "YABSRB", "no-axis"), ("XWAVEN", "YARB", "unknown-modality")],
    )
    def test_what_is_no_spectrum_is_named(self, tmp_path: Path, x_kind: str, y_kind: str, reason: str) -> None:
        write(tmp_path / "a.spc", spc(X, Y[None], x_kind=x_kind, y_kind=y_kind, technique=4))
        assert [r.reason for r in read(tmp_path)[1]] == [reason]

    @pytest.mark.parametrize("num_curves", [70_000, 2**32 - 1])
    def test_a_number_of_curves_that_would_fill_the_memory_is_refused(self, tmp_path: Path, num_curves: int) -> None:
        raw = bytearray(spc(X, Y[None], x_kind="XRAMANS", y_kind="YARB"))
        raw[24:28] = struct.pack("<I", num_curves)
        write(tmp_path / "a.spc", bytes(raw))
        assert [r.reason for r in read(tmp_path)[1]] == ["too-large"]


class TestWdf:
    """Renishaw's files."""

    @pytest.fixture(autouse=True)
    def _package(self) -> None:
        pytest.importorskip("wdf", reason="the package renishaw-wdf is not installed")

    def test_each_spectrum_of_a_map_has_its_own_numbers(self, tmp_path: Path) -> None:
        write(tmp_path / "a.wdf", wdf(X[::-1], np.stack([Y * (i + 1) for i in range(5)])))
        kept, refused = read(tmp_path)
        assert not refused
        assert [s.spectrum_id for s in kept] == [f"vendor/a.wdf/{i:06d}" for i in range(5)]
        assert {s.compound_id for s in kept} == {"vendor/a.wdf"}
        assert kept[0].metadata == {"title": "Single scan measurement 3", "laser_nm": "785"}
        for i, spectrum in enumerate(kept):
            assert spectrum.intensity.max() == pytest.approx((i + 1) * Y.max(), rel=1e-3)

    def test_a_file_cut_short_loses_its_axis_and_so_everything(self, tmp_path: Path) -> None:
        write(tmp_path / "a.wdf", wdf(X, np.stack([Y, 2 * Y]))[:-100])
        kept, refused = read(tmp_path)
        assert not kept
        assert [r.reason for r in refused] == ["unreadable-file"]

    def test_where_the_axis_stands_first_a_cut_loses_the_last_spectra_alone(self, tmp_path: Path) -> None:
        write(tmp_path / "a.wdf", wdf(X, np.stack([Y, 2 * Y, 3 * Y]), axis_first=True)[:-100])
        kept, refused = read(tmp_path)
        assert len(kept) == 2
        assert [r.reason for r in refused] == ["unreadable-file"]
        assert "found 2 whole ones" in refused[0].detail

    def test_the_makers_own_file_shows_silicon(self) -> None:
        """It ships with the package's source archive; SPEKTRON_WDF names a copy."""
        if not (named := os.environ.get("SPEKTRON_WDF")):
            pytest.skip("the maker's own file is not here (SPEKTRON_WDF=…/Si-map.wdf)")
        source = Vendor(folder=Path(named).parent)
        kept = [item for item in read_all(source) if isinstance(item, Spectrum)]
        assert len(kept) == 88
        for spectrum in kept:
            step = (spectrum.wavenumber_stop_cm1 - spectrum.wavenumber_start_cm1) / 2047
            peak = spectrum.wavenumber_start_cm1 + step * int(spectrum.intensity.argmax())
            assert peak == pytest.approx(520.5, abs=2.0)  # silicon's one phonon

    @pytest.mark.parametrize("stated", [4, 2**60])
    def test_a_count_beyond_the_block_of_spectra_makes_none_of_other_blocks(self, tmp_path: Path, stated: int) -> None:
        raw = bytearray(wdf(X, np.stack([Y, 2 * Y, 3 * Y])))
        place = raw.index(struct.pack("<QQ", 3, 3))
        raw[place : place + 16] = struct.pack("<QQ", stated, stated)
        write(tmp_path / "a.wdf", bytes(raw))
        kept, refused = read(tmp_path)
        assert not kept
        assert [r.reason for r in refused] == ["unreadable-file"]
        assert f"expected a block of {stated} spectra" in refused[0].detail

    def test_a_block_of_no_length_does_not_loop(self, tmp_path: Path) -> None:
        raw = bytearray(wdf(X, Y[None]))
        raw[512 + 8 : 512 + 16] = bytes(8)
        write(tmp_path / "a.wdf", bytes(raw))
        assert [r.reason for r in read(tmp_path)[1]] == ["unreadable-file"]

    def test_a_block_that_ends_beyond_all_files_is_named(self, tmp_path: Path) -> None:
        raw = bytearray(wdf(X, Y[None], axis_first=True))
        raw[512 + 15] = 128
        write(tmp_path / "a.wdf", bytes(raw))
        assert [r.reason for r in read(tmp_path)[1]] == ["unreadable-file"]

    @example(flips=[(15, 128)])  # a block that ends beyond what a file can be asked for
    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(flips=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), min_size=1, max_size=6))
    def test_any_damage_is_named(self, tmp_path: Path, flips: list[tuple[int, int]]) -> None:
        raw = bytearray(wdf(X, Y[None]))
        for place, value in flips:
            raw[place] = value
        write(tmp_path / "a.wdf", bytes(raw))
        kept, refused = read(tmp_path)
        assert kept or refused
