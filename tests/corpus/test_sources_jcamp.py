from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spektron.core.errors import ConfigError, CorpusError
from spektron.corpus.sources import PART_RECORDS, Part, Reject, Source, _small_files, read_all
from spektron.corpus.sources._compound import cas_of
from spektron.corpus.sources.jcamp import Jcamp
from spektron.corpus.sources.nist import Nist
from spektron.spectra import Spectrum
from tests.corpus.files_jcamp import block, linked, wave, write_jcamp, write_nist


def read(source: Source) -> tuple[dict[str, Spectrum], dict[str, Reject]]:
    items = list(read_all(source))
    kept = {item.spectrum_id: item for item in items if isinstance(item, Spectrum)}
    refused = {item.sample_id: item for item in items if isinstance(item, Reject)}
    assert len(kept) + len(refused) == len(items)
    return kept, refused


def test_a_users_folder_is_accounted_for(tmp_path: Path) -> None:
    kept, refused = read(Jcamp(folder=write_jcamp(tmp_path / "j")))
    assert {name.removeprefix("jcamp/"): s.modality for name, s in kept.items()} == {
        "affn.jdx/1": "IR",
        "cut.jdx/1": "IR",
        "deep/dif.jcm/1": "IR",
        "deep/dif.jcm/2": "IR",
        "deep/dif.jcm/3": "IR",
        "nir.jdx/1": "NIR",
        "open.jdx/1": "IR",
        "pac.JDX/1": "IR",
        "percent.jdx/1": "IR",
        "sqz.dx/1": "IR",
        "wide.jdx/1": "IR",
        "xypoints.jdx/1": "RAMAN",
    }
    assert {name: reject.reason for name, reject in refused.items()} == {
        "check.jdx/1": "damaged-record",
        "cut.jdx/2": "damaged-record",
        "empty.jdx": "unreadable-file",
        "lie.jdx/1": "length-mismatch",
        "nmr.jdx/1": "unknown-modality",
        "nothing.jdx/1": "no-spectrum",
        "ntuples.jdx/1": "unsupported-form",
        "page.jdx": "unreadable-file",
        "peaks.jdx/1": "peaks-only",
    }
    assert refused["check.jdx/1"].detail.startswith("line 14: Y-check")
    assert kept["jcamp/wide.jdx/1"].wavenumber_start_cm1 == pytest.approx(400.0)
    assert kept["jcamp/wide.jdx/1"].wavenumber_stop_cm1 == pytest.approx(4000.0)
    assert kept["jcamp/deep/dif.jcm/3"].compound_id == "jcamp/six"
    assert kept["jcamp/affn.jdx/1"].intensity[[0, -1]] == pytest.approx(np.array(wave(1))[[0, -1]] * 1e-4, abs=2e-3)


def test_the_webbooks_files_are_accounted_for(tmp_path: Path) -> None:
    kept, refused = read(Nist(folder=write_nist(tmp_path / "n")))
    assert {name.removeprefix("nist/"): s.compound_id for name, s in kept.items()} == {
        "57-50-1-IR-0.jdx/1": "cas/57-50-1",
        "57-50-1-IR-0.jdx/2": "cas/57-50-1",
        "64-17-5-IR-0.jdx/1": "cas/64-17-5",
        "64-17-5-IR-1.jdx/1": "cas/64-17-5",
        "C67561-IR-2.jdx/1": "cas/67-56-1",  # by its name: the file gives no number
    }
    assert {name: reject.reason for name, reject in refused.items()} == {
        "71-43-2-IR-0.jdx/1": "no-spectrum",
        "71-43-2-UVVis-0.jdx/1": "unknown-modality",
        "74-82-8-IR-0.jdx/1": "damaged-record",
    }
    liquid = kept["nist/64-17-5-IR-1.jdx/1"]
    assert liquid.metadata["state"] == "liquid (neat)"
    assert liquid.metadata["resolution_cm1"] == "4"
    assert liquid.metadata["quality"] == "COBLENTZ"
    assert liquid.intensity_unit == "absorbance"
    assert set(liquid.repairs) == {"absorbance-from-transmittance", "transmittance-clipped"}
    assert all(spectrum.kind == "experimental" for spectrum in kept.values())


def test_resolution_on_a_wavelength_axis_is_only_believed_of_the_webbook(tmp_path: Path) -> None:
    kept, _ = read(Jcamp(folder=write_nist(tmp_path / "n")))
    assert "resolution_cm1" not in kept["jcamp/64-17-5-IR-1.jdx/1"].metadata
    assert kept["jcamp/64-17-5-IR-0.jdx/1"].metadata["resolution_cm1"] == "4"


@pytest.mark.parametrize(
    ("text", "cas"),
    [
        ("64-17-5", "64-17-5"),
        ("000064175", "64-17-5"),
        (" 7732-18-5 ", "7732-18-5"),
        ("64175", "64-17-5"),
        ("64-17-6", None),
        ("", None),
        ("N/A", None),
        ("1-2-3", None),
        ("٦٤-١٧-٥", None),
        ("12345678901", None),
    ],
)
def test_cas_numbers_are_held_to_their_check_digit(text: str, cas: str | None) -> None:
    assert cas_of(text) == cas


