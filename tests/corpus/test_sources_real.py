"""The real spectra: counts that are facts of the data."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from spektron.corpus.sources import Bundled, Reject, Table, read_all
from spektron.spectra import Spectrum

LIBRARY = Path(__file__).parents[2] / "../shared/data/library"


@pytest.fixture(scope="module")
def bundled() -> list[Spectrum | Reject]:
    return list(read_all(Bundled()))


def test_the_bundled_1710_are_kept_or_named(bundled: list[Spectrum | Reject]) -> None:
    refused = [item for item in bundled if isinstance(item, Reject)]
    assert len(bundled) == 1710
    assert Counter(item.reason for item in refused) == {"no-axis": 60, "constant": 3}
    assert [item.sample_id for item in refused if item.reason == "constant"] == [
        "ferm_test_1626",
        "ferm_test_1627",
        "ferm_test_1628",
    ]


def test_neighbouring_scans_are_one_compound(bundled: list[Spectrum | Reject]) -> None:
    scans = [s for s in bundled if isinstance(s, Spectrum) and "/ferm_test_" in s.spectrum_id]
    changes = sum(a.compound_id != b.compound_id for a, b in pairwise(scans))
    assert changes + 1 == len({s.compound_id for s in scans}) == 33
    assert len({s.compound_id for s in bundled if isinstance(s, Spectrum)}) == 33 + 21


@pytest.fixture(scope="module")
def library() -> list[Spectrum | Reject]:
    if not LIBRARY.is_dir():
        pytest.skip("the library of real spectra is not here (../shared/data/library)")
    return list(read_all(Table(folder=LIBRARY)))


def test_each_of_the_librarys_5820_is_kept_or_named(library: list[Spectrum | Reject]) -> None:
    refused = Counter((item.source, item.reason) for item in library if isinstance(item, Reject))
    assert len(library) == 5820
    assert refused == {
        ("table/chemotools_coffee", "no-axis"): 60,
        ("table/openspecy_test_lib", "ambiguous-modality"): 57,
        ("table/chemotools_fermentation", "constant"): 3,
    }
    kept = [item for item in library if isinstance(item, Spectrum)]
    assert Counter(s.modality for s in kept) == {"IR": 3798, "NIR": 1527, "RAMAN": 375}
    assert len({s.spectrum_id for s in kept}) == len(kept) == 5700
    assert Counter(repair for s in kept for repair in s.repairs) == {
        "unit-from-readme": 1626,
        "axis-descending": 841,
        "nan-at-ends": 3,
        "outside-detector-range": 1626,
    }


def test_the_bundled_and_the_librarys_fermentation_are_the_same_compounds(
    library: list[Spectrum | Reject], bundled: list[Spectrum | Reject]
) -> None:
    """A corpus of both sources has each scan twice; both copies must be on one side of a split."""
    ours = {s.spectrum_id.rsplit("/", 1)[-1]: s for s in bundled if isinstance(s, Spectrum)}
    theirs = [s for s in library if isinstance(s, Spectrum) and s.source == "table/chemotools_fermentation"]
    assert len(theirs) == 1626
    for spectrum in theirs:
        twin = ours[spectrum.spectrum_id.rsplit("/", 1)[-1]]
        assert twin.compound_id == spectrum.compound_id
        np.testing.assert_allclose(twin.intensity, spectrum.intensity, rtol=1e-4, atol=1e-2)


def test_the_bundled_spectra_hold_no_detector_noise() -> None:
    """Uncut, their ends reach ±3,000 absorbance and every statistic of a spectrum is the detector's."""
    kept = [item for item in read_all(Bundled()) if isinstance(item, Spectrum)]
    assert len(kept) == 1647
    assert {s.repairs for s in kept} == {("outside-detector-range",)}
    assert all(900 <= s.wavenumber_start_cm1 < s.wavenumber_stop_cm1 <= 1788 for s in kept)
    assert max(float(abs(s.intensity).max()) for s in kept) < 5
