"""Real JCAMP-DX files against values read from them by eye, and placed by hand from their headers.

The ordinates are numbers as they stand in the file, compressed ones decoded on paper, to be multiplied by YFACTOR; the
abscissa of point i is FIRSTX + i · (LASTX − FIRSTX) / (NPOINTS − 1).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from spektron.corpus.sources import read_all
from spektron.corpus.sources._jcamp import curve_of, read_blocks
from spektron.corpus.sources.jcamp import Jcamp
from spektron.corpus.sources.nist import Nist
from spektron.spectra import Spectrum

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "raw" / "jcamp"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the real files are not at {FOLDER}")


class Stepped(NamedTuple):
    """FIRSTX, LASTX, NPOINTS and YFACTOR of a block, and some of its ordinates."""

    file: str
    first: float
    last: float
    num: int
    y_factor: float
    written: dict[int, float]
    block: int = 1


STEPPED = [
    Stepped("1-butene", 450.0, 3966.0, 880, 6.3171e-5, {0: 15, 1: 123, 10: 30, 490: 24, 491: 20, 879: 37}),
    Stepped(  # packed, a minus between numbers
        "acetone",
        574.928,
        3975.077,
        14106,
        4.5474e-13,
        {0: 90078, 4: -105172, 5: 167636, 6: 65106, 294: -178660, 14105: 2449966},
    ),
    Stepped("benzene", 452, 3794, 3343, 1, {0: 0.8787, 4: 0.8788, 5: 0.8791, 245: 0.1839, 249: 0.4101, 3342: 0.8684}),
    Stepped(
        "dichloromethane",
        575.17,
        3974.847,
        14104,
        9.0949e-13,
        {0: 875960, 2: 2741751, 3: -1710834, 6: -495542, 294: 340152, 14103: 367915},
    ),
    Stepped("ethanol", 461.563, 3807.5, 3570, 1, {0: 0.966, 5: 0.968, 245: 1.008, 3569: 1.0}),
    Stepped(  # DIF: D15824699 M60816 J3307342 ..., nine to the first line, and a last line that only checks
        "ethanol2",
        599.86169434,
        4000.36425781,
        1764,
        1e-7,
        {
            0: 415824699,
            1: 416285515,
            2: 429592857,
            8: 472500114,
            9: 474694290,
            16: 522708282,
            634: 944507294,
            635: 938451157,
            643: 942495880,
            1762: 931173401,
            1763: 931095581,
        },
    ),
    Stepped(
        "example_multiline_datasets",
        401.127686,
        7798.848633,
        1919,
        1e-8,
        {0: 101402024, 5: 100339632, 6: 100176944, 12: 99915760, 333: 99380584, 1918: 101914096},
    ),
    Stepped(  # DIF: A058 O445 j574 k394 ..., 17 to the first line, 18 more on the second
        "isopropanol_ASDF",
        400.1963,
        5000.042,
        9541,
        2.840445172462317941e-05,
        {0: 1058, 1: 7503, 2: 5929, 3: 3535, 16: 4769, 17: 4892, 34: 454, 9523: 53, 9524: -138, 9539: -13, 9540: 66},
    ),
    Stepped("methane", 449.47, 3801.32, 3583, 1, {0: 0.953, 245: 0.979, 247: 0.981, 3582: 0.997}),
    Stepped("nist_ethanol_nist_ir", 2.02, 15.0145, 2733, 1, {0: 0.753, 8: 0.752, 245: 0.802, 2732: 0.714}),
    Stepped(
        "nist_sucrose_ir",
        7498.994,
        600.88402,
        7153,
        3.9302851e-10,
        {0: 1073741800, 5: 1069792406, 6: 1068319156, 334: 699344030, 7148: 70881336, 7152: 73249558},
    ),
    Stepped(
        "nist_sucrose_ir",
        7498.994,
        600.88402,
        7153,
        4.3907527e-10,
        {0: 1073741846, 1: 1073659513, 6: 1071700974, 341: 704971734, 7152: 71800925},
        block=2,
    ),
    Stepped("ozone", 402.089, 3795.05, 2600, 1, {0: 0.963, 3: 0.961, 245: 0.848, 248: 0.86, 2599: 0.625}),
    Stepped("toluene", 456, 3784, 3329, 1, {0: 0.7972, 5: 0.7917, 245: 0.6994, 3328: 0.8744}),
    Stepped("water", 450.0, 3966.0, 880, 6.2833e-5, {0: 97, 2: 4679, 490: 198, 879: 1587}),
]

# File, block, NPOINTS, YFACTOR, and index → abscissa and ordinate as written.
PAIRED = [
    (
        "example_compound_file",
        1,
        2074,
        1e-6,
        {0: (11995.21, 32112), 2: (11987.5, 32727), 196: (11239.25, 41391), 2073: (3999.691, 521750)},
    ),
    (
        "example_compound_file",
        2,
        2074,
        1e-6,
        {0: (11995.21, 193928), 4: (11979.79, 192519), 2072: (4003.548, 1170057), 2073: (3999.691, 1173816)},
    ),
    (
        "tannic_acid_raman",
        1,
        1949,
        1.0,
        {0: (100.595, 42.644), 1: (102.805, 44.511), 49: (207.484, 34.622), 1948: (2854.713, 4.667)},
    ),
]


@pytest.mark.parametrize("case", STEPPED, ids=lambda case: f"{case.file}-{case.block}")
def test_equal_steps_lie_and_measure_what_the_file_says(case: Stepped) -> None:
    blocks = list(read_blocks(FOLDER / f"{case.file}.jdx"))
    curve = curve_of(blocks[case.block - 1])
    assert curve.x.shape == curve.y.shape == (case.num,)
    for index, written in case.written.items():
        by_hand = case.first + index * (case.last - case.first) / (case.num - 1)
        assert curve.x[index] == pytest.approx(by_hand, rel=1e-12)
        assert curve.y[index] == pytest.approx(written * case.y_factor, rel=1e-12)


@pytest.mark.parametrize(("file", "block", "num", "y_factor", "points"), PAIRED)
def test_pairs_are_taken_as_they_stand(
    file: str, block: int, num: int, y_factor: float, points: dict[int, tuple[float, float]]
) -> None:
    curve = curve_of(list(read_blocks(FOLDER / f"{file}.jdx"))[block - 1])
    assert curve.x.shape == curve.y.shape == (num,)
    for index, (x, written) in points.items():
        assert curve.x[index] == x
        assert curve.y[index] == pytest.approx(written * y_factor, rel=1e-12)


def test_every_block_of_every_file_is_covered_above() -> None:
    found = {(path.stem, block.number) for path in FOLDER.glob("*.jdx") for block in read_blocks(path)}
    assert found == {(case.file, case.block) for case in STEPPED} | {(case[0], case[1]) for case in PAIRED}


@pytest.fixture(scope="module")
def spectra() -> dict[str, Spectrum]:
    items = list(read_all(Jcamp(folder=FOLDER)))
    assert all(isinstance(item, Spectrum) for item in items)
    return {item.spectrum_id.removeprefix("jcamp/"): item for item in items if isinstance(item, Spectrum)}


def test_all_become_spectra_of_their_own_kind(spectra: dict[str, Spectrum]) -> None:
    assert len(spectra) == 18
    other = {name: s.modality for name, s in spectra.items() if s.modality != "IR"}
    assert other == {
        "example_compound_file.jdx/1": "NIR",
        "example_compound_file.jdx/2": "NIR",
        "tannic_acid_raman.jdx/1": "RAMAN",
    }
    units = {name: s.intensity_unit for name, s in spectra.items() if s.intensity_unit != "absorbance"}
    assert units == {
        "acetone.jdx/1": "molar-absorption",
        "dichloromethane.jdx/1": "molar-absorption",
        "nist_sucrose_ir.jdx/1": "reflectance",
        "nist_sucrose_ir.jdx/2": "reflectance",
        "tannic_acid_raman.jdx/1": "arbitrary",
    }


def test_transmittance_becomes_absorbance_whatever_it_is_called(spectra: dict[str, Spectrum]) -> None:
    # 41.58 % at the first point of a file that calls percentages TRANSMITTANCE; 0.8787 at benzene's.
    assert spectra["ethanol2.jdx/1"].intensity[0] == pytest.approx(-np.log10(0.415824699), rel=2e-3)
    assert "intensity-scale-from-values" in spectra["ethanol2.jdx/1"].repairs
    assert spectra["benzene.jdx/1"].intensity[0] == pytest.approx(-np.log10(0.8787), rel=1e-4)
    assert "transmittance-clipped" in spectra["benzene.jdx/1"].repairs


def test_micrometres_become_wavenumbers(spectra: dict[str, Spectrum]) -> None:
    spectrum = spectra["nist_ethanol_nist_ir.jdx/1"]
    assert spectrum.wavenumber_start_cm1 == pytest.approx(1e4 / 15.0145)
    assert spectrum.wavenumber_stop_cm1 == pytest.approx(1e4 / 2.02)
    assert spectrum.intensity[-1] == pytest.approx(-np.log10(0.753), rel=1e-3)


def test_one_compound_has_one_name_in_all_its_files(spectra: dict[str, Spectrum]) -> None:
    assert spectra["ethanol.jdx/1"].compound_id == spectra["nist_ethanol_nist_ir.jdx/1"].compound_id == "cas/64-17-5"
    assert spectra["isopropanol_ASDF.jdx/1"].compound_id == "jcamp/isopropyl alcohol"
    by_nist = {i.spectrum_id: i for i in read_all(Nist(folder=FOLDER)) if isinstance(i, Spectrum)}
    assert by_nist["nist/ethanol.jdx/1"].compound_id == "cas/64-17-5"
    metadata = by_nist["nist/nist_ethanol_nist_ir.jdx/1"].metadata
    assert (metadata["state"], metadata["resolution_cm1"]) == ("gas (vapor)", "4")
