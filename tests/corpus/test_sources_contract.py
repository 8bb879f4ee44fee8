"""What every source promises, run over every source."""

from __future__ import annotations

import dataclasses
import pickle
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spektron.core.errors import ConfigError
from spektron.core.identity import canonical_json
from spektron.corpus.sources import REJECT_REASONS, Bundled, Reject, Simulated, Source, Table, open_source, read_all
from spektron.corpus.sources._molecule import inchikey_of
from spektron.corpus.sources.csv import Csv
from spektron.corpus.sources.words import SOURCES
from spektron.spectra import INTENSITY_UNITS, KINDS, METADATA_KEYS, MODALITIES, NUM_POINTS, REPAIRS, Spectrum
from spektron.spectra.modality import check_range
from tests.corpus.files_computed import write_chembl, write_multimodal, write_qm9s, write_uspto
from tests.corpus.files_experimental import write_csv, write_openspecy, write_rruff
from tests.corpus.files_jcamp import write_jcamp, write_nist
from tests.corpus.files_vendor import opus, spc, wdf, write


def _table(folder: Path) -> Table:
    rng = np.random.default_rng(0)
    x = np.linspace(3500.0, 500.0, 400)
    y = rng.standard_normal((12, 400)).cumsum(axis=1)
    y[3, 200] = np.nan
    rows = {"sample_id": [f"s{i}" for i in range(12)], "modality": ["Raman"] * 12, "x": [x] * 12, "y": list(y)}
    table = pa.table(rows).replace_schema_metadata({"spektron": '{"x_unit": "cm-1", "licence": "none"}'})
    (folder / "one").mkdir()
    pq.write_table(table, folder / "one" / "spectra.parquet")
    (folder / "two.parquet").write_bytes(b"no parquet")
    return Table(folder=folder)


def write_vendor(folder: Path) -> None:
    x = np.linspace(400.0, 3500.0, 500)
    y = np.abs(np.random.default_rng(0).standard_normal((3, 500)).cumsum(axis=1)) + 1.0
    write(folder / "map.wdf", wdf(x, y))
    write(folder / "one.0", opus({4: y[0]}, 4000.0, 400.0))
    write(folder / "two.spc", spc(x, y[:1], x_kind="XRAMANS", y_kind="YCOUNT"))
    write(folder / "cut.wdf", wdf(x, y)[:300])


# Word → what writes a small folder in the source's own format, some of its records broken.
WRITERS: dict[str, Callable[[Path], object]] = {
    "chembl": write_chembl,
    "csv": write_csv,
    "jcamp": write_jcamp,
    "multimodal": write_multimodal,
    "nist": write_nist,
    "openspecy": write_openspecy,
    "qm9s": write_qm9s,
    "rruff": write_rruff,
    "uspto": write_uspto,
    "vendor": write_vendor,
}


@pytest.fixture(scope="module", params=sorted(SOURCES))
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Source:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "table":
        return _table(folder)
    if request.param in WRITERS:
        WRITERS[request.param](folder)
        return open_source(f"{request.param}:{folder}")
    return Bundled() if request.param == "bundled" else Simulated(num_spectra=250, seed=3)


@pytest.fixture(scope="module")
def items(source: Source) -> list[Spectrum | Reject]:
    return list(read_all(source))


@pytest.fixture(scope="module")
def spectra(items: list[Spectrum | Reject]) -> list[Spectrum]:
    return [item for item in items if isinstance(item, Spectrum)]


def _plain(item: Spectrum | Reject) -> list[object]:
    values = [getattr(item, field.name) for field in dataclasses.fields(item)]
    return [value.tobytes() if isinstance(value, np.ndarray) else value for value in values]


@pytest.mark.parametrize(
    ("word", "module", "hint"),
    [
        ("openspecy", "spektron.corpus.sources._rds.parser", "openspecy"),
        ("vendor", "wdf", "vendor"),
        ("uspto", "rdkit", "smiles"),
        ("chembl", "rdkit", "smiles"),
    ],
)
def test_a_source_whose_package_is_missing_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, module: str, hint: str
) -> None:
    if word == "openspecy":
        (tmp_path / "a.rds").write_bytes(b"X\n")  # the package is asked for before the file is read
    else:
        WRITERS[word](tmp_path)
    inchikey_of.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    word_and_folder = f"{word}:{tmp_path}" + (",names=inchikey" if hint == "smiles" else "")
    with pytest.raises(ConfigError, match=rf"spektron\[{hint}\]"):
        list(read_all(open_source(word_and_folder)))