@pytest.mark.parametrize(
    ("more", "title", "compound"),
    [
        ("##CAS REGISTRY NO=64-17-5\n##NAMES=Spirit\n", "scan 7", "cas/64-17-5"),
        ("##CAS REGISTRY NO=64-17-6\n##CAS NAME=Ethanol\n", "scan 7", "jcamp/ethanol"),
        ("##NAMES=ETHANOL\n", "scan 7", "jcamp/ethanol"),
        ("", "Ethyl\talcohol", "jcamp/ethyl alcohol"),
        ("", "", "jcamp/one.jdx"),
    ],
)
def test_what_names_a_compound(tmp_path: Path, more: str, title: str, compound: str) -> None:
    (tmp_path / "one.jdx").write_text(block(more=more, title=title))
    kept, _ = read(Jcamp(folder=tmp_path))
    assert [spectrum.compound_id for spectrum in kept.values()] == [compound]


def test_parts_are_runs_of_files_bounded_in_number_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [block(i, num=70) if i % 3 else linked(block(i, num=70), block(-i, num=70)) for i in range(10)]
    for i, text in enumerate(texts):
        (tmp_path / f"{i}.jdx").write_text(text)
    whole = [item.spectrum_id for item in Jcamp(folder=tmp_path).read(Part("", 0, 10)) if isinstance(item, Spectrum)]
    assert len(whole) == 14
    monkeypatch.setattr(_small_files, "PART_RECORDS", 4)
    assert [(p.file, p.start, p.stop) for p in Jcamp(folder=tmp_path).parts()] == [("", 0, 4), ("", 4, 8), ("", 8, 10)]
    monkeypatch.setattr(_small_files, "_PART_BYTES", len(texts[1]) + len(texts[2]))
    parts = Jcamp(folder=tmp_path).parts()
    assert [part.start for part in parts[1:]] == [part.stop for part in parts[:-1]]
    assert len(parts) > 3
    by_part = [list(Jcamp(folder=tmp_path).read(part)) for part in reversed(parts)]
    assert [item.spectrum_id for items in reversed(by_part) for item in items if isinstance(item, Spectrum)] == whole
    assert PART_RECORDS == 4096


@pytest.mark.parametrize("damage", ["broken-link", "circular-link", "pipe", "folder", "unreadable", "second-name"])
def test_what_is_no_file_is_named_and_the_rest_goes_on(tmp_path: Path, damage: str) -> None:
    (tmp_path / "z.jdx").write_text(block())
    path = tmp_path / "a.jdx"
    reason = "unreadable-file"
    match damage:
        case "broken-link":
            path.symlink_to(tmp_path / "gone")
        case "circular-link":
            path.symlink_to(path)
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
            path = path / "inner.dx"
            path.write_bytes(b"\0" * 5000)
        case "unreadable":
            path.write_bytes(bytes(range(256)) * 20)
        case "second-name":
            path.symlink_to(tmp_path / "z.jdx")
            path, reason = tmp_path / "z.jdx", "duplicate-file"
    kept, refused = read(Jcamp(folder=tmp_path))
    assert len(kept) == 1
    assert {name: reject.reason for name, reject in refused.items()} == {str(path.relative_to(tmp_path)): reason}
    assert str(tmp_path) not in next(iter(refused.values())).detail


def test_names_of_any_bytes_can_be_printed(tmp_path: Path) -> None:
    for name in (b"caf\xe9.jdx", b"new\nline.jdx", "µ ⁻¹.JDX".encode()):
        path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))  # noqa: PTH118
        path.write_bytes(block(title="\x1b[31m caf\xe9 \udc80", num=70).encode("utf-8", errors="surrogateescape"))
    kept, refused = read(Jcamp(folder=tmp_path))
    assert not refused
    for spectrum in kept.values():
        for text in (spectrum.spectrum_id, spectrum.compound_id, *spectrum.metadata.values()):
            assert text.encode("utf-8").decode().isprintable()
    Jcamp(folder=tmp_path).describe()


@pytest.mark.parametrize("label", ["YFACTOR", "XFACTOR", "NPOINTS"])
@pytest.mark.parametrize("value", ["nan", "1e999", "abc", "", "1/1000", "0.0O1", "1.0 2"])
def test_a_factor_that_is_no_number_is_not_guessed(tmp_path: Path, label: str, value: str) -> None:
    (tmp_path / "a.jdx").write_text(re.sub(rf"##{label}=.*", f"##{label}={value}", block()))
    kept, refused = read(Jcamp(folder=tmp_path))
    assert not kept
    assert [reject.reason for reject in refused.values()] == ["damaged-record"]
    assert f"expected {label} to be a number" in refused["a.jdx/1"].detail


@pytest.mark.parametrize("value", ["1.0D-03", "1.0e-3", "0.001 $$ of the writer", ".001 a.u.", "1E-3 (T)"])
def test_a_factor_may_be_fortrans_and_may_have_a_unit(tmp_path: Path, value: str) -> None:
    (tmp_path / "a.jdx").write_text(re.sub(r"##YFACTOR=.*", f"##YFACTOR={value}", block()))
    kept, _ = read(Jcamp(folder=tmp_path))
    (spectrum,) = kept.values()
    assert spectrum.intensity.max() == pytest.approx(max(wave(0)) * 1e-3, rel=1e-2)


