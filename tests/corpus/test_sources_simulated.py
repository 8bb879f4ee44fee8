from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from pydantic import ValidationError

from spektron.corpus.sources import Simulated, read_all
from spektron.spectra.simulate import BLOCK_SPECTRA


def test_it_yields_as_many_as_asked_across_blocks() -> None:
    for num in (1, BLOCK_SPECTRA - 1, BLOCK_SPECTRA, BLOCK_SPECTRA + 1):
        assert sum(1 for _ in read_all(Simulated(num_spectra=num))) == num


def test_a_smaller_number_is_the_beginning_of_a_larger_one() -> None:
    small = list(read_all(Simulated(num_spectra=20)))
    for a, b in zip(small, islice(read_all(Simulated(num_spectra=5000)), 20), strict=True):
        assert (a.spectrum_id, a.compound_id) == (b.spectrum_id, b.compound_id)
        np.testing.assert_array_equal(a.intensity, b.intensity)


def test_the_modalities_of_one_sample_share_its_compound() -> None:
    spectra = list(read_all(Simulated(num_spectra=480)))
    by_compound: dict[str, list[str]] = {}
    for spectrum in spectra:
        by_compound.setdefault(spectrum.compound_id, []).append(spectrum.modality)
    assert len(by_compound) == 160
    assert all(sorted(modalities) == ["IR", "NIR", "RAMAN"] for modalities in by_compound.values())


def test_other_seeds_and_modalities_have_other_names() -> None:
    sources = [Simulated(num_spectra=9), Simulated(num_spectra=9, seed=1), Simulated(num_spectra=9, modalities=("IR",))]
    assert len({s.spectrum_id for source in sources for s in read_all(source)}) == 27
    assert len({s.compound_id for source in sources for s in read_all(source)}) == 3 + 3 + 9


@pytest.mark.parametrize(
    "settings",
    [{"num_spectra": 0}, {"seed": -1}, {"modalities": ()}, {"modalities": ("IR", "IR")}, {"modalities": ("UV",)}],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Simulated.model_validate({"num_spectra": 5} | settings)