def test_a_name_with_a_newline_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2\n")
    (tmp_path / "new\nline.csv").write_text("1,2\n")
    assert len(Csv(folder=tmp_path).require_files()) == 2


def test_it_is_a_source(source: Source) -> None:
    assert isinstance(source, Source)
    assert source.name in SOURCES


def test_spectra_are_on_ascending_axes_of_their_modality(spectra: list[Spectrum]) -> None:
    assert spectra
    for spectrum in spectra:
        assert spectrum.modality in MODALITIES
        assert spectrum.wavenumber_start_cm1 < spectrum.wavenumber_stop_cm1
        check_range(spectrum.modality, spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1)


def test_intensities_are_finite_float32_of_the_schemas_length_and_vary(spectra: list[Spectrum]) -> None:
    for spectrum in spectra:
        assert spectrum.intensity.dtype == np.float32
        assert spectrum.intensity.shape == (NUM_POINTS,)
        assert np.isfinite(spectrum.intensity).all()
        assert np.ptp(spectrum.intensity) > 0


def test_names_are_unique_and_begin_with_the_source(source: Source, spectra: list[Spectrum]) -> None:
    assert len({spectrum.spectrum_id for spectrum in spectra}) == len(spectra)
    for spectrum in spectra:
        assert spectrum.spectrum_id.startswith(f"{source.name}/")
        assert spectrum.source.split("/")[0] == source.name
        assert spectrum.compound_id


def test_refusals_and_repairs_are_documented(items: list[Spectrum | Reject]) -> None:
    for item in items:
        if isinstance(item, Reject):
            assert item.reason in REJECT_REASONS
            assert item.detail
            assert item.sample_id
        else:
            assert set(item.repairs) <= set(REPAIRS)


def test_parts_are_in_order_and_cross_to_other_processes(source: Source, items: list[Spectrum | Reject]) -> None:
    far = pickle.loads(pickle.dumps(source))  # noqa: S301 (our own bytes)
    parts = list(far.parts())
    assert len(set(parts)) == len(parts)
    backwards = [list(far.read(part)) for part in reversed(parts)]
    assert [_plain(item) for part in reversed(backwards) for item in part] == [_plain(item) for item in items]


def test_a_second_read_gives_the_same(source: Source, items: list[Spectrum | Reject]) -> None:
    assert [_plain(item) for item in read_all(source)] == [_plain(item) for item in items]


def test_a_spectrum_says_what_it_is(spectra: list[Spectrum]) -> None:
    for spectrum in spectra:
        assert spectrum.kind in KINDS
        assert spectrum.intensity_unit in INTENSITY_UNITS
        assert set(spectrum.metadata) <= set(METADATA_KEYS)
        assert all(isinstance(value, str) and value for value in spectrum.metadata.values())


def test_its_description_is_canonical_and_names_no_path(source: Source) -> None:
    description = source.describe()
    assert description["name"] == source.name
    assert {"name", "config", "licences"} == set(description)
    text = canonical_json(description)
    assert not re.search(r"\"/|tmp", text)
    assert all({"licence", "citation"} == set(entry) for entry in description["licences"].values())


def test_every_reason_of_the_gate_is_documented() -> None:
    package = Path(__file__).parents[2] / "spektron"
    found = [*(package / "spectra").rglob("*.py"), *(package / "corpus" / "sources").rglob("*.py")]
    code = "".join(path.read_text() for path in found)
    raised = set(re.findall(r"(?:SpectrumRejected|UnfitFile)\(\s*\"([a-z-]+)\"", code))
    raised |= set(re.findall(r"_refuse_file\(path, \"([a-z-]+)\"", code))
    assert raised
    assert raised == set(REJECT_REASONS)
