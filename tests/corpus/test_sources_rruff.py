from __future__ import annotations

import struct
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.core.errors import ConfigError
from spektron.corpus.sources import Reject, read_all
from spektron.corpus.sources._rruff_record import mineral_key, spectrum_of_record
from spektron.corpus.sources._xy_text import decode, parse_xy
from spektron.corpus.sources.rruff import Rruff
from spektron.spectra import AxisUnit, Spectrum, SpectrumRejected, spectrum_from_xy
from tests.corpus.files_experimental import entry_name, raman, rruff_text, write_rruff, write_zip

REAL = Path(__file__).parents[2] / "../shared/data/raw/rruff"


def read(folder: Path) -> tuple[list[Spectrum], list[Reject]]:
    items = list(read_all(Rruff(folder=folder)))
    return [i for i in items if isinstance(i, Spectrum)], [i for i in items if isinstance(i, Reject)]


def one(raw: bytes | str, name: str = "a.txt", where: str = "excellent_unoriented.zip") -> Spectrum:
    encoded = raw if isinstance(raw, bytes) else raw.encode()
    return spectrum_of_record(encoded, where=where, name=name, source="rruff", spectrum_id="rruff/a", repairs=())


def test_a_folder_as_published_is_kept_or_named(tmp_path: Path) -> None:
    kept, refused = read(write_rruff(tmp_path))
    assert Counter(s.source for s in kept) == {
        "rruff/excellent_oriented": 4,
        "rruff/infrared/RAW": 1,
        "rruff": 1,
        "rruff/LR-Raman": 1,
    }
    assert [(r.source, r.reason) for r in refused] == [
        ("rruff", "unreadable-file"),  # LR-Raman.zip ends inside its second entry
        ("rruff/excellent_oriented", "damaged-record"),
        ("rruff/excellent_oriented", "no-spectrum"),  # an empty text
        ("rruff/excellent_oriented", "no-spectrum"),  # a PDF
    ]
    assert not any("/escape" in str(path) for path in tmp_path.parent.rglob("*"))


def test_the_numbers_are_those_of_the_text() -> None:
    x, y = raman()
    spectrum = one(rruff_text())
    expected = spectrum_from_xy(
        np.round(x, 3),
        np.array([float(f"{value:.7g}") for value in y]),
        unit=AxisUnit.CM1,
        modality="RAMAN",
        spectrum_id="",
        source="",
        compound_id="",
    )
    np.testing.assert_array_equal(spectrum.intensity, expected.intensity)
    assert spectrum.wavenumber_start_cm1 == round(float(x[0]), 3)


def test_raw_and_processed_are_one_compound_and_told_apart() -> None:
    raw = one(rruff_text())
    processed = one(rruff_text(filetype="Raman Processed"))
    assert raw.compound_id == processed.compound_id == "rruff/spinel"
    assert (raw.metadata["processing"], raw.intensity_unit) == ("raw", "counts")
    assert (processed.metadata["processing"][:9], processed.intensity_unit) == ("processed", "arbitrary")


def test_infrared_and_raman_of_a_mineral_are_one_compound_however_it_is_spelled() -> None:
    x = np.linspace(399.2, 4000.0, 900)
    infrared = one(
        rruff_text("Stilbite-Ca", filetype="Infrared RAW", laser=None, xy=(x, np.sin(x / 90.0))),
        "StilbiteCa__R050012-1__Infrared__Infrared_Data_RAW__9.txt",
        "infrared/RAW.zip",
    )
    nameless = rruff_text("", "")
    assert infrared.modality == "IR"
    assert (
        one(nameless, "StilbiteCa__R050012__Raman__532.txt").compound_id == infrared.compound_id == "rruff/stilbiteca"
    )
    assert mineral_key("Żabińskiite") == mineral_key("Zabinskiite")


def test_the_text_is_believed_before_the_name() -> None:
    name = "Gypsum__R1__Raman__53__0__unoriented__Raman_Data_Processed__1.txt"
    spectrum = one(rruff_text("Gysinite-(Ce)", laser="532"), name)
    assert spectrum.compound_id == "rruff/gysinitece"
    assert spectrum.metadata["laser_nm"] == "532"
    assert spectrum.metadata["processing"] == "raw"
    assert "laser_nm" not in one(rruff_text(laser=None), name).metadata  # nobody has a laser of 53 nm
    assert one(rruff_text(laser=None), name.replace("__53_", "__780_")).metadata["laser_nm"] == "780"