def test_a_second_table_in_one_block_is_not_dropped_silently(tmp_path: Path) -> None:
    text = block(form="AFFN")
    table = text[text.index("##XYDATA") : text.index("##END")]
    (tmp_path / "a.jdx").write_text(text.replace("##END", table + "##END"))
    kept, refused = read(Jcamp(folder=tmp_path))
    assert not kept
    assert [reject.reason for reject in refused.values()] == ["unsupported-form"]


def test_a_raman_spectrum_transmits_nothing(tmp_path: Path) -> None:
    text = block(units=("1/CM", "TRANSMITTANCE"), offset=9000).replace("INFRARED", "RAMAN")
    (tmp_path / "a.jdx").write_text(text)
    kept, _ = read(Jcamp(folder=tmp_path))
    assert [(s.intensity_unit, s.repairs) for s in kept.values()] == [("arbitrary", ())]


@pytest.mark.parametrize(
    ("data_type", "reason"),
    [
        ("INFRARED INTERFEROGRAM", "no-spectrum"),
        ("INFRARED SINGLE BEAM", "no-spectrum"),
        ("INFRARED PEAK TABLE", "no-spectrum"),
        ("", "unknown-modality"),
        ("MASS SPECTRUM", "unknown-modality"),
        ("RAMAN AND INFRARED", "ambiguous-modality"),
        ("FAR INFRARED SPECTRUM", None),
        ("MIR", None),
    ],
)
def test_data_type(tmp_path: Path, data_type: str, reason: str | None) -> None:
    (tmp_path / "a.jdx").write_text(block().replace("INFRARED SPECTRUM", data_type))
    kept, refused = read(Jcamp(folder=tmp_path))
    assert [reject.reason for reject in refused.values()] == ([reason] if reason else [])
    assert all(spectrum.modality == "IR" for spectrum in kept.values())


def test_the_description_holds_every_file_by_its_content(tmp_path: Path) -> None:
    first = Jcamp(folder=write_jcamp(tmp_path / "one")).describe()
    assert first == Jcamp(folder=write_jcamp(tmp_path / "two")).describe()
    assert len(first["config"]["files"]) == 18
    (tmp_path / "two" / "affn.jdx").write_text(block(77))
    assert first != Jcamp(folder=tmp_path / "two").describe()


@pytest.mark.parametrize("kind", [Jcamp, Nist])
def test_a_folder_without_files_is_an_error(tmp_path: Path, kind: type[Jcamp | Nist]) -> None:
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(ConfigError, match="expected"):
            kind(folder=folder).parts()


def test_files_that_come_or_go_while_a_build_reads_are_an_error_and_not_others_records(tmp_path: Path) -> None:
    for i in range(4):
        (tmp_path / f"{i}.jdx").write_text(block(i, num=70))
    source = Jcamp(folder=tmp_path)
    (part,) = source.parts()
    assert len(list(source.read(part))) == 4
    (tmp_path / "0a.jdx").write_text(block(9, num=70))
    with pytest.raises(CorpusError, match="found others"):
        list(source.read(part))
    (tmp_path / "0.jdx").unlink()  # as many as before
    with pytest.raises(CorpusError, match="found others"):
        list(source.read(part))
    (tmp_path / "0a.jdx").rename(tmp_path / "0.jdx")
    assert len(list(source.read(part))) == 4


def test_folders_that_link_to_each_other_are_entered_once_under_their_own_names(tmp_path: Path) -> None:
    folders = [tmp_path / "in" / name for name in "hgfedcba"]
    for number, folder in enumerate(folders):
        folder.mkdir(parents=True)
        (folder / "one.jdx").write_text(block(number, num=70))
        for other in folders:
            (folder / f"to-{other.name}").symlink_to(other)
    outside = tmp_path / "out"
    outside.mkdir()
    (outside / "two.jdx").write_text(block(20, num=70))
    for name in ("z", "y"):
        (tmp_path / "in" / name).symlink_to(outside)
    names = [path.relative_to(tmp_path / "in").as_posix() for path in Jcamp(folder=tmp_path / "in").require_files()]
    assert names == [*(f"{name}/one.jdx" for name in "abcdefgh"), "y/two.jdx"]


def test_a_folder_that_may_not_be_listed_is_one_reject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "theirs").mkdir()
    for name in ("mine", "theirs"):
        (tmp_path / name / "one.jdx").write_text(block(1, num=70))
    scandir = os.scandir

    def refusing(path: Path) -> Any:  # chmod means nothing to root, who may run the tests
        if Path(path).name == "theirs":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    kept, refused = read(Jcamp(folder=tmp_path))
    assert len(kept) == 1
    assert {name: reject.reason for name, reject in refused.items()} == {"theirs": "unreadable-file"}
    assert Jcamp(folder=tmp_path).describe()["config"]["files"]["theirs"] == "no regular file"
