from __future__ import annotations

import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.corpus.sources import qm9s
from spektron.corpus.sources._lines import first_line, lines_between
from spektron.corpus.sources.base import REJECT_REASONS, Part, Reject, read_all
from spektron.corpus.sources.qm9s import Qm9s
from spektron.spectra import Spectrum
from tests.corpus.files_computed import power_spectrum, write_qm9s

AXIS = np.arange(500.0, 4001.0)
HEADER = "," + ",".join(map(str, AXIS)) + "\n"


def read(folder: Path) -> tuple[list[Spectrum], list[Reject]]:
    items = list(read_all(Qm9s(folder=folder)))
    return [i for i in items if isinstance(i, Spectrum)], [i for i in items if isinstance(i, Reject)]


def line(number: object, seed: int = 0) -> str:
    return f"{number}," + ",".join(map(repr, power_spectrum(seed, AXIS).tolist())) + "\n"


def write(folder: Path, text: str | bytes) -> Path:
    (folder / "ir_boraden.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def test_every_line_is_kept_or_named_and_a_cut_file_loses_its_last(tmp_path: Path) -> None:
    kept, refused = read(write_qm9s(tmp_path))
    assert [s.spectrum_id for s in kept] == [
        f"qm9s/{i}/{modality}" for modality in ("IR", "RAMAN") for i in (0, 1, 2, 5, 6)
    ]
    assert [(r.sample_id, r.reason) for r in refused] == [
        (f"{i}/{modality}", reason)
        for modality in ("IR", "RAMAN")
        for i, reason in ((3, "length-mismatch"), (4, "damaged-record"), (7, "damaged-record"))
    ]


def test_both_modalities_of_a_number_are_one_compound(tmp_path: Path) -> None:
    kept, _ = read(write_qm9s(tmp_path, cut=False))
    compounds: dict[str, set[str]] = {}
    for spectrum in kept:
        compounds.setdefault(spectrum.compound_id, set()).add(spectrum.modality)
    assert compounds == {f"qm9s/{i}": {"IR", "RAMAN"} for i in (0, 1, 2, 5, 6, 7)}


def test_the_numbers_are_the_files(tmp_path: Path) -> None:
    kept, _ = read(write(tmp_path, HEADER + line(17)))
    truth = power_spectrum(0, np.linspace(500.0, 4000.0, 2048))
    assert (kept[0].wavenumber_start_cm1, kept[0].wavenumber_stop_cm1) == (500.0, 4000.0)
    assert np.abs(kept[0].intensity - truth).max() < 0.01 * truth.max()


@pytest.mark.parametrize("size", [9000, 66_000, 140_000, 10**9])
def test_parts_of_any_size_give_each_line_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(qm9s, "_PART_BYTES", size)
    write(tmp_path, HEADER + "".join(line(i, i) for i in range(6)))
    source = Qm9s(folder=tmp_path)
    parts = source.parts()
    assert parts[0].start == len(HEADER)
    assert all(a.stop == b.start for a, b in pairwise(parts))
    numbers = [s.spectrum_id.split("/")[1] for part in parts for s in source.read(part) if isinstance(s, Spectrum)]
    assert numbers == [str(i) for i in range(6)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="ab,1\r", max_size=12), max_size=12), st.booleans(), st.integers(1, 40), st.data())
def test_lines_by_byte_ranges_are_the_lines(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], ended: bool, longest: int, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "lines.txt"
    content = "\n".join(texts).encode() + (b"\n" if ended else b"")
    path.write_bytes(content)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(content)), max_size=6)) | {0, len(content)})
    found = [item for a, b in pairwise(cuts) for item in lines_between(path, a, b, longest)]
    expected = content.split(b"\n")[: None if content and not content.endswith(b"\n") else -1]
    assert [item.text for item in found] == [text.rstrip(b"\r\n")[:longest] for text in _as_read(expected, longest)]
    assert [item.start for item in found] == [sum(len(t) + 1 for t in expected[:i]) for i in range(len(expected))]
    if texts and content:
        first, second = first_line(path, longest)
        assert (first.start, second) == (0, min(len(expected[0]) + 1, len(content)))


def _as_read(lines: list[bytes], longest: int) -> list[bytes]:
    """Only the first longest + 2 bytes of a line are looked at."""
    return [text[: longest + 2] for text in lines]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("1\n", "length-mismatch"),
        ("1" + ",1.0" * 3502 + "\n", "length-mismatch"),
        ("1" + ",1.0" * 3501 + "\n", "constant"),
        ("1" + ",1_0" * 3501 + "\n", "damaged-record"),
        ("1" + ",0x1" * 3501 + "\n", "damaged-record"),
        ("1,inf" + ",1.0" * 3500 + "\n", "not-finite"),
        ("1,2.0,nan" + ",1.0" * 3499 + "\n", "nan-inside"),
        ("1,2.0," + ",1.0" * 3499 + "\n", "nan-inside"),
        ("1," + "\x00" * 100 + ",1.0" * 3500 + "\n", "damaged-record"),
        ("1,2.0" + ",1.0" * 3500, "damaged-record"),
        ("9" * 3_000_000 + "\n", "damaged-record"),
        ("9" * 3_000_000, "damaged-record"),
    ],
)
def test_broken_lines_are_named_and_the_next_is_read(tmp_path: Path, record: str, reason: str) -> None:
    tail = line(2) if record.endswith("\n") else ""
    kept, refused = read(write(tmp_path, HEADER + line(0) + record + tail))
    assert [s.spectrum_id for s in kept] == ["qm9s/0/IR", "qm9s/2/IR"][: 1 + bool(tail)]
    assert [r.reason for r in refused] == [reason]


def test_numbers_that_are_no_numbers_get_the_place(tmp_path: Path) -> None:
    kept, _ = read(write(tmp_path, HEADER + line("../x") + line("")))
    places = [len(HEADER), len(HEADER) + len(line("../x"))]
    assert [s.spectrum_id for s in kept] == [f"qm9s/ir_boraden.csv/byte-{place}" for place in places]
    assert {s.repairs for s in kept} == {("id-from-row",)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "unreadable-file"),
        (HEADER, "unreadable-file"),
        (HEADER.strip(), "unreadable-file"),
        (",a,b\n1,2,3\n", "no-axis"),
        (b"\x00\xff" * 1000, "unreadable-file"),
        (line(0) + line(1), "axis-not-monotonic"),
    ],
)
def test_a_file_without_an_axis_is_named(tmp_path: Path, text: str | bytes, reason: str) -> None:
    kept, refused = read(write(tmp_path, text))
    assert not kept
    assert [r.reason for r in refused] == [reason]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 1))
def test_any_bytes_are_refused_by_name(tmp_path_factory: pytest.TempPathFactory, content: bytes, header: int) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    kept, refused = read(write(folder, HEADER.encode() * header + content))
    assert not kept
    assert {r.reason for r in refused} <= set(REJECT_REASONS)


def test_a_line_without_end_is_read_in_bounded_memory(tmp_path: Path) -> None:
    write(tmp_path, HEADER.encode() + b"1," + b"0" * 30_000_000)
    tracemalloc.start()
    _, refused = read(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [r.reason for r in refused] == ["damaged-record"]
    assert peak < 12 * 2**20


def test_both_spellings_of_the_files_are_known(tmp_path: Path) -> None:
    (tmp_path / "raman_broaden.csv").write_text(HEADER + line(0))
    (tmp_path / "uv_boraden.csv").write_text(HEADER + line(0))
    assert Qm9s(folder=tmp_path).parts() == [Part("raman_broaden.csv", len(HEADER), len(HEADER) + len(line(0)))]