def test_what_the_archives_name_says_is_kept() -> None:
    assert one(rruff_text(), where="fair_unoriented.zip").metadata["quality"] == "fair"
    assert one(rruff_text(), where="fair_unoriented.zip").metadata["orientation"] == "unoriented"
    broad = one(rruff_text(), entry_name("A", scan="Broad_Scan"), "LR-Raman.zip").metadata
    assert "quality" not in broad
    assert broad["technique"] == "broad scan of low resolution"


def test_remarks_of_newer_instruments_are_read() -> None:
    spectrum = one(rruff_text(laser=None, more="#Instrument=LabRAM\r\n#Detector=Synapse\r\n#Laser (nm)=633"))
    assert (spectrum.instrument, spectrum.metadata["detector"], spectrum.metadata["laser_nm"]) == (
        "LabRAM",
        "Synapse",
        "633",
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.replace("##FILETYPE=Raman RAW", "##FILETYPE=X-ray"), "unknown-modality"),
        (lambda t: t.replace("Raman RAW", "Raman Infrared"), "ambiguous-modality"),
        (lambda t: t[: t.index("\r\n\r\n")], "no-spectrum"),
        (lambda t: "\r\n".join(line.partition(",")[0] for line in t.split("\r\n")), "no-spectrum"),
        (lambda t: t.replace("\r\n\r\n", "\r\n\r\n999.5, 1.0\r\n"), "axis-not-monotonic"),
        (lambda t: t.replace("##END=", "601.0, 1.0, 2.0"), "damaged-record"),
        (lambda t: t.replace("##END=", "six hundred, 1.0"), "damaged-record"),
        (lambda t: t.replace("\r\n\r\n", "\r\n\r\nWavelength (nm), counts\r\n"), "out-of-range"),
        (lambda t: "\r\n".join(t.split("\r\n")[:40]), "too-few-points"),
        (lambda _: "", "no-spectrum"),
        (lambda t: t.replace("S", "\0", 1), "damaged-record"),
    ],
)
def test_unfit_texts_are_named(change: object, reason: str) -> None:
    with pytest.raises(SpectrumRejected) as caught:
        one(change(rruff_text()))  # type: ignore[operator]
    assert caught.value.reason == reason


def test_an_infrared_axis_of_micrometres_is_refused_and_not_taken_for_wavenumbers() -> None:
    x = np.linspace(12.0, 25.0, 500)
    with pytest.raises(SpectrumRejected, match="out-of-range"):
        one(rruff_text(filetype="Infrared RAW", laser=None, xy=(x, np.sin(x))))


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace(", ", "\t"),
        lambda t: t.replace(", ", "   "),
        lambda t: t.replace(".", ",").replace(", ", "; "),
        lambda t: t.replace("\r\n", "\r"),
        lambda t: t.replace("\r\n", "\n"),
        lambda t: "\ufeff" + t,
        lambda t: t.replace("##FILETYPE", "Raman Shift, Intensity\r\n##FILETYPE"),
        lambda t: "##END=\r\n" + t.replace("##END=", "##LOCALITY=Mogok"),
    ],
)
def test_other_notations_give_the_same_numbers(change: object) -> None:
    text = rruff_text()
    changed = one(change(text))  # type: ignore[operator]
    np.testing.assert_array_equal(changed.intensity, one(text).intensity)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_encodings_are_told(encoding: str) -> None:
    assert one(rruff_text("Chrómite").encode(encoding)).metadata["title"] == "Chrómite"


def test_a_text_of_ten_million_rows_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    write_zip(tmp_path / "a.zip", {"bomb.txt": b"1, 1\n" * 10_000_000, "b.txt": rruff_text()})
    kept, refused = read(tmp_path)
    assert len(kept) == 1
    assert [(r.sample_id, r.reason) for r in refused] == [("bomb", "too-large")]


def test_parts_cover_the_archive_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spektron.corpus.sources.rruff.PART_RECORDS", 3)
    source = Rruff(folder=write_rruff(tmp_path))
    parts = source.parts()
    assert max(part.stop - part.start for part in parts) <= 3
    names = [[_id(i) for i in source.read(part)] for part in reversed(parts)]
    assert [name for part in reversed(names) for name in part] == [_id(i) for i in read_all(source)]
    assert len({_id(i) for i in read_all(source)}) == 11


def _id(item: Spectrum | Reject) -> str:
    return item.spectrum_id if isinstance(item, Spectrum) else f"{item.source}/{item.sample_id}/{item.reason}"


@pytest.mark.parametrize("case", ["missing", "empty"])
def test_a_folder_without_archives_is_an_error(tmp_path: Path, case: str) -> None:
    folder = tmp_path / case
    if case == "empty":
        folder.mkdir()
    with pytest.raises(ConfigError, match="expected"):
        Rruff(folder=folder).parts()


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=2000), st.text(alphabet="##NAMES=\r\n 0123456789.,;\teE+-nainf", max_size=2000)))
def test_no_bytes_do_more_than_be_refused(raw: bytes | str) -> None:
    with pytest.raises(SpectrumRejected):  # 64 points do not fit into 2,000 random characters of one order
        one(raw if isinstance(raw, bytes) else raw.encode(), "x__1__Raman__532.txt")


@settings(max_examples=60, deadline=None)
@given(
    data=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20),
    apart=st.sampled_from([", ", ",", "\t", "  ", ";", " ; "]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    comma=st.booleans(),
)
def test_numbers_survive_any_notation(data: list[float], apart: str, end: str, comma: bool) -> None:
    x = 0.5 + 2.0 * np.arange(len(data))
    rows = [f"{a!r}{apart}{b!r}" for a, b in zip(x.tolist(), data, strict=True)]
    if comma and "," not in apart:
        rows = [row.replace(".", ",") for row in rows]
    text = parse_xy(decode(("##NAMES=A" + end + "Heading" + end + end.join(rows)).encode()))
    np.testing.assert_array_equal(text.x, x)
    np.testing.assert_array_equal(text.y, data)
    assert (text.labels, text.preamble) == ({"NAMES": "A"}, ("Heading",))


@pytest.fixture(scope="module")
def real() -> list[Spectrum | Reject]:
    if not REAL.is_dir():
        pytest.skip("RRUFF's own archive is not here (../shared/data/raw/rruff)")
    return list(read_all(Rruff(folder=REAL)))


def test_the_real_archive_is_read_whole(real: list[Spectrum | Reject]) -> None:
    kept = [item for item in real if isinstance(item, Spectrum)]
    assert len(kept) == len(real) == 25
    assert Counter(s.compound_id for s in kept) == {
        "rruff/spinel": 10,
        "rruff/corundum": 8,
        "rruff/annite": 5,
        "rruff/scholzite": 2,
    }
    assert Counter(s.intensity_unit for s in kept) == {"counts": 12, "arbitrary": 13}
    assert {s.metadata["laser_nm"] for s in kept} == {"514"}
    assert {(s.metadata["quality"], s.metadata["orientation"]) for s in kept} == {("fair", "oriented")}


def test_the_real_archives_first_scan_is_as_its_text_says(real: list[Spectrum | Reject]) -> None:
    first = real[0]
    assert isinstance(first, Spectrum)
    assert "/Annite__R060211-3__" in first.spectrum_id
    assert (first.wavenumber_start_cm1, first.wavenumber_stop_cm1) == (230.849, 1570.777)  # its first and last row
    # Its second and third row are 232.070, 76.10156 and 233.291, 368.4688: at the point nearest to the third.
    step = (1570.777 - 230.849) / 2047
    assert first.intensity[round((233.291 - 230.849) / step)] == pytest.approx(368.4688, rel=0.1)


def test_every_cut_of_the_real_archive_loses_its_end_alone(real: list[Spectrum | Reject], tmp_path: Path) -> None:
    (archive,) = REAL.glob("*.zip")
    whole, last = archive.read_bytes(), -1
    starts = sorted(info.header_offset for info in zipfile.ZipFile(archive).infolist())
    for size in (len(whole) - 1, len(whole) - 3000, len(whole) * 2 // 3, starts[9] + 10, starts[3], 40):
        (tmp_path / "fair_oriented.zip").write_bytes(whole[:size])
        kept, refused = read(tmp_path)
        complete = sum(start <= size for start in [*starts[1:], _entries_end(whole)])
        assert len(kept) == complete
        assert sum(r.reason == "unreadable-file" for r in refused) == (complete < 25 or size < _entries_end(whole) + 4)
        assert last == -1 or complete <= last
        last = complete


def _entries_end(archive: bytes) -> int:
    """Where the entries end and the directory begins, as the archive's last 22 bytes state it."""
    return int(struct.unpack("<I", archive[-6:-2])[0])


def test_checksums_are_held(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": rruff_text(), "b.txt": rruff_text()}, zipfile.ZIP_STORED)
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"##NAMES") + 9] ^= 1
    path.write_bytes(raw)
    kept, refused = read(tmp_path)
    assert [s.spectrum_id for s in kept] == ["rruff/a/b"]
    assert [(r.sample_id, r.reason) for r in refused] == [("a", "damaged-record")]
